// The whole logical state of a names database as text, to compare states.
#ifndef OCA_T_UNIT_FS_NAMES_DIGEST_H_
#define OCA_T_UNIT_FS_NAMES_DIGEST_H_

#include <string>

#include "fs/names/names.h"

namespace oca::names {

// One line per group, container, inode, xattr and entry. Aborts when the database cannot be read.
std::string Digest(const Names& names);

}  // namespace oca::names

#endif  // OCA_T_UNIT_FS_NAMES_DIGEST_H_
