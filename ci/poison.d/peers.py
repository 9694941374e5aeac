"""Other tools with the cache that people give them, in their default settings.

`install` makes a virtual environment for each below target/poison-tools, from PyPI: py-rattler (rattler's own installer
and package cache), pip, uv. conda is not on PyPI: where `conda` lies below target/poison-tools (a virtual environment
with `pip install` of a checkout of conda/conda and conda/menuinst), it takes part, else its rows are missing.

| row | what is cached | the idiom |
|---|---|---|
| rattler | `~/.cache/rattler/cache` | records of a lock, `rattler.install`; without a lock `rattler.solve` before it |
| rattler, environment cached | the environment | setup-pixi's default: restore it, then install from the lock what is missing |
| conda | `pkgs_dirs` | setup-miniconda's manual: cache `~/conda_pkgs_dir`, `conda create --file explicit.txt` or specs |
| pip | `~/.cache/pip` | setup-python's `cache: pip`; requirements with `--require-hashes` or without |
| uv | `~/.cache/uv` | setup-uv's `enable-cache`; the same requirements |
| tar of an environment | the environment | actions/cache on an exact key, the install step skipped on a hit |
"""

import pathlib
import re
import shutil
import subprocess
import sys

import attacks
import packages
import trial

VERSIONS = {"rattler": ["py-rattler==0.28.0"], "pip": ["pip==26.3"], "uv": ["uv==0.13.9"]}

RATTLER = """
import asyncio, os, pathlib, sys
from rattler import Gateway, LockFile, PackageCache, ValidationMode, install, solve
mode, lock, url, prefix, cache = sys.argv[1:]
cache = pathlib.Path(cache)


async def main():
    if mode != "solve":
        environment = LockFile.from_path(lock).default_environment()
        records = environment.conda_repodata_records_for_platform(environment.platforms()[0])
    else:
        gateway = Gateway(cache_dir=cache / "repodata")
        specs = ["python=3.11", "six", "marker"]
        records = await solve([url], specs, gateway=gateway, platforms=["linux-64", "noarch"])
    full = PackageCache.new_layered([cache], validation_mode=ValidationMode.full())
    more = {"package_cache": full} if mode == "full" else {}
    await install(records, prefix, cache_dir=cache, show_progress=False, **more)

asyncio.run(main())
# Past the interpreter's end py-rattler's threads now and then end the process with a fatal error.
sys.stdout.flush()
os._exit(0)
"""


def install(tools):
    for name, wanted in VERSIONS.items():
        place = tools / name
        if not (place / "bin/python").exists():
            subprocess.run([sys.executable, "-m", "venv", place], check=True)
            subprocess.run([place / "bin/pip", "install", "-q", "--upgrade", *wanted], check=True)


class Peer:
    """What the rows have in common; a row says what is cached, how a job installs, and what files there are."""

    group = "peer"
    timeout = 30
    has_control = True
    note = ""

    def __init__(self, name, mode):
        self.name, self.mode = name, mode
        self.slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")

    def cached(self, lane):
        return lane.path("cache")

    def kept(self, _state):
        return ()

    def variables(self, _lane):
        return {"CI": "true"}

    def prepare(self, lane, _place):
        self.prepare_seed(lane, "good")

    def prepare_seed(self, lane, state):
        pass

    def before_job(self, _lane):
        pass

    def lock(self, _lane):
        return None

    def environment(self, lane):
        # Bytes that are the tool's own notes of the moment; pip and uv write URLs and times there.
        return trial.snapshot(lane.path("env"), ignored=("conda-meta", "pyvenv.cfg"))

    def answer(self, text):
        return [line for line in text.splitlines() if line.startswith(("genuine", "FOREIGN"))]

    def use(self, lane):
        env = lane.path("env")
        return [[env / "bin/python", "-B", "-c", "import marker; print(marker.value)"], [env / "bin/marker-cli"]]

    def steps(self, lane):
        return [*self.install_steps(lane), *self.use(lane)]

    def kinds_of_mode(self):
        """With a lock no index is read: its files are attacked in the other mode alone, and the rest in this one."""
        chosen = {kind: pattern for kind, pattern in self.kinds.items() if is_index(kind) == (self.mode == "solve")}
        return chosen or self.kinds

    def attacks(self, lane):
        for kind, pattern in self.kinds_of_mode().items():
            for name, attack in attacks.FILE_ATTACKS.items():
                yield kind, name, on_pattern(pattern, attack)
        for name, attack in {**attacks.WHOLE_ATTACKS, **self.forgeries()}.items():
            yield "whole cache" if name in attacks.WHOLE_ATTACKS else "forged", name, attack

    def forgeries(self):
        return {"extracted files and their list foreign, the rest genuine": replace_extracted}


def is_index(kind):
    return "repodata" in kind and "record" not in kind or kind in ("shard", "index", "HTTP cache: headers")


def on_pattern(pattern, attack):
    def run(caches):
        for name in attacks.files_of(caches.target):
            if re.search(pattern, name):
                attack(caches.target / name, caches)
                return True
        return False
    return run


def replace_extracted(caches):
    """The foreign module with the list of digests that the same cache holds; what names the archive stays genuine."""
    names = [name for name in attacks.files_of(caches.target)
             if re.search(r"(marker|marker_sdist)\.py$|marker-1\.1.*paths\.json$|/RECORD$", name)]
    for name in names:
        data = (caches.target / name).read_bytes()
        foreign = attacks.foreign_bytes(caches.target / name, caches, data)
        attacks.rewrite(caches.target / name, lambda _, foreign=foreign: foreign)
    return bool(names)


class Rattler(Peer):
    kinds = {"extracted module": r"marker-1\.1.*/marker\.py$", "extracted Python": r"python-3.*/bin/python3\.11$",
             "info/paths.json": r"marker-1\.1.*/paths\.json$", "info/index.json": r"marker-1\.1.*/index\.json$",
             "info/link.json": r"marker-1\.1.*/link\.json$", "mark beside the package": r"marker-1\.1[^/]*\.lock$",
             "repodata": r"repodata/[^/]*\.json$", "repodata's info": r"repodata/.*info\.json$",
             "shard": r"shards.*/[^/]*$"}
    note = "in its default settings; `ValidationMode.full()` (a row of its own) hashes the files of a package on each use"

    def variables(self, lane):
        return {"CI": "true", "RATTLER_CACHE_DIR": str(lane.path("cache"))}

    def tool(self, lane, mode):
        script = lane.path("src/install.py")
        script.write_text(RATTLER)
        python = lane.options.tools / "rattler/bin/python"
        return [python, script, mode, lane.path("src/pixi.lock"), lane.server.url, lane.path("env"), lane.path("cache")]

    def prepare_seed(self, lane, _state):
        """The lock is made by larder against the genuine channel, once a lane, and read by py-rattler."""
        lock = lane.directory / "pixi.lock"
        if not lock.exists():
            now, lane.server.state = lane.server.state, "good"
            (lane.path("src/environment.yml")).write_text(
                f"channels: ['{lane.server.url}']\ndependencies: [python=3.11, six, marker]\n")
            env = {"HOME": str(lane.path("tmp")), "PATH": "/usr/bin:/bin"}
            run = lambda *arguments: subprocess.run([lane.options.larder, *arguments], cwd=lane.path("src"), env=env,
                                                    check=True, capture_output=True)
            run("lock")
            run("export", "--format", "pixi", "-o", str(lock))
            lane.server.state = now
        shutil.copy(lock, lane.path("src/pixi.lock"))

    def seed_steps(self, lane, _state):
        return [self.tool(lane, "solve")]

    def install_steps(self, lane):
        return [self.tool(lane, self.mode)]


class FullRattler(Rattler):
    kinds = {name: Rattler.kinds[name] for name in ("extracted module", "extracted Python", "info/paths.json")}
    note = ("`PackageCache(validation_mode=ValidationMode.full())`: files are hashed and compared with the list "
            "`info/paths.json`, which the same cache holds")


class RattlerEnvironment(Rattler):
    """The environment itself is cached, as setup-pixi does: what the records say is installed is not looked at."""

    kinds = {"module": r"site-packages/marker\.py$", "Python": r"bin/python3\.11$", "program": r"bin/marker-cli$",
             "record": r"conda-meta/marker.*\.json$"}
    note = ("as setup-pixi caches `.pixi`: `rattler.install` compares records, not bytes; the package cache is not "
            "kept here")

    def cached(self, lane):
        return lane.path("env")

    def forgeries(self):
        return {}

    def variables(self, lane):
        return {"CI": "true", "RATTLER_CACHE_DIR": str(lane.path("other"))}

    def tool(self, lane, mode):
        return [*super().tool(lane, mode)[:-1], lane.path("other")]


class Conda(Peer):
    timeout = 60
    kinds = {"extracted module": r"marker-1\.1-py_0/site-packages/marker\.py$",
             "archive": r"marker-1\.1-py_0\.conda$",
             "info/paths.json": r"marker-1\.1-py_0/info/paths\.json$",
             "info/repodata_record.json": r"marker-1\.1-py_0/info/repodata_record\.json$",
             "repodata": r"^cache/.*(?<!info)\.json$", "repodata's info": r"^cache/.*info\.json$"}
    note = ("`safety_checks: enabled` with `extra_safety_checks: true` compares the sha256 of extracted files with "
            "`info/paths.json`, which the same cache holds")

    def variables(self, lane):
        return {"CI": "true", "CONDA_PKGS_DIRS": str(lane.path("cache")), "CONDA_SOLVER": "classic",
                "CONDA_NO_PLUGINS": "false", "CONDA_ALWAYS_YES": "true", "CONDA_NOTIFY_OUTDATED_CONDA": "false",
                "CONDA_REGISTER_ENVS": "false", "CONDA_EXTRA_SAFETY_CHECKS": "true" if self.mode == "safe" else "false",
                **({"CONDA_SAFETY_CHECKS": "enabled"} if self.mode == "safe" else {})}

    def conda(self, lane, *arguments):
        return [lane.options.tools / "conda/bin/python", "-m", "conda", "create", "-q", "-p", lane.path("env"),
                *arguments]

    def specs(self, lane):
        return ["--override-channels", "-c", lane.server.url, "python=3.11", "six", "marker"]

    def seed_steps(self, lane, _state):
        return [self.conda(lane, *self.specs(lane))]

    def install_steps(self, lane):
        if self.mode == "solve":
            return [self.conda(lane, *self.specs(lane))]
        lines = ["@EXPLICIT"]
        for subdir in ("linux-64", "noarch"):
            for file in sorted((lane.directory / "states/good" / subdir).iterdir()):
                if file.name.startswith(("python-3", "six-", "marker-1.1")) and file.suffix == ".conda":
                    digest = packages.sha256(file.read_bytes())
                    lines.append(f"{lane.server.url}/{subdir}/{file.name}#sha256:{digest}")
        lane.path("src/explicit.txt").write_text("\n".join(lines) + "\n")
        return [self.conda(lane, "--file", lane.path("src/explicit.txt"))]


class SafeConda(Conda):
    kinds = {"extracted module": Conda.kinds["extracted module"]}
    note = "with `safety_checks: enabled` and `extra_safety_checks: true`; only what the settings are about is attacked"


class Wheels(Peer):
    """pip and uv: a wheel, and a source archive that is built; the built wheel is in the cache."""

    def requirements(self, lane):
        index = lane.directory / "states/good/simple"
        lines = []
        for name, file in (("marker", "marker/marker-1.1-py3-none-any.whl"),
                           ("marker-sdist", "marker-sdist/marker_sdist-1.1.tar.gz")):
            digest = packages.sha256((index / file).read_bytes())
            lines.append(f"{name}==1.1 --hash=sha256:{digest}" if self.mode == "lock" else name)
        return "\n".join(lines) + "\n"

    def prepare(self, lane, place):
        lane.path("src/requirements.txt").write_text(self.requirements(lane))

    def prepare_seed(self, lane, _state):
        lane.path("src/requirements.txt").write_text("marker\nmarker-sdist\n")

    def seed_steps(self, lane, state):
        return self.install_steps(lane, is_seed=True)

    def use(self, lane):
        env = lane.path("env")
        question = "import marker, marker_sdist; print(marker.value, marker_sdist.value)"
        return [[env / "bin/python", "-B", "-c", question], [env / "bin/marker-cli"]]

    def environment(self, lane):
        seen = super().environment(lane)
        return {name: value for name, value in seen.items() if not name.endswith(("direct_url.json", "RECORD"))}


class Pip(Wheels):
    kinds = {"HTTP cache: body": r"^http-v2/.*\.body$", "HTTP cache: headers": r"^http-v2/.*(?<!\.body)$",
             "built wheel": r"^wheels/.*\.whl$", "origin.json of a built wheel": r"^wheels/.*origin\.json$"}
    note = "`--no-cache-dir` or `--only-binary :all:` leaves no built wheel that could be replaced"

    def install_steps(self, lane, is_seed=False):
        host = lane.server.url.removeprefix("http://")
        python = lane.options.tools / "pip/bin/python"
        hashes = ["--require-hashes"] if self.mode == "lock" and not is_seed else []
        return [[python, "-m", "venv", "--without-pip", lane.path("env")],
                [python, "-m", "pip", "--python", lane.path("env/bin/python"), "install", "-q",
                 "--disable-pip-version-check", "--cache-dir", lane.path("cache"), "--trusted-host", host,
                 "-i", f"{lane.server.url}/simple", *hashes, "-r", lane.path("src/requirements.txt")]]


class Uv(Wheels):
    kinds = {"unpacked wheel: module": r"^archive-v\d+/.*/marker\.py$",
             "unpacked built wheel: module": r"^archive-v\d+/.*/marker_sdist\.py$",
             "built wheel": r"^sdists-.*\.whl$", "pointer to a wheel": r"^wheels-.*\.(http|msgpack)$",
             "revision of a source": r"^sdists-.*\.(http|msgpack)$", "index": r"^simple-.*\.rkyv$"}
    note = "`uv cache prune --ci` (setup-uv's default) takes wheels from an index out of the cache, and keeps built ones"

    def install_steps(self, lane, is_seed=False):
        uv = lane.options.tools / "uv/bin/uv"
        cache = ["--cache-dir", lane.path("cache"), "-q"]
        hashes = ["--require-hashes"] if self.mode == "lock" and not is_seed else []
        steps = [[uv, "venv", *cache, "--python", sys.executable, lane.path("env")],
                 [uv, "pip", "install", *cache, "--python", lane.path("env/bin/python"), "--default-index",
                  f"{lane.server.url}/simple", *hashes, "-r", lane.path("src/requirements.txt")]]
        if is_seed and "pruned" in self.name:
            steps.append([uv, "cache", "prune", "--ci", *cache])
        return steps


class Tar(Wheels):
    """An environment under an exact key: on a hit nothing is installed."""

    kinds = {"module": r"site-packages/marker\.py$", "program": r"bin/marker-cli$", "pyvenv.cfg": r"pyvenv\.cfg$"}
    note = "on a hit no tool looks at it; there is nothing to set"
    has_control = False

    def cached(self, lane):
        return lane.path("env")

    def seed_steps(self, lane, state):
        uv = lane.options.tools / "uv/bin/uv"
        cache = ["--cache-dir", lane.path("other"), "-q"]
        return [[uv, "venv", *cache, "--python", sys.executable, lane.path("env")],
                [uv, "pip", "install", *cache, "--python", lane.path("env/bin/python"), "--default-index",
                 f"{lane.server.url}/simple", "-r", lane.path("src/requirements.txt")]]

    def install_steps(self, _lane, is_seed=False):
        return []

    def forgeries(self):
        return {}


def systems(options):
    found = [
        Rattler("rattler package cache, lock", "lock"),
        Rattler("rattler package cache, solve", "solve"),
        FullRattler("rattler package cache, lock, full validation", "full"),
        RattlerEnvironment("rattler, environment cached, lock", "lock"),
        Pip("pip cache, hashes", "lock"), Pip("pip cache, no hashes", "solve"),
        Uv("uv cache, hashes", "lock"), Uv("uv cache, no hashes", "solve"), Uv("uv cache pruned, hashes", "lock"),
        Tar("tar of an environment", "lock"),
    ]
    if (options.tools / "conda/bin/conda").exists():
        found += [Conda("conda pkgs, explicit file", "lock"), Conda("conda pkgs, solve", "solve"),
                  SafeConda("conda pkgs, explicit file, all safety checks", "safe")]
    return found
