#!/usr/bin/env python3
"""What a user feels: making an environment, then its first import, with and without bytecode.

    benches/bytecode.py --larder target/release/larder --channel ../shared/channel [--rounds 3] [--peer PYTHON]

Ways, alternately, each environment in a new directory, nothing deleted before the end (ext4 is slow at
creating just after deleting):
  none     larder create --no-compile-bytecode
  cold     larder create, nothing compiled before
  warm     larder create, compiled by an earlier run
  conda    as conda and micromamba do: none, then every source of noarch packages compiled in the environment
  peer     py-rattler's install (without its solve), by a PYTHON that has py-rattler
The packages of real channels carry bytecode where they are not noarch, those of the test channel do not:
so before the import the pycs of such packages are put beside their sources, outside of the time.
Prints wall and CPU seconds (of the process and its children), medians.
"""
import argparse, json, os, pathlib, resource, shutil, statistics, subprocess, tempfile, time

IMPORT = "import pandas, sklearn, matplotlib, jupyterlab"
SPECS = ["python=3.11", "numpy", "pandas", "matplotlib", "scikit-learn", "jupyter", "pip"]
PEER = """
import asyncio, resource, sys, time
import rattler
channel, prefix, cache, *specs = sys.argv[1:]
async def main():
    records = await rattler.solve(sources=[rattler.Channel(channel)], specs=specs, platforms=["linux-64", "noarch"], virtual_packages=rattler.VirtualPackage.detect())
    before, begun = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    await rattler.install(records, target_prefix=prefix, cache_dir=cache, execute_link_scripts=True, show_progress=False)
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(time.monotonic() - begun, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
asyncio.run(main())
"""


def timed(command, **options):
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def sources(prefix, noarch):
    for path in (prefix / "conda-meta").glob("*.json"):
        record = json.loads(path.read_text())
        if (record.get("noarch") == "python") == noarch:
            yield from (prefix / name for name in record["files"] if name.endswith(".py") and name.startswith("lib/"))


def compile_all(prefix, files, mode="timestamp"):
    listing = prefix.parent / (prefix.name + ".list")
    listing.write_text("\n".join(map(str, files)))
    command = [prefix / "bin/python", "-Wi", "-m", "compileall", "-q", "-l", "-j", "0", "-i", listing]
    command += ["--invalidation-mode", mode]
    begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - begun[0].ru_utime - begun[0].ru_stime
    return time.monotonic() - begun[1], cpu


class Bench:
    def __init__(self, options, work):
        self.options, self.work, self.count = options, work, 0
        names = {"HOME": "home", "LARDER_STORE": "store", "LARDER_TREES": "trees"}
        for name in names.values():
            (work / name).mkdir()
        self.environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"} | {key: str(work / name) for key, name in names.items()}
        self.channel = channel = pathlib.Path(options.channel).resolve().as_uri()
        text = f"channels: ['{channel}']\ndependencies: {json.dumps(SPECS)}\n"
        (work / "environment.yml").write_text(text)
        self.larder("lock")
        self.shipped = self.new()
        self.larder("create", "-p", self.shipped)
        shutil.rmtree(work / "trees/bytecode")
        platform = list(sources(self.shipped, noarch=False))
        compile_all(self.shipped, platform, "unchecked-hash")

    def larder(self, *command):
        return timed([self.options.larder, *command], env=self.environment, cwd=self.work)

    def new(self):
        self.count += 1
        return self.work / f"env{self.count}"

    def make(self, way):
        prefix = self.new()
        if way == "peer":
            command = [self.options.peer, "-c", PEER, self.channel, prefix, self.work / "peer", *SPECS]
            output = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout
            made = tuple(map(float, output.split()))
        elif way in ("none", "conda"):
            made = self.larder("create", "-p", prefix, "--no-compile-bytecode")
        else:
            if way == "cold" and (self.work / "trees/bytecode").exists():
                (self.work / "trees/bytecode").rename(self.work / f"old{self.count}")
            made = self.larder("create", "-p", prefix)
        if way == "conda":
            more = compile_all(prefix, sources(prefix, noarch=True))
            made = made[0] + more[0], made[1] + more[1]
        return prefix, made

    def ship(self, prefix):
        """Pycs of packages that are not noarch, as their real ones have them."""
        for source in sources(self.shipped, noarch=False):
            for pyc in (source.parent / "__pycache__").glob(source.stem + ".*.pyc"):
                there = prefix / pyc.relative_to(self.shipped)
                there.parent.mkdir(exist_ok=True)
                if not there.exists():
                    shutil.copy2(pyc, there)

    def first_import(self, prefix):
        return timed([prefix / "bin/python", "-c", IMPORT], env={"PATH": "/usr/bin:/bin", "HOME": str(self.work / "home")})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--larder", required=True)
    parser.add_argument("--channel", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer")
    options = parser.parse_args()
    options.larder = os.path.abspath(options.larder)
    ways = ["none", "cold", "warm", "conda"] + (["peer"] if options.peer else [])
    results = {way: [] for way in ways}
    with tempfile.TemporaryDirectory(prefix="bytecode-") as directory:
        bench = Bench(options, pathlib.Path(directory))
        for number in range(options.rounds + 1):
            for way in ways:
                prefix, made = bench.make(way)
                bench.ship(prefix)
                first, second = bench.first_import(prefix), bench.first_import(prefix)
                if number:
                    results[way].append((*made, *first, *second))
                print(way, *(f"{value:.2f}" for value in (*made, *first, *second)), flush=True)
    print("| way | create wall | CPU | first import wall | CPU | both wall | both CPU | next import CPU |")
    for way, rows in results.items():
        columns = [statistics.median(column) for column in zip(*rows)]
        both = columns[0] + columns[2], columns[1] + columns[3]
        shown = [*columns[:4], *both, columns[5]]
        print("|", way, "|", " | ".join(f"{value:.2f}" for value in shown), "|")


if __name__ == "__main__":
    main()
