"""The two shapes in which the same kind of data is backed up, and the commands that do it through a mount."""

import dataclasses
import os


@dataclasses.dataclass
class Shape:
    """`source` and `edited` are folders; peers back up what is in them, Oca gets it copied in."""

    source: str
    edited: str

    name = ""

    def store(self, source, target):
        """Commands that copy `source` into the new folder `target` of a mount, until all of it is durable."""
        raise NotImplementedError

    def fetch(self, stored, target):
        """Commands that copy what store() made to the new folder `target` of a disk."""
        raise NotImplementedError


class Stream(Shape):
    """A few large files, written as backup software writes them: 1 MiB at a time, synced at the end."""

    name = "stream"

    def store(self, source, target):
        return [["mkdir", target], *(self._copy(source, target, name) + ["conv=fsync"] for name in sorted(os.listdir(source)))]

    def fetch(self, stored, target):
        return [["mkdir", target], *(self._copy(stored, target, name) for name in sorted(os.listdir(stored)))]

    @staticmethod
    def _copy(source, target, name):
        return ["dd", f"if={os.path.join(source, name)}", f"of={os.path.join(target, name)}", "bs=1M", "status=none"]


class Tree(Shape):
    """Many small files, copied by cp -a. Syncing one file afterwards makes everything before it durable too."""

    name = "tree"

    def store(self, source, target):
        return [["cp", "-a", source, target],
                ["dd", "if=/dev/null", f"of={os.path.join(target, '.done')}", "conv=fsync", "status=none"]]

    def fetch(self, stored, target):
        return [["cp", "-a", stored, target]]
