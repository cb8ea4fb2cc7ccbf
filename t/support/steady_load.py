#!/usr/bin/env python3
"""Writes, reads and deletes files, and knows which must be there, whatever happens to the server meanwhile.

steady_load.py FOLDER LIST             until SIGTERM. In LIST: what was synced (fsync and close returned) and not deleted since
steady_load.py FOLDER LIST --verify    reads all of LIST

Errors are borne, wrong bytes never: then the exit code is 1. While it is served again the load goes on by itself.
"""

import argparse
import json
import os
import random
import signal
import sys
import threading
import time

MOST_FILES = 24
LARGEST = 6 << 20
PAUSE = 0.02  # after an error


def content(number):
    """Half of it is like that of the file before, so that there is something to find."""
    chance = random.Random(number)
    half = chance.randrange(LARGEST // 2)
    return random.Random(number // 2).randbytes(half) + chance.randbytes(half)


class Load:

    def __init__(self, folder, path):
        self.folder = folder
        self.path = path
        self.lock = threading.Lock()
        self.numbers = {}  # of what is there
        self.next = 0
        self.stopped = threading.Event()
        self.wrong = []

    def load(self):
        with open(self.path, encoding="ascii") as file:
            self.numbers = dict.fromkeys(json.load(file))

    def save(self):
        with open(self.path, "w", encoding="ascii") as file:
            json.dump(list(self.numbers), file)

    def _name(self, number):
        return os.path.join(self.folder, f"f{number}")

    def write(self, number):
        fd = os.open(self._name(number), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
        try:
            data = memoryview(content(number))
            while data:
                data = data[os.write(fd, data[:1 << 20]):]
            os.fsync(fd)
        finally:
            os.close(fd)

    def check(self, number):
        """Whether the file is what it must be; OSError when it cannot be read."""
        fd = os.open(self._name(number), os.O_RDONLY)
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            data = b""
            while piece := os.read(fd, 1 << 20):
                data += piece
        finally:
            os.close(fd)
        if data != content(number):
            self.wrong.append(f"f{number} is not what was synced: {len(data)} bytes")
            self.stopped.set()

    def _write_one(self):
        with self.lock:
            number = self.next
            self.next += 1
        self.write(number)
        with self.lock:
            self.numbers[number] = None
            old = next(iter(self.numbers)) if len(self.numbers) > MOST_FILES else None
            self.numbers.pop(old, None)
        if old is not None:
            os.unlink(self._name(old))

    def _read_one(self):
        with self.lock:
            number = random.choice(list(self.numbers)) if self.numbers else None
        if number is None:
            return
        try:
            self.check(number)
        except FileNotFoundError:  # deleted, or nothing is mounted
            self.stopped.wait(PAUSE)

    def _repeat(self, step):
        while not self.stopped.is_set():
            try:
                step()
            except OSError:
                self.stopped.wait(PAUSE)

    def run(self):
        threads = [threading.Thread(target=self._repeat, args=(step,)) for step in (self._write_one, self._write_one, self._read_one)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.save()

    def verify(self):
        for number in self.numbers:
            try:
                self.check(number)
            except OSError as error:
                self.wrong.append(f"f{number}: {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("list")
    parser.add_argument("--verify", action="store_true")
    options = parser.parse_args()
    load = Load(options.folder, options.list)
    began = time.monotonic()
    if options.verify:
        load.load()
        load.verify()
    else:
        signal.signal(signal.SIGTERM, lambda *_: load.stopped.set())
        load.run()
    print(f"{load.next} files were begun, {len(load.numbers)} must be there, {time.monotonic() - began:.1f} s")
    print("\n".join(load.wrong), end="", file=sys.stderr)
    return 1 if load.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
