"""Random filesystem operations as data, and their execution below any directory. The same list gives the same results on every POSIX
filesystem; where it does not, one of them is wrong."""

import ctypes
import errno
import mmap
import os
import stat

SLOTS = 6
NAMES = ["a", "b", "c", "long-" + "x" * 200, "ü"]
MODES = [0o600, 0o644, 0o755, 0o1777, 0o2755, 0o444]
OPEN_FLAGS = [os.O_RDWR | os.O_CREAT, os.O_RDWR | os.O_CREAT | os.O_EXCL, os.O_RDWR, os.O_RDWR | os.O_TRUNC,
              os.O_RDWR | os.O_APPEND, os.O_RDWR | os.O_CREAT | os.O_TRUNC]
SIZES = [0, 1, 100, 4095, 4096, 5000, 16384, 65536, 100001, 300000]
LIBC = ctypes.CDLL(None, use_errno=True)


def generate(random, count):
    """A list of `count` operations, each (name, arguments...)."""

    def path():
        depth = random.choice((1, 1, 2, 2, 3))
        return "/".join(random.choice(NAMES) for _ in range(depth))

    def slot():
        return random.randrange(SLOTS)

    def size():
        return max(0, random.choice(SIZES) + random.randrange(-3, 4))

    makers = {
        "open": (14, lambda: (slot(), path(), random.choice(OPEN_FLAGS), random.choice(MODES))),
        "close": (4, lambda: (slot(),)),
        "pwrite": (16, lambda: (slot(), size(), size(), random.randrange(1000))),
        "write": (6, lambda: (slot(), size(), random.randrange(1000))),
        "pread": (10, lambda: (slot(), size(), size())),
        "read": (3, lambda: (slot(), size())),
        "seek_end": (2, lambda: (slot(), random.randrange(-5000, 5000))),
        "ftruncate": (5, lambda: (slot(), size())),
        "truncate": (3, lambda: (path(), size())),
        "fallocate": (5, lambda: (slot(), random.choice((0, 1, 3, 16, 17)), size(), size())),
        "mmap_write": (3, lambda: (slot(), size(), size(), random.randrange(1000))),
        "copy_range": (5, lambda: (slot(), slot(), size(), size(), size())),
        "fsync": (2, lambda: (slot(),)),
        "fstat": (4, lambda: (slot(),)),
        "stat": (5, lambda: (path(),)),
        "list": (3, lambda: (path(),)),
        "mkdir": (7, lambda: (path(), random.choice(MODES))),
        "rmdir": (3, lambda: (path(),)),
        "unlink": (6, lambda: (path(),)),
        "rename": (8, lambda: (path(), path(), random.choice((0, 0, 0, 1, 2)))),
        "link": (5, lambda: (path(), path())),
        "symlink": (3, lambda: (path(), path())),
        "readlink": (2, lambda: (path(),)),
        "mkfifo": (1, lambda: (path(), random.choice(MODES))),
        "chmod": (4, lambda: (path(), random.choice(MODES))),
        "chown": (2, lambda: (path(), random.choice((0, 65534)), random.choice((0, 65534)))),
        "utime": (3, lambda: (path(), random.randrange(10**18), random.randrange(10**18))),
        "setxattr": (3, lambda: (path(), random.choice("xyz"), random.randrange(300), random.randrange(3))),
        "getxattr": (2, lambda: (path(), random.choice("xyz"))),
        "listxattr": (2, lambda: (path(),)),
        "removexattr": (2, lambda: (path(), random.choice("xyz"))),
    }
    names = list(makers)
    weights = [makers[name][0] for name in names]
    return [(name, *makers[name][1]()) for name in random.choices(names, weights, k=count)]


def content(seed, size):
    """The same bytes for the same seed: runs that repeat between operations, so that there is something to deduplicate."""
    block = bytes((seed * 31 + i * i) % 256 for i in range(251))
    return (block * (size // len(block) + 1))[:size] if seed % 10 else bytes(size)


class Runner:
    """Executes operations below a directory. Its umask is 0, so that modes are what the operation says."""

    def __init__(self, top):
        self.top = top
        self.slots = [None] * SLOTS

    def close_all(self):
        for i in range(SLOTS):
            self.close(i)

    def execute(self, operation):
        """What a program sees: ("ok", value) or ("error", name of the errno)."""
        try:
            return ("ok", getattr(self, operation[0])(*operation[1:]))
        except OSError as error:
            return ("error", errno.errorcode.get(error.errno, str(error.errno)))

    def at(self, path):
        return os.path.join(self.top, path)

    def fd(self, slot):
        if self.slots[slot] is None:
            raise OSError(errno.EBADF, "closed")
        return self.slots[slot]

    # File descriptors. Non-blocking, because the path may be a FIFO.

    def open(self, slot, path, flags, mode):
        fd = os.open(self.at(path), flags | os.O_NONBLOCK, mode)
        self.close(slot)
        self.slots[slot] = fd
        if stat.S_ISFIFO(os.fstat(fd).st_mode):
            self.close(slot)

    def close(self, slot):
        if self.slots[slot] is not None:
            os.close(self.slots[slot])
            self.slots[slot] = None

    def pwrite(self, slot, size, offset, seed):
        return os.pwrite(self.fd(slot), content(seed, size), offset)

    def write(self, slot, size, seed):
        return os.write(self.fd(slot), content(seed, size)), os.lseek(self.fd(slot), 0, os.SEEK_CUR)

    def pread(self, slot, size, offset):
        return os.pread(self.fd(slot), size, offset)

    def read(self, slot, size):
        return os.read(self.fd(slot), size)

    def seek_end(self, slot, delta):
        return os.lseek(self.fd(slot), delta, os.SEEK_END)

    def ftruncate(self, slot, size):
        os.ftruncate(self.fd(slot), size)

    def truncate(self, path, size):
        os.truncate(self.at(path), size)

    def fallocate(self, slot, mode, offset, size):
        if LIBC.fallocate(self.fd(slot), mode, ctypes.c_long(offset), ctypes.c_long(size)) != 0:
            raise OSError(ctypes.get_errno(), "fallocate")

    def mmap_write(self, slot, offset, size, seed):
        """Writes through a shared mapping, within the file."""
        fd = self.fd(slot)
        length = os.fstat(fd).st_size
        size = min(size, length - offset)
        if size <= 0:
            return 0
        with mmap.mmap(fd, length) as mapped:
            mapped[offset:offset + size] = content(seed, size)
            mapped.flush()
        return size

    def copy_range(self, source, target, source_offset, target_offset, size):
        return os.copy_file_range(self.fd(source), self.fd(target), size, source_offset, target_offset) if size else 0

    def fsync(self, slot):
        os.fsync(self.fd(slot))

    def fstat(self, slot):
        return visible(os.fstat(self.fd(slot)))

    # Names.

    def stat(self, path):
        return visible(os.lstat(self.at(path)))

    def list(self, path):
        return sorted(os.listdir(self.at(path)))

    def mkdir(self, path, mode):
        os.mkdir(self.at(path), mode)

    def rmdir(self, path):
        os.rmdir(self.at(path))

    def unlink(self, path):
        os.unlink(self.at(path))

    def rename(self, old, new, flags):
        if LIBC.renameat2(-100, self.at(old).encode(), -100, self.at(new).encode(), flags) != 0:
            raise OSError(ctypes.get_errno(), "renameat2")

    def link(self, old, new):
        os.link(self.at(old), self.at(new), follow_symlinks=False)

    def symlink(self, target, path):
        os.symlink(target, self.at(path))

    def readlink(self, path):
        return os.readlink(self.at(path))

    def mkfifo(self, path, mode):
        os.mkfifo(self.at(path), mode)

    def chmod(self, path, mode):
        os.chmod(self.at(path), mode)

    def chown(self, path, uid, gid):
        os.chown(self.at(path), uid, gid, follow_symlinks=False)

    def utime(self, path, atime, mtime):
        os.utime(self.at(path), ns=(atime, mtime), follow_symlinks=False)
        return os.lstat(self.at(path)).st_mtime_ns

    def setxattr(self, path, name, size, flags):
        os.setxattr(self.at(path), "user." + name, content(size, size), flags)

    def getxattr(self, path, name):
        return os.getxattr(self.at(path), "user." + name)

    def listxattr(self, path):
        return sorted(os.listxattr(self.at(path)))

    def removexattr(self, path, name):
        os.removexattr(self.at(path), "user." + name)

    def everything(self):
        """The whole tree: names, attributes, contents, which names are one file."""
        found = {}
        first_name = {}
        for directory, dirs, files in os.walk(self.top):
            for name in sorted(dirs + files):
                path = os.path.join(directory, name)
                info = os.lstat(path)
                key = os.path.relpath(path, self.top)
                first_name[info.st_ino] = min(first_name.get(info.st_ino, key), key)
                found[key] = [visible(info), info.st_ino]
                if stat.S_ISREG(info.st_mode):
                    with open(path, "rb") as file:
                        found[key].append(file.read())
                elif stat.S_ISLNK(info.st_mode):
                    found[key].append(os.readlink(path))
                if not stat.S_ISLNK(info.st_mode):
                    found[key].append(sorted((n, os.getxattr(path, n)) for n in os.listxattr(path)))
        for value in found.values():
            value[1] = first_name[value[1]]
        return found


def visible(info):
    """The attributes that must be equal everywhere. A directory's size and link count are the filesystem's own business."""
    size = None if stat.S_ISDIR(info.st_mode) else info.st_size
    links = None if stat.S_ISDIR(info.st_mode) else info.st_nlink
    return (stat.filemode(info.st_mode), info.st_uid, info.st_gid, size, links)
