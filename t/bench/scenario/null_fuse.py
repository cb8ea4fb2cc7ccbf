"""Mounts of the daemon that does nothing, or only passes on."""

import contextlib
import os
import signal
import subprocess
import sys

import interrupts

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "harness"))
from appliance import wait_until  # noqa: E402


def mount_point(work):
    return os.path.join(work, "null")


@contextlib.contextmanager
def null_fuse(bin_dir, work, *mode):
    """A mounted null_fuse; yields (mount point, pid)."""
    mount = mount_point(work)
    os.makedirs(mount, exist_ok=True)
    with interrupts.shielded():
        # pylint: disable-next=consider-using-with
        process = subprocess.Popen([os.path.join(bin_dir, "null_fuse"), *mode, mount], start_new_session=True)
    try:
        wait_until(lambda: os.path.ismount(mount), "null_fuse to mount", 20)
        yield mount, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    os.rmdir(mount)
