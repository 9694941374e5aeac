#!/usr/bin/env python3
"""What looking after a store costs, by its number of objects: `store gc`, `info`, `list`, `verify`.

    benches/collect.py LARDER [WORK]    the table, on the file system of WORK (a new directory below /tmp)

Half of the objects are needed, by environments of a hundred each; the collection removes the others. They
are small, so that the table shows what is done for each, not how fast a disk reads.
"""

import hashlib
import json
import pathlib
import sys
import tempfile

import measure

COUNTS = (1_000, 10_000, 50_000, 100_000)
BY_ENVIRONMENT = 100


def build(place, count):
    """A store of `count` objects, and the environments that need half of them."""
    store = place / "store"
    for directory in ("roots", "pins", "tmp", "md5"):
        (store / directory).mkdir(parents=True)
    (place / "home").mkdir()
    (store / "format").write_text("larder-store 1\n")
    for shard in range(256):
        (store / "pkgs" / f"{shard:02x}").mkdir(parents=True)
    names = []
    for number in range(count):
        content = f"object {number}\n".encode() * 10
        digest = hashlib.sha256(content).hexdigest()
        path = store / "pkgs" / digest[:2] / f"{digest}.conda"
        path.write_bytes(content)
        path.chmod(0o444)
        names.append(path.name)
    for start in range(0, count // 2, BY_ENVIRONMENT):
        environment = place / "envs" / str(start)
        (environment / "conda-meta").mkdir(parents=True)
        (environment / "conda-meta" / "history").touch()
        root = {"kind": "prefix", "path": str(environment), "objects": sorted(names[start : start + BY_ENVIRONMENT])}
        name = hashlib.sha256(str(environment).encode()).hexdigest()
        (store / "roots" / f"{name}.json").write_text(json.dumps(root))


def main():
    larder = pathlib.Path(sys.argv[1]).resolve()
    work = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="larder-collect-"))
    print("| command | objects | wall | CPU | for each | peak memory |")
    print("|---|---|---|---|---|---|")
    for count in COUNTS:
        place = work / str(count)
        build(place, count)
        for command in (["info"], ["list"], ["verify"], ["gc", "--dry-run"], ["gc"]):
            places = {"LARDER_STORE": place / "store", "LARDER_TREES": place / "trees"}
            cost, _ = measure.run([larder, "store", *command], place, **places)
            each = cost.wall / count * 1e6
            name = " ".join(command)
            print(f"| {name} | {count:,} | {cost.wall:.3f} s | {cost.cpu:.3f} s | {each:.1f} µs | {cost.memory:.0f} MiB |", flush=True)


main()
