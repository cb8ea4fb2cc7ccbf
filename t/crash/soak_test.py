#!/usr/bin/env python3
"""The parts of the soak that judge: they see what grows, what is missing, what is other than it was; and a seed means one load."""

import os
import random
import tempfile
import unittest

import soak_backups as backups
from soak_bin import DAY, Bin
from soak_watch import MIB, Growth, Sample, log_lines


def growth(samples):
    found = Growth()
    found.samples["ocafsd"] = [Sample(pid, rss * MIB, descriptors, threads) for pid, rss, descriptors, threads in samples]
    return found.report()


class GrowthTest(unittest.TestCase):

    def test_steady_process_passes(self):
        lines, wrong = growth([(1, 50, 30, 20)] + [(1, 100 + n % 5, 30 + n % 3, 20) for n in range(10)])
        self.assertEqual(len(lines), 1)
        self.assertEqual(wrong, [])

    def test_each_kind_of_growth_is_seen(self):
        for last in ((1, 160, 30, 20), (1, 100, 60, 20), (1, 100, 30, 40)):
            self.assertEqual(len(growth([(1, 100, 30, 20)] * 7 + [last] * 3)[1]), 1, last)

    def test_work_under_way_is_no_growth(self):
        self.assertEqual(growth([(1, 100, 30, 20)] * 9 + [(1, 400, 90, 60)])[1], [])

    def test_restarted_process_counts_from_its_start(self):
        samples = [(1, 100, 30, 20)] * 3 + [(2, 10, 30, 20)] * 2 + [(2, 100, 30, 20)] * 6 + [(3, 900, 30, 20)]
        self.assertEqual(growth(samples)[1], [])

    def test_short_life_says_nothing(self):
        self.assertIn("too few", growth([(1, 10, 1, 1), (1, 900, 1, 1)])[0][0])


class BackupTest(unittest.TestCase):

    def test_seed_means_one_load(self):
        loads = []
        for _ in range(2):
            machine = backups.Machine(random.Random(3), 40)
            machine.edit(0.1)
            loads.append((machine.files, machine.changed))
        self.assertEqual(*loads)
        self.assertTrue(set(loads[0][1]) <= set(loads[0][0]))

    def test_contents_have_their_size(self):
        for key in (3, 4):
            for size in (0, 1, 300, 100000):
                self.assertEqual(len(backups.content(key, size)), size)
                self.assertEqual(backups.content(key, size), backups.content(key, size))

    def test_what_is_missing_or_changed_is_wrong(self):
        machine = backups.Machine(random.Random(3), 40)
        with tempfile.TemporaryDirectory() as top:
            first = backups.back_up_tree(top, "c", "one", machine.files, None)
            machine.edit(0.1)
            jobs = [backups.back_up_tree(top, "c", "two", machine.files, first), backups.back_up_tar(top, "c", "tar", machine.files, 1),
                    backups.back_up_dump(top, "c", "dump", [1, 2, 3, 4])]
            for backup in [first] + jobs:
                self.assertEqual(backups.wrong_in(top, backup), [])
                path = os.path.join(top, max(backup.files))
                with open(path, "r+b") as file:
                    byte = file.read(1)
                    file.seek(0)
                    file.write(bytes([byte[0] ^ 1]))
                self.assertEqual(len(backups.wrong_in(top, backup)), 1)
                os.unlink(path)
                self.assertEqual(len(backups.wrong_in(top, backup)), 1)
                backups.forget(top, backup)
                self.assertEqual(len(backups.wrong_in(top, backup)), len(backup.files))


class FakeAppliance:
    """A recycle bin that holds what the test says, at the test's time."""

    def __init__(self):
        self.now = 0
        self.rows = []

    def oca(self, *argv):
        if "--file_list" in argv:
            return {"files": self.rows}
        return {"trusted_time": time_of(self.now)}


def time_of(seconds):
    return f"2026-01-{1 + seconds // DAY:02}T{seconds % DAY // 3600:02}:00:00Z"


class BinTest(unittest.TestCase):

    def setUp(self):
        self.appliance = FakeAppliance()
        self.bin = Bin(self.appliance, "c")
        self.bin.note(backups.Backup("c", "b", {"b/f": "digest"}, {}, 1))

    def test_what_is_missing_is_wrong_until_it_expires(self):
        self.assertEqual(len(self.bin.wrong()), 1)
        self.appliance.rows = [{"id": 1, "path": "b/f", "deleted": time_of(0)}]
        self.assertEqual(self.bin.wrong(), [])
        self.assertEqual(self.bin.overdue(), 0)
        self.appliance.now = 8 * DAY
        self.assertEqual(self.bin.overdue(), 1)
        self.appliance.rows = []
        self.assertEqual(self.bin.overdue(), 0)
        self.assertEqual(self.bin.wrong(), [])


class LogTest(unittest.TestCase):

    def test_damage_is_found_and_errors_are_counted(self):
        with tempfile.TemporaryDirectory() as home:
            os.mkdir(os.path.join(home, "log"))
            with open(os.path.join(home, "log", "ocafsd.log"), "w", encoding="utf-8") as file:
                file.write("2026-01-01T00:00:00+00:00 I oca[1] the_scrub is fine\n"
                           "2026-01-01T00:00:00+00:00 E oca[1] the scrub found a fault group=1\n"
                           "2026-01-01T00:00:00+00:00 E oca[1] reclaiming space failed error=x\n")
            broken, errors = log_lines(home)
        self.assertEqual(len(broken), 1)
        self.assertEqual(sum(errors.values()), 2)


if __name__ == "__main__":
    unittest.main()
