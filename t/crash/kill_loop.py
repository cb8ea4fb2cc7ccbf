#!/usr/bin/env python3
"""Kills ocafsd at random moments under a mixed load and verifies what is there after each restart.

kill_loop.py --bin DIR [--rounds N] [--seed S] [--seconds LIMIT]

Writers keep histories outside the mount (history.py), in a container whose recycle bin is on. At the end a scan of all data must find nothing, with a
full bin and after its purge, and the counters must equal what can be counted on the mount. The seed is printed first; moments of kills are real time, so a seed repeats the load, not the crash.
"""

import argparse
import multiprocessing
import os
import pickle
import random
import shutil
import stat
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from appliance import Appliance, CommandFailed  # noqa: E402
from history import check, read_tree  # noqa: E402
from writer import Writer  # noqa: E402

WRITERS = 3
ROUND_DEADLINE_SECONDS = 60


def work(top, seed, result, ready):
    """A writer's process: leaves its history in the file `result`."""
    writer = Writer(top, seed)
    ready.wait(ROUND_DEADLINE_SECONDS)
    history = writer.run(time.monotonic() + ROUND_DEADLINE_SECONDS)
    with open(result + ".new", "wb") as file:
        pickle.dump(history, file)
    os.rename(result + ".new", result)


class Loop:

    def __init__(self, appliance, seed, work_dir):
        self.appliance = appliance
        self.random = random.Random(seed)
        self.seed = seed
        self.work_dir = work_dir
        container = appliance.container("kill")
        appliance.oca("container", "--recycle_bin", "--enable", "--name", "kill")
        self.tops = [os.path.join(container, f"w{i}") for i in range(WRITERS)]
        for top in self.tops:
            os.mkdir(top)
        fd = os.open(container, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)

    def round(self, number):
        """One load, one kill, one verification. The text of what is wrong, or None."""
        results = [os.path.join(self.work_dir, f"history-{i}") for i in range(WRITERS)]
        for result in results:
            if os.path.exists(result):
                os.unlink(result)
        ready = multiprocessing.Barrier(WRITERS + 1)  # no crash before they know what is there
        processes = [multiprocessing.Process(target=work, args=(top, f"{self.seed}-{number}-{i}", result, ready))
                     for i, (top, result) in enumerate(zip(self.tops, results))]
        for process in processes:
            process.start()
        ready.wait(ROUND_DEADLINE_SECONDS)
        if self.random.random() < 0.3:
            self.start_reclaim()
        time.sleep(self.random.choice((0.2, 1.0, 2.0)) * self.random.random())  # the moment of the crash
        self.appliance.kill_ocafsd()
        for process in processes:
            process.join(ROUND_DEADLINE_SECONDS)
            if process.exitcode != 0:
                process.kill()
                return f"a writer ended with exit code {process.exitcode}"
        if self.random.random() < 0.15:  # a second crash, soon after the recovery or within it
            self.appliance.start()
            self.appliance.kill_ocafsd()
        self.appliance.start()
        if self.random.random() < 0.2:  # an orderly end, which hands more on than a crash
            self.appliance.stop()
            self.appliance.start()

        histories = []
        for result in results:
            with open(result, "rb") as file:
                histories.append(pickle.load(file))
        sync_began = max((began for history in histories for began in history.syncs), default=-1)
        wrong = []
        total = durable_total = 0
        for top, history in zip(self.tops, histories):
            durable = history.durable(sync_began)
            total += history.last
            durable_total += durable
            why = history.error or check(history, durable, read_tree(top))
            if why:
                last = "\n  ".join(f"{index}{'' if at else ' (not acknowledged)'}: {text}" for at, index, text in history.log[-60:])
                wrong.append(f"{top}: {why}\n its last operations:\n  {last}")
        print(f"round {number}: {total} operations, {durable_total} of them synced", flush=True)
        return "\n".join(wrong) or None

    def start_reclaim(self):
        try:
            self.appliance.oca("maintenance", "--filesystem", "--reclaim_space", "--no_wait")
        except CommandFailed as error:
            if "running" not in str(error):  # the one of an earlier round
                raise

    def verify_all(self):
        """The scan of all data and the counters, once nothing is written any more."""
        purged = 0
        for purges in (False, True):
            if purges:
                purged = self.appliance.oca("container", "--recycle_bin", "--purge", "--name", "kill", "--yes")["purged"]
            self.appliance.oca("maintenance", "--filesystem", "--start_scan", "verify_data")
            status = self.appliance.wait_for_scan(600)
            if status["state"] != "done" or int(status["fault_count"]) != 0:
                return f"the scan says: {status}"
        if purged == 0:
            return "nothing was in the recycle bin"
        sizes = {}
        for directory, _, names in os.walk(self.appliance.mount):
            for name in names:
                info = os.lstat(os.path.join(directory, name))
                if stat.S_ISREG(info.st_mode):
                    sizes[info.st_dev, info.st_ino] = info.st_size
        stats = self.appliance.oca("stats", "--storage_group", "--name", "DefaultGroup")
        if int(stats["current_bytes"]) != sum(sizes.values()):
            return f"current_bytes is {stats['current_bytes']}, but the files have {sum(sizes.values())} bytes"
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no further round after this time")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    end = time.monotonic() + options.seconds
    work_dir = tempfile.mkdtemp(prefix="oca-kill.", dir="/tmp")
    with Appliance(os.path.join(work_dir, "h"), options.bin) as appliance:
        loop = Loop(appliance, options.seed, work_dir)
        done = 0
        while done < options.rounds and time.monotonic() < end:
            done += 1
            why = loop.round(done)
            if why:
                break
        else:
            why = loop.verify_all()
    if why:
        print(f"FAILED in round {done} of seed {options.seed}; the home is kept: {work_dir}\n{why}")
        return 1
    shutil.rmtree(work_dir)
    print(f"{done} crashes, nothing synced was lost, nothing false was found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
