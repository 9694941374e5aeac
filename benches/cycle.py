"""The CI cycle: the cached directory unpacked as a CI cache does it (tar and zstd), then the create.

`larder`: the store after `store gc --keep`, unpacked, then `create --ephemeral`. `environment`: a tar.zst of
the finished environment, unpacked. `pkgs`: a tar.zst of the peer's package cache with the archives in it
(what caching conda's `pkgs` keeps), unpacked, then the peer's install.
"""

import pathlib
import shutil

import measure

GOAL = "at most 0.6 x unpacking the environment, at most 0.5 x unpacking pkgs and installing"
TAR = shutil.which("tar")


def pack(work, archive, directory):
    """A tar.zst as actions/cache makes it."""
    measure.run([TAR, "-I", "zstd -T0", "-cf", work / archive, "-C", directory, "."], work)
    return work / archive


def unpack(work, archive, directory):
    """What unpacking costs."""
    directory.mkdir()
    cost, _ = measure.run([TAR, "-I", "zstd -d", "-xf", archive, "-C", directory], work)
    return cost


def added(one, other):
    """One after the other."""
    return measure.Cost(one.wall + other.wall, one.cpu + other.cpu, max(one.memory, other.memory))


def size(directory):
    """Bytes of all files below."""
    return sum(path.lstat().st_size for path in pathlib.Path(directory).rglob("*") if path.is_file())


def prepare(tools, work, channel):
    """The three archives, and how the store compares with the sum of the lock's archives."""
    places = {"LARDER_STORE": work / "store", "LARDER_TREES": work / "trees"}
    measure.run([tools["larder"], "lock", "-q"], work, **places)
    measure.run([tools["larder"], "create", "-q", "-p", work / "first"], work, **places)
    measure.run([tools["larder"], "store", "gc", "-q", "--keep", work / "conda-lock.yml"], work, **places)
    measure.peer(tools["python"], channel, work, work / "peer-first", work / "cache")
    archives = [path for path in (work / "store" / "pkgs").rglob("*") if path.is_file()]
    held = work / "cache" / "archives"
    held.mkdir()
    for archive in archives:
        shutil.copy(archive, held)
    packed = {
        "store": pack(work, "store.tar.zst", work / "store"),
        "environment": pack(work, "environment.tar.zst", work / "first"),
        "pkgs": pack(work, "pkgs.tar.zst", work / "cache"),
    }
    sizes = {name: path.stat().st_size for name, path in packed.items()}
    sizes["store directory"] = size(work / "store")
    sizes["archives of the lock"] = sum(path.stat().st_size for path in archives)
    return packed, sizes


def costs(tools, work, rounds):
    """Runs of the three ways, alternately; and sizes in bytes."""
    channel = (measure.DATA / "channel").resolve().as_uri()
    measure.manifest(work, channel)
    packed, sizes = prepare(tools, work, channel)
    results = {"larder": [], "of it, unpacking the store": [], "environment": [], "pkgs": []}
    for number in range(rounds):
        store = work / f"store-{number}"
        unpacked = unpack(work, packed["store"], store)
        command = [tools["larder"], "create", "-q", "--ephemeral", "-p", work / f"env-{number}"]
        created, _ = measure.run(command, work, LARDER_STORE=store, LARDER_TREES=work / "none")
        results["larder"].append(added(unpacked, created))
        results["of it, unpacking the store"].append(unpacked)
        results["environment"].append(unpack(work, packed["environment"], work / f"environment-{number}"))
        cache = work / f"cache-{number}"
        unpacked = unpack(work, packed["pkgs"], cache)
        installed = measure.peer(tools["python"], channel, work, work / f"peer-{number}", cache)
        results["pkgs"].append(added(unpacked, installed))
    return results, sizes
