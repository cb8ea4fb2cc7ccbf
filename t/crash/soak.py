#!/usr/bin/env python3
"""A day of an appliance in less than half an hour: backups every hour, retention, recycle bins, cleaner, scrub, scans, encryption with
key rotation, a storage path that comes, fills up and goes, full and slow disks, a lack of memory, crashes and restarts.

soak.py --bin DIR [--hours N] [--rounds N] [--seed S]

What must be there is kept outside. Between the hours the clocks of ocafsd run on (soak_watch.py), twice by more than a week. At the end
everything is compared, ofsck must find nothing, and no process may have grown. The seed is printed first; moments of kills are real time, so
a seed repeats the load, not the crash. With fewer than 24 hours the same things happen, several in an hour. Rounds: how often everything is
backed up in an hour.
"""

import argparse
import concurrent.futures
import glob
import os
import random
import signal
import sys
import tempfile
import time
import traceback

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", folder) for folder in ("harness", "support")]
import soak_backups as backups  # noqa: E402
import soak_disks  # noqa: E402
from appliance import Appliance, run, wait_until  # noqa: E402
from soak_bin import Bin  # noqa: E402
from slow_disk import SlowDisks  # noqa: E402
from soak_day import Day  # noqa: E402
from soak_watch import MIB, Clocks, Growth, log_lines  # noqa: E402

HOUR = 3600
KEEP = 6  # backups of each kind
MEMORY_BUDGET = 256 * MIB
DISK_BYTES = 1536 * MIB
PATH_BYTES = 256 * MIB
PASSPHRASE = "the soak's first passphrase"
CONFIGURATION = f"""[fs]
memory_budget = "{MEMORY_BUDGET}"
scrub_rate = "64MiB"
scrub_interval_days = 1
passphrase_dir = "%s"
"""


class Failed(RuntimeError):
    """Something is wrong with what the appliance did."""


class Soak:

    def __init__(self, appliance, options, work_dir, clocks, disks):
        self.appliance = appliance
        self.seed = seed = options.seed
        self.hours = options.hours
        self.rounds = options.rounds
        self.work_dir = work_dir
        self.clocks = clocks
        self.disks = disks
        self.random = random.Random(seed)
        self.growth = Growth()
        self.path = os.path.join(work_dir, "two")  # the second disk
        self.passphrases = os.path.join(work_dir, "passphrases")
        self.machines = {name: backups.Machine(random.Random(f"{seed}-{name}"), 250) for name in ("tree", "tar")}
        self.pages = [self.random.randrange(1 << 48) for _ in range(600)]
        self.kept = {"trees": [], "tars": [], "vault": []}
        self.day = Day(self)
        self.number = self.hour = self.kills = self.squeezes = self.restarts = self.jobs = self.bytes = self.compared = 0

    # --- The appliance ---

    def set_up(self):
        oca = self.appliance.oca
        oca("storage_group", "--add", "--name", "secret")
        for name, group in (("trees", "DefaultGroup"), ("tars", "DefaultGroup"), ("vault", "secret")):
            self.appliance.container(name, group)
        oca("container", "--update", "--name", "tars", "--marker", "tar")
        self.bins = {name: Bin(self.appliance, name) for name in ("trees", "tars")}
        for each in self.bins.values():
            each.enable()
        oca("schedule", "--add", "--cleaner", "--day", "all", "--start_time", "02:00", "--stop_time", "04:00")
        self.set_passphrase(PASSPHRASE)

    def set_passphrase(self, phrase):
        self.appliance.oca("storage_group", "--setpassphrase", "--name", "secret", text_in=phrase + "\n")
        with open(os.path.join(self.passphrases, "secret"), "w", opener=lambda path, flags: os.open(path, flags, 0o600), encoding="ascii") as file:
            file.write(phrase + "\n")

    def top(self, container):
        return os.path.join(self.appliance.mount, container)

    def kill(self):
        self.appliance.kill_ocafsd()
        self.kills += 1

    def may_crash(self):
        """In the first half of the day what is under way may be broken off; in the second one process shall live for long."""
        if self.hour < self.hours // 2 and self.random.random() < 0.6:
            self.kill()
            self.appliance.start()

    def restart(self):
        self.appliance.stop()
        self.appliance.start()
        self.restarts += 1

    # --- Jobs, beside each other ---

    def backup_jobs(self, number):
        """Functions that each make one backup, and the container it goes to."""
        for machine in self.machines.values():
            machine.edit(0.04)
        for at in self.random.sample(range(len(self.pages)), len(self.pages) // 20):
            self.pages[at] = self.random.randrange(1 << 48)
        tree, tar = self.machines["tree"], self.machines["tar"]
        tree_files, pages = dict(tree.files), list(self.pages)
        whole = number % 6 == 0
        tar_files = {path: tar.files[path] for path in (tar.files if whole else tar.changed)}
        previous = self.kept["trees"][-1] if self.kept["trees"] else None
        return [
            ("trees", lambda: backups.back_up_tree(self.top("trees"), "trees", f"tree{number}", tree_files, previous)),
            ("tars", lambda: backups.back_up_tar(self.top("tars"), "tars", f"tar{number}", tar_files, 10**9 + number)),
            ("vault", lambda: backups.back_up_dump(self.top("vault"), "vault", f"dump{number}", pages)),
        ]

    def forget_jobs(self):
        for container, kept in self.kept.items():
            for old in kept[:-KEEP]:
                yield container, lambda old=old: backups.forget(self.top(old.container), old)

    def crash_after(self, seconds):
        def crash(futures):
            time.sleep(seconds)  # the moment of the crash
            self.kill()
            concurrent.futures.wait(futures)
            if self.random.random() < 0.2:  # a second crash, soon after the recovery or within it
                self.appliance.start()
                self.kill()

        return crash

    def work(self, jobs, disturb=None):
        """Runs jobs beside each other, and again those that a disturbance has broken off; what each returned."""
        results = {}
        with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
            futures = {number: pool.submit(job) for number, job in enumerate(jobs)}
            if disturb is not None:
                disturb(futures.values())
        for number, future in futures.items():
            error = future.exception()
            if error is None:
                results[number] = future.result()
            elif disturb is None or not isinstance(error, OSError):
                raise Failed(f"a job failed: {error}") from error
        if disturb is not None:
            self.appliance.start()
            broken = [number for number in futures if number not in results]
            if broken:
                for number, result in zip(broken, self.work([jobs[number] for number in broken])):
                    results[number] = result
        return [results[number] for number in sorted(results)]

    def do_backups(self, disturb=None):
        number, self.number = self.number, self.number + 1
        jobs = self.backup_jobs(number) + list(self.forget_jobs())
        gone = {container: kept[:-KEEP] for container, kept in self.kept.items()}
        made = self.work([job for _, job in jobs], disturb)
        for backup in made[:3]:
            self.kept[backup.container].append(backup)
            self.bytes += backup.size
        for container, old in gone.items():
            self.kept[container] = self.kept[container][len(old):]
            for backup in old if container in self.bins else []:
                self.bins[container].note(backup)
        self.jobs += len(jobs)

    # --- What must be there ---

    def expect(self, wrong):
        if wrong:
            raise Failed("\n".join(str(each) for each in wrong[:20]))

    def compare(self, backup):
        self.expect(backups.wrong_in(self.top(backup.container), backup))
        self.compared += backup.size

    def compare_all(self):
        for kept in self.kept.values():
            for backup in kept:
                self.compare(backup)

    def look_at_bins(self):
        for container, each in self.bins.items():
            wait_until(lambda each=each: each.overdue() == 0, f"what has expired to leave the bin of {container}")
            self.expect(each.wrong())
            target = f"restored{self.random.randrange(10**6)}"
            expected = each.restore_one(self.random, target)
            if expected:
                path = os.path.join(self.top(container), target)
                self.expect([why for why in [backups.wrong_file(path, expected)] if why])
                os.unlink(path)

    def scan(self):
        oca = self.appliance.oca
        oca("maintenance", "--filesystem", "--scan_restart", "verify_data")
        status = self.appliance.wait_for_scan(600)
        if status["state"] != "done" or int(status["fault_count"]) != 0:
            raise Failed(f"the scan says: {status}")

    def parts(self):
        """Every process of the appliance, by its lock file."""
        found = {"postgresql": self.appliance.pid_of("postgresql")}
        for path in glob.glob(os.path.join(self.appliance.home, "run", "*.pid")):
            with open(path, encoding="ascii") as file:
                found[os.path.basename(path)[:-4]] = int(file.read())
        return found

    def watch(self):
        self.growth.look(self.parts())
        rss = self.growth.last("ocafsd").rss
        if rss > MEMORY_BUDGET * 1.25:
            raise Failed(f"ocafsd takes {rss // MIB} MiB, its budget is {MEMORY_BUDGET // MIB} MiB")

    def stored(self):
        rows = self.appliance.oca("stats", "--storage_group")["groups"]
        return sum(int(row["physical_bytes"]) for row in rows)

    # --- The day ---

    def run_hour(self, hour):
        began = time.monotonic()
        self.hour = hour
        events = self.day.events(hour)
        for _ in range(self.rounds):
            crashes = hour in (0, self.hours - 1) or (hour < self.hours // 2 and self.random.random() < 0.6)
            self.do_backups(self.crash_after(self.random.choice((0.3, 1.0, 3.0)) * self.random.random()) if crashes else None)
            self.compare(self.random.choice(self.kept[self.random.choice(sorted(self.kept))]))
        for event in events:
            getattr(self.day, event)()
        self.look_at_bins()
        self.watch()
        took = time.monotonic() - began
        self.clocks.run_on(max(0, HOUR - took))
        seen = self.growth.last("ocafsd")
        print(f"hour {hour + 1:2} of {self.hours}: {took:5.1f} s, {self.jobs} jobs, {self.bytes // MIB} MiB backed up, {self.stored() // MIB} MiB stored, "
              f"{self.kills} kills, {self.restarts} restarts, {self.squeezes} times out of memory, ocafsd {seen.rss // MIB} MiB, {seen.descriptors} files open"
              f"{'; ' if events else ''}{', '.join(events)}", flush=True)

    def finish(self):
        """An orderly end; then nothing is missing, nothing is wrong, and deleted data takes no room."""
        self.day.finish()
        lines, wrong = self.growth.report()
        print("\n".join(lines), flush=True)
        self.expect(wrong)
        self.scan()
        self.appliance.stop()
        print(run(os.path.join(self.appliance.bin_dir, "ofsck"), "--home", self.appliance.home, deadline=600).strip().splitlines()[-1], flush=True)
        self.appliance.start()
        self.compare_all()
        for each in self.bins.values():
            each.purge()
        self.appliance.oca("maintenance", "--filesystem", "--reclaim_space", deadline=600)
        distinct = {key: size for kept in self.kept.values() for backup in kept for key, size in backup.keys.items()}
        most = sum(distinct.values()) * 1.2 + 64 * MIB
        if self.stored() > most:
            raise Failed(f"{self.stored() // MIB} MiB are stored, of which at most {most // MIB:.0f} MiB are needed")
        self.compare_all()
        self.appliance.stop()
        broken, errors = log_lines(self.appliance.home)
        for what, count in errors.most_common(12):
            print(f"errors in the logs: {count} of {what}")
        self.expect(broken)


def soak(options, work_dir):
    home = os.path.join(work_dir, "h")
    clocks = Clocks(work_dir)
    folders = [os.path.join(home, "data"), os.path.join(work_dir, "two")]
    for folder, size in zip(folders, (DISK_BYTES, PATH_BYTES)):
        soak_disks.mount(folder, size)
    disks = SlowDisks(work_dir, folders)
    disks.build()
    passphrases = os.path.join(work_dir, "passphrases")
    os.mkdir(passphrases, 0o700)
    with open(os.path.join(home, "oca.toml"), "w", encoding="utf-8") as file:
        file.write(CONFIGURATION % passphrases)
    appliance = Appliance(home, options.bin)
    for each in (clocks.environment(), disks.environment()):
        appliance.env.update(each, LD_PRELOAD=f"{each['LD_PRELOAD']}:{appliance.env.get('LD_PRELOAD', '')}")
    with appliance:
        day = Soak(appliance, options, work_dir, clocks, disks)
        day.set_up()
        for hour in range(options.hours):
            day.run_hour(hour)
        day.finish()
    print(f"{options.hours} hours: {day.jobs} jobs, {day.bytes // MIB} MiB backed up, {day.compared // MIB} MiB compared, {day.kills} kills, "
          f"{day.restarts} restarts; nothing was lost, nothing false was found")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    work_dir = tempfile.mkdtemp(prefix="oca-soak.", dir="/tmp")
    keep = False
    try:
        soak(options, work_dir)
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    except Exception as error:  # whatever it is: the home tells why
        keep = True
        print(f"FAILED, seed {options.seed}; the home is kept: {work_dir}\n{error if isinstance(error, Failed) else traceback.format_exc()}")
        return 1
    finally:
        soak_disks.clean_up(work_dir, keep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
