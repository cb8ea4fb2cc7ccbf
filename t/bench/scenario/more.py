"""Scenarios that have one shape only: many generations, small files, encryption, restart after a kill."""

import os
import shutil

import data
from measure import size_of, timed, warm
from null_fuse import null_fuse
from rows import Row
from samples import Samples
from shapes import Stream

GENERATIONS = 20
GENERATION_ROUNDS = 3


def generations(work, oca, tree):
    """Restores of the newest of many generations, each with other 2 % of the files changed, and of the same data stored once."""
    samples = Samples("stream")
    changing = os.path.join(work, "changing")
    archives = os.path.join(work, "archives")
    data.call("cp", "-a", tree, changing, cwd=work)
    os.makedirs(archives)
    shape = Stream(archives, archives)
    oca.new_group("generations", "fast")
    oca.new_group("fresh", "fast")
    print(f"bench: {GENERATIONS} generations of {size_of(changing) / 1e6:.0f} MB", flush=True)
    for number in range(GENERATIONS):
        if number > 0:
            data.edit(changing, data.SEED + number)
        data.pack(changing, os.path.join(archives, "all.tar"))
        oca.backup(shape, archives, "generations", str(number))
    oca.backup(shape, archives, "fresh", "only")
    logical = size_of(archives)
    shutil.rmtree(changing)
    shutil.rmtree(archives)
    reduction = oca.clean()
    for _ in range(GENERATION_ROUNDS):
        samples.add("newest", "restore", oca.restore(shape, "generations", str(GENERATIONS - 1)))
        samples.add("fresh", "restore", oca.restore(shape, "fresh", "only"))
    newest, fresh = samples.cost("newest", "restore"), samples.cost("fresh", "restore")
    return [Row(f"stream: restore of the newest of {GENERATIONS} generations, wall, against a fresh copy", fresh.wall / newest.wall, "x",
                0.6, ">=", newest.cpu, newest.wall, f"fresh {fresh.cpu:.2f} CPU s, {fresh.wall:.2f} s; {logical / 1e6:.0f} MB; "
                f"after a run of the cleaner, {reduction.wall:.1f} s")]


def small_files(bin_dir, work, oca, count, rounds):
    """Creates, writes 4 KiB and closes; on a daemon that does nothing, and on ours."""
    samples = Samples("small")
    program = [os.path.join(bin_dir, "small_files")]
    oca.new_group("small", "fast")
    for number in range(rounds):
        os.sync()
        with null_fuse(bin_dir, work, "sink") as (mount, pid):
            samples.add("null", "files", timed([*program, mount, str(count)], daemons=[pid]))
        target = oca.path("small", str(number))
        os.mkdir(target)
        samples.add("oca", "files", timed([*program, target, str(count)], daemons=oca.daemons()))
    ours, null = samples.cost("oca", "files"), samples.cost("null", "files")
    return [Row("small files: create, write 4 KiB, close, wall, against a FUSE daemon that does nothing", null.wall / ours.wall, "x",
                0.4, ">=", ours.cpu, ours.wall, f"null {null.cpu:.2f} CPU s, {null.wall:.2f} s; {count} files")]


def encryption(oca, shape, rounds):
    """First ingest of unique data into a group that is encrypted, and into one that is not."""
    samples = Samples("encryption")
    kinds = {"plain": "encryption off", "encrypted": "encryption on"}
    for number in range(rounds):
        for kind in kinds if number % 2 == 0 else reversed(kinds):
            group = f"{kind}-{number}"
            oca.new_group(group, "fast")
            if kind == "encrypted":
                oca.encrypt(group)
            warm(shape.source)
            os.sync()
            samples.add(kind, "first", oca.backup(shape, shape.source, group, "0"))
    plain, encrypted = samples.cost("plain", "first"), samples.cost("encrypted", "first")
    logical = size_of(shape.source)
    return [Row(f"{shape.name}: encryption on against off, unique ingest, {kind}", ours, "x", 0.90, ">=", encrypted.cpu, encrypted.wall,
                f"off {plain.cpu:.2f} CPU s, {plain.wall:.2f} s; {logical / 1e6:.0f} MB")
            for kind, ours in (("CPU", plain.cpu / encrypted.cpu), ("wall", plain.wall / encrypted.wall))]


def restart(oca, group, label, rounds):
    """How long ocafsd needs after SIGKILL until it serves again."""
    samples = Samples("all")
    held = oca.stored()
    for _ in range(rounds):
        samples.add("oca", "restart", oca.restart_after_kill(group, label))
    cost = samples.cost("oca", "restart")
    return [Row("restart after kill -9, until a file can be read", cost.wall, "s", 10, "<=", wall_seconds=cost.wall,
                detail=f"{held / 1e6:.0f} MB held")]
