"""Runs a program and says what it cost; holds what the benches of paths have in common.

Every run goes into a new directory and nothing is deleted before the end: deleting makes ext4 slow at
creating for half a minute (FACTS.md, 7).
"""

import dataclasses
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = pathlib.Path(os.environ.get("LARDER_TEST_DATA", ROOT.parent / "shared"))
STRACE = shutil.which("strace")
SPECS = ["python=3.11", "numpy", "pandas", "matplotlib", "scikit-learn", "jupyter", "pip", "activate-demo"]


@dataclasses.dataclass
class Cost:
    """Wall and CPU time in seconds, peak resident size in MiB."""

    wall: float
    cpu: float
    memory: float


def run_with_luck(arguments, work, tries=3):
    """As `run`, for a peer that crashes now and then (py-rattler's solve: signal 11): that is no result."""
    for left in reversed(range(tries)):
        try:
            return run(arguments, work)
        except SystemExit:
            if not left:
                raise
    return None


def run(arguments, work, **variables):
    """The cost of a program that must succeed, and what it printed."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(work / "home"), **{k: str(v) for k, v in variables.items()}}
    with open(work / "output", "w+b") as output:
        start = time.perf_counter()
        process = subprocess.Popen([str(argument) for argument in arguments], cwd=work, env=environment, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{arguments} ended with {process.returncode}")
        output.seek(0)
        printed = output.read().decode()
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), printed


def calls(arguments, work, **variables):
    """The system calls of a program with all its threads and processes, by name: a run of its own, not timed."""
    run([STRACE, "-f", "-c", "-o", work / "calls", *arguments], work, **variables)
    return counted(work / "calls")


def counted(path):
    """What a summary of strace counts: calls by name."""
    rows = [line.split() for line in path.read_text().splitlines()[2:]]
    found = {row[-1]: int(row[3]) for row in rows if len(row) >= 5 and row[3].isdigit()}
    return {name: count for name, count in found.items() if name != "total"}


def peer_calls(python, channel, work, prefix, cache):
    """The system calls of the peer's `install` alone."""
    script = [python, ROOT / "benches" / "peer_install.py", channel, prefix, cache, *SPECS]
    run(script, work, CALLS=work / "calls", STRACE=STRACE)
    return counted(work / "calls")


def peer(python, channel, work, prefix, cache):
    """The cost of py-rattler's `install` into `prefix`: wall and CPU of that call alone, memory of its process."""
    cost, printed = run([python, ROOT / "benches" / "peer_install.py", channel, prefix, cache, *SPECS], work)
    call = json.loads(printed)
    return Cost(call["wall"], call["cpu"], cost.memory)


def manifest(work, channel):
    """Writes the environment.yml that all runs share."""
    lines = "".join(f"  - {spec}\n" for spec in SPECS)
    (work / "environment.yml").write_text(f"channels: ['{channel}']\ndependencies:\n{lines}")
    (work / "home").mkdir(exist_ok=True)


def table(costs, base):
    """A table of medians; `costs` has a list of runs for each name, `base` is the name that others are held against."""
    median = lambda name, part: statistics.median(getattr(cost, part) for cost in costs[name])
    print("| what | wall | min | max | CPU | peak memory | wall / " + base + " |\n|---|---|---|---|---|---|---|")
    for name, runs in costs.items():
        walls = [cost.wall for cost in runs]
        print(
            f"| {name} | {median(name, 'wall'):.3f} s | {min(walls):.3f} | {max(walls):.3f} | {median(name, 'cpu'):.2f} s "
            f"| {median(name, 'memory'):.0f} MiB | {median(name, 'wall') / median(base, 'wall'):.2f} |"
        )
