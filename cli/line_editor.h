// Lines that somebody types on the terminal of this process: editing as in Emacs, a history of the
// session, completion.
#ifndef OCA_CLI_LINE_EDITOR_H_
#define OCA_CLI_LINE_EDITOR_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oca::cli {

class LineEditor {
 public:
  // The words that may stand at the end of `line`, whole; those that do not begin as its last word
  // does are left out.
  using Complete = std::function<std::vector<std::string>(std::string_view line)>;

  // terminal: its kind, as in TERM; one that is not known is used as a dumb one. Null when there is
  // no memory.
  static std::unique_ptr<LineEditor> Create(const std::string& terminal, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // The next line without its newline; none at the end of the input. The history lives as long as
  // the editor, in memory.
  std::optional<std::string> ReadLine(const std::string& prompt);

 private:
  struct Libedit;
  explicit LineEditor(std::unique_ptr<Libedit> libedit);

  std::unique_ptr<Libedit> libedit_;
};

}  // namespace oca::cli

#endif  // OCA_CLI_LINE_EDITOR_H_
