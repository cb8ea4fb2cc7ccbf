"""A writer: random operations in a directory of its own, until an operation fails because ocafsd was killed.

It keeps the history of what it did, so that history.check can judge what is found after the crash.
"""

import errno
import os
import random
import time

from history import DIRECTORY, History, digest, read_tree

GONE = {errno.ENOTCONN, errno.ECONNABORTED}
MAX_FILES = 40
MAX_BYTES = 1 << 20
# Bytes that all writers share, so that they deduplicate against each other.
POOL = random.Random(99).randbytes(1 << 20)


class Writer:

    def __init__(self, top, seed):
        self.top = top
        self.random = random.Random(seed)
        found = read_tree(top)
        numbers = {}
        self.names = {}
        self.contents = {}
        for path, (inode, what, _) in found.items():
            if what == DIRECTORY:
                self.names[path] = DIRECTORY
                continue
            number = numbers.setdefault(inode, len(numbers) + 1)
            self.names[path] = number
            if number not in self.contents:
                with open(os.path.join(top, path), "rb") as file:
                    self.contents[number] = bytearray(file.read())
        self.next_number = len(numbers) + 1
        self.history = History([(0, dict(self.names))],
                               {n: [(0, digest(c), len(c))] for n, c in self.contents.items()}, [], [])

    def run(self, deadline):
        """Works until ocafsd is gone or the deadline (time.monotonic) has passed; the history."""
        syncs = self.random.choice((0, 1, 8))  # some loads hardly sync: the more states are possible after the crash
        choices = [(self.create, 12), (self.write, 30), (self.append, 12), (self.truncate, 6), (self.rename, 8), (self.unlink, 6),
                   (self.link, 4), (self.make_directory, 2), (self.remove_directory, 1), (self.copy, 4), (self.punch, 3),
                   (self.sync_file, syncs), (self.sync_directory, syncs / 4)]
        functions, weights = zip(*choices)
        while time.monotonic() < deadline:
            try:
                self.random.choices(functions, weights)[0]()
            except OSError as error:
                if error.errno not in GONE:
                    self.history.error = f"operation {self.history.last}: {error}"
                break
        return self.history

    # One operation: what it will change is noted before the call, its acknowledgement after it.

    def step(self, text, call, names=None, number=None, content=None):
        history = self.history
        history.last += 1
        index = history.last
        if names is not None:
            history.names.append((index, names))
        if number is not None:
            history.bytes.setdefault(number, []).append((index, digest(content), len(content)))
        history.log.append((None, index, text))
        call()
        history.log[-1] = (time.monotonic_ns(), index, text)
        if names is not None:
            self.names = names
        if number is not None:
            self.contents[number] = content

    def path(self, name):
        return os.path.join(self.top, name)

    def files(self):
        return sorted(path for path, number in self.names.items() if number != DIRECTORY)

    def some_file(self):
        files = self.files()
        return self.random.choice(files) if files else None

    def new_name(self):
        directories = [""] + sorted(path for path, number in self.names.items() if number == DIRECTORY)
        return os.path.join(self.random.choice(directories), f"n{self.random.randrange(10**6)}")

    def piece(self):
        """Bytes to write: of the shared pool, random, or zeros."""
        size = self.random.choice((1, 100, 4096, 10000, 65536, 131072))
        kind = self.random.random()
        if kind < 0.5:
            at = self.random.randrange(len(POOL) - size)
            return POOL[at:at + size]
        return self.random.randbytes(size) if kind < 0.9 else bytes(size)

    # The operations.

    def create(self):
        if len(self.files()) >= MAX_FILES:
            return self.unlink()
        name = self.new_name()
        if name in self.names:
            return None
        number = self.next_number
        self.next_number += 1

        def call():
            os.close(os.open(self.path(name), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))

        return self.step(f"create {name}", call, {**self.names, name: number}, number, bytearray())

    def put(self, name, offset, data, flags=0):
        number = self.names[name]
        content = bytearray(self.contents[number])
        if len(content) < offset:
            content.extend(bytes(offset - len(content)))
        content[offset:offset + len(data)] = data

        def call():
            fd = os.open(self.path(name), os.O_WRONLY | flags)
            try:
                written = os.write(fd, data) if flags else os.pwrite(fd, data, offset)
                if written != len(data):
                    raise OSError(errno.EIO, f"{name}: {written} of {len(data)} bytes written")
            finally:
                os.close(fd)

        self.step(f"write {name} at {offset}: {len(data)} bytes", call, None, number, content)

    def write(self):
        name = self.some_file()
        if name:
            size = len(self.contents[self.names[name]])
            self.put(name, self.random.randrange(min(MAX_BYTES, size + 5000) + 1), self.piece())

    def append(self):
        name = self.some_file()
        if name and len(self.contents[self.names[name]]) < MAX_BYTES:
            self.put(name, len(self.contents[self.names[name]]), self.piece(), os.O_APPEND)

    def truncate(self):
        name = self.some_file()
        if not name:
            return
        number = self.names[name]
        content = bytearray(self.contents[number])
        size = self.random.choice((0, self.random.randrange(len(content) + 1), len(content) + self.random.randrange(100000)))
        content = content[:size] + bytes(max(0, size - len(content)))
        self.step(f"truncate {name} to {size}", lambda: os.truncate(self.path(name), size), None, number, content)

    def punch(self):
        name = self.some_file()
        if not name or not self.contents[self.names[name]]:
            return
        number = self.names[name]
        content = bytearray(self.contents[number])
        at = self.random.randrange(len(content))
        size = min(len(content) - at, self.random.randrange(1, 200000))
        content[at:at + size] = bytes(size)
        self.step(f"punch {name} at {at}: {size} bytes", lambda: punch_hole(self.path(name), at, size), None, number, content)

    def copy(self):
        source, target = self.some_file(), self.some_file()
        if not source or self.names[source] == self.names[target]:
            return
        data = bytes(self.contents[self.names[source]])
        number = self.names[target]
        content = bytearray(self.contents[number])
        content[0:len(data)] = data
        if not data:
            return

        def call():
            fd_in = os.open(self.path(source), os.O_RDONLY)
            fd_out = os.open(self.path(target), os.O_WRONLY)
            try:
                copied = os.copy_file_range(fd_in, fd_out, len(data), 0, 0)
                if copied != len(data):
                    raise OSError(errno.EIO, f"{target}: {copied} of {len(data)} bytes copied")
            finally:
                os.close(fd_in)
                os.close(fd_out)

        self.step(f"copy {source} over the start of {target}", call, None, number, content)

    def rename(self):
        old = self.some_file()
        if not old:
            return
        new = self.some_file() if self.random.random() < 0.4 else self.new_name()
        if new == old or self.names.get(new) == self.names[old] or self.names.get(new) == DIRECTORY:
            return
        names = dict(self.names)
        names[new] = names.pop(old)
        self.step(f"rename {old} to {new}", lambda: os.rename(self.path(old), self.path(new)), names)

    def link(self):
        old, new = self.some_file(), self.new_name()
        if old and new not in self.names:
            self.step(f"link {old} as {new}", lambda: os.link(self.path(old), self.path(new)), {**self.names, new: self.names[old]})

    def unlink(self):
        name = self.some_file()
        if name:
            names = dict(self.names)
            del names[name]
            self.step(f"unlink {name}", lambda: os.unlink(self.path(name)), names)

    def make_directory(self):
        name = f"d{self.random.randrange(10)}"
        if name not in self.names:
            self.step(f"mkdir {name}", lambda: os.mkdir(self.path(name)), {**self.names, name: DIRECTORY})

    def remove_directory(self):
        empty = [path for path, number in self.names.items()
                 if number == DIRECTORY and not any(other.startswith(path + "/") for other in self.names)]
        if empty:
            name = self.random.choice(sorted(empty))
            names = dict(self.names)
            del names[name]
            self.step(f"rmdir {name}", lambda: os.rmdir(self.path(name)), names)

    def sync(self, name, flags):
        began = time.monotonic_ns()

        def call():
            fd = os.open(self.path(name), flags)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

        self.step(f"fsync {name or '.'}", call)
        self.history.syncs.append(began)

    def sync_file(self):
        name = self.some_file()
        if name:
            self.sync(name, os.O_RDONLY)

    def sync_directory(self):
        self.sync("", os.O_RDONLY | os.O_DIRECTORY)


def punch_hole(path, offset, size):
    """fallocate(PUNCH_HOLE | KEEP_SIZE); Python's os has only the plain one."""
    import ctypes  # pylint: disable=import-outside-toplevel

    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(path, os.O_WRONLY)
    try:
        if libc.fallocate(fd, 3, ctypes.c_long(offset), ctypes.c_long(size)) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(fd)
