"""How cost grows: packages, bytes of a file, objects of a store, records of a channel, processes at once.

Each line has the time of the whole process and what that is for one unit of its own work: linear growth
keeps the last column level.
"""

import hashlib
import io
import json
import shutil
import subprocess
import time

import measure

ZSTD = shutil.which("zstd")


def line(what, count, seconds, unit, memory=None):
    """A line of the table."""
    each = seconds / count * 1e6
    peak = "" if memory is None else f"{memory:.0f} MiB"
    return f"| {what} | {count:,} | {seconds:.3f} s | {each:,.3g} µs per {unit} | {peak} |"


def create(tools, work, channel, prefix, *flags):
    """The cost of creating what `all` depends on."""
    places = {"LARDER_STORE": work / "store", "LARDER_TREES": work / "trees"}
    command = [tools["larder"], "create", "-q", "-c", channel, "-p", prefix, *flags, "all"]
    cost, _ = measure.run(command, work, **places)
    return cost


def packages(tools, work):
    """Warm creates of 10, 100 and 1,000 packages of 20 files."""
    for count in (10, 100, 1000):
        place = work / f"packages-{count}"
        (place / "home").mkdir(parents=True)
        subprocess.run([tools["many"], place / "channel", str(count), "20", "1000"], check=True)
        create(tools, place, place / "channel", place / "first")
        runs = [create(tools, place, place / "channel", place / f"env-{number}") for number in range(3)]
        best = min(runs, key=lambda cost: cost.wall)
        yield line("warm create, packages of 20 files", count, best.wall, "package", best.memory)


def files(tools, work):
    """Creates of one package with one file of 1 KB to 1 GB, unpacked straight into the environment."""
    for size in (10**3, 10**6, 10**7, 10**8, 10**9):
        place = work / f"size-{size}"
        (place / "home").mkdir(parents=True)
        subprocess.run([tools["many"], place / "channel", "1", "1", str(size)], check=True)
        cost = create(tools, place, place / "channel", place / "env", "--ephemeral")
        yield line("cold create, one file, bytes", size, cost.wall, "byte", cost.memory)


def stores(tools, work):
    """Warm creates of 100 packages from a store with 1,000 to 100,000 objects."""
    (work / "home").mkdir(parents=True)
    subprocess.run([tools["many"], work / "channel", "100", "20", "1000"], check=True)
    create(tools, work, work / "channel", work / "first")
    made = 0
    for count in (1000, 10_000, 100_000):
        while made < count:
            digest = hashlib.sha256(str(made).encode()).hexdigest()
            path = work / "store" / "pkgs" / digest[:2] / f"{digest}.conda"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"")
            made += 1
        runs = [create(tools, work, work / "channel", work / f"env-{count}-{number}") for number in range(3)]
        best = min(runs, key=lambda cost: cost.wall)
        yield line("warm create of 100 packages, objects in the store", count, best.wall, "object", best.memory)


def records(tools, work):
    """Locks over channels of more and more records, of which the specs reach the same few."""
    source = measure.DATA / "conda-forge-records"
    known = {}
    for subdir in ("linux-64", "noarch"):
        text = subprocess.run([ZSTD, "-dc", source / subdir / "repodata.json.zst"], check=True, capture_output=True).stdout
        known[subdir] = json.loads(text)
    base = sum(len(index["packages.conda"]) for index in known.values())
    for times in (1, 3, 86):
        place = work / f"records-{times}"
        (place / "home").mkdir(parents=True)
        for subdir, index in known.items():
            (place / "channel" / subdir).mkdir(parents=True)
            write(place / "channel" / subdir / "repodata.json.zst", index, times)
        (place / "environment.yml").write_text(f"channels: ['{place}/channel']\ndependencies: [python=3.11, numpy, pandas]\n")
        places = {"LARDER_STORE": place / "store", "LARDER_TREES": place / "trees"}
        for what in ("first lock", "lock again"):
            cost, _ = measure.run([tools["larder"], "lock", "-q", "--upgrade", "--platform", "linux-64"], place, **places)
            yield line(f"{what}, channel of records", base * times, cost.wall, "record", cost.memory)


def write(path, index, times):
    """The index with each record under `times` names."""
    with open(path, "wb") as output:
        zstd = subprocess.Popen([ZSTD, "-q", "-1"], stdin=subprocess.PIPE, stdout=output)
        text = io.TextIOWrapper(zstd.stdin, "utf-8")
        text.write(json.dumps({"info": index["info"]})[:-1] + ', "packages": {}, "packages.conda": {')
        comma = ""
        for number in range(times):
            suffix = f"-copy{number}" if number else ""
            for name, record in index["packages.conda"].items():
                renamed = name.replace(record["name"], record["name"] + suffix, 1)
                text.write(f"{comma}{json.dumps(renamed)}:{json.dumps(record | {'name': record['name'] + suffix})}")
                comma = ","
        text.write("}}")
        text.close()
        zstd.wait()


def processes(tools, work):
    """Warm creates of 100 packages by 1 to 32 processes at once, on one store."""
    (work / "home").mkdir(parents=True)
    subprocess.run([tools["many"], work / "channel", "100", "20", "1000"], check=True)
    create(tools, work, work / "channel", work / "first")
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(work / "home")}
    variables |= {"LARDER_STORE": str(work / "store"), "LARDER_TREES": str(work / "trees")}
    for count in (1, 2, 8, 32):
        start = time.perf_counter()
        running = [
            subprocess.Popen(
                [tools["larder"], "create", "-q", "-c", work / "channel", "-p", work / f"env-{count}-{number}", "all"],
                cwd=work,
                env=variables,
            )
            for number in range(count)
        ]
        if any(process.wait() for process in running):
            raise SystemExit("a create failed")
        yield line("warm creates at once, processes", count, time.perf_counter() - start, "process")


def lines(tools, work):
    """The whole table."""
    yield "| what | how many | wall | for each | peak memory |\n|---|---|---|---|---|"
    for part in (packages, files, stores, records, processes):
        yield from part(tools, work / part.__name__)
