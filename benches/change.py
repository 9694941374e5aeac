"""An environment that is there: the no-op, and the update of one package of all.

The peer installs the same change into a prefix of its own that differs in that package.
"""

import measure

GOAL = "no-op under 15 ms of CPU; an update proportional to the package"


def costs(tools, work, rounds):
    """Runs of `no-op` and `update` (one small package comes and goes), and of a whole `create` beside them."""
    channel = (measure.DATA / "channel").resolve().as_uri()
    measure.manifest(work, channel)
    places = {"LARDER_STORE": work / "store", "LARDER_TREES": work / "trees"}
    larder, prefix = tools["larder"], work / "env"
    measure.run([larder, "lock", "-q"], work, **places)
    measure.run([larder, "create", "-q", "-p", prefix], work, **places)
    one, other = manifests(tools, work, channel, places)
    update = [larder, "env", "update", "-q", "--prune", "-p", prefix]
    for path in (other, one):
        measure.run([*update, "-f", path], work, **places)
    results = {"no-op": [], "update": [], "create": []}
    for number in range(rounds):
        cost, _ = measure.run([*update, "-f", one], work, **places)
        results["no-op"].append(cost)
        for path in (other, one):
            cost, _ = measure.run([*update, "-f", path], work, **places)
            results["update"].append(cost)
        cost, _ = measure.run([larder, "create", "-q", "-p", work / f"env-{number}", "-f", one], work, **places)
        results["create"].append(cost)
    return results


def manifests(tools, work, channel, places):
    """Two manifests with their locks that differ in one package: with and without `activate-demo`."""
    paths = []
    for name, specs in [("one", measure.SPECS), ("other", measure.SPECS[:-1])]:
        path = work / f"{name}.yml"
        lines = "".join(f"  - {spec}\n" for spec in specs)
        path.write_text(f"channels: ['{channel}']\ndependencies:\n{lines}")
        measure.run([tools["larder"], "lock", "-q", path], work, **places)
        paths.append(path)
    return paths
