#!/usr/bin/env python3
"""Checks of the source tree. lint.py [check ...]: all of them when none is named. Prints file:line: what is wrong."""

import os
import sys
import time

import banned
import checks
import layers
from tree import Tree

CHECKS = {
    "format": checks.format_of_cxx,
    "layers": layers.check,
    "banned": banned.check,
    "headers": checks.headers,
    "shell": checks.shell,
    "documents": checks.documents,
    "size": checks.size,
}


def main(names):
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"lint.py: no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    tree = Tree(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    bad = 0
    for name in names or CHECKS:
        start = time.monotonic()
        faults = CHECKS[name](tree)
        for fault in faults:
            print(fault)
        print(f"lint {name:10} {f'{len(faults)} faults' if faults else 'passed'} ({time.monotonic() - start:.1f} s)")
        bad += len(faults)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
