#!/usr/bin/env python3
"""Disks of ocafsd that are slow, or hang, when a test says so (slow_disk.cc).

slow_disk.py FOLDER build DISK...            makes the library and the state of these folders; prints the environment, one setting a line
slow_disk.py FOLDER set NUMBER [call=MS] [sync=MS] [hold=sync,write,read,name]    how the disk is from now on; what is not named: as it is
slow_disk.py FOLDER waiting NUMBER           how many calls are held there
"""

import os
import struct
import subprocess
import sys

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "slow_disk.cc")
KINDS = {"sync": 1, "write": 2, "read": 4, "name": 8}
FIELDS = ("call", "sync", "hold", "waiting")  # of a disk, 8 bytes each


class SlowDisks:

    def __init__(self, folder, disks=()):
        self.folder = folder
        self.disks = list(disks)
        self.library = os.path.join(folder, "slow_disk.so")
        self.state = os.path.join(folder, "disks")

    def build(self):
        subprocess.run(["c++", "-std=c++20", "-O1", "-Wall", "-shared", "-fPIC", "-o", self.library, SOURCE, "-ldl"], check=True)
        with open(self.state, "wb") as file:
            file.write(bytes(8 * len(FIELDS) * len(self.disks)))

    def environment(self):
        return {"LD_PRELOAD": self.library, "OCA_SLOW_STATE": self.state, "OCA_SLOW_DISKS": ":".join(self.disks), "OCA_SLOW_PROGRAM": "ocafsd"}

    def set(self, number, **fields):
        """call, sync: milliseconds. hold: kinds of calls."""
        with open(self.state, "r+b", buffering=0) as file:
            for name, value in fields.items():
                number_of = sum(KINDS[kind] for kind in value if kind) if name == "hold" else int(float(value) * 1000)
                file.seek(8 * (len(FIELDS) * number + FIELDS.index(name)))
                file.write(struct.pack("<q", number_of))

    def quick(self):
        for number in range(len(self.disks)):
            self.set(number, call=0, sync=0, hold=())

    def waiting(self, number):
        with open(self.state, "rb") as file:
            file.seek(8 * (len(FIELDS) * number + FIELDS.index("waiting")))
            return struct.unpack("<q", file.read(8))[0]


def main():
    folder, verb, *rest = sys.argv[1:]
    if verb == "build":
        disks = SlowDisks(folder, rest)
        disks.build()
        print("\n".join(f"{name}={value}" for name, value in disks.environment().items()))
    elif verb == "set":
        fields = dict(word.split("=", 1) for word in rest[1:])
        if "hold" in fields:
            fields["hold"] = fields["hold"].split(",")
        SlowDisks(folder).set(int(rest[0]), **fields)
    else:
        print(SlowDisks(folder).waiting(int(rest[0])))


if __name__ == "__main__":
    main()
