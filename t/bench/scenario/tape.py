"""Tapes on this machine's loopback: over iSCSI, one command at a time as the Linux driver sends them, and over NDMP, as a filer sends its data in
a three-way backup. Beside tgt's own tapes on the same disk, the mount, and what the way alone costs."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass

import interrupts
from measure import Cost, drop_caches, run_command, timed
from oca_side import wait_until
from rows import Row

BLOCKS = {"64 KiB": 64 << 10, "256 KiB": 256 << 10, "1 MiB": 1 << 20}
INITIATOR = "iqn.2026-11.local.oca:bench"
PASSWORD = "a-bench-secret"
NDMP_USER = "backup_user"
NDMP_STREAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ndmp_stream.py")
MEBIBYTE = 1 << 20
SHIFT = 777     # bytes before the data of the shifted backup
MOVES = 50
READS = 3       # of each tape, in turns; the best counts
CONTROL = "97"  # of the tgtd beside which we measure


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Host:
    """tape_stream against one unit."""

    def __init__(self, bin_dir, portal, target, lun, user="", password=""):
        self.program = os.path.join(bin_dir, "tape_stream")
        self.lun = str(lun)
        self.env = dict(os.environ, PORTAL=portal, TARGET=target, INITIATOR=INITIATOR, CHAP_USER=user, CHAP_PASSWORD=password)

    def command(self, verb, *words):
        return [self.program, verb, self.lun, *map(str, words)]

    def cost(self, daemons, verb, *words):
        return timed(self.command(verb, *words), daemons=daemons, env=self.env)

    def says(self, verb, *words):
        return subprocess.run(self.command(verb, *words), env=self.env, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Gateway:
    """ocandmpd of the appliance, which is started again with it, and a user for it."""

    def __init__(self, oca):
        self.appliance = oca.appliance
        self.port = free_port()
        self.appliance.stop()
        with open(os.path.join(self.appliance.home, "ndmp.toml"), "w", encoding="ascii") as file:
            file.write(f'address = "127.0.0.1"\nport = {self.port}\n')
        self.appliance.start()
        user = self.appliance.oca("user", "--add", "--name", NDMP_USER, "--roles", "ndmp", "--generate_password")
        self.env = dict(os.environ, NDMP_PASSWORD=user["generated_password"])
        wait_until(self._answers, "ocandmpd to listen")

    def daemons(self):
        with open(os.path.join(self.appliance.home, "run", "ocandmpd.pid"), encoding="ascii") as file:
            return [int(file.read())]

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True


class NdmpDrive:
    """ndmp_stream against one drive, with the face of a Host."""

    def __init__(self, gateway, device, size):
        self.gateway = gateway
        self.device = device
        self.size = size

    def command(self, verb, block, what=""):
        return [sys.executable, NDMP_STREAM, verb, str(self.gateway.port), NDMP_USER, self.device, str(block), str(what or self.size)]

    def cost(self, daemons, verb, *words):
        return timed(self.command(verb, *words), daemons=[*daemons, *self.gateway.daemons()], env=self.gateway.env)

    def says(self, verb, *words):
        return subprocess.run(self.command(verb, *words), env=self.gateway.env, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class StockTgt:
    """Debian's tgtd as it is: LUN 1 a tape of its own kind on our disk, LUN 2 a disk that keeps nothing."""

    target = "iqn.2026-11.local.oca:stock"

    def __init__(self, work):
        self.work = work
        self.portal = f"127.0.0.1:{free_port()}"
        self.process = None

    def __enter__(self):
        os.makedirs(self.work)
        tape = os.path.join(self.work, "tape")
        run_command(["tgtimg", "--op", "new", "--device-type", "tape", "--barcode", "A00001L4", "--size", "100000", "--type", "data",
                     "--file", tape])
        with interrupts.shielded():
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(["tgtd", "-f", "-C", CONTROL, "--iscsi", f"portal={self.portal}"], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_until(self._answers, "tgtd to answer")
            self._admin("--mode", "target", "--op", "new", "--tid", "1", "-T", self.target)
            self._admin("--mode", "logicalunit", "--op", "new", "--tid", "1", "--lun", "1", "-b", tape, "--device-type=tape")
            self._admin("--mode", "logicalunit", "--op", "new", "--tid", "1", "--lun", "2", "-b", tape, "--bstype", "null")
            self._admin("--mode", "target", "--op", "bind", "--tid", "1", "-I", "ALL")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)  # it does not end by SIGTERM
        self.process.wait()
        shutil.rmtree(self.work)

    def _admin(self, *words):
        run_command(["tgtadm", "-C", CONTROL, "--lld", "iscsi", *words])

    def _answers(self):
        try:
            self._admin("--mode", "sys", "--op", "show")
        except RuntimeError:
            return False
        return True


def whole(source, target, limit_mb):
    """A file of whole MiB, which blocks of every size end with. A header as backup software has it stands before the data: a tar that is
    recognised is stored in other pieces than one that stands elsewhere."""
    size = min(os.path.getsize(source), limit_mb << 20) // MEBIBYTE * MEBIBYTE
    with open(source, "rb") as file, open(target, "wb") as out:
        out.write(b"header of a backup\n" * 5)
        shutil.copyfileobj(file, out, MEBIBYTE)
        out.truncate(size)
    return size


class Library:
    """A tape library of the appliance in a storage group of its own; its first two cartridges are in its drives."""

    def __init__(self, oca, bin_dir, name):
        self.oca = oca
        self.name = name
        appliance = oca.appliance
        appliance.oca("storage_group", "--add", "--name", name)
        appliance.oca("container", "--add", "--name", name, "--group", name, "--type", "VTL", "--tape_size", "100GB", "--no_of_drives", "2",
                      "--no_of_tapes", "4")
        appliance.oca("connection", "--add", "--name", name, "--type", "ISCSI", "--initiators", INITIATOR)
        where = (self.live()["portal"], self.live()["target"])
        self.robot = Host(bin_dir, *where, 1, "iscsi_user", PASSWORD)
        self.drives = [Host(bin_dir, *where, lun, "iscsi_user", PASSWORD) for lun in (2, 3)]
        for number in range(2):
            self.robot.says("move", 1000 + number, 500 + number)

    def live(self):
        return self.oca.appliance.oca("vtl", "--show", "--name", self.name)["live"]

    def daemons(self):
        return [int(self.live()["pid"]), *self.oca.daemons()]

    def stored(self):
        return self.oca.appliance.oca("stats", "--storage_group", "--name", self.name)["physical_bytes"]


def copy(source, target, block, daemons):
    return timed(["dd", f"if={source}", f"of={target}", f"bs={block}", "conv=fsync", "status=none"], daemons=daemons)


@dataclass
class Peers:
    """What ours is held against, for one size of blocks: the costs of writing tgt's own tape, of the mount, and of the way to a unit that keeps
    nothing."""

    write: Cost
    way: Cost
    mount: Cost
    mount_again: Cost


@dataclass
class Tape:
    """A tape of ours or of another, and who serves it."""

    name: str
    drives: list
    daemons: list


def measure(bin_dir, work, oca, source, limit_mb):
    """All rows."""
    work = os.path.join(work, "tape")
    os.makedirs(work)
    data = os.path.join(work, "data")
    size = whole(source, data, limit_mb)
    oca.appliance.oca("iscsi", "--setpassword", text_in=PASSWORD + "\n")
    gateway = Gateway(oca)
    rows = []
    with StockTgt(os.path.join(work, "stock")) as stock:
        for label, block in BLOCKS.items():
            theirs = Tape("tgt", [Host(bin_dir, stock.portal, stock.target, 1)], [stock.process.pid])
            peers = measure_peers(block, data, theirs, Host(bin_dir, stock.portal, stock.target, 2), stock.work, oca)
            library = Library(oca, bin_dir, f"tape{block >> 10}")
            by_ndmp = Library(oca, bin_dir, f"ndmp{block >> 10}")
            ours = [Tape(f"tape {label}", library.drives, library.daemons()),
                    Tape(f"ndmp {label}", [NdmpDrive(gateway, f"/oca/{by_ndmp.name}/drive{number}", size) for number in range(2)],
                         by_ndmp.daemons())]
            for tape in ours:
                rows += written(tape, block, data, size, peers)
            rows += read_in_turns(theirs, ours, block, size)
    rows += shifted(work, data, library)
    latency = float(library.robot.says("moves", 1002, 1009, MOVES))
    rows.append(Row("tape: a move of the robot", latency, "ms", detail=f"median of {2 * MOVES}, slot to slot"))
    shutil.rmtree(work)
    return rows


def measure_peers(block, data, theirs, null, work, oca):
    tape = theirs.drives[0]
    # tgt's own ends its writes in the page cache; a durable mark is asked of both.
    write = timed(tape.command("write", block, data), ["sync", "-f", work], daemons=theirs.daemons, env=tape.env)
    way = null.cost(theirs.daemons, "disk", block, data)
    group = f"mount{block >> 10}"
    oca.new_group(group, "fast")
    mount = copy(data, oca.path(group, "data"), block, oca.daemons())
    mount_again = copy(data, oca.path(group, "again"), block, oca.daemons())
    return Peers(write, way, mount, mount_again)


def rate(cost, size):
    return f"{size / 1e6 / cost.wall:.0f} MB/s"


def written(tape, block, data, size, peers):
    first = tape.drives[0].cost(tape.daemons, "write", block, data)
    again = tape.drives[1].cost(tape.daemons, "write", block, data)

    def row(name, value, must, ours, detail):
        return Row(f"{tape.name}: {name}", value, "x", must, cpu_seconds=ours.cpu, wall_seconds=ours.wall, detail=detail)

    def bound(cost):
        return cost.wall + peers.way.wall

    return [
        row("first data, against tgt's own", peers.write.wall / first.wall, 1, first, f"{rate(first, size)}; tgt {rate(peers.write, size)}"),
        row("first data, share of mount and way", bound(peers.mount) / first.wall, 0.8, first,
            f"mount {rate(peers.mount, size)}, way {rate(peers.way, size)}"),
        row("data held, against tgt's own", peers.write.wall / again.wall, 1, again, f"{rate(again, size)}; tgt {rate(peers.write, size)}"),
        row("data held, share of mount and way", bound(peers.mount_again) / again.wall, 0.8, again,
            f"mount {rate(peers.mount_again, size)}, way {rate(peers.way, size)}"),
        Row(f"{tape.name}: CPU for 1 GB of first data", first.cpu / (size / 1e9), "s", detail=f"data held {again.cpu / (size / 1e9):.2f} s"),
    ]


def read_in_turns(theirs, ours, block, size):
    """Both from disk. One read tells little: what else the machine does falls upon one of them."""
    costs = {tape.name: [] for tape in (theirs, *ours)}
    for _ in range(READS):
        for tape in (theirs, *ours):
            drop_caches()
            costs[tape.name].append(tape.drives[0].cost(tape.daemons, "read", block))
    best = {name: Cost(min(c.wall for c in each), min(c.cpu for c in each)) for name, each in costs.items()}
    for tape in (theirs, *ours):
        if int(tape.drives[0].says("read", block)) != size:
            raise RuntimeError("a tape gives back less than was written")
    peer = best[theirs.name]
    rows = []
    for tape in ours:
        read = best[tape.name]
        rows.append(Row(f"{tape.name}: read, against tgt's own", peer.wall / read.wall, "x", 1, cpu_seconds=read.cpu, wall_seconds=read.wall,
                        detail=f"{rate(read, size)}; tgt {rate(peer, size)}, {peer.cpu:.2f} s; from disk, the best of {READS}"))
    return rows


def shifted(work, data, library):
    """The same data behind a few bytes that are new, on another tape."""
    moved = os.path.join(work, "shifted")
    with open(data, "rb") as file, open(moved, "wb") as out:
        out.write(os.urandom(SHIFT))
        shutil.copyfileobj(file, out, MEBIBYTE)
    before = library.stored()
    library.drives[1].says("write", 64 << 10, moved)
    new = library.stored() - before
    found = 100 * (1 - new / before)
    return [Row("tape: found again of a second backup, shifted", found, "%", 98, detail=f"by {SHIFT} bytes, in blocks of 64 KiB after 1 MiB")]
