"""A Wine prefix that Rust programs start in, and programs run in it."""

import os
import pathlib
import re
import subprocess
import sys

import cross

PACKAGES = ["wine64", "wine", "gcc-mingw-w64-x86-64-posix"]
WINE = "/usr/lib/wine/wine64"

# Wine 8 (Debian 12) lacks bcryptprimitives.dll, which every Rust since 1.78 needs.
RANDOM = """
#include <windows.h>
extern BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE d, SIZE_T n) { return SystemFunction036(d, (ULONG)n); }
"""


def variables(prefix):
    kept = {name: value for name, value in os.environ.items()
            # Wine's verifier of certificates fails with them; the rest would be settings of this machine.
            if name not in ("SSL_CERT_FILE", "SSL_CERT_DIR") and not name.startswith(("LARDER_", "CONDA_", "GITHUB_"))}
    return kept | {"WINEPREFIX": str(prefix), "WINEDEBUG": "-all"}


def prefix():
    """The prefix, made once."""
    place = cross.PLACE.resolve() / "wine"
    library = place / "drive_c/windows/system32/bcryptprimitives.dll"
    if not library.exists():
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run([WINE, "wineboot", "-i"], check=True, env=variables(place), stdout=sys.stderr)
        source = place / "random.c"
        source.write_text(RANDOM)
        subprocess.run(["x86_64-w64-mingw32-gcc", "-shared", "-s", "-o", library, source, "-ladvapi32"], check=True)
    return place


def run(place, command, cwd=None, more=None, capture=False):
    output = subprocess.PIPE if capture else None
    return subprocess.run([WINE, *[str(part) for part in command]], cwd=cwd, stdin=subprocess.DEVNULL, stdout=output,
                          stderr=output, env=variables(place) | (more or {}))


def crates():
    """The names of the workspace's packages, without `larder-`, and their directories."""
    found = {"cli": cross.ROOT / "crates/larder-cli"}
    for manifest in cross.ROOT.glob("crates/*/Cargo.toml"):
        found[manifest.parent.name.removeprefix("larder-")] = manifest.parent
    return found


def test_programs(directory, names):
    """The newest test program of each suite: the unit tests of a crate and its integration tests."""
    newest = {}
    for program in directory.glob("*-????????????????.exe"):
        suite = program.stem.rsplit("-", 1)[0]
        if suite not in newest or program.stat().st_mtime > newest[suite].stat().st_mtime:
            newest[suite] = program
    # A crate's unit tests are called `larder_fs`; its integration tests by their file, mostly the crate's short name.
    wanted = {name.removeprefix("larder-") for name in names}
    chosen = {suite: program for suite, program in newest.items()
              if wanted == {"all"} or re.sub("^larder_", "", suite) in wanted}
    missing = wanted - {"all"} - {re.sub("^larder_", "", suite) for suite in chosen}
    if missing:
        sys.exit(f"windows: no suite is called {', '.join(sorted(missing))}; there are {', '.join(sorted(newest))}")
    return [chosen[suite] for suite in sorted(chosen)]


def crate_of(program):
    """Where cargo would run it: tests read fixtures relative to their crate."""
    name = re.sub("^larder_", "", program.stem.rsplit("-", 1)[0]).replace("_", "-")
    found: pathlib.Path = crates().get(name, cross.ROOT / "crates/larder-cli")
    return found
