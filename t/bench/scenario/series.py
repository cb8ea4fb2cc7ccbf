"""Reduction of a series of releases: tars of the same sources, of which a little changed and every file has another time."""

import os

from peers import BorgLz4, BorgZstd, Restic
from measure import size_of
from rows import Row
from shapes import Stream


def reduction(work, oca, releases):
    """`releases` are folders, each with one tar, oldest first. Each program gets one after the other into one repository."""
    logical = sum(size_of(release) for release in releases)
    shape = Stream(releases[0], releases[-1])
    oca.new_group("series", "fast")
    before = oca.stored()
    costs = [oca.backup(shape, release, "series", str(number)) for number, release in enumerate(releases)]
    ours = oca.stored() - before
    reduction = oca.clean()
    reduced = oca.stored() - before
    detail = f"{len(releases)} releases of {os.listdir(releases[0])[0]}, {logical / 1e6:.0f} MB; oca {ours / 1e6:.0f} MB, then {reduced / 1e6:.0f} MB"
    rows = []
    for peer_type in (Restic, BorgLz4, BorgZstd):
        peer = peer_type(work)
        for number, release in enumerate(releases):
            peer.backup(release, str(number))
        stored = peer.stored()
        peer.remove()
        # lz4 is what borg does when nothing is said.
        note = f"{detail}, {peer.name} {stored / 1e6:.0f} MB"
        rows += [Row(f"series: bytes stored by {peer.name}, against ours", stored / ours, "x", 1.8, ">=",
                     sum(cost.cpu for cost in costs), sum(cost.wall for cost in costs), note),
                 Row(f"series: bytes stored by {peer.name}, against ours after a run of the cleaner", stored / reduced, "x", 1.8, ">=",
                     reduction.cpu, reduction.wall, note)]
    return rows
