"""The scenarios of one shape: backup, again, with changes, restore. Rounds are interleaved, the best one counts."""

import os
import shutil

import measure
from measure import drop_caches, size_of, timed
from null_fuse import null_fuse
from oca_side import OcaFast, OcaLz4
from peers import BorgLz4, BorgZstd, Restic
from rows import Row
from samples import Samples

STEPS = ("first", "again", "edited")
ENOUGH_ROUNDS = 2  # more only for programs whose figures differ


class ShapeRun:
    """All programs on one shape of the data."""

    def __init__(self, bin_dir, work, oca, shape):
        self.bin_dir = bin_dir
        self.work = work
        self.oca = oca
        self.shape = shape
        self.samples = Samples(shape.name)
        self.logical = size_of(shape.source)

    def run(self, rounds):
        """The rows."""
        programs = [Restic, BorgZstd, BorgLz4, OcaFast, OcaLz4]
        for number in range(rounds):
            active = [p for p in programs if number < ENOUGH_ROUNDS or not self.samples.steady(p.name)]
            if not active:
                break
            print(f"bench: {self.shape.name}, {self.logical / 1e6:.0f} MB, round {number + 1}: "
                  f"{', '.join(p.name for p in active)}", flush=True)
            self._round([self._open(program, number) for program in active])
        return self._rows()

    def _open(self, program, number):
        if issubclass(program, (OcaFast, OcaLz4)):
            return program(self.oca, self.shape, number)
        return program(self.work)

    def _round(self, stores):
        """Each program's backups; then, on empty caches, each one's restore."""
        for store in stores:
            size = store.stored()
            for what in STEPS if store.restores else STEPS[:1]:
                source = self.shape.edited if what == "edited" else self.shape.source
                measure.warm(source)  # some machines take away what nobody has read for a minute
                os.sync()  # nobody pays for what another one left to be written
                self.samples.add(store.name, what, store.backup(source, what))
                before, size = size, store.stored()
                self.samples.bytes[store.name, what] = size - before
        for store in stores:
            if store.restores:
                self.samples.add(store.name, "restore", store.restore("again"))
            store.remove()
        self._passthrough()
        self._null()

    def _null(self):
        """What is left to any daemon: one that keeps names and sizes only, and gives zeros."""
        target = os.path.join(self.work, "restored")
        with null_fuse(self.bin_dir, self.work, "sink") as (mount, pid):
            kept = os.path.join(mount, "kept")
            measure.warm(self.shape.source)
            os.sync()
            self.samples.add("null", "ingest", timed(*self.shape.store(self.shape.source, kept), daemons=[pid]))
            drop_caches()
            self.samples.add("null", "restore", timed(*self.shape.fetch(kept, target), daemons=[pid]))
        shutil.rmtree(target)

    def _passthrough(self):
        target = os.path.join(self.work, "restored")
        with null_fuse(self.bin_dir, self.work, "pass", self.shape.source) as (mount, pid):
            drop_caches()
            self.samples.add("passthrough", "restore", timed(*self.shape.fetch(mount, target), daemons=[pid]))
        shutil.rmtree(target)

    def _against(self, what, text, ours, theirs, musts):
        """Rows "how many times as good as": CPU time and wall time. No row where the must is None."""
        a, b = self.samples.cost(ours, what), self.samples.cost(theirs, what)
        detail = f"{theirs} {b.cpu:.2f} CPU s, {b.wall:.2f} s"
        return [Row(f"{self.shape.name}: {text}, {kind}, against {theirs}", value, "x", must, ">=", a.cpu, a.wall, detail)
                for kind, must, value in (("CPU", musts[0], b.cpu / a.cpu), ("wall", musts[1], b.wall / a.wall))
                if must is not None]

    def _rows(self):
        rows = [
            *self._against("first", "first ingest", "oca", "restic", (2.4, 2.5)),
            *self._against("first", "first ingest", "oca", "borg zstd-3", (1.5, 1.5)),
            *self._against("first", "first ingest by lz4", "oca lz4", "borg lz4", (1.3, 1.3)),
            *self._against("again", "duplicate ingest", "oca", "restic", (2.0, 2.5)),
            *self._against("again", "duplicate ingest", "oca", "borg zstd-3", (2.0, 2.5)),
            *self._against("restore", "restore", "oca", "restic", (None, 3.0)),
            *self._against("restore", "restore", "oca", "borg zstd-3", (None, 3.0)),
            *self._against("restore", "restore", "oca", "passthrough", (None, 0.6)),
        ]
        return rows + self._at_best() + self._stored() + self._rates()

    def _at_best(self):
        """The same ratios for the daemon that does nothing: no mount can do better."""
        rows = []
        for what, null, text in (("first", "ingest", "first ingest"), ("again", "ingest", "duplicate ingest"), ("restore", "restore", "restore")):
            best = self.samples.cost("null", null)
            for theirs in ("restic", "borg zstd-3"):
                cost = self.samples.cost(theirs, what)
                rows += [Row(f"{self.shape.name}: {text}, {kind}, a daemon that does nothing against {theirs}", value, "x", cpu_seconds=best.cpu,
                             wall_seconds=best.wall) for kind, value in (("CPU", cost.cpu / best.cpu), ("wall", cost.wall / best.wall))]
        return rows

    def _stored(self):
        mb = {key: value / 1e6 for key, value in self.samples.bytes.items()}
        name = self.shape.name
        return [
            Row(f"{name}: stored bytes, first copy, against borg zstd-3",
                mb["oca", "first"] / mb["borg zstd-3", "first"], "x", 1.20, "<=",
                detail=f"{mb['oca', 'first']:.1f} MB of {self.logical / 1e6:.0f}; borg {mb['borg zstd-3', 'first']:.1f}, "
                f"restic {mb['restic', 'first']:.1f}"),
            Row(f"{name}: new bytes, 2 % of files changed, against restic",
                mb["oca", "edited"] / max(mb["restic", "edited"], 0.001), "x", 0.25, "<=",
                detail=f"{mb['oca', 'edited']:.1f} MB; restic {mb['restic', 'edited']:.1f}, borg {mb['borg zstd-3', 'edited']:.1f}"),
            Row(f"{name}: new bytes, same again", mb["oca", "again"], "MB",
                detail=f"restic {mb['restic', 'again']:.2f} MB, borg {mb['borg zstd-3', 'again']:.2f}"),
        ]

    def _rates(self):
        rows = []
        for what, text in (("first", "first ingest"), ("again", "duplicate ingest"), ("edited", "edited ingest"), ("restore", "restore")):
            cost = self.samples.cost("oca", what)
            rows.append(Row(f"{self.shape.name}: {text}, rate", self.logical / 1e6 / cost.wall, "MB/s", cpu_seconds=cost.cpu,
                            wall_seconds=cost.wall, detail=f"{self.logical / 1e6 / cost.cpu:.0f} MB per CPU s"))
        return rows
