#!/usr/bin/env python3
"""Measures Oca beside restic, borg and daemons that do nothing, and prints a table. JSON rows go to <out>/*.json.

bench.py --bin DIR --out DIR [--micro | --stream | --tree | --series | --more | --cleaner | --load | --tape | --appliance] [--rounds N]
BENCH_MB=256 takes about that much of the data: a quick look whose figures are not comparable.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time

import appliance_side
import cleaner
import interrupts
import load
import micro
import more
import series
import tape
from data import Data
from null_fuse import mount_point
from oca_side import OcaSide, WholeAppliance
from rows import save, table
from scenarios import ShapeRun
from shapes import Stream, Tree

TREE_MB = 150        # of many small files
GENERATION_MB = 500  # of each generation
SMALL_FILES = 10000
CLEANER_MB = 1000    # in files of which half goes
SLICES = 500         # files of the load by many streams
SLICES_MB = 1000
IMAGE_MB = 10240
MANY_FILES = 1000000
TAPE_MB = 1000
PARTS = ("micro", "stream", "tree", "series", "more", "cleaner", "load", "tape", "appliance")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--micro", action="store_true", help="only the kernels, the index and the engine without the mount")
    parser.add_argument("--stream", action="store_true", help="only large files")
    parser.add_argument("--tree", action="store_true", help="only trees of small files")
    parser.add_argument("--series", action="store_true", help="only a series of releases")
    parser.add_argument("--more", action="store_true", help="only generations, small files, encryption, restart")
    parser.add_argument("--cleaner", action="store_true", help="only the cleaner beside ingest")
    parser.add_argument("--load", action="store_true", help="only many streams, small writes, a disk image, a million files")
    parser.add_argument("--tape", action="store_true", help="only tapes over iSCSI and NDMP")
    parser.add_argument("--appliance", action="store_true", help="only start, idle, command line and REST of the whole appliance")
    parser.add_argument("--rounds", type=int, help="at most; two are enough where they agree (3; 2 with BENCH_MB)")
    options = parser.parse_args()
    parts = [part for part in PARTS if getattr(options, part)] or PARTS
    if os.geteuid() != 0 and parts != ["micro"]:
        print("bench: must run as root: a cold cache needs /proc/sys/vm/drop_caches. Try: sudo make bench", file=sys.stderr)
        return 1
    interrupts.install()
    out = os.path.abspath(options.out)
    work = os.path.join(out, "work")
    remove_left(work, options.bin)
    os.makedirs(work)
    try:
        measure_all(parts, options, out, work)
    except interrupts.Interrupted as signal:
        print(f"bench: ended by {signal}; nothing was left running", file=sys.stderr)
        return 128 + signal.number
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


def remove_left(work, bin_dir):
    """What a run that was killed has left."""
    if os.path.ismount(mount_point(work)):
        subprocess.run(["umount", "-l", mount_point(work)], check=True)
    home = os.path.join(work, "oca", "home")
    if os.path.exists(home):
        WholeAppliance(home, bin_dir).stop()
    shutil.rmtree(work, ignore_errors=True)


def measure_all(parts, options, out, work):
    start = time.monotonic()
    limit_mb = int(os.environ.get("BENCH_MB", "0"))
    options.rounds = options.rounds or (2 if limit_mb else 3)
    rows = []

    def found(part, new):
        print(f"bench: {part}: done after {time.monotonic() - start:.0f} s", flush=True)
        save(new, os.path.join(out, f"{part}.json"))
        rows.extend(new)

    if "micro" in parts:
        found("micro", micro.run(options.bin, work, quick=limit_mb > 0))
    if "appliance" in parts:
        found("appliance", appliance_side.run(work, options.bin, quick=limit_mb > 0))
        shutil.rmtree(os.path.join(work, "oca"))
    if set(parts) - {"micro", "appliance"}:
        measure_mount(parts, options, Data(os.path.join(out, "data")), limit_mb, work, found)
    print(f"\nThe best of at most {options.rounds} rounds; medians for kernels, index and engine. {time.monotonic() - start:.0f} s.\n")
    table(rows)


def measure_mount(parts, options, data, limit_mb, work, found):
    tree_mb = min(TREE_MB, limit_mb // 4) if limit_mb else TREE_MB
    generation_mb = min(GENERATION_MB, limit_mb // 4) if limit_mb else GENERATION_MB
    shapes = []
    if "stream" in parts:
        shapes.append(Stream(data.stream(limit_mb), data.edited_stream(limit_mb)))
    if "tree" in parts:
        shapes.append(Tree(data.tree(tree_mb), data.edited_tree(tree_mb)))
    with OcaSide(work, options.bin) as oca:
        for shape in shapes:
            found(shape.name, ShapeRun(options.bin, work, oca, shape).run(options.rounds))
        if "series" in parts:
            found("series", series.reduction(work, oca, data.series(limit_mb)))
        if "more" in parts:
            rows = more.generations(work, oca, data.tree(generation_mb))
            rows += more.small_files(options.bin, work, oca, SMALL_FILES, options.rounds)
            source = data.stream(limit_mb)
            rows += more.encryption(oca, Stream(source, source), options.rounds)
            rows += more.restart(oca, "generations", "0", options.rounds)
            found("more", rows)
        if "cleaner" in parts:
            found("cleaner", cleaner.deletion(work, oca, min(CLEANER_MB, limit_mb) if limit_mb else CLEANER_MB))
        if "load" in parts:
            found("load", measure_load(options, data, limit_mb, work, oca))
        if "tape" in parts:
            found("tape", tape.measure(options.bin, work, oca, data.largest(limit_mb), min(TAPE_MB, limit_mb or TAPE_MB)))


def measure_load(options, data, limit_mb, work, oca):
    scale = limit_mb / 2000 if limit_mb else 1
    rows = load.streams(oca, data.slices(SLICES, min(SLICES_MB, limit_mb or SLICES_MB)))
    rows += load.writers(oca, data.largest(limit_mb))
    rows += load.image(options.bin, work, oca, int(IMAGE_MB * scale))
    return rows + load.many_files(options.bin, work, oca, int(MANY_FILES * scale))


if __name__ == "__main__":
    sys.exit(main())
