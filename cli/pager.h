// Output a page at a time.
#ifndef OCA_CLI_PAGER_H_
#define OCA_CLI_PAGER_H_

#include <functional>
#include <streambuf>

namespace oca::cli {

struct ScreenSize {
  int rows = 24;
  int columns = 80;
};

// Passes on what is written to it, and asks once the screen is full. Not thread-safe.
class Pager : public std::streambuf {
 public:
  enum class Answer { kPage, kLine, kAll, kStop };

  // `size` is asked for anew at each page.
  Pager(std::streambuf* to, std::function<ScreenSize()> size, std::function<Answer()> ask);

  // What comes now begins at the top, and is shown again after a kStop.
  void NewPage();

 protected:
  int_type overflow(int_type c) override;
  int sync() override;

 private:
  bool Put(char c);
  // A row of the screen is full.
  void RowEnds();

  std::streambuf* const to_;
  const std::function<ScreenSize()> size_;
  const std::function<Answer()> ask_;
  ScreenSize screen_;
  int rows_left_ = 0;
  int column_ = 0;
  bool all_ = false;
  bool stopped_ = false;
};

// Of the terminal on this process's standard output.
ScreenSize TerminalSize();
// Asks on the terminal, by one key: space or f = a page, enter = a line, G or a = all, q or
// Control-C = stop.
Pager::Answer AskForMore();

}  // namespace oca::cli

#endif  // OCA_CLI_PAGER_H_
