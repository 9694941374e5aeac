"""larder's packs on a GitHub-like cache service: the testkit's server on loopback, filled by the attacker.

The attacker can create entries under every name (whoever has a token that may write, before the honest job does).
Entries are laid out as files in a directory, attacked there as the others are, and uploaded as @actions/cache does.
"""

import hashlib
import json
import subprocess
import urllib.request

import attacks
import larder

REF = "refs/heads/main"
VERSION = hashlib.sha256(b"larder-remote-1|").hexdigest()
SERVICE = "twirp/github.actions.results.api.v1.CacheService"
FILES_ALONE = ("symlink", "hard link", "FIFO", "directory", "mode", "time")


class Service:
    """A running server, and its variables for a push to main."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.variables = json.loads(self.process.stdout.readline())["runs"]["main"]

    def end(self):
        self.process.stdin.close()
        self.process.wait()

    def call(self, method, body):
        headers = {"Authorization": f"Bearer {self.variables['ACTIONS_RUNTIME_TOKEN']}",
                   "Content-Type": "application/json"}
        url = f"{self.variables['ACTIONS_RESULTS_URL']}{SERVICE}/{method}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def upload(self, key, data):
        entry = {"key": key, "version": VERSION}
        url = self.call("CreateCacheEntry", entry)["signed_upload_url"]
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
        urllib.request.urlopen(urllib.request.Request(url, data, headers, method="PUT")).close()
        self.call("FinalizeCacheEntryUpload", {**entry, "size_bytes": str(len(data))})


class Ghac(larder.Larder):
    """Packs: made in a directory, then served by the cache service."""

    service = None

    def __init__(self, name, mode, program, **options):
        super().__init__(name, mode, carrier="packs", kinds=larder.PACK_KINDS, directories=(), **options)
        self.program = program

    def variables(self, lane):
        known = {"GITHUB_ACTIONS": "true", "GITHUB_REF": REF, "GITHUB_EVENT_NAME": "push", "GITHUB_REPOSITORY": "o/r"}
        return {**super().variables(lane), **known, **(self.service.variables if self.service else {})}

    def remote(self, lane):
        return "ghac:" if self.service else super().remote(lane)

    def prepare_seed(self, lane, state):
        self.end()
        super().prepare_seed(lane, state)

    def end(self):
        if self.service:
            self.service.end()
        self.service = None

    def before_job(self, lane):
        """Uploads what the attack has left of the directory. Indexes come last, as a save sends them."""
        self.end()
        self.service = Service(self.program)
        names = attacks.files_of(lane.path("cache"))
        for name in sorted(names, key=lambda name: ("/i/" in name, name)):
            # `~` says where a name ends (larder-remote's ghac/name.rs).
            self.service.upload(f"{name}~", (lane.path("cache") / name).read_bytes())

    def attacks(self, lane):
        for kind, name, attack in super().attacks(lane):
            if not name.startswith(FILES_ALONE):
                yield kind, name, attack


def systems(options, specials):
    program = options.larder.parent / "examples/ghac"
    program = options.ghac or program
    if not program.exists():
        return []
    return [Ghac("packs on GitHub's cache service, lock", "lock", program, specials=specials),
            Ghac("packs on GitHub's cache service, no lock", "no lock", program, specials=specials)]
