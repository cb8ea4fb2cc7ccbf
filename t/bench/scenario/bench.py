#!/usr/bin/env python3
"""Measures Oca beside restic, borg and daemons that do nothing, and prints a table. JSON rows go to <out>/*.json.

bench.py --bin DIR --out DIR [--micro | --scenario] [--rounds N]
BENCH_MB=256 takes about that much of the data: a quick look whose figures are not comparable.
"""

import argparse
import os
import sys

import data
import micro
import scenarios
from oca_side import OcaSide
from rows import save, table


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--micro", action="store_true", help="only the kernels and the index")
    parser.add_argument("--scenario", action="store_true", help="only what goes through the mount")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    limit_mb = int(os.environ.get("BENCH_MB", "0"))
    out = os.path.abspath(options.out)
    everything = options.micro == options.scenario
    if os.geteuid() != 0 and (everything or options.scenario):
        print("bench: must run as root: a cold cache needs /proc/sys/vm/drop_caches. Try: sudo make bench", file=sys.stderr)
        return 1

    rows = []
    if everything or options.micro:
        found = micro.run(options.bin)
        save(found, os.path.join(out, "micro.json"))
        rows += found
    if everything or options.scenario:
        kept = os.path.join(out, "data")
        work = os.path.join(out, "work")
        os.makedirs(kept, exist_ok=True)
        os.makedirs(work, exist_ok=True)
        trees = data.prepare(kept, limit_mb)
        with OcaSide(work, options.bin) as oca:
            found = scenarios.run(options.bin, work, trees, oca, options.rounds)
        save(found, os.path.join(out, "scenario.json"))
        rows += found
    print()
    table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
