#!/usr/bin/env python3
"""The judge of the kill loop: accepts what a crash may leave, refuses what it may not. And writers keep true histories."""

import os
import tempfile
import time
import unittest

from history import History, check, digest, read_tree
from writer import Writer


def history(names, versions, last):
    return History(names, versions, [], [], last)


def found(**files):
    return {name: (inode, digest(content), len(content)) for name, (inode, content) in files.items()}


class CheckTest(unittest.TestCase):

    def setUp(self):
        # 1: create a, 2: write "one", 3: write "two", 4: rename a to b
        self.history = history([(0, {}), (1, {"a": 1}), (4, {"b": 1})],
                               {1: [(1, digest(b""), 0), (2, digest(b"one"), 3), (3, digest(b"two"), 3)]}, 4)

    def test_any_moment_after_the_sync_is_allowed(self):
        for tree in ({}, found(a=(9, b"")), found(a=(9, b"one")), found(b=(9, b"two"))):
            self.assertIsNone(check(self.history, 0, tree))
        self.assertIsNone(check(self.history, 2, found(a=(9, b"one"))))
        self.assertIsNone(check(self.history, 2, found(b=(9, b"two"))))

    def test_synced_bytes_must_be_there(self):
        self.assertIn("none of the", check(self.history, 2, found(a=(9, b""))))
        self.assertIn("none of the", check(self.history, 3, found(a=(9, b"one"))))

    def test_synced_names_must_be_there(self):
        self.assertIn("missing", check(self.history, 1, {}))
        self.assertIn("not expected", check(self.history, 4, found(a=(9, b"two"))))

    def test_a_mix_is_refused(self):
        self.assertIsNotNone(check(self.history, 0, found(a=(9, b"onetwo"))))
        self.assertIsNotNone(check(self.history, 0, found(a=(9, b"two"), b=(9, b"two"))))

    def test_links_stay_one_file_and_files_stay_two(self):
        both = history([(0, {"a": 1, "b": 1, "c": 2})], {1: [(0, digest(b""), 0)], 2: [(0, digest(b""), 0)]}, 0)
        self.assertIsNone(check(both, 0, found(a=(5, b""), b=(5, b""), c=(6, b""))))
        self.assertIn("same file", check(both, 0, found(a=(5, b""), b=(7, b""), c=(6, b""))))
        self.assertIn("became one", check(both, 0, found(a=(5, b""), b=(5, b""), c=(5, b""))))

    def test_durable_is_what_was_acknowledged_before_a_sync_began(self):
        self.history.log = [(100, 1, ""), (200, 2, ""), (300, 3, ""), (None, 4, "")]
        self.assertEqual(self.history.durable(250), 2)
        self.assertEqual(self.history.durable(-1), 0)


class WriterTest(unittest.TestCase):

    def test_history_describes_a_real_tree(self):
        with tempfile.TemporaryDirectory() as top:
            for seed in range(3):
                done = Writer(top, seed).run(time.monotonic() + 0.5)
                self.assertEqual(done.error, "")
                self.assertGreater(done.last, 10)
                self.assertIsNone(check(done, done.last, read_tree(top)))

    def test_a_lost_file_is_noticed(self):
        with tempfile.TemporaryDirectory() as top:
            done = Writer(top, 1).run(time.monotonic() + 0.5)
            name = next(path for path, number in done.names[-1][1].items() if number)
            os.unlink(os.path.join(top, name))
            self.assertIsNotNone(check(done, done.last, read_tree(top)))


if __name__ == "__main__":
    unittest.main()
