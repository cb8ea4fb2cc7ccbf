"""Loads of other kinds: many streams at once, writers of small blocks, a disk image, a million files."""

import json
import os
import shutil

from measure import drop_caches, size_of, timed
from null_fuse import null_fuse
from oca_side import resident_mb
from rows import Row
from samples import Samples

STREAMS = (1, 2, 8, 64, 500)
WRITERS = ("1M", "64K", "10K", "4K")
READS = 20000       # of 4 KiB, at random
OVERWRITES = 4000   # of 128 KiB, at random
SYNC = ("dd", "if=/dev/null", "conv=fsync", "status=none")


def streams(oca, slices):
    """The same slices, copied by that many processes at once, each time into a group of its own."""
    samples = Samples("load")
    logical = size_of(slices)
    count = len(os.listdir(slices))
    print(f"bench: {logical / 1e6:.0f} MB in {count} files by {', '.join(map(str, STREAMS))} streams", flush=True)
    stored = {}
    for number in STREAMS:
        group = f"streams-{number}"
        oca.new_group(group, "fast")
        target = oca.path(group, "all")
        os.sync()
        before = oca.stored()
        copy = f"ls | xargs -P {number} -n {-(-count // number)} cp -t {target}"
        cost = timed(["mkdir", target], ["sh", "-c", f"cd {slices} && {copy}"], [*SYNC, f"of={target}/.done"], daemons=oca.daemons())
        samples.add(f"{number} streams", "first", cost)
        stored[number] = oca.stored() - before
    rows = []
    one = samples.cost("1 streams", "first")
    for number in STREAMS[1:]:
        cost = samples.cost(f"{number} streams", "first")
        rows.append(Row(f"load: {number} streams at once, stored bytes, against one", stored[number] / stored[1], "x", 1.01, "<=",
                        cost.cpu, cost.wall, f"{stored[number] / 1e6:.1f} MB of {logical / 1e6:.0f}; one {stored[1] / 1e6:.1f}"))
        rows.append(Row(f"load: {number} streams at once, wall, against one", one.wall / cost.wall, "x", None, ">=",
                        cost.cpu, cost.wall, f"one {one.cpu:.2f} CPU s, {one.wall:.2f} s"))
    return rows


def writers(oca, source):
    """One file, written in blocks of one size after the other; all but the first find it held already."""
    samples = Samples("load")
    logical = os.path.getsize(source)
    print(f"bench: {logical / 1e6:.0f} MB in blocks of {', '.join(WRITERS)}", flush=True)
    rows = []
    for number, block in enumerate(WRITERS):
        oca.new_group(f"writer-{block}", "fast")
        # First into a group of its own, then where the first writer has been.
        for what, group in (("first", f"writer-{block}"), ("again", f"writer-{WRITERS[0]}")):
            target = oca.path(group, f"{block}-{what}")
            os.sync()
            before = oca.stored()
            samples.add(f"blocks {block}", what, timed(["dd", f"if={source}", f"of={target}", f"bs={block}", "conv=fsync", "status=none"],
                                                       daemons=oca.daemons()))
            added = oca.stored() - before
        cost, large = (samples.cost(f"blocks {b}", "first") for b in (block, WRITERS[0]))
        rows.append(Row(f"load: writer of {block}iB blocks, wall, against 1 MiB", large.wall / cost.wall, "x", None, ">=", cost.cpu,
                        cost.wall, f"{logical / 1e6 / cost.wall:.0f} MB/s"))
        if number > 0:
            rows.append(Row(f"load: data held already, in {block}iB blocks, new bytes", 100 * added / logical, "%", 1, "<=",
                            detail=f"{added / 1e6:.2f} MB of {logical / 1e6:.0f}"))
    return rows


def image(bin_dir, work, oca, size_mb):
    """A disk image of half compressible blocks: random reads from a cold cache, then overwrites in the middle."""
    print(f"bench: an image of {size_mb} MB", flush=True)
    oca.new_group("image", "fast")
    plain = os.path.join(work, "plain")
    os.makedirs(plain)
    ours = oca.path("image")
    for folder in (plain, ours):
        fio(work, folder, "--rw=write", "--bs=1M", f"--size={size_mb}M", "--end_fsync=1")
    oca.restart_ocafsd()
    drop_caches()
    read = fio(work, ours, "--rw=randread", "--bs=4k", f"--size={size_mb}M", f"--number_ios={READS}")["read"]
    with null_fuse(bin_dir, work, "pass", plain) as (mount, _):
        drop_caches()
        passed = fio(work, mount, "--rw=randread", "--bs=4k", f"--size={size_mb}M", f"--number_ios={READS}")["read"]
    shutil.rmtree(plain)
    write = fio(work, ours, "--rw=randwrite", "--bs=128k", f"--size={size_mb}M", f"--number_ios={OVERWRITES}", "--end_fsync=1")["write"]
    return [
        Row("load: image, random 4 KiB reads, cold, rate against passthrough", read["iops"] / passed["iops"], "x", None, ">=",
            detail=f"{read['iops']:.0f} reads/s, 99 % within {p99_ms(read):.1f} ms; passthrough {passed['iops']:.0f}"),
        Row("load: image, random 128 KiB overwrites, rate", write["bw_bytes"] / 1e6, "MB/s", None, ">=",
            detail=f"99 % within {p99_ms(write):.1f} ms"),
    ]


def fio(work, folder, *options):
    """What fio says of its one job on <folder>/image."""
    output = os.path.join(work, "fio.json")
    timed(["fio", "--name=image", f"--directory={folder}", "--filename=image", "--ioengine=psync", "--refill_buffers",
           "--buffer_compress_percentage=50", "--randseed=7", "--allow_file_create=1", f"--output={output}", "--output-format=json", *options])
    with open(output, encoding="utf-8") as file:
        report = json.load(file)
    os.unlink(output)
    return report["jobs"][0]


def p99_ms(direction):
    return direction["clat_ns"]["percentile"]["99.000000"] / 1e6


def many_files(bin_dir, work, oca, count):
    """As the row of small files, with so many that caches do not hold them."""
    samples = Samples("load")
    print(f"bench: {count} files of 4 KiB", flush=True)
    program = [os.path.join(bin_dir, "small_files")]
    oca.new_group("many", "fast")
    with null_fuse(bin_dir, work, "sink") as (mount, pid):
        samples.add("null", "files", timed([*program, mount, str(count)], daemons=[pid]))
    target = oca.path("many", "all")
    os.mkdir(target)
    samples.add("oca", "files", timed([*program, target, str(count)], daemons=oca.daemons()))
    memory = resident_mb(oca.daemons()[0])
    samples.add("oca", "walk", timed(["find", target, "-type", "f", "-size", "0"], daemons=oca.daemons()))
    ours, null, walk = samples.cost("oca", "files"), samples.cost("null", "files"), samples.cost("oca", "walk")
    return [
        Row(f"load: {count} files of 4 KiB, wall, against a FUSE daemon that does nothing", null.wall / ours.wall, "x", 0.4, ">=",
            ours.cpu, ours.wall, f"null {null.cpu:.2f} CPU s, {null.wall:.2f} s"),
        Row(f"load: {count} files, memory of ocafsd after them", memory, "MB"),
        Row(f"load: {count} files, a walk that asks for each one's attributes", count / walk.wall, "files/s", None, ">=", walk.cpu, walk.wall),
    ]
