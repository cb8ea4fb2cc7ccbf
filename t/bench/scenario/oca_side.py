"""Oca's side of the scenarios: the shipped programs on a home of their own, measured through the mount."""

import os
import shutil
import signal
import subprocess
import sys
import time

import interrupts
from measure import Cost, cpu_of, drop_caches, size_of, timed

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "harness"))
from appliance import TOP, Appliance, alive, wait_until  # noqa: E402


class WholeAppliance(Appliance):
    """An appliance that starts and stops as a whole, whatever signals come: half of one could not be found again."""

    def _script(self, verb):
        with interrupts.shielded():
            done = subprocess.run([os.path.join(TOP, "etc", "oca-appliance"), verb, "--home", self.home, "--bin", self.bin_dir],
                                  env=self.env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, start_new_session=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"oca-appliance {verb}: exit code {done.returncode}\n{done.stdout}")


def resident_mb(pid):
    """Memory of a process that is its own: no pages of files."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["RssAnon"].split()[0]) * 1024 / 1e6


class OcaSide:
    """An appliance; each run gets a storage group of its own, so that runs do not deduplicate against each other."""

    def __init__(self, work, bin_dir):
        self.work = os.path.join(work, "oca")
        self.appliance = WholeAppliance(os.path.join(self.work, "home"), bin_dir)
        self.paths = {}

    def __enter__(self):
        os.makedirs(self.appliance.home)
        try:
            self.appliance.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.appliance.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def new_group(self, name, mode):
        """A storage group and a container of the same name in it."""
        self.appliance.oca("storage_group", "--add", "--name", name, "--compression_mode", mode)
        self.paths[name] = self.appliance.container(name, name)

    def encrypt(self, name):
        """From now on what goes into the group is encrypted."""
        self.appliance.oca("storage_group", "--setpassphrase", "--name", name, text_in="a passphrase for a measurement\n")
        self.appliance.oca("storage_group", "--encryption", "--name", name, "--set", "ON", "--yes")

    def path(self, group, label=""):
        return os.path.join(self.paths[group], label)

    def daemons(self):
        return [self.appliance.pid_of("ocafsd")]

    def restart_ocafsd(self):
        """In good order. It forgets everything that it had in memory."""
        pid = self.appliance.pid_of("ocafsd")
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not alive(pid), "ocafsd to end")
        self.appliance.start()

    def backup(self, shape, source, group, label):
        """Cost of copying a folder to the mount until all of it is durable."""
        return timed(*shape.store(source, self.path(group, label)), daemons=self.daemons())

    def restore(self, shape, group, label):
        """Cost of copying from the mount to disk, from disk: ocafsd was started again, and the page cache is empty."""
        target = os.path.join(self.work, "restored")
        commands = shape.fetch(self.path(group, label), target)
        self.restart_ocafsd()
        drop_caches()
        cost = timed(*commands, daemons=self.daemons())
        shutil.rmtree(target)
        return cost

    def clean(self):
        """Cost of a run of the cleaner, which also stores chunks that resemble others as deltas."""
        before = sum(cpu_of(pid) for pid in self.daemons())
        start = time.monotonic()
        self.appliance.oca("maintenance", "--filesystem", "--reclaim_space", deadline=3600)
        return Cost(time.monotonic() - start, sum(cpu_of(pid) for pid in self.daemons()) - before)

    def stored(self):
        """Bytes of everything that is kept: packs, index snapshot, names."""
        return size_of(os.path.join(self.appliance.home, "data"))

    def restart_after_kill(self, group, label):
        """Seconds from the start of ocafsd after SIGKILL until a file can be read again."""
        folder = self.path(group, label)
        probe = os.path.join(folder, sorted(os.listdir(folder))[0])
        self.appliance.kill_ocafsd()
        start = time.monotonic()
        self.appliance.start()
        with open(probe, "rb") as file:
            file.read(1)
        return Cost(time.monotonic() - start, 0)


class OcaMode:
    """One round of one compression mode, with the same face as a peer."""

    name = ""
    mode = ""
    restores = True

    def __init__(self, oca, shape, number):
        self.oca = oca
        self.shape = shape
        self.group = f"{shape.name}-{self.mode}-{number}"
        oca.new_group(self.group, self.mode)

    def backup(self, source, label):
        return self.oca.backup(self.shape, source, self.group, label)

    def restore(self, label):
        return self.oca.restore(self.shape, self.group, label)

    def stored(self):
        return self.oca.stored()

    def remove(self):
        """What is stored stays: the restart is measured with all of it."""


class OcaFast(OcaMode):
    name = "oca"
    mode = "fast"


class OcaLz4(OcaMode):
    name = "oca lz4"
    mode = "lz4"
    restores = False
