"""The cleaner beside ingest: what it frees of what is dead, what it costs whoever writes, and how long anybody waits for it."""

import os
import shutil
import statistics

from measure import Cost, size_of
from oca_side import wait_until
from rows import Row
from samples import Samples
from shapes import Stream, Tree

FILES = 1000
ALONE = 3    # pieces ingested before the cleaner runs
BESIDE = 5   # and at most so many while it runs
GROUP = "cleaner"


def unique(path, size):
    """Data that is held nowhere and that compression halves."""
    with open(path, "w", encoding="ascii") as file:
        for left in range(size, 0, -(1 << 20)):
            file.write(os.urandom(min(left, 1 << 20) // 2).hex())


def status(oca):
    return oca.appliance.oca("stats", "--cleaner")


def stored(oca):
    return oca.appliance.oca("stats", "--storage_group", "--name", GROUP)["physical_bytes"]


def pieces(work, count, size):
    """Folders with one file of unique data each."""
    for number in range(count):
        folder = os.path.join(work, f"piece{number}")
        os.makedirs(folder)
        unique(os.path.join(folder, "data"), size)
        yield folder


def deletion(work, oca, total_mb):
    """500 of 1,000 files are deleted, and their space comes back while other data is written."""
    work = os.path.join(work, "cleaner")
    files = os.path.join(work, "files")
    os.makedirs(files)
    for number in range(FILES):
        unique(os.path.join(files, f"{number:04}"), (total_mb << 20) // FILES)
    folders = list(pieces(work, ALONE + BESIDE, (total_mb << 20) // 4))
    samples = Samples("cleaner")
    oca.new_group(GROUP, "fast")
    oca.backup(Tree(files, files), files, GROUP, "files")
    held = stored(oca)
    shape = Stream(work, work)
    for number in range(ALONE):
        samples.add("alone", "ingest", oca.backup(shape, folders[number], GROUP, f"piece{number}"))
    oca.appliance.oca("maintenance", "--filesystem", "--reclaim_space", deadline=600)
    full = stored(oca)
    piece = (full - held) / ALONE
    for number in range(0, FILES, 2):
        os.remove(oca.path(GROUP, f"files/{number:04}"))
    oca.appliance.oca("maintenance", "--filesystem", "--reclaim_space", "--no_wait")
    beside = 0
    while beside < BESIDE and status(oca)["state"] == "running":
        number = ALONE + beside
        samples.add("beside", "ingest", oca.backup(shape, folders[number], GROUP, f"piece{number}"))
        beside += 1
    seen = wait_until(lambda: status(oca) if status(oca)["state"] != "running" else None, "the cleaner to end", 1200)
    freed = full + beside * piece - stored(oca)
    logical = size_of(files)
    shutil.rmtree(work)
    return rows(samples, seen, freed / (held / 2), f"500 of {FILES} files, {logical / 1e6:.0f} MB; {beside} pieces beside")


def rows(samples, seen, freed, detail):
    def median(who):
        costs = samples.costs[who, "ingest"]
        return Cost(statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs))

    alone, beside = median("alone"), median("beside")
    return [
        Row("cleaner: space freed while data is ingested, of what deleted files alone held", 100 * freed, "%", 98, ">=",
            detail=f"{detail}; {seen['bytes_copied'] / 1e6:.0f} MB copied, {seen['packs_removed']} packs removed"),
        Row("cleaner: ingest beside it, wall, longer than alone by", 100 * (beside.wall / alone.wall - 1), "%", 15, "<=", beside.cpu, beside.wall,
            f"alone {alone.cpu:.2f} CPU s, {alone.wall:.2f} s; medians"),
        Row("cleaner: longest wait of a read or write for it", seen["longest_pause_ms"], "ms", 100, "<="),
    ]
