"""The smaller checks: format, headers, shell scripts, documents, size."""

import os
import re
import subprocess

from tree import includes

MAX_LINES = 500


def output_of(command, tree):
    done = subprocess.run(command, cwd=tree.top, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def format_of_cxx(tree):
    """clang-format agrees with every C++ file."""
    files = tree.cxx()
    if not files:
        return []
    code, text = output_of(["clang-format-14", "--dry-run", "-Werror", *files], tree)
    faults = {}  # the first place of each file; `make fmt` mends all of them
    for path, line in re.findall(r"^([^:\s]+):(\d+):\d+: error:", text, re.M):
        faults.setdefault(path, f"{path}:{line}: not as clang-format writes it (make fmt)")
    return list(faults.values()) or ([text] if code else [])


def headers(tree):
    """x.cc includes x.h first (so x.h stands alone), and each header has a guard named after its path."""
    faults = []
    paths = set(tree.paths)
    for path in tree.cxx():
        if path.endswith(".cc"):
            own = path[:-3] + ".h"
            first = next(iter(includes(tree, path)), None)
            if own in paths and (first is None or first[1] != own):
                faults.append(f"{path}:{first[0] if first else 1}: the first include must be its own header, {own}")
        else:
            guard = "OCA_" + re.sub(r"\W", "_", path).upper() + "_"
            if f"#ifndef {guard}\n#define {guard}\n" not in tree.read(path):
                faults.append(f"{path}:1: the include guard must be {guard}")
    return faults


def shell_scripts(tree):
    scripts = []
    for path in tree.paths:
        if os.path.islink(os.path.join(tree.top, path)):
            continue
        with open(os.path.join(tree.top, path), "rb") as file:
            first = file.readline(80)
        if re.match(rb"#!\s*/(usr/)?bin/(env )?(ba|da)?sh\b", first):
            scripts.append(path)
    return scripts


def shell(tree):
    """shellcheck has nothing to say about any script."""
    scripts = shell_scripts(tree)
    if not scripts:
        return []
    code, text = output_of(["shellcheck", "-x", "--format=gcc", "--source-path=SCRIPTDIR", *scripts], tree)
    return text.splitlines() if code else []


def anchor_of(heading):
    """The anchor that Markdown viewers give a heading."""
    text = re.sub(r"[`*_]|\[|\]\([^)]*\)", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def documents(tree):
    """Links between the documents resolve, and so do file names written as `dir/file` in docs/."""
    faults = []
    for path in tree.matching(".md"):
        text = re.sub(r"```.*?```", lambda m: "\n" * m.group(0).count("\n"), tree.read(path), flags=re.S)
        for number, line in enumerate(text.splitlines(), 1):
            for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", line):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                other = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
                if not os.path.exists(os.path.join(tree.top, other)):
                    faults.append(f"{path}:{number}: no such file: {target}")
                elif anchor and other.endswith(".md"):
                    found = re.findall(r"^#+ (.*)$", tree.read(other), re.M)
                    if anchor not in {anchor_of(h) for h in found}:
                        faults.append(f"{path}:{number}: no such heading: {target}")
    return faults


def size(tree):
    """No source file is so long that it must do more than one thing."""
    faults = []
    for path in tree.matching(".cc", ".h", ".py", ".sh", ".proto") + shell_scripts(tree):
        count = tree.read(path).count("\n")
        if count > MAX_LINES:
            faults.append(f"{path}:{count}: longer than {MAX_LINES} lines: split it by what its parts do")
    return sorted(set(faults))
