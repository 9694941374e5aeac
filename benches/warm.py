"""The warm create: store and trees there, lock satisfied, environment absent; and the update and the no-op after it.

Held against py-rattler's warm `install` of the same records and against `cp -al` of the same files.
"""

import shutil

import measure

GOAL = "at most 0.4 x the peer and no more than cp -al"


def costs(tools, work, rounds):
    """Runs of `larder`, `peer` and `cp -al`, alternately."""
    channel = (measure.DATA / "channel").resolve().as_uri()
    measure.manifest(work, channel)
    places = {"LARDER_STORE": work / "store", "LARDER_TREES": work / "trees"}
    measure.run([tools["larder"], "lock", "-q"], work, **places)
    measure.run([tools["larder"], "create", "-q", "-p", work / "first"], work, **places)
    measure.peer(tools["python"], channel, work, work / "peer-first", work / "cache")
    results = {"larder": [], "larder, not flushed": [], "peer": [], "cp -al": []}
    for number in range(rounds):
        cost, _ = measure.run([tools["larder"], "create", "-q", "-p", work / f"env-{number}"], work, **places)
        results["larder"].append(cost)
        command = [tools["larder"], "create", "-q", "-p", work / f"lazy-{number}"]
        cost, _ = measure.run(command, work, **places, LARDER_DURABLE="false")
        results["larder, not flushed"].append(cost)
        results["peer"].append(measure.peer(tools["python"], channel, work, work / f"peer-{number}", work / "cache"))
        cost, _ = measure.run([shutil.which("cp"), "-al", work / "first", work / f"copy-{number}"], work)
        results["cp -al"].append(cost)
    return results
