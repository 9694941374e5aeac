"""What ci/windows and ci/macos share: a compiler for other systems from Debian's packages, and cargo with it.

No Rust target but the host's can be downloaded in CI here; Debian's security archive has a rustc with the matching
source of std, so `-Zbuild-std` builds std for any target.
"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = pathlib.Path(__file__).resolve().parent
TARGETS = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# Where the tools that are no packages of Debian go; CI may cache it.
PLACE = pathlib.Path(os.environ.get("LARDER_PLATFORMS", TARGETS / "platforms"))
RUST = ["rustc-web", "cargo-web", "rust-web-src", "libstd-rust-web-1.96", "libstd-rust-web-dev"]
BUILD_STD = "-Zbuild-std=std,panic_abort"


def say(text):
    print(f"{pathlib.Path(sys.argv[0]).name}: {text}", file=sys.stderr)


def install(packages):
    """Installs Debian's packages that are missing."""
    found = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\n", *packages],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    have = {line.split()[0] for line in found.splitlines() if line.endswith(" installed")}
    missing = [package for package in packages if package not in have]
    if missing:
        say(f"installing {' '.join(missing)}")
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *missing],
                       check=True, stdout=sys.stderr)


def venv(*packages):
    """A virtual environment with these packages from PyPI, made once; returns its programs' directory."""
    place = PLACE / "venv"
    if not all((place / f"{package}.done").exists() for package in packages):
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([place / "bin/pip", "install", "--quiet", *packages], check=True, stdout=sys.stderr)
        for package in packages:
            (place / f"{package}.done").touch()
    return place / "bin"


def environment(target, checks):
    """Variables for cargo: Debian's toolchain in front of rustup's, which has no source of std."""
    variables = dict(os.environ)
    variables["PATH"] = "/usr/bin:/usr/local/bin:" + variables["PATH"]
    variables.pop("RUSTUP_TOOLCHAIN", None)
    variables["RUSTC_BOOTSTRAP"] = "1"
    variables["CARGO_PROFILE_DEV_DEBUG"] = "0"
    variables["CARGO_TARGET_DIR"] = str(TARGETS / "platforms" / ("check" if checks else "build"))
    if checks:
        variables["RUSTFLAGS"] = "-D warnings"
        # The C of the dependencies is not compiled: see no-compiler.
        name = target.replace("-", "_")
        variables[f"CC_{name}"] = variables[f"CXX_{name}"] = str(HERE / "no-compiler")
        variables[f"AR_{name}"], variables[f"RANLIB_{name}"] = str(HERE / "no-archiver"), "true"
        variables["AWS_LC_SYS_CMAKE_BUILDER"] = "0"
    return variables


def cargo(variables, *arguments):
    # By its path: in front of it on PATH there may be rustup's.
    command = ["/usr/bin/cargo", *arguments]
    say(" ".join(command))
    return subprocess.run(command, cwd=ROOT, env=variables).returncode


def check(target, real_compiler):
    """`cargo check` of everything, tests included, where a warning is an error."""
    variables = environment(target, checks=True)
    variables["NO_COMPILER"] = real_compiler
    # Everything that is wrong is shown, not only what comes first.
    return cargo(variables, "check", "--workspace", "--all-targets", "--keep-going", BUILD_STD, "--target", target)


def which(program):
    return shutil.which(program) or sys.exit(f"{program} is not installed")
