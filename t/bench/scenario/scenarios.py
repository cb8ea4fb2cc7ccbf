"""The scenarios: backup, again, with changes, restore, small files, restart. Rounds are interleaved, medians are told."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys

import measure
from measure import drop_caches, median, size_of, timed
from peers import BorgLz4, BorgZstd, Restic
from rows import Row

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "harness"))
from appliance import wait_until  # noqa: E402

SMALL_FILES = 20000
MODES = {"fast": "oca", "lz4": "oca lz4"}


class Samples:
    """Costs by (who, what), one for each round."""

    def __init__(self):
        self.costs = {}
        self.bytes = {}

    def add(self, who, what, cost):
        self.costs.setdefault((who, what), []).append(cost)
        print(f"bench:   {who:12} {what:8} {cost.wall:8.2f} s  {cost.cpu:8.2f} CPU s", flush=True)

    def cost(self, who, what):
        return median(self.costs[who, what])


def one_round(number, trees, work, oca, samples):
    """Each program once: first backup, the same again, with changes, restore."""
    tree, edited = trees
    for make in (Restic, BorgZstd, BorgLz4):
        peer = make(work)
        sizes = [peer.stored()]
        for what, source in (("first", tree), ("again", tree), ("edited", edited)):
            samples.add(peer.name, what, peer.backup(source, what))
            sizes.append(peer.stored())
        samples.bytes[peer.name] = [b - a for a, b in zip(sizes, sizes[1:])]
        if make is not BorgLz4:
            samples.add(peer.name, "restore", peer.restore("again"))
        peer.remove()
    for mode, who in MODES.items():
        group = f"{mode}{number}"
        oca.new_group(group, mode)
        sizes = [oca.stored()]
        for what, source in (("first", tree), ("again", tree), ("edited", edited)):
            samples.add(who, what, oca.backup(source, group, what))
            sizes.append(oca.stored())
        samples.bytes[who] = [b - a for a, b in zip(sizes, sizes[1:])]
        if mode == "fast":
            samples.add(who, "restore", oca.restore(group, "again"))


@contextlib.contextmanager
def null_fuse(bin_dir, work, *mode):
    """A mounted null_fuse; yields (mount point, pid)."""
    mount = os.path.join(work, "null")
    os.makedirs(mount, exist_ok=True)
    with subprocess.Popen([os.path.join(bin_dir, "null_fuse"), *mode, mount]) as process:
        try:
            wait_until(lambda: os.path.ismount(mount), "null_fuse to mount", 20)
            yield mount, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    os.rmdir(mount)


def passthrough_restore(bin_dir, work, tree, samples):
    target = os.path.join(work, "restored")
    with null_fuse(bin_dir, work, "pass", tree) as (mount, pid):
        drop_caches()
        samples.add("passthrough", "restore", timed(["cp", "-a", mount, target], daemons=[pid]))
    shutil.rmtree(target)


def small_files(bin_dir, work, oca, number, samples):
    """Creates, writes 4 KiB and closes; once on a daemon that does nothing, once on ours."""
    program = [os.path.join(bin_dir, "small_files")]
    with null_fuse(bin_dir, work, "sink") as (mount, pid):
        samples.add("null", "small", timed([*program, mount, str(SMALL_FILES)], daemons=[pid]))
    target = oca.path(f"fast{number}", "small")
    os.mkdir(target)
    samples.add("oca", "small", timed([*program, target, str(SMALL_FILES)], daemons=oca.daemons()))


def run(bin_dir, work, trees, oca, rounds):
    """All rows of the scenarios."""
    samples = Samples()
    logical = size_of(trees[0])
    for tree in trees:
        measure.warm(tree)
    for number in range(rounds):
        print(f"bench: round {number + 1} of {rounds}, {logical / 1e6:.0f} MB", flush=True)
        one_round(number, trees, work, oca, samples)
        passthrough_restore(bin_dir, work, trees[0], samples)
        small_files(bin_dir, work, oca, number, samples)
        samples.add("oca", "restart", oca.restart_after_kill(f"fast{number}", "again"))
        for tree in trees:
            measure.warm(tree)
    return rows_of(samples, logical)


def ratio(samples, name, ours, theirs, what, musts):
    """Rows "how many times as good as": CPU time and wall time."""
    a, b = samples.cost(ours, what), samples.cost(theirs, what)
    detail = f"{ours} {a.cpu:.1f} CPU s, {a.wall:.1f} s; {theirs} {b.cpu:.1f} CPU s, {b.wall:.1f} s"
    rows = []
    for kind, must, value in (("cpu", musts[0], b.cpu / a.cpu), ("wall", musts[1], b.wall / a.wall)):
        if must is not None or kind == "cpu":
            rows.append(Row(f"{name}_{kind}", value, "x", must, ">=", a.cpu, a.wall, detail))
    return rows


def rows_of(samples, logical):
    rows = []
    rows += ratio(samples, "first_ingest_vs_restic", "oca", "restic", "first", (2.4, 2.5))
    rows += ratio(samples, "first_ingest_vs_borg_zstd3", "oca", "borg zstd-3", "first", (1.5, 1.5))
    rows += ratio(samples, "first_ingest_lz4_vs_borg_lz4", "oca lz4", "borg lz4", "first", (1.3, 1.3))
    rows += ratio(samples, "duplicate_ingest_vs_restic", "oca", "restic", "again", (2.0, 2.5))
    rows += ratio(samples, "duplicate_ingest_vs_borg", "oca", "borg zstd-3", "again", (2.0, 2.5))
    rows += ratio(samples, "edited_ingest_vs_restic", "oca", "restic", "edited", (None, None))
    rows += ratio(samples, "restore_vs_restic", "oca", "restic", "restore", (None, 3.0))
    rows += ratio(samples, "restore_vs_borg", "oca", "borg zstd-3", "restore", (None, 3.0))
    rows += ratio(samples, "restore_vs_passthrough", "oca", "passthrough", "restore", (None, 0.6))
    rows += ratio(samples, "small_files_vs_null_fuse", "oca", "null", "small", (None, 0.4))
    first = samples.cost("oca", "first")
    again = samples.cost("oca", "again")
    restore = samples.cost("oca", "restore")
    for name, cost in (("first_ingest", first), ("duplicate_ingest", again), ("restore", restore)):
        rows.append(Row(f"{name}_rate", logical / 1e6 / cost.wall, "MB/s", cpu_seconds=cost.cpu, wall_seconds=cost.wall,
                        detail=f"{logical / 1e6 / cost.cpu:.0f} MB per CPU s"))
    restart = samples.cost("oca", "restart")
    rows.append(Row("restart_after_kill", restart.wall, "s", 10, "<=", wall_seconds=restart.wall,
                    detail="until a file can be read, with what this bench stored"))
    sizes = samples.bytes
    rows.append(Row("stored_first_vs_borg_zstd3", sizes["oca"][0] / sizes["borg zstd-3"][0], "x", 1.20, "<=",
                    detail=f"{sizes['oca'][0] / 1e6:.1f} MB; borg {sizes['borg zstd-3'][0] / 1e6:.1f}, "
                    f"restic {sizes['restic'][0] / 1e6:.1f} of {logical / 1e6:.0f}"))
    rows.append(Row("stored_second_copy", sizes["oca"][1] / 1e6, "MB",
                    detail=f"restic {sizes['restic'][1] / 1e6:.2f}, borg {sizes['borg zstd-3'][1] / 1e6:.2f} MB"))
    rows.append(Row("stored_edited_vs_restic", sizes["oca"][2] / max(1, sizes["restic"][2]), "x", 0.25, "<=",
                    detail=f"{sizes['oca'][2] / 1e6:.1f} MB; restic {sizes['restic'][2] / 1e6:.1f}, "
                    f"borg {sizes['borg zstd-3'][2] / 1e6:.1f} MB"))
    return rows
