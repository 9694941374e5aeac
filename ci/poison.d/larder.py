"""larder, with each thing that CI can cache for it, and each way to use it."""

import pathlib
import re
import shutil
import subprocess

import attacks
import forge
import trial

SECRET = "genuine-secret-0123456789abcdef"
EVIL_SECRET = "foreign-secret-0123456789abcdef"
SPECS = "dependencies: [python=3.11, six, marker]\n"
# What a file of a store is, by its path. `marker` is the object of the package that the attacker is after.
STORE_KINDS = {
    "format": r"^format$",
    "object (marker)": None,
    "object (others)": r"^pkgs/.*\.conda$",
    "index": r"^repodata/.*\.index$",
    "shard": r"^repodata/shards/",
    "memo": r"^solves/",
    "root": r"^roots/",
    "confirmed": r"^confirmed/",
}
def kinds(*names):
    return {name: STORE_KINDS[name] for name in names}


# What a job with a lock reads of a store, and what one without reads besides.
LOCK_KINDS = kinds("format", "object (marker)", "root", "confirmed")
INDEX_KINDS = kinds("object (marker)", "index", "shard", "memo")
REMOTE_KINDS = {"object (marker)": None, "object (others)": r"pkgs/.*\.conda$", "root": r"/roots/", "memo": r"solves/"}
PACK_KINDS = {"pack": r"/p/", "index of packs": r"/i/"}
TAR_KINDS = {"entry": r"!"}
BYTECODE_KINDS = {"bytecode": r"^bytecode/"}
TREE_KINDS = {"tree: module": r"trees/.*/marker\.py$", "tree: index": r"trees/(?!bytecode).*(index|tree)[^/]*$",
              "tree: Python": r"trees/.*bin/python3\.11$", "tree: pyc": r"trees/bytecode/.*\.pyc$",
              "tree: bytecode index": r"trees/bytecode/.*/(index|[^/.]*)$"}
# Links, FIFOs and the like in the place of these directories.
STORE_DIRECTORIES = ("pkgs", "md5", "roots", "repodata", "repodata/shards", "solves", "confirmed", "tmp", "pins",
                     "wheels", "bytecode", "pkgs/MARKER")
INDEX_DIRECTORIES = ("repodata", "repodata/shards", "solves")


class Larder:
    """A job with larder: restore (by whoever caches), lock or create, import the marker, run its program."""

    group = "larder"
    timeout = 20
    has_control = True

    def __init__(self, name, mode="lock", *, carrier="store", warm=False, secret=None, upkeep=False, plain=False,
                 kinds=STORE_KINDS, directories=STORE_DIRECTORIES, specials=None, note=""):
        self.name, self.mode, self.carrier, self.warm = name, mode, carrier, warm
        self.secret, self.upkeep, self.plain = secret, upkeep, plain
        self.kinds, self.directories, self.note = kinds, directories, note
        self.specials = specials or {}
        self.slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")

    # What CI caches, and what of the machine is kept besides.
    def cached(self, lane):
        return lane.path("cache")

    def kept(self, _state):
        return ("src/conda-lock.yml", "home")

    def variables(self, lane):
        cache = lane.path("cache")
        known = {"CI": "true"}
        if self.carrier == "store":
            known["LARDER_STORE"] = str(cache)
        elif self.carrier == "store+trees":
            known |= {"LARDER_STORE": str(cache / "store"), "LARDER_TREES": str(cache / "trees"), "CI": ""}
        elif self.carrier == "lower":
            known |= {"LARDER_STORE": str(lane.path("store")), "LARDER_STORE_LOWER": str(cache)}
        else:
            known["LARDER_STORE"] = str(lane.path("store"))
        if self.carrier == "tar":
            known.pop("LARDER_STORE")
        if self.warm:
            known["CI"] = ""
        if self.secret:
            known["LARDER_CACHE_SECRET"] = self.secret
        return known

    def larder(self, lane, *arguments):
        return [lane.options.larder, *arguments]

    def remote(self, lane):
        layout = {"packs": "?layout=packs"}.get(self.carrier, "")
        return f"file://{lane.path('cache')}{layout}"

    def write_manifest(self, lane):
        url = lane.server.url + ("/plain" if self.plain else "")
        lane.path("src/environment.yml").write_text(f"name: poison\nchannels: ['{url}']\n{SPECS}")

    # How the caches are made.
    def prepare_seed(self, lane, _state):
        self.write_manifest(lane)

    def seed_steps(self, lane, state):
        larder = lambda *arguments: self.larder(lane, *arguments)
        env = ["-p", lane.path("env"), "--yes"]
        if self.carrier == "tar":
            first = [larder("lock")] if self.mode == "lock" else []
            return [*first, self.ci_setup(lane), larder("ci", "finish")]
        if self.carrier in ("objects", "packs"):
            push = ["--remote", self.remote(lane), "--push"]
            return [larder("create", *env, "--no-lock", *push), larder("lock"), larder("create", *env, *push)]
        if self.carrier == "lower":
            store = ["env", f"LARDER_STORE={lane.path('cache')}", "LARDER_STORE_LOWER="]
            return [[*store, *larder("lock")], [*store, *larder("create", *env, "--no-lock")],
                    [*store, *larder("create", *env)]]
        secret = ["env", f"LARDER_CACHE_SECRET={EVIL_SECRET if state.startswith('evil') else SECRET}"]
        wrap = secret if self.kinds is BYTECODE_KINDS else []
        return [larder("lock"), [*wrap, *larder("create", *env, "--no-lock")], [*wrap, *larder("create", *env)]]

    def ci_setup(self, lane):
        extra = ["--", "--no-lock"] if self.mode == "no lock" else []
        return self.larder(lane, "ci", "setup", "-p", lane.path("env"), "--cache", f"file://{lane.path('cache')}",
                           "--cache-mode", "tar", "--cache-key", "k", *extra)

    # A job.
    def prepare(self, lane, place):
        if self.mode == "lock":
            shutil.copy(place / "good/src_conda-lock.yml", lane.path("src/conda-lock.yml"))
        if self.warm:
            trial.remove_tree(lane.path("home"))
            trial.copy_tree(place / "good/home", lane.path("home"))
        self.write_manifest(lane)

    def before_job(self, lane):
        """For systems that serve the attacked directory."""

    def steps(self, lane):
        env = lane.path("env")
        create = self.larder(lane, "create", "-p", env, "--yes")
        if self.carrier == "tar":
            steps = [self.ci_setup(lane)]
        elif self.mode == "no lock":
            steps = [[*create, "--no-lock"]]
        elif self.mode == "lock, then create":
            steps = [self.larder(lane, "lock"), create]
        else:
            steps = [create]
        if self.carrier in ("objects", "packs"):
            steps = [[*step, "--remote", self.remote(lane)] if step[1] == "create" else step for step in steps]
        use = [[env / "bin/python", "-B", "-c", "import marker; print(marker.value)"], [env / "bin/marker-cli"]]
        upkeep = []
        if self.carrier == "tar":
            upkeep = [self.larder(lane, "ci", "finish")]
        if self.upkeep:
            # `store verify` ends with 1 where it found something: that is its answer, not a failed job.
            upkeep = [["sh", "-c", '"$@"; test $? -lt 5', "sh", *self.larder(lane, "store", "verify", "--repair")],
                      self.larder(lane, "store", "gc", "--keep", "conda-lock.yml")]
        return [*upkeep, *steps, *use] if self.upkeep else [*steps, *upkeep, *use]

    # What it leaves.
    def lock(self, lane):
        file = lane.path("src/conda-lock.yml")
        return file.read_text() if file.exists() else None

    def environment(self, lane):
        return trial.snapshot(lane.path("env"), ignored=("conda-meta/history",))

    def answer(self, text):
        return [line for line in text.splitlines() if line.startswith(("genuine", "FOREIGN"))]

    # What is done to it.
    def pick(self, lane, kind):
        marker = lane.marker_sha

        def file_of(caches):
            pattern = self.kinds[kind] or marker
            for name in attacks.files_of(caches.target):
                if re.search(pattern, name) and (kind != "object (others)" or marker not in name):
                    return caches.target / name
            return None
        return file_of

    def attacks(self, lane):
        for kind in self.kinds:
            pick = self.pick(lane, kind)
            for name, attack in attacks.FILE_ATTACKS.items():
                yield kind, name, on_file(pick, attack)
        for directory in self.directories:
            name = directory.replace("MARKER", lane.marker_sha[:2])
            for what, attack in attacks.DIRECTORY_ATTACKS.items():
                yield f"directory {directory}", what, on_directory(name, attack)
        for name, attack in {**attacks.WHOLE_ATTACKS, **self.specials}.items():
            yield "whole cache" if name in attacks.WHOLE_ATTACKS else "forged", name, attack


def on_file(pick, attack):
    def run(caches):
        file = pick(caches)
        if file is None:
            return False
        attack(file, caches)
        return True
    return run


def on_directory(name, attack):
    def run(caches):
        directory = caches.target / name
        if not directory.is_dir():
            directory.mkdir(parents=True)
        attack(directory, caches)
        return True
    return run


def repacked(attack, larder):
    """Tar mode: the attack on the store in an entry, which is saved again by larder itself, under the same key."""
    def run(caches):
        entries = [caches.target / name for name in attacks.files_of(caches.target) if "!" in name]
        others = {"evil": caches.evil, "old": caches.old, "evil-etag": caches.evil_etag, "old-etag": caches.old_etag}
        for entry in entries:
            work = caches.target.parent / "tmp" / "repack"
            stores = {"good": unpack(entry, work / "good")}
            for name, cache in others.items():
                found = sorted(file for file in cache.rglob("*!*") if file.is_file())
                stores[name] = unpack(found[0], work / name)
            inner = attacks.Caches(stores["good"] / "0", work, caches.precious, "0")
            if attack(inner) is False:
                return False
            (stores["good"] / "0").rename(stores["good"] / "larder-store")
            (stores["good"] / "1").rename(stores["good"] / "larder-notes")
            entry.unlink()
            key = entry.name.split("!")[0]
            save = [larder, "cache", "save", "--style", "github", "--key", key, "--path", "larder-store",
                    "--path", "larder-notes", "--remote", f"file://{caches.target}", "-q"]
            subprocess.run(save, cwd=stores["good"], env={"HOME": str(work), "PATH": "/usr/bin:/bin"}, check=True,
                           capture_output=True)
            if not entry.exists():
                raise SystemExit(f"repacked under another name than {entry.name}")
            shutil.rmtree(work)
        return bool(entries)
    return run


def unpack(entry, target):
    target.mkdir(parents=True)
    tar = subprocess.run(["zstd", "-dcq", entry], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "--delay-directory-restore"], cwd=target, input=tar, check=True)
    return target


def repacked_specials(larder):
    """Attacks on the store inside an archive: whole caches, forged entries, links and FIFOs."""
    inner = {**attacks.WHOLE_ATTACKS, **forge.STORE_FORGERIES}
    for name in ("pkgs", "md5", "roots", "repodata", "solves", "tmp"):
        for what, attack in attacks.DIRECTORY_ATTACKS.items():
            inner[f"{name}: {what}"] = on_directory(name, attack)
    pick = forge.find_kind(r"^pkgs/")
    for what in ("foreign bytes", "symlink to foreign file", "two entries swapped", "empty"):
        inner[f"an object: {what}"] = on_file(pick, attacks.FILE_ATTACKS[what])
    return {f"archive saved again: {name}": repacked(attack, larder) for name, attack in inner.items()}


def systems(options):
    store = forge.STORE_FORGERIES
    lower = {"carrier": "lower", "specials": store, "directories": ("pkgs", "confirmed", "repodata", "tmp")}
    remote = {"directories": (), "kinds": REMOTE_KINDS, "specials": forge.MEMO_FORGERIES}
    packs = {"directories": (), "kinds": PACK_KINDS, "specials": forge.PACK_FORGERIES}
    tar = {"directories": (), "kinds": TAR_KINDS, "specials": repacked_specials(options.larder)}
    index = {"kinds": INDEX_KINDS, "directories": INDEX_DIRECTORIES, "specials": store}
    return [
        Larder("store, lock", specials=store),
        Larder("store, lock, warm machine", warm=True, kinds=LOCK_KINDS, directories=("pkgs", "confirmed", "tmp"),
               note="HOME is kept, with trees and bytecode; the store comes from the cache"),
        Larder("store, lock, upkeep", upkeep=True, kinds=LOCK_KINDS, specials=store,
               note="`store verify --repair` and `store gc --keep conda-lock.yml` before `create`"),
        Larder("store, no lock", "no lock", specials={**store, **forge.HEADER_FORGERIES}),
        Larder("store, no lock, warm machine", "no lock", warm=True, **index),
        Larder("store, no lock, channel without shards", "no lock", plain=True, **index),
        Larder("store, `lock` then `create`", "lock, then create", **index),
        Larder("store with bytecode, secret", secret=SECRET, kinds=BYTECODE_KINDS, directories=("bytecode",)),
        Larder("store with bytecode, job without secret", kinds=BYTECODE_KINDS, directories=("bytecode",)),
        Larder("lower store, lock", kinds=LOCK_KINDS, **lower),
        Larder("lower store, no lock", "no lock", kinds=INDEX_KINDS, **lower),
        Larder("objects on a remote, lock", carrier="objects", **remote),
        Larder("objects on a remote, no lock", "no lock", carrier="objects", **remote),
        Larder("packs, lock", carrier="packs", **packs),
        Larder("packs, no lock", "no lock", carrier="packs", **packs),
        Larder("tar mode, lock", carrier="tar", **tar),
        Larder("tar mode, no lock", "no lock", carrier="tar", **tar),
        Larder("store and trees (against the manual), lock", carrier="store+trees", kinds=TREE_KINDS,
               directories=("trees", "trees/bytecode"),
               note="the manual says that trees are never cached: they are this machine's own"),
    ]
