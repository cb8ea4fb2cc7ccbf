"""Wall and CPU time of commands and daemons, page cache, sizes."""

import dataclasses
import os
import signal
import subprocess
import time

import interrupts

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Cost:
    wall: float
    cpu: float


def cpu_of(pid):
    """User and system seconds that a process has used so far, its ended threads and children included."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(int(fields[i]) for i in (11, 12, 13, 14)) / CLOCK_TICKS


def run_command(command, env=None, cwd=None):
    """CPU seconds of a command. It never outlives the call."""
    with interrupts.shielded():
        # pylint: disable-next=consider-using-with
        process = subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {process.returncode}\n{output.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime


def timed(*commands, daemons=(), env=None, cwd=None):
    """Runs commands one after the other. Their cost, with what the daemons used meanwhile."""
    before = sum(cpu_of(pid) for pid in daemons)
    start = time.monotonic()
    cpu = sum(run_command(command, env, cwd) for command in commands)
    wall = time.monotonic() - start
    return Cost(wall, cpu + sum(cpu_of(pid) for pid in daemons) - before)


def drop_caches():
    """Writes what is dirty and forgets what is clean, so that the next read comes from the disk."""
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3")


def size_of(path):
    """Bytes of the files below a directory."""
    total = 0
    for directory, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(directory, name)).st_size
            except FileNotFoundError:
                pass  # a log or lock file that went away meanwhile
    return total


def warm(path):
    """Reads every file once, so that all who read it next find it in the page cache."""
    for directory, _, names in os.walk(path):
        for name in names:
            full = os.path.join(directory, name)
            if os.path.isfile(full) and not os.path.islink(full):
                with open(full, "rb", buffering=0) as file:
                    while file.read(1 << 20):
                        pass
