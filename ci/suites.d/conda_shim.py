"""A plugin for conda's own tests. `conda_cli` runs larder, and what specs and versions match is written down, to be asked of
larder afterwards (SUITES_RECORD names the file). Nothing of conda's tests is changed."""

import json
import os
import subprocess

import pytest

LARDER = os.environ["SUITES_LARDER"]
RECORD = os.environ.get("SUITES_RECORD")
seen = {}


class LarderFailed(AssertionError):
    pass


def larder_environment():
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "SUITES"))}
    return {**kept, "CONDA_REMOTE_MAX_RETRIES": "0", "CONDA_REMOTE_CONNECT_TIMEOUT_SECS": "2"}


def run_larder(arguments):
    return subprocess.run([LARDER, *arguments], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL,
                          env=larder_environment(), timeout=120)


def expected_exception(run, arguments, raises):
    """An ExceptionInfo of the class that the test expects, if larder names it or it is that of every exit."""
    classes = raises if isinstance(raises, tuple) else (raises,)
    name = None
    if "--json" not in arguments and "run" not in arguments[:1]:
        again = run_larder([*arguments, "--json"])
        try:
            name = json.loads(again.stdout).get("exception_name")
        except (ValueError, AttributeError):
            pass
    else:
        try:
            name = json.loads(run.stdout).get("exception_name")
        except (ValueError, AttributeError):
            pass
    for kind in classes:
        names = {base.__name__ for sub in [kind, *all_subclasses(kind)] for base in [sub]}
        if kind is SystemExit or name in names or kind.__name__ == name:
            error = kind.__new__(kind)
            error.args = (run.stderr,)
            if kind is SystemExit:
                error.code = run.returncode
            elif type(error).__str__ is not Exception.__str__:
                error = type(kind.__name__, (kind,), {"__str__": lambda self: run.stderr}).__new__(
                    type(kind.__name__, (kind,), {"__str__": lambda self: run.stderr}))
                error.args = (run.stderr,)
            try:
                raise error
            except kind:
                return pytest.ExceptionInfo.from_current()
    raise LarderFailed(f"larder: exit code {run.returncode}, {name}, where the test expects "
                       f"{[kind.__name__ for kind in classes]}; {run.stderr.strip()[:700]}")


def all_subclasses(kind):
    return {sub for direct in kind.__subclasses__() for sub in {direct, *all_subclasses(direct)}}


def call(self, *argv, raises=None):
    from conda.base.context import reset_context
    from conda.core.prefix_data import PrefixData
    arguments = [str(word) for word in argv]
    if self.capsys:
        self.capsys.readouterr()
    run = run_larder(arguments)
    PrefixData._cache_.clear()
    reset_context()
    last["call"] = f"larder {' '.join(arguments)[:200]}: exit code {run.returncode}; {run.stderr.strip()[:900]}"
    if raises:
        if run.returncode == 0:
            raise LarderFailed(f"larder: exit code 0, where the test expects {raises}; larder {' '.join(arguments)[:200]}")
        return run.stdout, run.stderr, expected_exception(run, arguments, raises)
    if run.returncode != 0 and not self.capsys:
        raise LarderFailed(last["call"])
    return run.stdout, run.stderr, run.returncode


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
