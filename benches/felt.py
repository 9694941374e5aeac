"""What a user feels: create, then the first import of what was installed.

`--compile-bytecode` and without; the peer (no bytecode), and micromamba's way (all compiled at every create).
"""

import subprocess
import time

import measure

GOAL = "decides the default of --compile-bytecode"
IMPORT = "import pandas, sklearn, matplotlib, jupyterlab"


def first_import(work, prefix):
    """The cost of the first import in an environment."""
    cost, _ = measure.run([prefix / "bin" / "python", "-c", IMPORT], work)
    return cost


def both(created, imported):
    """One after the other."""
    return measure.Cost(created.wall + imported.wall, created.cpu + imported.cpu, created.memory)


def costs(tools, work, rounds):
    """Runs of each way, alternately."""
    channel = (measure.DATA / "channel").resolve().as_uri()
    measure.manifest(work, channel)
    places = {"LARDER_STORE": work / "store"}
    create = [tools["larder"], "create", "-q"]
    measure.run([tools["larder"], "lock", "-q"], work, **places, LARDER_TREES=work / "trees")
    measure.run([*create, "--compile-bytecode", "-p", work / "first"], work, **places, LARDER_TREES=work / "trees")
    measure.peer(tools["python"], channel, work, work / "peer-first", work / "cache")
    names = ["larder, no bytecode", "larder, bytecode cold", "larder, bytecode warm", "peer", "peer, then compileall"]
    results = {name: [] for name in names}

    def record(name, created, prefix):
        results[name].append(both(created, first_import(work, prefix)))

    for number in range(rounds):
        for name, flag, trees in [
            ("larder, no bytecode", "--no-compile-bytecode", work / "trees"),
            ("larder, bytecode cold", "--compile-bytecode", work / f"trees-{number}"),
            ("larder, bytecode warm", "--compile-bytecode", work / "trees"),
        ]:
            prefix = work / f"{name.replace(' ', '-').replace(',', '')}-{number}"
            cost, _ = measure.run([*create, flag, "-p", prefix], work, **places, LARDER_TREES=trees)
            record(name, cost, prefix)
        prefix = work / f"peer-{number}"
        record("peer", measure.peer(tools["python"], channel, work, prefix, work / "cache"), prefix)
        prefix = work / f"peer-compiled-{number}"
        cost = measure.peer(tools["python"], channel, work, prefix, work / "cache")
        start = time.perf_counter()
        site = prefix / "lib" / "python3.11" / "site-packages"
        subprocess.run([prefix / "bin" / "python", "-m", "compileall", "-q", "-j", "0", site], stdout=subprocess.DEVNULL)
        cost.wall += time.perf_counter() - start
        record("peer, then compileall", cost, prefix)
    return results
