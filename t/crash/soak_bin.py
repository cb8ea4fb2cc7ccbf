"""What a recycle bin must hold, by its own clock, and what it must not hold any more."""

import collections
import datetime

DAYS = 7
DAY = 86400
MARGIN = 2 * 3600  # a deletion is noted when its job has ended


class Bin:
    """Of one container. Jobs that were begun twice may leave more in it than is expected here, never less."""

    def __init__(self, appliance, container):
        self.appliance = appliance
        self.container = container
        self.deleted = []  # (trusted seconds, path, digest)

    def _oca(self, *argv):
        return self.appliance.oca("container", "--recycle_bin", "--name", self.container, *argv)

    def enable(self):
        self._oca("--enable", "--rb_retention_period", str(DAYS))

    def trusted(self):
        return datetime.datetime.fromisoformat(self._oca()["trusted_time"]).timestamp()

    def note(self, backup):
        """A backup was deleted."""
        now = self.trusted()
        self.deleted += [(now, path, expected) for path, expected in backup.files.items()]

    def listed(self):
        return self._oca("--file_list")["files"]

    def wrong(self):
        """What is not in it as it should be; what has expired is expected no more."""
        now = self.trusted()
        rows = self.listed()
        have = collections.Counter(row["path"] for row in rows)
        must = collections.Counter(path for at, path, _ in self.deleted if now - at < DAYS * DAY - MARGIN)
        wrong = [f"{self.container}: {must[path]} versions of {path} deleted, {have[path]} in the bin"
                 for path in must if have[path] < must[path]]
        self.deleted = [each for each in self.deleted if now - each[0] < DAYS * DAY + MARGIN]
        return wrong

    def overdue(self):
        """How many versions have stayed for longer than they may."""
        limit = self.trusted() - DAYS * DAY - MARGIN
        return sum(1 for row in self.listed() if datetime.datetime.fromisoformat(row["deleted"]).timestamp() < limit)

    def restore_one(self, chance, target):
        """Puts a version back at another path; its digest, or None when none is known for sure."""
        now = self.trusted()
        digests = collections.defaultdict(set)
        for at, path, expected in self.deleted:
            if now - at < DAYS * DAY - MARGIN:
                digests[path].add(expected)
        sure = sorted(path for path, found in digests.items() if len(found) == 1)
        if not sure:
            return None
        path = chance.choice(sure)
        # The newest: an earlier one may be what a job that was broken off has left.
        version = [row["id"] for row in self.listed() if row["path"] == path][-1]
        self._oca("--restore", "--id", str(version), "--to", target)
        gone = max(each for each in self.deleted if each[1] == path)
        self.deleted.remove(gone)
        return gone[2]

    def purge(self):
        self._oca("--purge", "--yes")
        self.deleted = []
