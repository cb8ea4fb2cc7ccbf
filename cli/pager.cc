#include "cli/pager.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <string_view>
#include <utility>

namespace oca::cli {
namespace {

void WriteAll(std::string_view text) {
  while (!text.empty()) {
    ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

bool ContinuesCharacter(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

Pager::Pager(std::streambuf* to, std::function<ScreenSize()> size, std::function<Answer()> ask)
    : to_(to), size_(std::move(size)), ask_(std::move(ask)) {
  NewPage();
}

void Pager::NewPage() {
  screen_ = size_();
  rows_left_ = screen_.rows - 1;
  column_ = 0;
  all_ = false;
  stopped_ = false;
}

Pager::int_type Pager::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  return Put(traits_type::to_char_type(c)) ? c : traits_type::eof();
}

int Pager::sync() { return to_->pubsync(); }

bool Pager::Put(char c) {
  if (stopped_) return true;
  if (!all_ && c != '\n' && c != '\r' && column_ >= screen_.columns && !ContinuesCharacter(c)) {
    column_ = 0;
    RowEnds();
  }
  if (!all_ && rows_left_ <= 0) {
    to_->pubsync();
    const Answer answer = ask_();
    screen_ = size_();
    rows_left_ = answer == Answer::kLine ? 1 : screen_.rows - 1;
    all_ = answer == Answer::kAll;
    stopped_ = answer == Answer::kStop;
    if (stopped_) return true;
  }
  if (c == '\n') {
    RowEnds();
    column_ = 0;
  } else if (c == '\r') {
    column_ = 0;
  } else if (!ContinuesCharacter(c)) {
    ++column_;
  }
  return !traits_type::eq_int_type(to_->sputc(c), traits_type::eof());
}

void Pager::RowEnds() { --rows_left_; }

ScreenSize TerminalSize() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 2 || size.ws_col < 2) return {};
  return {size.ws_row, size.ws_col};
}

Pager::Answer AskForMore() {
  termios before{};
  if (tcgetattr(STDIN_FILENO, &before) != 0) return Pager::Answer::kAll;
  termios one_key = before;
  one_key.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  one_key.c_cc[VMIN] = 1;
  one_key.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &one_key);
  constexpr std::string_view kQuestion = "-- more (space, enter, G, q) --";
  WriteAll(kQuestion);
  Pager::Answer answer = Pager::Answer::kStop;
  char key = 0;
  while (read(STDIN_FILENO, &key, 1) == 1) {
    if (key == ' ' || key == 'f') answer = Pager::Answer::kPage;
    if (key == '\n' || key == '\r') answer = Pager::Answer::kLine;
    if (key == 'G' || key == 'a') answer = Pager::Answer::kAll;
    if (answer != Pager::Answer::kStop || key == 'q' || key == 3 || key == 4) break;
  }
  tcsetattr(STDIN_FILENO, TCSANOW, &before);
  WriteAll("\r\033[K");
  return answer;
}

}  // namespace oca::cli
