// ofsck: the offline check of a repository, see fs/tools/ofsck.8.
#ifndef OCA_FS_TOOLS_RUN_H_
#define OCA_FS_TOOLS_RUN_H_

namespace oca::ofsck {

// As fsck(8) has them; the exit code is a sum of these.
inline constexpr int kClean = 0;
inline constexpr int kRepaired = 1;
inline constexpr int kFaultsLeft = 4;
inline constexpr int kNotChecked = 8;
inline constexpr int kUsage = 16;

// Returns the exit code. Results go to standard output, errors and progress to standard error.
int Run(int argc, const char* const* argv);

}  // namespace oca::ofsck

#endif  // OCA_FS_TOOLS_RUN_H_
