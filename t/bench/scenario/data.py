"""The data that is backed up: trees that Debian packages ship, sources and binaries. Made once, kept under build/bench/data."""

import os
import random
import shutil
import subprocess

# Unpacked about 1.4 GB of sources in 80,000 files, and 1.2 GB of programs, libraries and object archives.
PACKAGES = ["linux-source-6.1", "golang-1.19-go", "llvm-14-dev", "libllvm14", "firefox-esr", "libreoffice-core"]
SEED = 20240229
CHANGED_SHARE = 0.02


def call(*argv, cwd):
    done = subprocess.run(argv, cwd=cwd, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: exit code {done.returncode}\n{done.stdout}")


def prepare(work, limit_mb):
    """Paths of the tree and of its changed copy; limit_mb 0 for all of it."""
    full = os.path.join(work, "all")
    for package in PACKAGES:
        unpack(work, full, package)
    tree = os.path.join(work, f"about-{limit_mb}-mb") if limit_mb else full
    edited = tree + "-edited"
    if not os.path.exists(tree):
        copy_share(full, tree + ".part", limit_mb)
        os.rename(tree + ".part", tree)
    if not os.path.exists(edited):
        shutil.rmtree(edited + ".part", ignore_errors=True)
        call("cp", "-a", "--reflink=auto", tree, edited + ".part", cwd=work)
        edit(edited + ".part")
        os.rename(edited + ".part", edited)
    return tree, edited


def unpack(work, full, package):
    target = os.path.join(full, package)
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


def copy_share(full, tree, limit_mb):
    """Copies every n-th file, so that about limit_mb MB come together."""
    shutil.rmtree(tree, ignore_errors=True)
    files = files_of(full)
    total = sum(os.path.getsize(path) for path in files)
    stride = max(1, total // (limit_mb * 1000 * 1000))
    for path in files[::stride]:
        target = os.path.join(tree, os.path.relpath(path, full))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(path, target)


def edit(tree):
    """Changes 2 % of the files, always the same ones in the same way: in each, up to three places replaced and one insertion."""
    chance = random.Random(SEED)
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
