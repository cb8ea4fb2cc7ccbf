// A directory of the machine for one test.
#ifndef OCA_T_SUPPORT_TEMP_DIR_H_
#define OCA_T_SUPPORT_TEMP_DIR_H_

#include <string>
#include <string_view>

namespace oca::support {

// A new empty directory under $TMPDIR (else /tmp), removed with its contents by the destructor.
// Aborts when it cannot be made.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  // path()/name
  std::string Path(std::string_view name) const;

 private:
  std::string path_;
};

}  // namespace oca::support

#endif  // OCA_T_SUPPORT_TEMP_DIR_H_
