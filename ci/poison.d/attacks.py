"""What an attacker with write access to a cached directory does to it: files, links, directories, whole caches.

An attack is a function of the copy of the cache that a job will get. `Caches` has the other caches that the attacker
can make: one against an evil channel with the same URL, and a genuine but old one.
"""

import hashlib
import os
import pathlib
import shutil
import stat

OLD, FUTURE = 0, 4_000_000_000


class Caches:
    """The cached directory that is attacked, and those that the attacker takes from."""

    def __init__(self, target, seeds, precious, inner="cache"):
        self.target, self.precious = pathlib.Path(target), pathlib.Path(precious)
        self.evil, self.old, self.evil_etag, self.old_etag = (
            pathlib.Path(seeds, name, inner) for name in ("evil", "old", "evil-etag", "old-etag"))


def files_of(directory):
    """Regular files below `directory`, as sorted relative paths."""
    found = []
    for path, _, names in os.walk(directory):
        for name in names:
            file = pathlib.Path(path, name)
            if file.is_file() and not file.is_symlink():
                found.append(str(file.relative_to(directory)))
    return sorted(found)


def directories_of(directory):
    found = [pathlib.Path(path).relative_to(directory) for path, _, _ in os.walk(directory)]
    return sorted(str(path) for path in found if str(path) != ".")


def noise(size, seed):
    out = b""
    while len(out) < size:
        seed = hashlib.sha256(seed).digest()
        out += seed
    return out[:size]


def rewrite(file, change):
    """Writes a file anew (its links elsewhere keep their bytes), with its former mode."""
    data, mode = file.read_bytes(), stat.S_IMODE(file.stat().st_mode)
    file.unlink()
    file.write_bytes(change(data))
    file.chmod(mode)


def flip(position):
    def change(data):
        at = {"first": 0, "middle": len(data) // 2, "last": len(data) - 1}[position]
        return data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1:] if data else b"x"
    return lambda file, _: rewrite(file, change)


def changed(change):
    return lambda file, _: rewrite(file, change)


def replaced(make):
    def attack(file, caches):
        data = file.read_bytes()
        file.unlink()
        make(file, caches, data)
    return attack


def put_outside(caches, data):
    """A file outside the cache; it can be run, as the file may be a program."""
    file = caches.precious / "outside-file"
    file.write_bytes(data)
    file.chmod(0o755)
    return file


def foreign_bytes(file, caches, data):
    """What the attacker would put there: of his own cache what has the same path, else the same name, else the same kind.

    Where names are digests or random, the same kind is a file of the same directory at the top and of the same
    extension that the genuine cache does not have. Without any: other bytes of the same length.
    """
    relative = file.relative_to(caches.target)
    same_path = caches.evil / relative
    known = {name for name in files_of(caches.evil) if (caches.evil / name).read_bytes() != data}
    same_name = sorted(name for name in known if pathlib.Path(name).name == file.name)
    same_kind = sorted(name for name in known if name.split("/")[0] == relative.parts[0]
                       and pathlib.Path(name).suffix == file.suffix and not (caches.target / name).exists())
    same_kind.sort(key=lambda name: abs((caches.evil / name).stat().st_size - len(data)))
    for found in (same_path, *(caches.evil / name for name in [*same_name, *same_kind])):
        if found.is_file() and found.read_bytes() != data:
            return found.read_bytes()
    return noise(len(data), b"foreign")


def link_foreign(file, caches, data):
    file.symlink_to(put_outside(caches, foreign_bytes(file, caches, data)))


def hard_link_foreign(file, caches, data):
    os.link(put_outside(caches, foreign_bytes(file, caches, data)), file)


def directory_inside(file, _caches, data):
    file.mkdir()
    (file / "inside").write_bytes(data)


def swap(file, caches):
    """Gives the file the bytes of its neighbour, and the neighbour its own: both are genuine."""
    for other in sorted(caches.target.rglob("*")):
        is_other = other.is_file() and not other.is_symlink() and other != file
        if is_other and other.suffix == file.suffix and other.read_bytes() != file.read_bytes():
            if other.relative_to(caches.target).parts[0] != file.relative_to(caches.target).parts[0]:
                continue
            mine, theirs = file.read_bytes(), other.read_bytes()
            rewrite(file, lambda _: theirs)
            rewrite(other, lambda _: mine)
            return
    rewrite(file, lambda data: data[::-1])


def evil_bytes(file, caches):
    data = file.read_bytes()
    rewrite(file, lambda _: foreign_bytes(file, caches, data))


# Byte classes, links, rights and times of one file.
FILE_ATTACKS = {
    "first byte": flip("first"),
    "middle byte": flip("middle"),
    "last byte": flip("last"),
    "cut in half": changed(lambda data: data[:len(data) // 2]),
    "empty": changed(lambda _: b""),
    "appended": changed(lambda data: data + b"\0appended"),
    "other bytes": changed(lambda data: noise(len(data), b"noise")),
    "foreign bytes": evil_bytes,
    "two entries swapped": swap,
    "removed": lambda file, _: file.unlink(),
    "symlink to foreign file": replaced(link_foreign),
    "symlink to genuine file": replaced(lambda file, caches, data: file.symlink_to(put_outside(caches, data))),
    "symlink to itself": replaced(lambda file, *_: file.symlink_to(file.name)),
    "symlink to /dev/zero": replaced(lambda file, *_: file.symlink_to("/dev/zero")),
    "hard link to foreign file": replaced(hard_link_foreign),
    "FIFO": replaced(lambda file, *_: os.mkfifo(file)),
    "directory": replaced(directory_inside),
    "mode 000": lambda file, _: file.chmod(0o000),
    "mode 6777": lambda file, _: file.chmod(0o6777),
    "time 1970": lambda file, _: os.utime(file, (OLD, OLD)),
    "time 2096": lambda file, _: os.utime(file, (FUTURE, FUTURE)),
}


def link_to_precious(directory, caches):
    shutil.rmtree(directory)
    directory.symlink_to(caches.precious)


def link_to_moved(directory, caches):
    elsewhere = caches.precious / "moved"
    shutil.move(directory, elsewhere)
    directory.symlink_to(elsewhere)


def file_in_place(directory, _):
    shutil.rmtree(directory)
    directory.write_bytes(b"no directory")


def fifo_in_place(directory, _):
    shutil.rmtree(directory)
    os.mkfifo(directory)


def strays(directory, caches):
    """Names that a reader may take for options, lines or paths, and links that lead out."""
    for name in (b"-rf", b"a\nb", b"\xff\xfe", b"x" * 255, b"%2e%2e", b".hidden", b"\x1b[2J"):
        pathlib.Path(os.fsdecode(os.fsencode(directory) + b"/" + name)).write_bytes(b"stray")
    (directory / "stray-link").symlink_to(caches.precious)
    (directory / ("0" * 64)).symlink_to(caches.precious / "keep.txt")
    (directory / ("0" * 32)).symlink_to(caches.precious)
    os.mkfifo(directory / ("1" * 64))
    os.mkfifo(directory / "stray.json")
    (directory / "directory.json").mkdir()


DIRECTORY_ATTACKS = {
    "symlink to user's directory": link_to_precious,
    "moved, symlink to it": link_to_moved,
    "file": file_in_place,
    "FIFO": fifo_in_place,
    "removed": lambda directory, _: shutil.rmtree(directory),
    "stray entries": strays,
}


def copy_over(source, target):
    """Copies files of `source` over those of `target`; those that only `target` has stay."""
    for name in files_of(source):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.unlink()
        shutil.copy2(source / name, place)


def become(source, target):
    shutil.rmtree(target)
    shutil.copytree(source, target, symlinks=True)


def graft(caches):
    """The attacker's bytes under the genuine names, wherever both caches have the name."""
    for name in files_of(caches.target):
        other = caches.evil / name
        if other.is_file():
            rewrite(caches.target / name, lambda _, other=other: other.read_bytes())


def pair_by_size(mine, theirs):
    """Pairs of names, each with the one whose size is nearest: the same package in both caches."""
    pairs, left = {}, dict(theirs)
    for name in sorted(mine):
        if left:
            pairs[name] = min(sorted(left), key=lambda other: abs(left[other] - mine[name]))
            left.pop(pairs[name])
    return pairs


def graft_by_kind(caches):
    """The attacker's bytes under the genuine names also where names are digests.

    Of each directory and extension, a file that only the genuine cache has gets the bytes of the one that only the
    attacker's has and whose size is nearest.
    """
    groups = {}
    for side, directory, other in ((0, caches.target, caches.evil), (1, caches.evil, caches.target)):
        for name in files_of(directory):
            if not (other / name).exists():
                group = groups.setdefault((name.split("/")[0], pathlib.Path(name).suffix), ({}, {}))
                group[side][name] = (directory / name).stat().st_size
    for mine, theirs in groups.values():
        for name, other in pair_by_size(mine, theirs).items():
            rewrite(caches.target / name, lambda _, other=other: (caches.evil / other).read_bytes())


WHOLE_ATTACKS = {
    "whole cache of evil channel": lambda caches: become(caches.evil, caches.target),
    "entries of evil channel added": lambda caches: copy_over(caches.evil, caches.target),
    "foreign bytes under genuine names": graft,
    "foreign bytes under genuine digests": graft_by_kind,
    "old cache (rollback)": lambda caches: become(caches.old, caches.target),
    "cache of evil channel, genuine ETags": lambda caches: become(caches.evil_etag, caches.target),
    "old cache, genuine ETags (rollback)": lambda caches: become(caches.old_etag, caches.target),
    "old entries added (rollback)": lambda caches: copy_over(caches.old, caches.target),
}
