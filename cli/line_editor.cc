#include "cli/line_editor.h"

#include <histedit.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace oca::cli {
namespace {

constexpr int kHistoryLines = 500;

}  // namespace

struct LineEditor::Libedit {
  EditLine* line = nullptr;
  History* history = nullptr;
  std::string prompt;
  Complete complete;

  ~Libedit() {
    if (line != nullptr) el_end(line);
    if (history != nullptr) history_end(history);
  }

  static Libedit* Of(EditLine* line) {
    Libedit* self = nullptr;
    el_get(line, EL_CLIENTDATA, &self);
    return self;
  }
  static char* Prompt(EditLine* line) { return Of(line)->prompt.data(); }
  static unsigned char CompleteWord(EditLine* line, int key);
};

// Puts in what all candidates have in common; shows them when that is nothing new.
unsigned char LineEditor::Libedit::CompleteWord(EditLine* line, int key) {
  const LineInfo* info = el_line(line);
  const std::string_view typed(info->buffer, static_cast<size_t>(info->cursor - info->buffer));
  const std::string_view word = typed.substr(typed.find_last_of(" \t") + 1);
  std::vector<std::string> candidates = Of(line)->complete(typed);
  std::erase_if(candidates, [&](const std::string& c) { return !c.starts_with(word); });
  if (candidates.empty()) return CC_REFRESH_BEEP;
  std::string common = candidates.front();
  for (const std::string& candidate : candidates) {
    common.resize(static_cast<size_t>(
        std::mismatch(common.begin(), common.end(), candidate.begin(), candidate.end()).first -
        common.begin()));
  }
  std::string rest = common.substr(word.size());
  if (candidates.size() == 1) rest += ' ';
  if (!rest.empty()) return el_insertstr(line, rest.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  std::fputc('\n', stdout);
  for (const std::string& candidate : candidates) std::fprintf(stdout, "%s  ", candidate.c_str());
  std::fputc('\n', stdout);
  return CC_REDISPLAY;
}

LineEditor::LineEditor(std::unique_ptr<Libedit> libedit) : libedit_(std::move(libedit)) {}
LineEditor::~LineEditor() = default;

std::unique_ptr<LineEditor> LineEditor::Create(const std::string& terminal, Complete complete) {
  auto edit = std::make_unique<Libedit>();
  edit->complete = std::move(complete);
  edit->line = el_init("oca", stdin, stdout, stderr);
  edit->history = history_init();
  if (edit->line == nullptr || edit->history == nullptr) return nullptr;
  HistEvent event;
  history(edit->history, &event, H_SETSIZE, kHistoryLines);
  history(edit->history, &event, H_SETUNIQUE, 1);
  EditLine* line = edit->line;
  el_set(line, EL_CLIENTDATA, edit.get());
  el_set(line, EL_PROMPT, &Libedit::Prompt);
  // A name with a slash would be a path.
  if (terminal.find('/') == std::string::npos) el_set(line, EL_TERMINAL, terminal.c_str());
  el_set(line, EL_EDITOR, "emacs");
  el_set(line, EL_HIST, history, edit->history);
  el_set(line, EL_ADDFN, "complete", "Complete the word", &Libedit::CompleteWord);
  el_set(line, EL_BIND, "^I", "complete", nullptr);
  el_set(line, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  // Libedit's own commands (Meta-x) could choose vi's keys, of which one starts an editor: a way to
  // a shell.
  for (const char* key : {"\\370", "\\330", "\\ex", "\\eX"}) {
    el_set(line, EL_BIND, key, "ed-unassigned", nullptr);
  }
  // Control-C gives up the line, not the session, and nothing stops this process.
  el_set(line, EL_SETTY, "-d", "-isig", nullptr);
  el_set(line, EL_BIND, "^C", "em-kill-line", nullptr);
  el_set(line, EL_BIND, "^Z", "ed-unassigned", nullptr);
  return std::unique_ptr<LineEditor>(new LineEditor(std::move(edit)));
}

std::optional<std::string> LineEditor::ReadLine(const std::string& prompt) {
  libedit_->prompt = prompt;
  int length = 0;
  const char* typed = el_gets(libedit_->line, &length);
  if (typed == nullptr || length <= 0) return std::nullopt;
  std::string line(typed, static_cast<size_t>(length));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  HistEvent event;
  if (line.find_first_not_of(" \t") != std::string::npos) {
    history(libedit_->history, &event, H_ENTER, line.c_str());
  }
  return line;
}

}  // namespace oca::cli
