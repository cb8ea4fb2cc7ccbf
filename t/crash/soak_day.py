"""What happens in the course of the soak's day besides backups."""

import concurrent.futures
import datetime
import os
import resource

from appliance import CommandFailed, alive, wait_until
from soak_disks import fill, make_room, succeeds, write_random
from soak_watch import MIB, memory_counted

WEEK_AND_A_BIT = 7 * 86400 + 5 * 3600
# Hour of 24: what happens after its backups.
PLAN = {
    1: ["encrypt", "add_path"],
    2: ["slow_path"],
    3: ["scan", "fill_path"],
    4: ["tight_memory"],
    5: ["reclaim", "empty_path"],
    6: ["slow_path_hangs"],
    7: ["let_a_week_pass"],
    8: ["slow_home"],
    9: ["change_passphrase"],
    10: ["tight_memory"],
    11: ["fill_all_disks", "remove_path"],
    12: ["orderly_restart"],
    14: ["scan", "reclaim"],
    16: ["add_path", "let_a_week_pass"],
    17: ["slow_path"],
    19: ["fill_path"],
    20: ["empty_path", "reclaim"],
    21: ["scan"],
    22: ["remove_path"],
}


class Day:

    def __init__(self, soak):
        self.soak = soak
        self.scrubbed_from = None  # each pack must have been read after this time, by the end
        self.rotated = 0
        self.phrases = 1

    def events(self, hour):
        first, last = (n * 24 // self.soak.hours for n in (hour, hour + 1))
        return [event for each in range(first, last) for event in PLAN.get(each, [])]

    def _oca(self, *argv, **options):
        return self.soak.appliance.oca(*argv, **options)

    def _encryption(self):
        return self._oca("storage_group", "--show", "--name", "secret")["encryption"]

    def encrypt(self):
        self._oca("storage_group", "--encryption", "--name", "secret", "--set", "ON", "--mode", "internal", "--interval", "7days", "--yes")
        self.soak.may_crash()

    def change_passphrase(self):
        self.phrases += 1
        self.soak.set_passphrase(f"the soak's passphrase number {self.phrases}")

    def let_a_week_pass(self):
        keys = int(self._encryption()["content_keys"])
        self.scrubbed_from = self.soak.clocks.now()
        self.soak.clocks.run_on(WEEK_AND_A_BIT)
        wait_until(lambda: int(self._encryption()["content_keys"]) > keys, "a new key after its interval")
        self.rotated += 1

    def scan(self):
        self.soak.scan()

    def reclaim(self):
        try:
            self._oca("maintenance", "--filesystem", "--reclaim_space", "--no_wait")
            self.soak.may_crash()
            self._oca("maintenance", "--filesystem", "--reclaim_space", deadline=600)
        except CommandFailed as error:
            if "running" not in str(error):
                raise

    def orderly_restart(self):
        self.soak.restart()

    # --- Disks ---

    def _paths(self):
        return self._oca("system", "--storage", "--show")["paths"]

    def add_path(self):
        if len(self._paths()) == 1:
            self._oca("system", "--storage", "--add", "--path", self.soak.path)

    def remove_path(self):
        self.empty_path()
        self._oca("system", "--storage", "--remove", "--path", self.soak.path, "--yes")
        self.soak.may_crash()
        wait_until(lambda: len(self._paths()) == 1, "the path to be emptied and removed", 300)

    def fill_path(self):
        fill(self.soak.path)

    def empty_path(self):
        make_room(self.soak.path)

    def fill_all_disks(self):
        """Writes are refused, reads go on; with room again the same write succeeds."""
        data = os.path.join(self.soak.appliance.home, "data")
        path = os.path.join(self.soak.top("vault"), "too_much")
        fill(data)
        fill(self.soak.path)
        try:
            write_random(path)
        except OSError:
            pass
        else:
            raise RuntimeError("the disks are full, and yet 64 MiB were taken")
        self.soak.compare(self.soak.kept["tars"][-1])
        make_room(data)
        make_room(self.soak.path)
        wait_until(lambda: succeeds(path), "writes to be taken again")
        os.unlink(path)

    # A disk of ocafsd that is slow while everything is backed up once more.

    def _back_up_with(self, disk, **slowness):
        self.soak.disks.set(disk, **slowness)
        self.soak.do_backups()
        self.soak.disks.quick()
        self.soak.compare(self.soak.kept["tars"][-1])

    def slow_path(self):
        self._back_up_with(1, call=5, sync=100)

    def slow_home(self):
        self._back_up_with(0, call=1, sync=20)

    def slow_path_hangs(self):
        """A sync hangs, and a crash comes before it is back."""
        self.soak.disks.set(1, hold=["sync"])

        def crash(futures):
            wait_until(lambda: self.soak.disks.waiting(1) or all(each.done() for each in futures), "a sync of the path to hang")
            self.soak.kill()
            self.soak.disks.quick()

        self.soak.do_backups(crash)

    # --- Memory ---

    def tight_memory(self):
        """ocafsd gets little more than it has, or nothing, while everything is backed up: it may end for that."""
        pid = self.soak.appliance.pid_of("ocafsd")
        _, hard = resource.prlimit(pid, resource.RLIMIT_DATA)

        def squeeze(futures):
            more = self.soak.random.choice((0, 1, 4)) * MIB
            resource.prlimit(pid, resource.RLIMIT_DATA, (memory_counted(pid) + more, hard))
            concurrent.futures.wait(futures)
            if alive(pid):
                resource.prlimit(pid, resource.RLIMIT_DATA, (hard, hard))
            self.soak.squeezes += not alive(pid)

        self.soak.do_backups(squeeze)

    # --- The end ---

    def finish(self):
        encryption = self._encryption()
        wait_until(lambda: self._encryption()["state"] == "done", f"encryption to be through: {encryption}", 300)
        since = self.scrubbed_from

        def scrubbed():
            health = self._oca("maintenance", "--filesystem", "--scan_report")["health"]
            return health["oldest_check"] and datetime.datetime.fromisoformat(health["oldest_check"]).timestamp() >= since

        wait_until(scrubbed, "the scrub to have read every pack after the last week", 300)
