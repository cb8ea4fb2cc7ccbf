#!/usr/bin/env python3
"""Sums CTest's JUnit files: one line per preset, then CTest's own closing line for all together."""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def main(paths):
    tests = failed = 0
    for path in map(pathlib.Path, paths):
        if not path.exists():
            continue
        suite = ElementTree.parse(path).getroot()
        count = int(suite.get("tests", 0))
        bad = [case.get("name") for case in suite.iter("testcase") if case.get("status") != "run"]
        print(f"{path.stem:8} {count - len(bad):4} passed, {len(bad)} failed" +
              "".join(f"\n         {path.stem}: {name}" for name in bad))
        tests += count
        failed += len(bad)
    if tests:
        percent = 100 * (tests - failed) // tests
        print(f"\n{percent}% tests passed, {failed} tests failed out of {tests}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
