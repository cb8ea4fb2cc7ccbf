"""restic and borg, as Debian ships them, each on a fresh repository."""

import os
import shutil

from measure import drop_caches, size_of, timed


class Peer:
    """A repository of another program."""

    name = ""
    restores = True

    def __init__(self, work):
        self.work = os.path.join(work, self.name.replace(" ", "-"))
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        self.repo = os.path.join(self.work, "repo")
        self.env = dict(os.environ, RESTIC_PASSWORD="bench", RESTIC_CACHE_DIR=os.path.join(self.work, "cache"),
                        BORG_BASE_DIR=os.path.join(self.work, "base"), BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="yes",
                        BORG_RELOCATED_REPO_ACCESS_IS_OK="yes")
        self.init()

    def init(self):
        raise NotImplementedError

    def backup(self, source, label):
        """Cost of backing up a folder; all of it is read, whatever its times say."""
        raise NotImplementedError

    def restore_command(self, label):
        raise NotImplementedError

    def restore(self, label):
        """Cost of restoring to a fresh folder, from disk."""
        target = os.path.join(self.work, "restored")
        shutil.rmtree(target, ignore_errors=True)
        os.makedirs(target)
        drop_caches()
        cost = timed(self.restore_command(label), env=self.env, cwd=target)
        shutil.rmtree(target)
        return cost

    def stored(self):
        return size_of(self.repo)

    def remove(self):
        shutil.rmtree(self.work, ignore_errors=True)


class Restic(Peer):
    """Its defaults: zstd and encryption, which cannot be turned off, chunks of about 1 MiB."""

    name = "restic"

    def init(self):
        timed(["restic", "-q", "-r", self.repo, "init"], env=self.env)

    def backup(self, source, label):
        return timed(["restic", "-q", "-r", self.repo, "backup", "--force", "--tag", label, "."], env=self.env, cwd=source)

    def restore_command(self, label):
        return ["restic", "-q", "-r", self.repo, "restore", "latest", "--tag", label, "--target", "."]


class Borg(Peer):
    """Chunks of about 2 MiB, without encryption."""

    compression = ""

    def init(self):
        timed(["borg", "init", "--encryption", "none", self.repo], env=self.env)

    def backup(self, source, label):
        return timed(["borg", "create", "--files-cache", "disabled", "--compression", self.compression,
                      f"{self.repo}::{label}", "."], env=self.env, cwd=source)

    def restore_command(self, label):
        return ["borg", "extract", f"{self.repo}::{label}"]


class BorgZstd(Borg):
    name = "borg zstd-3"
    compression = "zstd,3"


class BorgLz4(Borg):
    name = "borg lz4"
    compression = "lz4"
    restores = False
