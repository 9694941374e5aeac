"""Runs the tests and reads the data of the other projects; every failure gets its reason."""

import http.server
import json
import os
import subprocess
import sys
import threading
import xml.etree.ElementTree as XML
from functools import partial
from pathlib import Path

import archives
import files
import replay
from reasons import Reasons

HERE = Path(__file__).resolve().parent
CONDA_SPECS = ["tests/models/test_match_spec.py", "tests/models/test_version.py"]
# What runs `conda ...` through the fixture `conda_cli`.
CONDA_CLI = ["tests/cli/test_main_list.py", "tests/cli/test_main_export.py", "tests/cli/test_main_env_create.py",
             "tests/cli/test_main_env_update.py", "tests/cli/test_env.py", "tests/cli/test_main_run.py",
             "tests/cli/test_main_create.py", "tests/cli/test_main_env_imports.py", "tests/env"]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve(directory, name):
    """A server on loopback with a directory under a channel's name; its URL."""
    place = directory.parent / f"served-{name}"
    place.mkdir(exist_ok=True)
    link = place / name
    link.unlink(missing_ok=True)
    link.symlink_to(directory.resolve())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(place)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def pytest(options, python, checkout, tests, environment, *flags, seconds=1200):
    """Runs tests in a checkout; {outcome: [test: message]} with passed, failed and skipped."""
    report = options.home / "report.xml"
    report.unlink(missing_ok=True)
    home = options.home / "pytest"
    home.mkdir(exist_ok=True)
    variables = {
        **options.environment, "HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", "CONDA_REMOTE_MAX_RETRIES": "0",
        "CONDA_REMOTE_CONNECT_TIMEOUT_SECS": "2", "PYTHONPATH": f"{HERE}:{checkout}", "PYTHONDONTWRITEBYTECODE": "1",
        **environment}
    command = [python, "-m", "pytest", *tests, "-o", "addopts=", "-p", "no:cacheprovider", "-q", "--timeout", "60", "--session-timeout", str(seconds),
               "--junitxml", report, *flags]
    try:
        subprocess.run(command, cwd=checkout, env=variables, capture_output=not options.verbose, timeout=seconds + 120)
    except subprocess.TimeoutExpired:
        pass
    results = {"passed": [], "failed": [], "skipped": []}
    if not report.exists():
        results["failed"].append("the suite: pytest wrote no report")
        return results
    for case in XML.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        outcome, text = "passed", ""
        for child in case:
            if child.tag in ("failure", "error"):
                outcome, text = "failed", f"{child.get('message', '')}\n{child.text or ''}"
            elif child.tag == "skipped":
                outcome, text = "skipped", child.get("message", "")
        results[outcome].append(f"{name}: {text}")
    return results


def wrap(options, directory, name):
    """A program that is larder, and writes down what failed."""
    directory.mkdir(exist_ok=True)
    program = directory / name
    program.write_text(f"""#!/bin/bash
out=$(mktemp) err=$(mktemp)
# What CONDA.md says to use instead of these: variables, and nothing where there are no files in this HOME.
words=()
while [ $# -gt 0 ]; do
  case $1 in
    --) words+=("$@"); break ;;
    -r|--root-prefix) export MAMBA_ROOT_PREFIX=$2; shift ;;
    --rc-file) export CONDARC=$2; shift ;;
    --no-rc|--log-level=*) ;;
    *) words+=("$1") ;;
  esac
  shift
done
set -- "${{words[@]}}"
{options.larder} "$@" >"$out" 2>"$err"
code=$?
if [ $code != 0 ]; then
  {{ echo "larder $(printf '%s ' "$@" | head -c 300): exit code $code;"; head -c 1000 "$err"; head -c 1000 "$out"; printf '\\0'; }} >>"$SUITES_LOG"
fi
cat "$err" >&2; cat "$out"; rm -f "$out" "$err"
exit $code
""")
    program.chmod(0o755)
    return program


class Page:
    """The tables of all suites, and what has no reason."""

    def __init__(self, options):
        self.options = options
        self.reasons = Reasons()
        self.rows = []
        self.unexplained = []
        self.suites = []

    def add(self, suite, what, passed, failures, skipped=0):
        counts = {}
        for failure in failures:
            reason = self.reasons.of(suite, failure)
            kind = reason[0] if reason else "unexplained"
            counts[kind] = counts.get(kind, 0) + 1
            if reason is None:
                self.unexplained.append(f"{suite}: {failure[:1500]}")
            if self.options.verbose:
                print(f"{suite}: {failure[:400]!r} [{reason}]", flush=True)
        cells = [counts.get(kind, 0) or "" for kind in ("bug", "differs", "network", "internal", "platform", "not a case", "unexplained")]
        self.rows.append(f"| {suite} | {what} | {passed} | {' | '.join(map(str, cells))} | {skipped or ''} |")
        print(self.rows[-1], flush=True)
        if suite not in self.suites:
            self.suites.append(suite)

    def lines(self):
        head = ["| suite | what | passed | bug | differs on purpose | network | internal of theirs | platform | not a case | unexplained "
                "| skipped by the suite |", "|---|---|---|---|---|---|---|---|---|---|---|"]
        lines = [*head, *self.rows, ""]
        for suite in self.suites:
            table = self.reasons.table(suite)
            lines += [f"### {suite}", "", *table] if table else []
        return lines


def add_files(page, options, name, tree):
    figures, failures = files.examine(options, [tree])
    for kind in ("environment", "lock"):
        mine = [f"{file}: {difference}" for found, file, difference in failures if found == kind]
        page.add("files", f"{name}: {kind} files", figures[kind]["equal"], mine)


def run_conda(page, options, tree, python):
    record = options.home / "asked.json"
    pytest(options, python, tree, CONDA_SPECS, {"SUITES_LARDER": str(options.larder), "SUITES_RECORD": str(record)},
           "-p", "conda_shim")
    if record.exists():
        figures, failures = replay.run(options, json.loads(record.read_text()))
        page.add("conda specs", "what its specs and versions match, asked of larder's solver", figures["passed"], failures,
                 figures["not a case"])
    else:
        page.unexplained.append("conda specs: its tests did not run")
    found = pytest(options, python, tree, CONDA_CLI, {"SUITES_LARDER": str(options.larder)}, "-p", "conda_shim",
                   seconds=options.seconds)
    page.add("conda", "its tests of commands, larder behind `conda_cli`", len(found["passed"]), found["failed"],
             len(found["skipped"]))


def run_mamba(page, options, tree, python):
    root = options.home / "mamba-root"
    root.mkdir(exist_ok=True)
    environment = {"SUITES_LOG": str(options.home / "log"), "SUITES_EACH": str(options.each), "TEST_MAMBA_EXE": str(wrap(options, options.home / "bin", "micromamba")), "MAMBA_ROOT_PREFIX": str(root), "CONDA_PREFIX": str(root)}
    if options.channel.is_dir():
        environment["LARDER_CHANNEL_ALIAS"] = serve(options.channel, "conda-forge")
    found = pytest(options, python, tree, ["micromamba/tests"], environment, "-p", "log_shim",
                   seconds=options.seconds)
    page.add("mamba", "micromamba's tests, larder in its place", len(found["passed"]), found["failed"], len(found["skipped"]))


def run_conda_lock(page, options, tree, python):
    programs = options.home / "programs"
    for name in ("conda", "mamba", "micromamba"):
        wrap(options, programs, name)
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "SUITES_LOG": str(options.home / "log")}
    records = options.channel.parent / "conda-forge-records"
    if records.is_dir():
        environment["LARDER_CHANNEL_ALIAS"] = serve(records, "conda-forge")
    found = pytest(options, python, tree, ["tests"], environment, "-p", "log_shim", "--timeout", "120",
                   seconds=options.seconds)
    page.add("conda-lock", "its tests, larder as conda, mamba and micromamba", len(found["passed"]), found["failed"],
             len(found["skipped"]))


def run(options, trees, python, parts):
    # What the suites import is in their virtual environment; files are read by PyYAML from there.
    sys.path += [str(path) for path in options.venv.glob("lib/python*/site-packages")]
    page = Page(options)
    for name, runner in (("conda", run_conda), ("mamba", run_mamba), ("pixi", None), ("rattler", None),
                         ("conda-lock", run_conda_lock)):
        if name not in parts or name not in trees:
            continue
        add_files(page, options, name, trees[name])
        passed, failures = archives.run(options, trees[name])
        if passed or failures:
            page.add("archives", f"{name}: archives installed by URL, indexes read", passed, failures)
        if runner:
            runner(page, options, trees[name], python)
    return page.lines(), page.unexplained
