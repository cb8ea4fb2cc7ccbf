"""Oca's side of the scenarios: the shipped programs on a home of their own, measured through the mount."""

import os
import shutil
import sys
import time

from measure import Cost, drop_caches, size_of, timed

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "harness"))
from appliance import Appliance, wait_until  # noqa: E402


class OcaSide:
    """An appliance; each run gets a storage group of its own, so that runs do not deduplicate against each other."""

    def __init__(self, work, bin_dir):
        self.work = os.path.join(work, "oca")
        self.appliance = Appliance(os.path.join(self.work, "home"), bin_dir)
        self.paths = {}

    def __enter__(self):
        if os.path.exists(self.appliance.home):
            self.appliance.stop()  # an interrupted run left it
        shutil.rmtree(self.work, ignore_errors=True)
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

    def path(self, group, label=""):
        return os.path.join(self.paths[group], label)

    def daemons(self):
        return [self.appliance.pid_of("ocafsd")]

    def backup(self, tree, group, label):
        """Cost of cp -a to the mount until all of it is durable: an fsync makes everything before it durable too."""
        target = self.path(group, label)
        some_file = os.path.join(target, "done")
        return timed(["cp", "-a", tree, target], ["dd", "if=/dev/null", f"of={some_file}", "conv=fsync", "status=none"],
                     daemons=self.daemons())

    def restore(self, group, label):
        """Cost of cp -a from the mount, from disk: ocafsd was started again, and the page cache is empty."""
        target = os.path.join(self.work, "restored")
        self.appliance.stop()
        self.appliance.start()
        drop_caches()
        cost = timed(["cp", "-a", self.path(group, label), target], daemons=self.daemons())
        shutil.rmtree(target)
        return cost

    def stored(self):
        """Bytes of everything that is kept: packs, index snapshot, names. After a fresh start, so that logs are folded."""
        return size_of(os.path.join(self.appliance.home, "data"))

    def group_stats(self, group):
        return self.appliance.oca("stats", "--storage_group", "--name", group)

    def reclaim(self):
        """Runs the cleaner to its end."""
        self.appliance.oca("maintenance", "--filesystem", "--reclaim_space")

        def ended():
            return "running" not in str(self.appliance.oca("stats", "--cleaner")).lower()

        wait_until(ended, "the cleaner to end", 1800)

    def restart_after_kill(self, group, label):
        """Seconds from the start of ocafsd after SIGKILL until a file can be read again."""
        probe = self.path(group, os.path.join(label, "done"))
        self.appliance.kill_ocafsd()
        start = time.monotonic()
        self.appliance.start()
        with open(probe, "rb") as file:
            file.read()
        return Cost(time.monotonic() - start, 0)
