"""Calls that are banned, each with its reason and the places that may make them."""

import re

from tree import without_comments_and_strings

# (call names, where it is banned, where it is allowed all the same, reason)
RULES = [
    ("strcpy strcat sprintf vsprintf gets strtok alloca", "", (), "unbounded or not re-entrant"),
    ("system popen", "", (), "no shell: use posix_spawn or exec with an argument list"),
    ("rand srand random srandom drand48", "", ("t/",), "seeded generators only, from the context"),
    ("sleep usleep nanosleep sleep_for sleep_until SleepFor", "", ("support/slow_disk.cc",),
     "wait on a condition with a deadline, not for time to pass"),
    ("setenv putenv unsetenv", "", ("lib/daemon/", "t/"), "not thread-safe"),
    ("atoi atol atof strtol strtoul strtoll strtoull", "", (), "cannot report errors or depends on locale: absl::SimpleAtoi"),
    ("localtime gmtime ctime asctime", "", (), "not thread-safe: absl::Time"),
    ("rename renameat renameat2", "", ("lib/io/", "vtape/posix_storage.cc", "ndmp/data/placer.cc"), "lib/io renames and makes it durable"),
    ("open openat creat fopen fsync fdatasync sync_file_range syncfs ftruncate truncate unlink unlinkat rmdir "
     "mkdir mkdirat pread pwrite preadv pwritev fallocate copy_file_range",
     "fs/", ("fs/fuse/", "fs/ocafsd/"), "all file access of fs/ goes through lib/io, so that tests can inject faults"),
    ("exit quick_exit", "lib/ fs/ services/ cli/", ("main.cc", "lib/daemon/"),
     "only main ends a process; return a status"),
]

# A call of a free function: the name, not a member (x.open, x->open) nor of a namespace other than the global or std one,
# nor a declaration or definition (a type name or '*' or '&' before it).
CALL = r"(?<![\w.>:~])(?:(?:std|::|this_thread|absl)(?:::)?)*\b({names})\s*\("


def applies(path, where, allowed):
    if where and not path.startswith(tuple(where.split())):
        return False
    return not any(path.startswith(a) if a.endswith("/") else path.endswith("/" + a) for a in allowed)


def check(tree):
    faults = []
    rules = [(re.compile(CALL.format(names="|".join(names.split()))), where, allowed, reason)
             for names, where, allowed, reason in RULES]
    declared = re.compile(r"(?:\w|[*&>])\s+[*&]*$")
    for path in tree.cxx():
        text = without_comments_and_strings(tree.read(path))
        for pattern, where, allowed, reason in rules:
            if not applies(path, where, allowed):
                continue
            for match in pattern.finditer(text):
                before = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
                keyword = re.search(r"\b(return|co_return|else|do|case|throw)\s*$", before)
                if declared.search(before) and not keyword:
                    continue  # a declaration: `Status open(`
                line = text.count("\n", 0, match.start(1)) + 1
                faults.append(f"{path}:{line}: {match.group(1)}(): {reason}")
    return faults
