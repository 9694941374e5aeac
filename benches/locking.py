"""`larder lock` on conda-forge's records for three platforms, no memo, nothing pinned.

Held against the peer's `solve` (its gateway loads, the same resolvo solves) of the same specs on the same
channel, one platform after another as a script of today does it.
"""

import json

import measure
import serve

GOAL = "at most 1.1 x the solver alone; loading at most the peer's time"
PLATFORMS = ["linux-64", "osx-arm64", "win-64"]
SPECS = ["python=3.11", "numpy", "pandas", "scikit-learn", "matplotlib", "jupyter"]


def costs(tools, work, rounds):
    """Runs of `larder` and `peer`; for the peer also `loading`, its gateway's query alone."""
    with serve.serving(tools["serve"], measure.DATA / "conda-forge-records") as channel:
        return measured(tools, work, rounds, channel)


def measured(tools, work, rounds, channel):
    """The runs, with the channel at a URL."""
    lines = "".join(f"  - {spec}\n" for spec in SPECS)
    platforms = ", ".join(PLATFORMS)
    text = f"channels: ['{channel}']\nplatforms: [{platforms}]\ndependencies:\n{lines}"
    (work / "environment.yml").write_text(text)
    (work / "home").mkdir(exist_ok=True)
    results = {"larder": [], "peer": [], "peer: loading": [], "peer: solver alone": []}
    for number in range(rounds):
        places = {"LARDER_STORE": work / f"store-{number}", "LARDER_TREES": work / "trees"}
        cost, _ = measure.run([tools["larder"], "lock", "-q", "-o", work / f"lock-{number}.yml"], work, **places)
        results["larder"].append(cost)
        script = [tools["python"], measure.ROOT / "benches" / "peer_solve.py", channel, work / f"peer-cache-{number}"]
        script += [",".join(PLATFORMS), *SPECS]
        cost, printed = measure.run_with_luck(script, work)
        call = json.loads(printed)
        for name, part in [("peer", "total"), ("peer: loading", "loading"), ("peer: solver alone", "solving")]:
            results[name].append(measure.Cost(call[part], call[part + "_cpu"], cost.memory))
    return results
