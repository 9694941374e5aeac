"""A plugin for conda's own tests. `conda_cli` runs larder, and what specs and versions match is written down, to be asked of
larder afterwards (SUITES_RECORD names the file). Nothing of conda's tests is changed."""

import json
import os
import subprocess
from contextlib import nullcontext

import pytest

LARDER = os.environ["SUITES_LARDER"]
RECORD = os.environ.get("SUITES_RECORD")
seen = {}


class LarderFailed(AssertionError):
    pass


def larder_environment():
    """The variables of the test, and what it has put into conda's context of this process."""
    from unittest.mock import PropertyMock

    from conda.base.context import Context, context
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "SUITES"))}
    for name, separator in (("channels", ","), ("envs_dirs", os.pathsep)):
        if isinstance(vars(Context).get(name), PropertyMock):
            kept[f"CONDA_{name.upper()}"] = separator.join(map(str, getattr(context, name)))
    return {**kept, "CONDA_REMOTE_MAX_RETRIES": "0", "CONDA_REMOTE_CONNECT_TIMEOUT_SECS": "2"}


def run_larder(arguments):
    return subprocess.run([LARDER, *arguments], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL,
                          env=larder_environment(), timeout=120)


def raise_as_conda(run, arguments):
    """Raises what conda would have raised in this process, by the name that larder gives in JSON."""
    import conda.exceptions
    if run.returncode == 2:
        raise SystemExit(2)
    try:
        report = json.loads((run if "--json" in arguments else run_larder([*arguments, "--json"])).stdout)
        name, message = report["exception_name"], f"{report['error']} {report.get('hint') or ''}"
    except (ValueError, KeyError, TypeError):
        return
    kind = getattr(conda.exceptions, name, None)
    if kind is None:
        raise LarderFailed(f"larder: {name}, which conda does not have: {message[:500]}")
    error = type(name, (kind,), {"__str__": lambda self: message})
    raise error.__new__(error)


def call(self, *argv, raises=None):
    from conda.base.context import reset_context
    from conda.core.prefix_data import PrefixData
    arguments = [str(word) for word in argv]
    if arguments[:1] == ["export"]:
        # CONDA.md: `conda export` is `larder env export`.
        arguments = ["env", *arguments]
    if self.capsys:
        self.capsys.readouterr()
    run = run_larder(arguments)
    PrefixData._cache_.clear()
    reset_context()
    last["call"] = f"larder {' '.join(arguments)[:200]}: exit code {run.returncode}; {run.stderr.strip()[:900]}"
    with pytest.raises(raises) if raises else nullcontext() as exception:
        # The exit code of `run` is that of the command.
        if run.returncode != 0 and (raises or arguments[0] != "run"):
            raise_as_conda(run, arguments)
    return run.stdout, run.stderr, exception if raises else run.returncode


last = {}


def note(kind, *parts, outcome):
    key = json.dumps([kind, *parts])
    seen[key] = outcome


def spy():
    """Writes down what conda's specs and versions match."""
    from conda.models.match_spec import MatchSpec
    from conda.models.version import VersionOrder, VersionSpec
    match_spec, make_version_spec = MatchSpec.match, VersionSpec.__init__

    def spec_match(self, record):
        outcome = match_spec(self, record)
        try:
            fields = {name: record[name] if isinstance(record, dict) else getattr(record, name)
                      for name in ("name", "version", "build", "build_number")}
            text = self.original_spec_str or str(self)
            note("spec", text, {name: value for name, value in fields.items()}, outcome=bool(outcome))
        except (AttributeError, KeyError, TypeError):
            pass
        return outcome

    def version_spec(self, text):
        make_version_spec(self, text)
        match_version = self.match

        def version_match(version):
            outcome = match_version(version)
            note("version", str(text), str(version), outcome=bool(outcome))
            return outcome

        self.match = version_match

    MatchSpec.match, VersionSpec.__init__ = spec_match, version_spec
    for name in ("__lt__", "__eq__"):
        original = getattr(VersionOrder, name)

        def compare(self, other, original=original, name=name):
            outcome = original(self, other)
            if outcome is not NotImplemented:
                note(name, str(self), str(other), outcome=bool(outcome))
            return outcome

        setattr(VersionOrder, name, compare)


def pytest_configure(config):
    if RECORD:
        spy()
    else:
        from conda.testing.fixtures import CondaCLIFixture
        CondaCLIFixture.__call__ = call


def pytest_unconfigure(config):
    if RECORD:
        with open(RECORD, "w") as file:
            json.dump([[json.loads(key), outcome] for key, outcome in seen.items()], file)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed and last.get("call"):
        report.sections.append(("larder", last["call"]))
        report.longrepr = f"{report.longrepr}\n[last run] {last['call']}"
    if report.when == "teardown":
        last.clear()
