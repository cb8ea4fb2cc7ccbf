"""What the soak keeps an eye on: time, memory, descriptors, threads, logs; and what it may do to the clocks of ocafsd."""

import collections
import glob
import itertools
import os
import re
import struct
import subprocess
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
MIB = 1 << 20
WARM_UP = 2  # samples of a process that do not count yet
LEAST = 5  # samples that tell whether something grows
LAST = 3  # of these the least counts: what is under way in one of them is no leak
# How much more than after the warm-up a process may have at the end.
RSS_SHARE = 0.15
RSS_BYTES = 24 * MIB
DESCRIPTORS = 16
THREADS = 8
BROKEN = re.compile(r" (the scrub found a fault|the scan found a fault|a damaged group of chunks was found|process_given_up)|"
                    r"Check failed|terminate called|\*\*\* SIG")


class Clocks:
    """All clocks of ocafsd, and of nobody else, run on when told so (t/support/clock_shift.cc)."""

    def __init__(self, folder):
        self.library = os.path.join(folder, "clock_shift.so")
        self.file = os.path.join(folder, "passed")
        subprocess.run(["c++", "-std=c++20", "-O1", "-shared", "-fPIC", "-o", self.library, os.path.join(TOP, "t/support/clock_shift.cc"), "-ldl"],
                       check=True)
        self.passed = 0
        self._store()

    def environment(self):
        return {"LD_PRELOAD": self.library, "OCA_CLOCK_SHIFT": self.file, "OCA_CLOCK_PROGRAM": "ocafsd"}

    def _store(self):
        with open(self.file, "r+b" if os.path.exists(self.file) else "wb") as file:
            file.write(struct.pack("<qq", 0, self.passed))

    def run_on(self, seconds):
        self.passed += int(seconds)
        self._store()

    def now(self):
        """The wall clock of ocafsd."""
        return time.time() + self.passed


Sample = collections.namedtuple("Sample", "pid rss descriptors threads")


def descriptors_of(pid):
    """Packs and tables of names are kept open by the number, up to a limit: they say nothing about leaks."""
    count = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            count += not os.readlink(f"/proc/{pid}/fd/{fd}").endswith((".pack", ".sst"))
        except FileNotFoundError:  # closed meanwhile
            pass
    return count


def fields_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.split(":", 1) for line in file)


def memory_counted(pid):
    """What counts towards RLIMIT_DATA."""
    return int(fields_of(pid)["VmData"].split()[0]) << 10


def sample(pid):
    fields = fields_of(pid)
    return Sample(pid, int(fields["VmRSS"].split()[0]) << 10, descriptors_of(pid), int(fields["Threads"]))


class Growth:
    """Samples of the processes, one each hour."""

    def __init__(self):
        self.samples = collections.defaultdict(list)

    def look(self, parts):
        for name, pid in parts.items():
            self.samples[name].append(sample(pid))

    def last(self, name):
        return self.samples[name][-1]

    def report(self):
        """Lines that tell how each process grew since its warm-up, and those of them that it grew too much."""
        lines, wrong = [], []
        for name, samples in sorted(self.samples.items()):
            runs = [list(run) for _, run in itertools.groupby(samples, key=lambda each: each.pid)]
            longest = max(runs, key=len)[WARM_UP:]
            if len(longest) < LEAST:
                lines.append(f"{name}: RSS {samples[-1].rss // MIB} MiB, too few hours for its growth")
                continue
            first = max(longest[:2], key=lambda each: each.rss)
            last = Sample(first.pid, *(min(column) for column in list(zip(*longest[-LAST:]))[1:]))
            line = (f"{name}: RSS {first.rss // MIB} to {last.rss // MIB} MiB, descriptors {first.descriptors} to {last.descriptors}, "
                    f"threads {first.threads} to {last.threads} in {len(longest)} hours")
            lines.append(line)
            if (last.rss > first.rss * (1 + RSS_SHARE) + RSS_BYTES or last.descriptors > first.descriptors + DESCRIPTORS or
                    last.threads > first.threads + THREADS):
                wrong.append("grows: " + line)
        return lines, wrong


def log_lines(home):
    """Lines of the logs that must never be there, and how many errors of each kind there are."""
    broken, errors = [], collections.Counter()
    for path in glob.glob(os.path.join(home, "log", "*")):
        if not os.path.isfile(path) or path.endswith(".zst"):
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                if BROKEN.search(line):
                    broken.append(f"{os.path.basename(path)}: {line.strip()}")
                if re.match(r"\S+ E ", line):
                    errors[" ".join(line.split()[2:7])] += 1
    return broken, errors
