"""The warm create: store and trees there, lock satisfied, environment absent; and the update and the no-op after it.

Held against py-rattler's warm `install` of the same records, against `cp -al` of the same files, and against
the floor: the same directories and links made with nothing else done. The peer has no bytecode, so it is
held against larder without; a way that has all of it on the disk when it ends stands beside.
"""

import os
import shutil

import measure

GOAL = "at most 0.4 x the peer and no more than cp -al"


def costs(tools, work, rounds):
    """Runs of each way, alternately, and the system calls of larder and the peer."""
    channel = (measure.DATA / "channel").resolve().as_uri()
    measure.manifest(work, channel)
    places = {"LARDER_STORE": work / "store", "LARDER_TREES": work / "trees"}
    create = [tools["larder"], "create", "-q"]
    measure.run([tools["larder"], "lock", "-q"], work, **places)
    measure.run([*create, "-p", work / "first"], work, **places)
    measure.run([*create, "--no-compile-bytecode", "-p", work / "plain"], work, **places)
    measure.peer(tools["python"], channel, work, work / "peer-first", work / "cache")
    ways = {
        "larder": ([], {}),
        "larder, no bytecode": (["--no-compile-bytecode"], {}),
        "larder, no bytecode, flushed": (["--no-compile-bytecode"], {"LARDER_DURABLE": "true"}),
    }
    results = {name: [] for name in [*ways, "peer", "cp -al", "links alone"]}
    for number in range(rounds):
        for name, (flags, variables) in ways.items():
            prefix = work / f"{name.replace(', ', '-').replace(' ', '-')}-{number}"
            cost, _ = measure.run([*create, *flags, "-p", prefix], work, **places, **variables)
            results[name].append(cost)
        results["peer"].append(measure.peer(tools["python"], channel, work, work / f"peer-{number}", work / "cache"))
        cost, _ = measure.run([shutil.which("cp"), "-al", work / "first", work / f"copy-{number}"], work)
        results["cp -al"].append(cost)
        results["links alone"].append(links(tools, work, number))
    counts = {name: measure.calls([*create, *flags, "-p", work / f"{len(name)}-calls"], work, **places) for name, (flags, _) in list(ways.items())[:2]}
    counts["peer"] = measure.peer_calls(tools["python"], channel, work, work / "peer-calls", work / "cache")
    return results, counts


def links(tools, work, number):
    """The floor: what an environment without bytecode has, linked by as many threads as there are cores."""
    command = [tools["links"], os.cpu_count(), work / "plain", work / f"links-{number}"]
    cost, printed = measure.run(command, work)
    return measure.Cost(float(printed), cost.cpu, cost.memory)
