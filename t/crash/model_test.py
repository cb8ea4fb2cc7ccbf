#!/usr/bin/env python3
"""Random operations on the mount and on a plain directory: results, contents, attributes and listings must be equal.

model_test.py --bin DIR [--runs N] [--operations N] [--seed S]
model_test.py --dirs A B ...      two directories that are there already, instead of an appliance

The seed is printed first. A failure is shrunk: operations are left out as long as it still fails, and the rest is printed. Every few
hundred operations the appliance is stopped and started, and everything is compared again.
"""

import argparse
import os
import pprint
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from appliance import Appliance  # noqa: E402
from operations import Runner, generate  # noqa: E402

COMPARE_EVERY = 50


class Replay:
    """Runs lists of operations on two fresh directories each time."""

    def __init__(self, ours, plain, restart):
        self.tops = (ours, plain)
        self.restart = restart
        self.count = 0

    def fails(self, operations, with_restart=False):
        """None, or what differs and after how many operations."""
        self.count += 1
        dirs = [os.path.join(top, f"run{self.count}") for top in self.tops]
        for path in dirs:
            os.mkdir(path)
        runners = [Runner(path) for path in dirs]
        try:
            return self._compare(runners, operations, with_restart)
        finally:
            for runner in runners:
                runner.close_all()
            for path in dirs:
                shutil.rmtree(path)

    def _compare(self, runners, operations, with_restart):
        for done, operation in enumerate(operations, 1):
            ours, plain = (runner.execute(operation) for runner in runners)
            if ours != plain:
                return done, f"{shorten(operation)} gave {shorten(ours)}, on the plain directory {shorten(plain)}"
            if done % COMPARE_EVERY == 0 or done == len(operations):
                why = self._differences(runners)
                if why:
                    return done, why
        if with_restart:
            for runner in runners:
                runner.close_all()
            self.restart()
            why = self._differences(runners)
            if why:
                return len(operations), f"after stop and start: {why}"
        return None

    @staticmethod
    def _differences(runners):
        ours, plain = (runner.everything() for runner in runners)
        for path in sorted(set(ours) | set(plain)):
            if ours.get(path) != plain.get(path):
                return f"{path}: {shorten(ours.get(path))}, in the plain directory {shorten(plain.get(path))}"
        return None


def shorten(value):
    """Text of a value with long bytes cut."""
    if isinstance(value, bytes) and len(value) > 40:
        return f"<{len(value)} bytes, {value[:16].hex()}...>"
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(str(shorten(item)) for item in value) + ")"
    return value


def shrink(replay, operations, with_restart):
    """The operations without those that are not needed to fail; each attempt replays from the start."""
    size = len(operations) // 2
    while size:
        at = 0
        while at < len(operations):
            shorter = operations[:at] + operations[at + size:]
            failed = replay.fails(shorter, with_restart)
            if failed:
                operations = shorter[:failed[0]]
            else:
                at += size
        size //= 2
    return operations


def run(replay, options):
    print(f"seed {options.seed}", flush=True)
    for number in range(options.runs):
        operations = generate(random.Random(f"{options.seed}-{number}"), options.operations)
        with_restart = replay.restart is not None and number % 5 == 0
        failed = replay.fails(operations, with_restart)
        if failed:
            print(f"run {number} of seed {options.seed} failed after {failed[0]} operations: {failed[1]}\nshrinking", flush=True)
            operations = shrink(replay, operations[:failed[0]], with_restart)
            print(f"these {len(operations)} operations fail:")
            pprint.pprint(operations, width=120)
            print(replay.fails(operations, with_restart))
            return 1
    print(f"{options.runs} runs of {options.operations} operations: no difference")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin")
    parser.add_argument("--dirs", nargs=2)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--operations", type=int, default=400)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    options = parser.parse_args()
    os.umask(0)
    if options.dirs:
        return run(Replay(*options.dirs, None), options)
    work_dir = tempfile.mkdtemp(prefix="oca-model.", dir="/var/tmp")
    try:
        with Appliance(os.path.join(work_dir, "h"), options.bin) as appliance:
            ours = appliance.container("model")
            plain = os.path.join(work_dir, "plain")
            os.mkdir(plain)

            def restart():
                appliance.stop()
                appliance.start()

            return run(Replay(ours, plain, restart), options)
    finally:
        shutil.rmtree(work_dir)


if __name__ == "__main__":
    sys.exit(main())
