"""What a writer did, and whether a tree that is found after a crash is one that its history allows.

Every operation has an index, from 1. Operations up to a sync that succeeded are durable. After a crash the names must be those after some
operation k, durable <= k <= last; each file's bytes must be those that it had after some operation j, durable <= j <= last. The last
operation may have been under way, so it may have happened or not. Names and bytes may stand at different moments, because only a sync
ties them together; but a file is never a mix that it never was.
"""

import dataclasses
import hashlib
import os
import stat

DIRECTORY = 0  # instead of a file number


def digest(content):
    return hashlib.blake2b(content, digest_size=16).digest()


@dataclasses.dataclass
class History:
    """Versions since a known state; index 0 is that state."""

    names: list  # [(index, {path: file number or DIRECTORY})]
    bytes: dict  # {file number: [(index, digest, size)]}
    log: list  # [(acknowledged at ns or None, index, text)]
    syncs: list  # [began at ns] of syncs that succeeded
    last: int = 0
    error: str = ""

    def durable(self, sync_began_ns):
        """Index of the last operation that was acknowledged before a successful sync of anyone began."""
        found = 0
        for acknowledged, index, _ in self.log:
            if acknowledged is not None and acknowledged <= sync_began_ns:
                found = max(found, index)
        return found


def read_tree(top):
    """{path: (inode, digest, size)} or (inode, DIRECTORY, link count) of what stands below a directory."""
    found = {}
    for directory, dirs, files in os.walk(top, onerror=_raise):
        for name in dirs + files:
            path = os.path.join(directory, name)
            info = os.lstat(path)
            key = os.path.relpath(path, top)
            if stat.S_ISDIR(info.st_mode):
                found[key] = (info.st_ino, DIRECTORY, 0)
            else:
                with open(path, "rb", buffering=0) as file:
                    content = file.readall()
                if len(content) != info.st_size:
                    raise OSError(f"{path}: st_size is {info.st_size}, but {len(content)} bytes can be read")
                found[key] = (info.st_ino, digest(content), len(content))
    return found


def _raise(error):
    raise error


def versions_from(versions, first):
    """Versions that were current at index `first` or later."""
    start = 0
    for i, version in enumerate(versions):
        if version[0] <= first:
            start = i
    return versions[start:]


def check(history, durable, found):
    """None when the history allows the tree; otherwise why it does not."""
    reasons = []
    for index, names in reversed(versions_from(history.names, durable)):
        why = _mismatch(history, durable, names, found)
        if why is None:
            return None
        reasons.append(f"as after operation {index}: {why}")
    return (f"operations 1 to {durable} of {history.last} are durable; the tree that was found is none of "
            f"{len(reasons)} possible ones:\n  " + "\n  ".join(reasons[:6]))


def _mismatch(history, durable, names, found):
    missing = sorted(set(names) - set(found))
    extra = sorted(set(found) - set(names))
    if missing or extra:
        return f"missing {missing[:5]}, not expected {extra[:5]}"
    inode_of = {}
    for path, number in names.items():
        inode, what, size = found[path]
        if (number == DIRECTORY) != (what == DIRECTORY):
            return f"{path}: is of another type"
        if number == DIRECTORY:
            continue
        if inode_of.setdefault(number, inode) != inode:
            return f"{path}: no longer the same file as its other names"
        allowed = versions_from(history.bytes[number], durable)
        if not any(version[1] == what for version in allowed):
            sizes = sorted({version[2] for version in allowed})
            return f"{path}: its {size} bytes are none of the {len(allowed)} versions it may have (sizes {sizes[:10]})"
    if len(set(inode_of.values())) != len(inode_of):
        return "two files became one"
    return None
