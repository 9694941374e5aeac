"""Real locks of half a year, for the simulation of stores on remotes: fixtures/month/locks.tsv.

    python benches/month_locks.py PATH_OF_LARDER

Solves three manifests each week, and in the last week but one each with one package more, against the records
of conda-forge in ../shared (or LARDER_TEST_DATA) as they were that day. A line: manifest, day, package added or `-`,
`+` or `-`, the first 16 digits of the SHA-256, bytes. Only what changed since the lock of the week before, or
what an added package brings, is listed.
"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = pathlib.Path(os.environ.get("LARDER_TEST_DATA", ROOT.parent / "shared")).resolve()
RECORDS = DATA / "conda-forge-records"
FIRST = datetime.date(2025, 8, 25)
WEEKS = 27
MANIFESTS = {
    "science": "python=3.12 numpy pandas matplotlib scikit-learn jupyter pip",
    "service": "python=3.12 requests pyyaml click jinja2 pytest coverage ruff pre-commit mkdocs-material pip",
    "build": "python=3.12 conda rattler-build gcc_linux-64 gxx_linux-64 cmake ninja make pip",
}
ADDED = "nodejs dask xarray polars scipy pillow black mypy typos sqlalchemy rich httpx lxml openjdk git".split()


def sizes():
    found = {}
    for subdir in ["linux-64", "noarch"]:
        text = subprocess.run(["zstd", "-dc", RECORDS / subdir / "repodata.json.zst"], capture_output=True, check=True).stdout
        repodata = json.loads(text)
        for record in [*repodata["packages"].values(), *repodata["packages.conda"].values()]:
            found[record["sha256"]] = record["size"]
    return found


def solve(larder, work, specs, day):
    """The digests of the packages, or nothing where there is no solution."""
    manifest = work / "environment.yml"
    listed = "".join(f"  - {spec}\n" for spec in specs.split())
    manifest.write_text(f"channels: [{RECORDS.as_uri()}]\ndependencies:\n{listed}")
    lock = work / "conda-lock.yml"
    command = [larder, "lock", "-f", manifest, "--exclude-newer", day, "--platform", "linux-64", "-o", lock]
    places = {"HOME": work, "LARDER_STORE": work / "store", "LARDER_TREES": work / "trees"}
    done = subprocess.run(command, env=os.environ | {name: str(path) for name, path in places.items()}, capture_output=True)
    if done.returncode:
        return set()
    return set(re.findall(r"sha256: ([0-9a-f]{64})", lock.read_text()))


def row(name, day, added, sign, digest, known):
    return f"{name}\t{day}\t{added}\t{sign}\t{digest[:16]}\t{known[digest]}"


def rows(larder, work, name, specs, known):
    before = set()
    for day in range(0, WEEKS * 7, 7):
        (work / "conda-lock.yml").unlink(missing_ok=True)
        date = (FIRST + datetime.timedelta(days=day)).isoformat()
        plain = solve(larder, work, specs, date)
        assert plain, (name, date)
        yield from (row(name, day, "-", "-", digest, known) for digest in sorted(before - plain))
        yield from (row(name, day, "-", "+", digest, known) for digest in sorted(plain - before))
        for added in ADDED if day == (WEEKS - 2) * 7 else []:
            more = solve(larder, work, f"{specs} {added}", date) - plain
            yield from (row(name, day, added, "+", digest, known) for digest in sorted(more))
        before = plain


def main():
    larder, known = sys.argv[1], sizes()
    with tempfile.TemporaryDirectory() as place:
        lines = [line for name, specs in MANIFESTS.items() for line in rows(larder, pathlib.Path(place), name, specs, known)]
    (ROOT / "fixtures" / "month" / "locks.tsv").write_text("\n".join(lines) + "\n")


main()
