"""One trial: a fresh directory, an attacked cache, the job's normal steps, and the verdict.

The directory of all trials of a lane has the same path, so that environments can be compared byte by byte.
"""

import hashlib
import json
import os
import pathlib
import resource
import shutil
import signal
import stat
import subprocess
import threading

# From the worst to the best; a trial's verdict is the first that is true.
VERDICTS = [
    "FOREIGN CODE RAN", "FILES OUTSIDE CHANGED", "FOREIGN BYTES IN LOCK", "FOREIGN BYTES IN ENVIRONMENT",
    "hung", "memory or disk filled", "job failed for ever", "refused, then works", "slower only", "unchanged",
]
MEMORY = 6 << 30
FILE_SIZE = 3 << 30
MUCH_MEMORY_KIB = 1 << 20


class Step:
    """How a command ended."""

    def __init__(self, code, text, is_late, memory):
        self.code, self.text, self.is_late, self.memory = code, text, is_late, memory


def run(argv, env, cwd, timeout):
    """Runs a command in a session of its own, with limits; ends all of it when the time is over."""
    def limit():
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    output = pathlib.Path(cwd).parent / "output"
    with output.open("wb") as out:
        try:
            process = subprocess.Popen(list(map(str, argv)), env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.STDOUT, preexec_fn=limit)
        except OSError as error:
            return Step(126, f"error: cannot run {argv[0]}: {error}", False, 0)
    late = []

    def end():
        late.append(True)
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(timeout, end)
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    text = output.read_bytes()[-20_000:].decode("utf-8", "replace")
    return Step(process.returncode, text, bool(late), usage.ru_maxrss)


def snapshot(directory, ignored=()):
    """Path to kind and content of everything below `directory`; a link counts as what it leads to, if that is a file."""
    seen = {}
    for path, directories, names in os.walk(directory):
        for name in [*directories, *names]:
            file = pathlib.Path(path, name)
            relative = str(file.relative_to(directory))
            if relative.startswith(tuple(ignored)) or "__pycache__" in relative:
                continue
            info = file.lstat()
            if stat.S_ISLNK(info.st_mode) and not file.is_file():
                seen[relative] = ("link", os.readlink(file))
            elif stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode):
                data = file.read_bytes()
                data = normal_record(data) if is_record(relative) else data
                seen[relative] = ("file", hashlib.sha256(data).hexdigest())
            else:
                seen[relative] = (stat.S_IFMT(info.st_mode),)
    return seen


def is_record(relative):
    return relative.startswith("conda-meta/") and relative.endswith(".json")


def normal_record(data):
    """A record without the paths of the machine's caches and without bytecode, which Python makes where it is missing."""
    try:
        record = json.loads(data)
    except ValueError:
        return data
    for key in ("package_tarball_full_path", "extracted_package_dir", "link"):
        record.pop(key, None)
    if isinstance(record.get("files"), list):
        record["files"] = [name for name in record["files"] if "__pycache__" not in str(name)]
    paths = record.get("paths_data", {}).get("paths", [])
    paths[:] = [path for path in paths if "__pycache__" not in str(path)]
    return json.dumps(record, sort_keys=True).encode()


def differences(seen, wanted):
    names = sorted(set(seen) ^ set(wanted) | {name for name in set(seen) & set(wanted) if seen[name] != wanted[name]})
    return names


def make_precious(directory):
    """Files of the user that no job may touch; names as caches have them, and old, so that a collection would."""
    directory.mkdir(parents=True)
    names = ["keep.txt", "a" * 32, "b" * 64, "c" * 64 + ".json", "c" * 64 + ".conda", "d" * 32 + ".index",
             "ingest-1-00000000000000aa", f"damaged-{'e' * 64}-1-00aa.conda", f"doomed-{'f' * 64}-1-00aa.conda",
             "1-00000000000000aa.json", "1-00000000000000aa.lock", "ab/" + "ab" * 32 + ".conda", "archives",
             "sub/keep.txt"]
    for name in names:
        file = directory / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("precious\n")
        os.utime(file, (1, 1))


def precious_state(directory):
    """What of the user's files is left; what the attacker put there himself does not count."""
    seen = snapshot(directory)
    return {name: value for name, value in seen.items() if name.split("/")[0] not in ("outside-file", "moved")}


class Verdict:
    def __init__(self, word, detail=""):
        self.word, self.detail = word, detail


def copy_tree(source, target):
    subprocess.run(["cp", "-a", "--", str(source), str(target)], check=True)


def remove_tree(directory):
    if directory.is_symlink() or directory.is_file():
        directory.unlink()
    elif directory.exists():
        shutil.rmtree(directory)
