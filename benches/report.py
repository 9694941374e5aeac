"""One table of all paths: the goal, what was measured, and whether it is met."""

import statistics


def median(costs, part="wall"):
    """Of one part of the costs of all runs."""
    return statistics.median(getattr(cost, part) for cost in costs)


def ratio(results, name, base, part="wall"):
    """How many times the median of `base` that of `name` is."""
    return median(results[name], part) / median(results[base], part)


def row(path, goal, found, met):
    """A line of the summary."""
    return f"| {path} | {goal} | {found} | {'met' if met else 'missed'} |"


HEAD = "| path | goal | measured | |\n|---|---|---|---|"


def details(title, results):
    """All ways of one path: medians and the range of the wall time."""
    lines = [f"\n### {title}\n", "| what | wall | min | max | CPU | peak memory |", "|---|---|---|---|---|---|"]
    for name, runs in results.items():
        walls = [cost.wall for cost in runs]
        lines.append(
            f"| {name} | {median(runs):.3f} s | {min(walls):.3f} | {max(walls):.3f} "
            f"| {median(runs, 'cpu'):.3f} s | {median(runs, 'memory'):.0f} MiB |"
        )
    return "\n".join(lines)


def calls(title, counts):
    """The system calls of each way: all of them, and the most frequent ones."""
    lines = [f"\n### {title}, system calls\n", "| what | all | the most frequent |", "|---|---|---|"]
    for name, found in counts.items():
        top = sorted(found.items(), key=lambda item: -item[1])[:7]
        text = ", ".join(f"{call} {count:,}" for call, count in top)
        lines.append(f"| {name} | {sum(found.values()):,} | {text} |")
    return "\n".join(lines)
