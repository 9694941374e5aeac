"""Packages and channels among the data of other projects: each archive is installed alone, each index is read."""

import hashlib
import re
import shutil
import tempfile
from pathlib import Path


def is_archive(file):
    return file.name.endswith((".conda", ".tar.bz2")) and re.match(r".+-[^-]+-[^-]+\.(conda|tar\.bz2)$", file.name) and file.is_file()


def install(options, place, archive):
    """What larder says to an @EXPLICIT list of this archive alone; None if it installs it."""
    listing = place / "explicit.txt"
    digest = hashlib.md5(archive.read_bytes()).hexdigest()
    listing.write_text(f"@EXPLICIT\n{archive.as_uri()}#{digest}\n")
    prefix = place / "env"
    run = options.run(["create", "-p", str(prefix), "-f", str(listing), "--platform", platform_of(archive)])
    shutil.rmtree(prefix, ignore_errors=True)
    return None if run.returncode == 0 else f"exit code {run.returncode}: {run.stderr.strip()[:500]}"


def platform_of(file):
    known = re.compile(r"^(linux|osx|win)-[a-z0-9]+$")
    return next((part for part in reversed(file.parts) if known.match(part)), "linux-64")


def read_index(options, place, index):
    """What larder says to a solve of one package of the channel; None if it solves or has a reason of the package's."""
    channel = index.parent.parent
    names = re.findall(r'"name":\s*"([^"]+)"', index.read_text(errors="replace"))
    if not names:
        return None
    run = options.run(["create", "-p", str(place / "env"), "--dry-run", "--override-channels", "-c", channel.as_uri(),
                       "--platform", platform_of(index), names[0]])
    # A package whose dependencies are elsewhere has been read, too.
    if run.returncode == 0 or re.search(r"no packages for|cannot be met|no build of|nothing provides|conflict", run.stderr):
        return None
    return f"exit code {run.returncode}: {run.stderr.strip()[:500]}"


def run(options, tree):
    """(passed, failures) of a checkout's archives and indexes."""
    place = Path(tempfile.mkdtemp(prefix="archives-"))
    passed, failures = 0, []
    for file in sorted(tree.rglob("*")):
        if ".git" in file.parts:
            continue
        if is_archive(file):
            problem = install(options, place, file)
        elif file.name == "repodata.json" and file.parent.name in ("noarch", platform_of(file)) and file.stat().st_size < 5e6:
            problem = read_index(options, place, file)
        else:
            continue
        if problem is None:
            passed += 1
        else:
            failures.append(f"{file.relative_to(tree)}: {problem}")
    shutil.rmtree(place)
    return passed, failures
