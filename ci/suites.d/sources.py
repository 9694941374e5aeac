"""The checkouts of other projects, which this repository has no file of."""

import os
import pathlib
import subprocess

PROJECTS = ("conda", "mamba", "pixi", "rattler", "conda-lock")
# A directory that has them is a checkout.
LANDMARKS = {
    "conda": "tests/models/test_match_spec.py",
    "mamba": "micromamba/tests",
    "pixi": "tests/data",
    "rattler": "test-data",
    "conda-lock": "tests/test_conda_lock.py",
}


def extract(git, directory):
    """Writes the tree of a bare repository's HEAD. Snapshots can lack large files, on which `git archive` fails: those
    are left out and counted."""
    def run(*arguments):
        return subprocess.run(["git", "--git-dir", git, *arguments], capture_output=True, check=True).stdout
    reader = subprocess.Popen(["git", "--git-dir", git, "cat-file", "--batch"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    missing = 0
    for row in run("ls-tree", "-r", "-z", "HEAD").split(b"\0"):
        if not row:
            continue
        meta, path = row.split(b"\t", 1)
        mode, kind, digest = meta.split()
        if kind != b"blob":
            continue
        reader.stdin.write(digest + b"\n")
        reader.stdin.flush()
        header = reader.stdout.readline().split()
        if header[-1] == b"missing":
            missing += 1
            continue
        data = reader.stdout.read(int(header[2]))
        reader.stdout.read(1)
        file = directory / os.fsdecode(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        if mode == b"120000":
            file.unlink(missing_ok=True)
            os.symlink(data, file)
        else:
            file.write_bytes(data)
            file.chmod(0o755 if mode == b"100755" else 0o644)
    reader.stdin.close()
    (directory / ".commit").write_text(run("log", "-1", "--format=%H %cs").decode().strip())
    if missing:
        print(f"{directory.name}: {missing} files of the snapshot are absent", flush=True)


def checkouts(options):
    """The directory of each project that is at hand: a checkout, or what was extracted of a bare repository."""
    found = {}
    for name in PROJECTS:
        candidates = [options.sources / name, *sorted(options.sources.glob(f"*+{name}/repo")),
                      *sorted(options.sources.glob(f"{name}.git"))]
        for candidate in candidates:
            if (candidate / LANDMARKS[name]).exists():
                found[name] = candidate
                break
            if (candidate / "objects").is_dir():
                tree = options.cache / name
                if not (tree / ".commit").exists():
                    tree.mkdir(parents=True, exist_ok=True)
                    extract(candidate, tree)
                found[name] = tree
                break
        else:
            print(f"skipped: no checkout of {name} below {options.sources}", flush=True)
    return found


def commit(directory):
    """The commit of a checkout, and its day."""
    file = pathlib.Path(directory) / ".commit"
    if file.exists():
        return file.read_text()
    run = subprocess.run(["git", "-C", directory, "log", "-1", "--format=%H %cs"], capture_output=True, text=True)
    return run.stdout.strip() or "unknown"
