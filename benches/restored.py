"""The restored machine: the store is there, no trees; `create --ephemeral`.

Held against py-rattler's cold `install` from the same channel on disk, and against the unpacking floor:
the same archives decompressed and written, with nothing else done.
"""

import os

import measure


def costs(tools, work, rounds):
    """`tools`: paths of `larder`, `floor` and of a `python` that has py-rattler; `others`: more larders, by name."""
    channel = (measure.DATA / "channel").resolve().as_uri()
    measure.manifest(work, channel)
    places = {"LARDER_STORE": work / "store", "LARDER_TREES": work / "trees"}
    measure.run([tools["larder"], "lock", "-q"], work, **places)
    measure.run([tools["larder"], "create", "-q", "--ephemeral", "-p", work / "first"], work, **places)
    archives = [path for path in sorted((work / "store" / "pkgs").rglob("*")) if path.is_file()]
    larders = {"larder": tools["larder"], **tools.get("others", {})}
    results = {name: [] for name in ["peer cold", "floor", *larders]}
    for number in range(rounds):
        for name, larder in larders.items():
            prefix = work / f"env-{name}-{number}"
            cost, _ = measure.run([larder, "create", "-q", "--no-compile-bytecode", "--ephemeral", "-p", prefix], work, **places)
            results[name].append(cost)
        cost, _ = measure.run([tools["floor"], os.cpu_count(), work / f"floor-{number}", *archives], work)
        results["floor"].append(cost)
        cost = measure.peer(tools["python"], channel, work, work / f"peer-{number}", work / f"cache-{number}")
        results["peer cold"].append(cost)
    command = [tools["larder"], "create", "-q", "--no-compile-bytecode", "--ephemeral", "-p", work / "calls-env"]
    counts = {"larder": measure.calls(command, work, **places)}
    counts["peer cold"] = measure.peer_calls(tools["python"], channel, work, work / "peer-calls", work / "cache-calls")
    return results, counts
