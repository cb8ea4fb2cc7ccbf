"""The soak's disks: in memory, small, and full when they are to be."""

import errno
import os
import shutil
import subprocess


def mount(path, size):
    os.makedirs(path)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=True)


def clean_up(work_dir, keep):
    """What is to be kept is copied before the disks go."""
    for name in ("h/data", "two"):
        path = os.path.join(work_dir, name)
        if not os.path.ismount(path):
            continue
        if keep:
            shutil.copytree(path, f"{path}.kept")
        subprocess.run(["umount", *(["--lazy"] if keep else []), path], check=True)  # a failure may have left somebody in there
    if not keep:
        shutil.rmtree(work_dir)


def fill(folder):
    """Takes all the room of a disk but a little; the appliance may take of it meanwhile."""
    with open(os.path.join(folder, "filler"), "wb") as file:
        while (info := os.statvfs(folder)).f_bavail > 16:
            try:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, (info.f_bavail - 16) * info.f_frsize)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def make_room(folder):
    filler = os.path.join(folder, "filler")
    if os.path.exists(filler):
        os.unlink(filler)


def write_random(path):
    """64 MiB, synced."""
    fd = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o644)
    try:
        for _ in range(64):
            os.write(fd, os.urandom(1 << 20))
        os.fsync(fd)
    finally:
        os.close(fd)


def succeeds(path):
    try:
        write_random(path)
        return True
    except OSError:
        return False
