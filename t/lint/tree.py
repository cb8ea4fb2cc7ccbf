"""The source tree as the checks see it, and how a check reports."""

import os
import re

SKIPPED = {".git", "build", "var", "node_modules", "__pycache__"}


class Tree:
    """Files below a top directory, without what is built or stored there."""

    def __init__(self, top):
        self.top = top
        self.paths = []
        for directory, names, files in os.walk(top):
            names[:] = sorted(n for n in names if n not in SKIPPED)
            for name in sorted(files):
                self.paths.append(os.path.relpath(os.path.join(directory, name), top))

    def matching(self, *suffixes):
        return [p for p in self.paths if p.endswith(suffixes)]

    def cxx(self):
        return self.matching(".cc", ".h")

    def read(self, path):
        with open(os.path.join(self.top, path), encoding="utf-8", errors="replace") as file:
            return file.read()

    def lines(self, path):
        """(line number from 1, text) of each line."""
        return enumerate(self.read(path).splitlines(), 1)


def includes(tree, path):
    """(line, included path) of each #include "..." of a C++ file."""
    for number, line in tree.lines(path):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if match:
            yield number, match.group(1)


def without_comments_and_strings(text):
    """C++ text with comments and the insides of literals blanked; line numbers stay."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    # A digit separator (1'000) is no character literal.
    text = re.sub(r"(?<=\d)'(?=\d)", "", text)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)
