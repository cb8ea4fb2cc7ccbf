"""The data that is backed up: what Debian packages ship, sources and binaries. Made once, kept under build/bench/data.

all/<package>           unpacked: about 1.4 GB of sources in 80,000 files, 1.2 GB of programs, libraries and object archives
share-<n>-mb[-edited]   a share of that, and the same with 2 % of its files changed
stream-*[-edited]       one tar for each package, of all or of a share
slices-<n>-<m>-mb       the first <m> MB of the largest tar in <n> files of one size
series[-<n>-mb]/<i>     the tar in each of the four newest releases of a package of sources, oldest first; or the begin of each
"""

import os
import random
import shutil
import subprocess

PACKAGES = ["linux-source-6.1", "golang-1.19-go", "llvm-14-dev", "libllvm14", "firefox-esr", "libreoffice-core"]
SEED = 20240229
SERIES_PACKAGE = "linux-source-6.1"
SERIES_RELEASES = 4
CHANGED_SHARE = 0.02
EDIT_TIME = 1709164800  # of all changed files: 29 February 2024


def call(*argv, cwd):
    done = subprocess.run(argv, cwd=cwd, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


class Data:
    """What has a name under `work` is whole: everything is made under another name first."""

    def __init__(self, work):
        self.work = work
        self.full = os.path.join(work, "all")
        for package in PACKAGES:
            self._unpack(package)

    def tree(self, limit_mb=0):
        """A folder with about that much; with all when it is 0."""
        if not limit_mb:
            return self.full
        return self._made(f"share-{limit_mb}-mb", lambda part: copy_share(self.full, part, limit_mb))

    def edited_tree(self, limit_mb=0):
        tree = self.tree(limit_mb)

        def make(part):
            call("cp", "-a", "--reflink=auto", tree, part, cwd=self.work)
            edit(part, SEED)

        return self._made(os.path.basename(tree) + "-edited", make)

    def stream(self, limit_mb=0):
        """A folder with one tar for each package."""
        tree = self.tree(limit_mb)
        return self._made("stream-" + os.path.basename(tree), lambda part: pack_packages(tree, part))

    def edited_stream(self, limit_mb=0):
        name = os.path.basename(self.tree(limit_mb))
        if not os.path.exists(os.path.join(self.work, f"stream-{name}-edited")):
            edited = self.edited_tree(limit_mb)
            self._made(f"stream-{name}-edited", lambda part: pack_packages(edited, part))
            shutil.rmtree(edited)
        return os.path.join(self.work, f"stream-{name}-edited")

    def slices(self, count, limit_mb):
        """A folder with the begin of the largest tar, cut into so many files of one size."""

        def make(part):
            source = self.largest()
            os.makedirs(part)
            size = min(os.path.getsize(source), limit_mb * 1000 * 1000) // count
            call("sh", "-c", f"head -c {size * count} {source} | split -a 4 -d -b {size} - {part}/", cwd=self.work)

        return self._made(f"slices-{count}-{limit_mb}-mb", make)

    def largest(self, limit_mb=0):
        """The largest tar of a stream."""
        stream = self.stream(limit_mb)
        return max((os.path.join(stream, name) for name in sorted(os.listdir(stream))), key=os.path.getsize)

    def series(self, limit_mb=0):
        """Folders, oldest release first, each with one tar of that release."""
        name = f"series-{limit_mb}-mb" if limit_mb else "series"
        series = self._made(name, lambda part: fetch_series(part, limit_mb))
        return [os.path.join(series, release) for release in sorted(os.listdir(series))]

    def _made(self, name, make):
        path = os.path.join(self.work, name)
        if not os.path.exists(path):
            print(f"bench: making {name}", flush=True)
            shutil.rmtree(path + ".part", ignore_errors=True)
            make(path + ".part")
            os.rename(path + ".part", path)
        return path

    def _unpack(self, package):
        target = os.path.join(self.full, package)
        if os.path.exists(target):
            return
        print(f"bench: fetching and unpacking {package}", flush=True)
        part = target + ".part"
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        # _apt may not write to a private folder; apt then downloads as the caller and says so, which is fine.
        call("apt-get", "-q", "download", package, cwd=part)
        for deb in [name for name in os.listdir(part) if name.endswith(".deb")]:
            call("dpkg", "-x", deb, ".", cwd=part)
            os.unlink(os.path.join(part, deb))
        source = os.path.join(part, "usr", "src")
        for archive in os.listdir(source) if os.path.isdir(source) else []:
            if archive.endswith(".tar.xz"):
                call("tar", "-xf", archive, cwd=source)
                os.unlink(os.path.join(source, archive))
        os.rename(part, target)


def files_of(tree):
    """Regular files below a tree, in a fixed order."""
    found = []
    for directory, dirs, names in os.walk(tree):
        dirs.sort()
        found.extend(path for path in (os.path.join(directory, name) for name in sorted(names))
                     if os.path.isfile(path) and not os.path.islink(path))
    return found


def fetch_series(target, limit_mb):
    """The tar in each of the newest releases that can be installed, or its first limit_mb MB."""
    os.makedirs(target)
    listed = call("apt-cache", "madison", SERIES_PACKAGE, cwd=target)
    releases = {}  # by upstream version: a rebuild of the same sources is no release
    for line in listed.splitlines():
        version = line.split("|")[1].strip()
        releases.setdefault(version.split("-")[0], version)
    if len(releases) < 2:
        raise RuntimeError(f"{SERIES_PACKAGE}: fewer than two releases can be installed:\n{listed}")
    for number, version in enumerate(reversed(list(releases.values())[:SERIES_RELEASES])):
        folder = os.path.join(target, str(number))
        os.makedirs(folder)
        call("apt-get", "-q", "download", f"{SERIES_PACKAGE}={version}", cwd=folder)
        call("sh", "-c", "dpkg-deb --fsys-tarfile *.deb | tar -xO --wildcards '*.tar.xz' | xz -dc >sources.tar && rm *.deb", cwd=folder)
        if limit_mb:
            os.truncate(os.path.join(folder, "sources.tar"), limit_mb * 1000 * 1000)


def copy_share(full, tree, limit_mb):
    """Copies folders of a fixed choice, each with the files in it, until about limit_mb MB have come together."""
    limit = limit_mb * 1000 * 1000
    folders = {}
    for path in files_of(full):
        folders.setdefault(os.path.dirname(path), []).append(path)
    names = sorted(folders)
    random.Random(SEED).shuffle(names)
    total = 0
    for name in names:
        size = sum(os.path.getsize(path) for path in folders[name])
        if total + size > limit or size > limit // 8:  # one folder of large files would be all there is
            continue
        total += size
        target = os.path.join(tree, os.path.relpath(name, full))
        os.makedirs(target, exist_ok=True)
        for path in folders[name]:
            shutil.copy2(path, target)


def pack(tree, archive):
    call("tar", "--format=gnu", "--sort=name", "--numeric-owner", "--owner=0", "--group=0", "-C", tree, "-cf", archive, ".", cwd=tree)


def pack_packages(tree, target):
    os.makedirs(target)
    for package in sorted(os.listdir(tree)):
        pack(os.path.join(tree, package), os.path.join(target, package + ".tar"))


def edit(tree, seed):
    """Changes 2 % of the files, the same ones in the same way for a seed: in each up to three places replaced, one insertion."""
    chance = random.Random(seed)
    files = [path for path in files_of(tree) if os.path.getsize(path) > 0]
    for path in chance.sample(files, round(len(files) * CHANGED_SHARE)):
        with open(path, "rb") as file:
            content = bytearray(file.read())
        for _ in range(3):
            at = chance.randrange(len(content))
            piece = chance.randbytes(min(64, len(content) - at))
            content[at:at + len(piece)] = piece
        at = chance.randrange(len(content) + 1)
        content[at:at] = chance.randbytes(40)
        os.chmod(path, os.stat(path).st_mode | 0o200)
        with open(path, "wb") as file:
            file.write(content)
        os.utime(path, (EDIT_TIME, EDIT_TIME))
