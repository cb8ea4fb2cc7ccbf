#!/usr/bin/env python3
"""The checks find what they are there to find, and let pass what is right."""

import os
import tempfile
import unittest

import banned
import checks
import layers
from tree import Tree


class LintTest(unittest.TestCase):

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def tree(self, files):
        for path, text in files.items():
            full = os.path.join(self.dir.name, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        return Tree(self.dir.name)

    def test_include_that_climbs_is_named_with_file_and_line(self):
        tree = self.tree({"lib/io/a.cc": '#include <x>\n#include "fs/engine/filesystem.h"\n'})
        self.assertEqual(layers.check(tree), ["lib/io/a.cc:2: lib/io (line 1) may not use fs/engine (line 4)"])

    def test_include_of_the_same_line_is_a_fault(self):
        faults = layers.check(self.tree({"fs/index/a.h": '#include "fs/store/pack_store.h"\n'}))
        self.assertEqual(len(faults), 1)
        self.assertIn("same line", faults[0])

    def test_programs_do_not_include_one_another(self):
        faults = layers.check(self.tree({"services/http/a.cc": '#include "services/config/b.h"\n'}))
        self.assertIn("services/http/a.cc:1", faults[0])

    def test_include_downwards_needs_a_link(self):
        files = {
            "lib/io/CMakeLists.txt": "oca_library(oca_io SRCS a.cc DEPS fmt::fmt)\n",
            "lib/base/CMakeLists.txt": "oca_library(oca_base SRCS b.cc)\n",
            "lib/io/a.cc": '#include "lib/base/b.h"\n#include "lib/io/a.h"\n',
        }
        self.assertIn("links no target", layers.check(self.tree(files))[0])
        files["lib/io/CMakeLists.txt"] = "oca_library(oca_io SRCS a.cc\n  DEPS oca_base fmt::fmt)\n"
        self.assertEqual(layers.check(self.tree(files)), [])

    def test_link_through_another_module_counts(self):
        tree = self.tree({
            "lib/base/CMakeLists.txt": "oca_library(oca_base SRCS b.cc)\n",
            "fs/format/CMakeLists.txt": "oca_library(oca_format SRCS b.cc DEPS oca_base)\n",
            "fs/store/CMakeLists.txt": "oca_library(oca_store SRCS b.cc DEPS oca_format)\n",
            "fs/store/b.cc": '#include "lib/base/ids.h"\n',
        })
        self.assertEqual(layers.check(tree), [])

    def test_link_that_climbs_is_a_fault(self):
        tree = self.tree({
            "lib/io/CMakeLists.txt": "\noca_library(oca_io SRCS a.cc DEPS oca_store)\n",
            "fs/store/CMakeLists.txt": "oca_library(oca_store SRCS b.cc)\n",
        })
        self.assertIn("lib/io/CMakeLists.txt:2: oca_io links oca_store", layers.check(tree)[0])

    def test_what_tgtd_loads_includes_nothing_else_of_the_tree(self):
        faults = layers.check(self.tree({"lib/vtape/a.cc": '#include "lib/vtape/a.h"\n#include "absl/status/status.h"\n'}))
        self.assertEqual(len(faults), 1)
        self.assertIn("lib/vtape/a.cc:2: lib/vtape may include nothing but", faults[0])

    def test_banned_calls_are_found_outside_comments_and_strings(self):
        tree = self.tree({
            "fs/store/a.cc": '// open(x)\nauto s = "rename(";\nint fd = ::open(p, 0);\nreturn rename(a, b);\n'
                             "std::this_thread::sleep_for(x);\n"})
        lines = sorted(fault.split(": ")[0] + " " + fault.split(": ")[1] for fault in banned.check(tree))
        self.assertEqual(lines, ["fs/store/a.cc:3 open()", "fs/store/a.cc:4 rename()", "fs/store/a.cc:5 sleep_for()"])

    def test_members_and_declarations_are_no_banned_calls(self):
        tree = self.tree({"fs/store/a.h": "fs_->open(p);\nfile.unlink(x);\nabsl::Status rename(int a);\nFoo::open(1);\nreopen(2);\n"})
        self.assertEqual(banned.check(tree), [])

    def test_lib_io_may_open_and_rename(self):
        self.assertEqual(banned.check(self.tree({"lib/io/a.cc": "int fd = open(p, 0);\n::rename(a, b);\n"})), [])

    def test_own_header_comes_first(self):
        tree = self.tree({"lib/io/a.cc": '#include "lib/base/x.h"\n#include "lib/io/a.h"\n',
                          "lib/io/a.h": "#ifndef OCA_LIB_IO_A_H_\n#define OCA_LIB_IO_A_H_\n#endif\n"})
        self.assertEqual(len(checks.headers(tree)), 1)

    def test_header_guard_is_named_after_the_path(self):
        faults = checks.headers(self.tree({"lib/io/a.h": "#pragma once\n"}))
        self.assertIn("OCA_LIB_IO_A_H_", faults[0])

    def test_badly_formatted_file_is_found(self):
        tree = self.tree({".clang-format": "BasedOnStyle: Google\n", "lib/io/a.cc": "int   x ;\n", "lib/io/b.cc": "int y;\n"})
        faults = checks.format_of_cxx(tree)
        self.assertTrue(faults)
        self.assertTrue(all(fault.startswith("lib/io/a.cc:1") for fault in faults), faults)

    def test_shell_fault_is_found(self):
        self.assertTrue(checks.shell(self.tree({"etc/x": "#!/bin/bash\necho $1\n"})))

    def test_links_and_headings_must_exist(self):
        tree = self.tree({"docs/a.md": "# A b\n[x](b.md) [y](#a-b) [z](a.md#none) [w](https://x.org)\n"})
        self.assertEqual(checks.documents(tree),
                         ["docs/a.md:2: no such file: b.md", "docs/a.md:2: no such heading: a.md#none"])

    def test_long_file_is_found(self):
        self.assertEqual(len(checks.size(self.tree({"lib/io/a.cc": "\n" * 501, "lib/io/b.cc": "\n" * 500}))), 1)


if __name__ == "__main__":
    unittest.main()
