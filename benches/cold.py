"""The cold machine: an empty store, a channel behind a line of 20 ms and 50 MB/s.

Held against the bytes alone (the same archives through the same line, sixteen at a time, thrown away) and
against py-rattler's cold `install`. Both larders have their lock: nothing is solved.
"""

import concurrent.futures
import contextlib
import subprocess
import time
import urllib.request

import measure


@contextlib.contextmanager
def slow_channel():
    """The URL of the channel behind the slow line."""
    arguments = [measure.ROOT / "ci" / "slow-server", measure.DATA / "channel"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().strip()
        server.stdin.close()


def bytes_alone(urls):
    """The cost of fetching `urls`; memory and CPU say nothing here."""

    def fetch(url):
        with urllib.request.urlopen(url) as response:
            while response.read(1 << 20):
                pass

    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(fetch, urls))
    return measure.Cost(time.perf_counter() - start, 0.0, 0.0)


def costs(tools, work, rounds):
    """`tools`: paths of `larder` and of a `python` that has py-rattler; `others`: more larders, by name."""
    larders = {"larder": tools["larder"], **tools.get("others", {})}
    with slow_channel() as channel:
        measure.manifest(work, channel)
        places = {"LARDER_STORE": work / "store", "LARDER_TREES": work / "trees"}
        measure.run([tools["larder"], "lock", "-q"], work, **places)
        _, urls = measure.run([tools["larder"], "create", "--dry-run", "--json", "-p", work / "x"], work, **places)
        urls = [package["url"] for package in measure.json.loads(urls)["actions"]["FETCH"]]
        names = [name + how for name in larders for how in ("", " --ephemeral")]
        results = {name: [] for name in ["peer cold", "bytes alone", *names]}
        for number in range(rounds):
            results["bytes alone"].append(bytes_alone(urls))
            for name, larder in larders.items():
                for how in ([], ["--ephemeral"]):
                    key = " ".join([name, *how])
                    places = {
                        "LARDER_STORE": work / f"store-{key}-{number}",
                        "LARDER_TREES": work / f"trees-{key}-{number}",
                    }
                    prefix = work / f"env-{key}-{number}".replace(" ", "")
                    cost, _ = measure.run([larder, "create", "-q", "--no-compile-bytecode", *how, "-p", prefix], work, **places)
                    results[key].append(cost)
            prefix, cache = work / f"peer-{number}", work / f"cache-{number}"
            results["peer cold"].append(measure.peer(tools["python"], channel, work, prefix, cache))
    return results
