// How far work is, while somebody waits for it.
#ifndef OCA_CLI_PROGRESS_H_
#define OCA_CLI_PROGRESS_H_

#include <string_view>

#include "cli/session.h"
#include "fmt/format.h"

namespace oca::cli {

// One line that is drawn over and over on a terminal.
class Progress {
 public:
  explicit Progress(Session& session) : session_(session) {}
  ~Progress() {
    if (drawn_) session_.Print("\r\033[K");
  }
  void Draw(std::string_view text) {
    if (!session_.can_draw()) return;
    session_.Print(fmt::format("\r\033[K{}", text));
    session_.Flush();
    drawn_ = true;
  }

 private:
  Session& session_;
  bool drawn_ = false;
};

}  // namespace oca::cli

#endif  // OCA_CLI_PROGRESS_H_
