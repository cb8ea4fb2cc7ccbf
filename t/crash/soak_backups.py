"""Machines whose files change from hour to hour, jobs that back them up and forget old backups, and what must be found of them.

A job may be run again when it failed: it begins anew. What it promises counts once it returns, for it ends with a sync.
"""

import dataclasses
import errno
import hashlib
import io
import os
import random
import shutil
import tarfile

WORDS = [bytes(random.Random(n).choices(b"abcdefghijklmnopqrstuvwxyz", k=3 + n % 9)) for n in range(512)]
PIECE = 1 << 20
PAGE = 64 << 10


def content(key, size):
    """The bytes of one version of a file: always the same for a key; a quarter of them text."""
    chance = random.Random(key)
    if key % 4:
        return chance.randbytes(size)
    return b" ".join(chance.choices(WORDS, k=size // 4 + 1))[:size].ljust(size)


def digest(data):
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class Machine:
    """Files by path: key and size of their present contents."""

    def __init__(self, chance, files):
        self.chance = chance
        self.files = {}
        self.changed = set()  # since the last call of edit
        for n in range(files):
            self._write(f"d{n % 12}/f{n}")

    def _write(self, path):
        size = self.chance.choice((300, 3000, 12000, 40000, 150000, 600000))
        self.files[path] = (self.chance.randrange(1 << 48), size + self.chance.randrange(size))
        self.changed.add(path)

    def edit(self, share):
        """Another hour of work: some files change, some come and go."""
        self.changed = set()
        for path in self.chance.sample(sorted(self.files), int(len(self.files) * share)):
            self._write(path)
        for n in range(2):
            self._write(f"new/f{self.chance.randrange(10**6)}.{n}")
            del self.files[self.chance.choice(sorted(self.files))]
        self.changed &= set(self.files)


@dataclasses.dataclass
class Backup:
    container: str
    name: str  # of its file or folder in the container
    files: dict  # path within the container: digest
    keys: dict  # what it holds, by key: bytes
    size: int


def sync(folder):
    """All that was acknowledged before is durable once this returns."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


class HashingWriter(io.RawIOBase):
    """A file that is written from its beginning to its end, in pieces of one size, as backup software does."""

    def __init__(self, path):
        super().__init__()
        self.fd = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o644)
        self.hash = hashlib.blake2b(digest_size=16)
        self.size = 0

    def writable(self):
        return True

    def write(self, data):
        self.hash.update(data)
        self.size += len(data)
        written = os.write(self.fd, data)
        if written != len(data):
            raise OSError(errno.EIO, f"{written} of {len(data)} bytes written")
        return written

    def close(self):
        if not self.closed:
            os.close(self.fd)
        super().close()


def write_file(path, data):
    with HashingWriter(path) as file:
        for at in range(0, len(data), PIECE):
            file.write(data[at:at + PIECE])
    return file


def back_up_tree(top, container, name, files, previous):
    """Each file by itself; what has not changed is shared with the backup before by copy_file_range."""
    remove(os.path.join(top, name))
    done = Backup(container, name, {}, {}, 0)
    for path, (key, size) in sorted(files.items()):
        inside = os.path.join(name, path)
        target = os.path.join(top, inside)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        old = os.path.join(previous.name, path) if previous else None
        if previous and previous.keys.get(key) == size and old in previous.files:
            copy(os.path.join(top, old), target, size)
            done.files[inside] = previous.files[old]
        else:
            done.files[inside] = write_file(target, content(key, size)).hash.hexdigest()
        done.keys[key] = size
        done.size += size
    sync(top)
    return done


def copy(source, target, size):
    fd_in = os.open(source, os.O_RDONLY)
    fd_out = os.open(target, os.O_CREAT | os.O_WRONLY, 0o644)
    try:
        copied = 0
        while copied < size:
            more = os.copy_file_range(fd_in, fd_out, size - copied, copied, copied)
            if more == 0:
                raise OSError(errno.EIO, f"{target}: {copied} of {size} bytes copied")
            copied += more
    finally:
        os.close(fd_in)
        os.close(fd_out)


def back_up_tar(top, container, name, files, mtime):
    """One archive; every file has another time than in the archive before."""
    path = os.path.join(top, name)
    with HashingWriter(path) as out, tarfile.open(fileobj=out, mode="w|", bufsize=PIECE) as archive:
        for inside, (key, size) in sorted(files.items()):
            info = tarfile.TarInfo(inside)
            info.size, info.mtime, info.mode = size, mtime, 0o644
            archive.addfile(info, io.BytesIO(content(key, size)))
    sync(top)
    return Backup(container, name, {name: out.hash.hexdigest()}, dict(files.values()), out.size)


def back_up_dump(top, container, name, pages):
    """One stream of pages, as a database is dumped."""
    path = os.path.join(top, name)
    with HashingWriter(path) as out:
        for key in pages:
            out.write(content(key, PAGE))
    sync(top)
    return Backup(container, name, {name: out.hash.hexdigest()}, {key: PAGE for key in pages}, out.size)


def forget(top, backup):
    remove(os.path.join(top, backup.name))
    sync(top)


def wrong_file(path, expected):
    """None when a file has the contents of this digest; else what is wrong."""
    found = hashlib.blake2b(digest_size=16)
    with open(path, "rb", buffering=0) as file:
        while data := file.read(PIECE):
            found.update(data)
    return None if found.hexdigest() == expected else f"{path}: other contents"


def wrong_in(top, backup):
    """Everything that is wrong with a backup as it stands in its container; reads all of it."""
    wrong = []
    for path, expected in backup.files.items():
        try:
            why = wrong_file(os.path.join(top, path), expected)
        except OSError as error:
            why = str(error)
        if why:
            wrong.append(why)
    return wrong
