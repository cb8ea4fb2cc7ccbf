"""The layer rule: a module includes and links only modules of lower lines, never of its own line.

It is checked on the includes of each file, on the DEPS of each oca_library, oca_binary and oca_module, and between the two: what a file
includes, its module must link.
"""

import os
import re

from tree import includes

# Low to high. A folder that is not listed but lies below a listed one ("services/config") belongs to it.
LINES = [
    ["lib/base"],
    ["lib/io", "lib/log", "lib/conf", "lib/crypto"],
    ["fs/format", "fs/chunk", "lib/api", "lib/db", "lib/rpc", "lib/http", "lib/daemon", "lib/vtape"],
    ["fs/names", "fs/index", "fs/tree", "fs/store", "fs/markers", "lib/event"],
    ["fs/engine"],
    ["fs/fuse", "fs/rpc"],
    ["cli", "agents", "services", "gateways", "fs/ocafsd", "fs/tools"],
]
LAYER = {folder: line for line, folders in enumerate(LINES) for folder in folders}
# These link into tgtd (docs/decisions/0014-tapes-without-abseil.md): of the tree they include only one another.
FREESTANDING = ("lib/vtape/", "gateways/vtl/scsi/", "gateways/vtl/tgt-module/")
# Folders whose children are modules of their own.
PARENTS = {"services", "agents", "gateways"}
CHECKED = ("lib/", "fs/", "services/", "agents/", "gateways/", "cli/")


def module_of(path):
    """The module that a path belongs to, and its line; (None, None) outside the layers."""
    folder = os.path.dirname(path)
    while folder:
        if folder in LAYER:
            parts = path.split("/")
            if folder in PARENTS and len(parts) > 2:
                return "/".join(parts[:2]), LAYER[folder]
            return folder, LAYER[folder]
        folder = os.path.dirname(folder)
    return None, None


def climbs(path, included):
    """Why `path` may not use `included`, or None."""
    module, line = module_of(path)
    other, other_line = module_of(included)
    if other is None or module == other:
        return None
    if module is None:
        return f"stands outside the layers but uses {other}"
    if other_line == line:
        return f"{module} and {other} stand on the same line ({line})"
    if other_line > line:
        return f"{module} (line {line}) may not use {other} (line {other_line})"
    return None


def cmake_targets(tree):
    """{target: (module, path, line number, DEPS)} of every oca_library, oca_binary and oca_module."""
    found = {}
    for path in tree.matching("CMakeLists.txt"):
        if not path.startswith(CHECKED):
            continue
        text = re.sub(r"#[^\n]*", "", tree.read(path))
        for match in re.finditer(r"\boca_(?:library|binary|module)\(\s*([\w:-]+)([^)]*)\)", text):
            words = match.group(2).split()
            deps = []
            taking = False
            for word in words:
                if word in ("SRCS", "DEPS"):
                    taking = word == "DEPS"
                elif taking:
                    deps.append(word)
            module, _ = module_of(path)
            found[match.group(1)] = (module, path, text.count("\n", 0, match.start()) + 1, deps)
    return found


def reachable(targets, module):
    """Modules that the targets of `module` link, directly or through others."""
    seen = set()
    todo = [name for name, (owner, _, _, _) in targets.items() if owner == module]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        todo.extend(dep for dep in targets[name][3] if dep in targets)
    return {targets[name][0] for name in seen}


def check(tree):
    faults = []
    targets = cmake_targets(tree)
    for name, (_, path, line, deps) in targets.items():
        for dep in deps:
            if dep in targets:
                why = climbs(path, targets[dep][1])
                if why:
                    faults.append(f"{path}:{line}: {name} links {dep}: {why}")
    links = {}
    for path in tree.cxx():
        if not path.startswith(CHECKED):
            continue
        module, _ = module_of(path)
        if module is None:
            faults.append(f"{path}:1: this folder is in no layer; add it to t/lint/layers.py")
            continue
        if module not in links:
            links[module] = reachable(targets, module)
        for line, included in includes(tree, path):
            why = climbs(path, included)
            other, _ = module_of(included)
            if why:
                faults.append(f"{path}:{line}: {why}")
            elif path.startswith(FREESTANDING) and not included.startswith(FREESTANDING):
                faults.append(f"{path}:{line}: {path.rsplit('/', 1)[0]} may include nothing but {' and '.join(FREESTANDING)}")
            elif included.startswith("t/"):
                faults.append(f"{path}:{line}: only tests may include {included}")
            elif other and other != module and other not in links[module]:
                faults.append(f"{path}:{line}: includes {other}, but CMake links no target of it to {module}")
    return faults
