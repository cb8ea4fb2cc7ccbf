"""An appliance for tests and measurements written in Python: started by the shipped script, driven by the shipped CLI."""

import json
import os
import signal
import subprocess
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
DEADLINE_SECONDS = 120


class CommandFailed(RuntimeError):
    """A command ended with an error; the text says which, and what it printed."""


def run(*argv, env=None, deadline=DEADLINE_SECONDS, cwd=None, text_in=""):
    """Standard output of a command; CommandFailed when it fails. `text_in`: its standard input."""
    done = subprocess.run(argv, env=env, cwd=cwd, text=True, input=text_in, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=deadline, check=False)
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(argv)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_until(condition, what, deadline=DEADLINE_SECONDS):
    """Returns the first true value of condition(); TimeoutError when there is none within `deadline` seconds."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"not within {deadline} s: {what}")
        time.sleep(0.02)


def alive(pid):
    """Whether a process runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Appliance:
    """One home with its processes. Use as a context: it is stopped at the end, whatever happened."""

    def __init__(self, home, bin_dir):
        self.home = os.path.abspath(home)
        self.bin_dir = os.path.abspath(bin_dir)
        self.mount = os.path.join(self.home, "mnt")
        self.env = dict(os.environ, OCA_HOME=self.home)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def _script(self, verb):
        return run(os.path.join(TOP, "etc", "oca-appliance"), verb, "--home", self.home, "--bin", self.bin_dir, env=self.env)

    def start(self):
        self._own_port()
        self._watchers(signal.SIGCONT)
        self._script("start")

    def _own_port(self):
        """Where the configuration does not say otherwise, REST takes a free port."""
        os.makedirs(self.home, exist_ok=True)
        with open(os.path.join(self.home, "oca.toml"), "a+", encoding="utf-8") as file:
            file.seek(0)
            if "[http]" not in file.read():
                file.write("\n[http]\nport = 0\n")

    def stop(self):
        self._watchers(signal.SIGCONT)
        self._script("stop")

    def _watchers(self, number):
        """While they are stopped (SIGSTOP), what dies stays dead."""
        for name in ("watcher_spawn", "watcher"):
            try:
                with open(os.path.join(self.home, "run", f"{name}.pid"), encoding="ascii") as file:
                    os.kill(int(file.read()), number)
            except (FileNotFoundError, ProcessLookupError, ValueError):
                pass

    def oca(self, *argv, deadline=DEADLINE_SECONDS, text_in=""):
        """Runs the CLI with --json; the decoded answer, or None when it printed nothing."""
        text = run(os.path.join(self.bin_dir, "oca"), *argv, "--json", env=self.env, deadline=deadline, text_in=text_in)
        return json.loads(text) if text.strip() else None

    def pid_of(self, part):
        """The process id of a part ("ocafsd"), as the appliance reports it."""
        for row in self.oca("system", "--show")["parts"]:
            if row["name"] == part:
                return int(row["pid"])
        raise CommandFailed(f"the appliance reports no part {part}")

    def container(self, name, group="DefaultGroup"):
        """Makes a container; its path."""
        self.oca("container", "--add", "--name", name, "--group", group)
        return os.path.join(self.mount, name)

    def kill_ocafsd(self):
        """SIGKILL; returns when the process is gone. Nothing is cleaned up, and it stays dead until start."""
        self._watchers(signal.SIGSTOP)
        pid = self.pid_of("ocafsd")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), "ocafsd to be gone after SIGKILL")

    def wait_for_scan(self, deadline=DEADLINE_SECONDS):
        """The scan status once it no longer runs."""

        def ended():
            status = self.oca("maintenance", "--filesystem", "--scan_status")
            return status if status["state"] not in ("running", "RUNNING") else None

        return wait_until(ended, "the scan to end", deadline)
