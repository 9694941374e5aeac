"""A plugin for tests that start larder by a path: the last failing run is added to the report of a test that fails."""

import os

import pytest

LOG = os.environ["SUITES_LOG"]
# At most so many cases of each test function (0: all): micromamba's are multiplied to more than 7,000.
EACH = int(os.environ.get("SUITES_EACH", "0"))


def pytest_collection_modifyitems(config, items):
    if not EACH:
        return
    cases = {}
    for item in items:
        cases.setdefault((item.fspath, item.originalname, item.cls), []).append(item)
    kept = {item for group in cases.values() for item in group[::max(1, -(-len(group) // EACH))]}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def pytest_runtest_setup(item):
    open(LOG, "w").close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed and os.path.exists(LOG):
        with open(LOG, errors="replace") as file:
            runs = file.read().split("\0")
        report.longrepr = f"{report.longrepr}\n[last run] {runs[-2] if len(runs) > 1 else 'none failed'}"
