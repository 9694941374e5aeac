"""What conda's specs and versions match, as its own tests asked them, asked of larder: for each pair a channel of one record,
and a solve of the one spec."""

import json
import re
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Specs that need a channel, a file or a URL besides the record's own fields.
BESIDES = re.compile(r"::|://|\b(channel|subdir|fn|url|md5|sha256|track_features|features|license|license_family|provides_features)\s*=|^\*|^\[")


def case_of(question):
    """(spec, record) for larder, or None where there is nothing to solve."""
    kind, text, other = question
    record = {"name": "pkg", "version": other, "build": "0", "build_number": 0}
    if kind == "spec":
        record = {**record, **{name: value for name, value in other.items() if value is not None}}
        return None if BESIDES.search(text) or not re.match(r"[a-z0-9_.-]+$", record["name"]) else (text, record)
    if "'" in text or "$" in text:
        return None
    operator = {"version": "", "__lt__": ">", "__eq__": "=="}[kind]
    return f"pkg[version='{operator}{text}']", record


def ask(options, place, spec, record):
    """Whether larder's solver takes the record for the spec; or what it says against one of them."""
    channel = Path(tempfile.mkdtemp(dir=place))
    entry = {"depends": [], "md5": "0" * 32, "sha256": "0" * 64, "size": 1, "timestamp": 1, **record}
    name = f"{record['name']}-{record['version']}-{record['build']}.conda"
    for subdir, packages in (("noarch", {name: {**entry, "subdir": "noarch"}}), ("linux-64", {})):
        (channel / subdir).mkdir()
        text = json.dumps({"info": {"subdir": subdir}, "packages": {}, "packages.conda": packages})
        (channel / subdir / "repodata.json").write_text(text)
    run = options.run(["create", "-p", str(channel / "env"), "--dry-run", "--json", "--override-channels", "--platform",
                       "linux-64", "-c", channel.as_uri(), spec])
    shutil.rmtree(channel)
    if run.returncode == 0:
        return "match", ""
    try:
        report = json.loads(run.stdout)
    except ValueError:
        return "failed", run.stderr
    # A record that is skipped, because it cannot be read, is a warning and no answer.
    if "unsatisfiable" in report["code"] or "unsolvable" in report["code"] or "solve" in report["code"]:
        skipped = re.search(r"is not a valid|cannot be read|skipped", run.stderr)
        return ("record refused", run.stderr) if skipped else ("no match", report["error"])
    return "refused", f"{report['code']}: {report['error']}"


def run(options, answers):
    """(figures, failures) of what conda's tests have asked."""
    place = Path(tempfile.mkdtemp(prefix="replay-"))
    figures = {"passed": 0, "failed": 0, "not a case": 0}
    failures = []

    def one(answer):
        question, expected = answer
        case = case_of(question)
        return question, expected, case, case and ask(options, place, *case)

    with ThreadPoolExecutor(2) as pool:
        for question, expected, case, found in pool.map(one, answers):
            if case is None:
                figures["not a case"] += 1
            elif (found[0] == "match") == expected and found[0] in ("match", "no match"):
                figures["passed"] += 1
            else:
                figures["failed"] += 1
                spec, record = case
                failures.append(f"{question[0]} `{spec}`, {record['name']} {record['version']} {record['build']}: conda "
                                f"{'match' if expected else 'no match'}, larder {found[0]}: {found[1][:300]}")
    shutil.rmtree(place)
    return figures, failures
