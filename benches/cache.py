"""The pipeline cache: `larder cache save` and `restore` of 1.5 GB in 35,000 files, beside `tar | zstd -T0`.

The directory is an environment of the channel in ../shared three times: whole, and twice its files above
5 KiB. Ways alternate; each restore goes to a new place; everything is on one disk, which nothing is flushed to.
"""

import os
import shutil
import subprocess

import measure

SMALL = 5 << 10


def directory(tools, work):
    """Makes the directory to be cached."""
    channel = (measure.DATA / "channel").resolve().as_uri()
    measure.manifest(work, channel)
    data = work / "data"
    places = {"LARDER_STORE": work / "store", "LARDER_TREES": work / "trees"}
    measure.run([tools["larder"], "create", "-q", "--ephemeral", "-p", data / "one"], work, **places)
    for name in ["two", "three"]:
        small = lambda at, names: [n for n in names if os.path.isfile(f"{at}/{n}") and os.path.getsize(f"{at}/{n}") < SMALL]
        shutil.copytree(data / "one", data / name, symlinks=True, ignore=small)
    return data


def size(data):
    """Files and bytes."""
    sizes = [os.lstat(os.path.join(at, name)).st_size for at, _, names in os.walk(data) for name in names]
    return len(sizes), sum(sizes)


def costs(tools, work, rounds):
    """Costs by way, and sizes in bytes."""
    data = directory(tools, work)
    # What make wrote is not written back while others are measured.
    os.sync()
    results = {name: [] for name in ["save: larder", "save: tar | zstd -T0", "restore: larder", "restore: zstd | tar"]}
    cache = [tools["larder"], "cache"]
    for number in range(rounds):
        remote, archive = work / f"remote-{number}", work / f"archive-{number}.tar.zst"
        cost, _ = measure.run([*cache, "save", "-q", "--key", "k", "--path", data, "--remote", remote], work)
        results["save: larder"].append(cost)
        cost, _ = measure.run(["bash", "-c", f"set -o pipefail; tar -c -C '{data}' . | zstd -q -T0 -o '{archive}'"], work)
        results["save: tar | zstd -T0"].append(cost)
    for number in range(rounds):
        remote, archive = work / f"remote-{number}", work / f"archive-{number}.tar.zst"
        ours, theirs = work / f"ours-{number}", work / f"theirs-{number}"
        cost, _ = measure.run([*cache, "restore", "-q", "--key", "k", "--path", ours, "--remote", remote, "--fail-on-miss"], work)
        results["restore: larder"].append(cost)
        theirs.mkdir()
        cost, _ = measure.run(["bash", "-c", f"set -o pipefail; zstd -q -dc -T0 '{archive}' | tar -x -C '{theirs}'"], work)
        results["restore: zstd | tar"].append(cost)
    subprocess.run(["diff", "-r", "--no-dereference", data, work / "ours-0"], check=True)
    files, total = size(data)
    entry = sum(path.stat().st_size for path in (work / "remote-0").rglob("*") if path.is_file())
    sizes = {"files": files, "bytes": total, "larder": entry, "tar.zst": (work / "archive-0.tar.zst").stat().st_size}
    return results, sizes
