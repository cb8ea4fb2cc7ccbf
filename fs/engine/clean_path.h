// A folder as it is listed among the storage paths.
#ifndef OCA_FS_ENGINE_CLEAN_PATH_H_
#define OCA_FS_ENGINE_CLEAN_PATH_H_

#include <string>
#include <string_view>

namespace oca::engine {

// Without slashes at its end.
inline std::string CleanPath(std::string_view dir) {
  while (dir.size() > 1 && dir.back() == '/') dir.remove_suffix(1);
  return std::string(dir);
}

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_CLEAN_PATH_H_
