"""Forged entries of larder's formats: what a careful attacker writes, with every digest that has no key made right."""

import hashlib
import json
import re
import struct
import subprocess

import attacks
import packages

ZIP_BOMB_SIZE = 4 << 30


def seal_of(header):
    fields = {name: value for name, value in header.items() if name != "seal"}
    return packages.sha256(json.dumps(fields, separators=(",", ":")).encode())


def read_index(file):
    line, _, body = file.read_bytes().partition(b"\n")
    return json.loads(line), body


def write_index(file, header, body, is_sealed=True):
    header = {**header, "sha256": packages.sha256(body)}
    header.pop("seal", None)
    if is_sealed:
        header["seal"] = seal_of(header)
    file.unlink()
    file.write_bytes(json.dumps(header, separators=(",", ":")).encode() + b"\n" + body)


def index_files(caches):
    return sorted(caches.target.rglob("*.index"))


def forge_indexes(source, change, is_sealed=True):
    """The indexes of another cache, with headers that `change` makes of the genuine ones."""
    def attack(caches):
        other = {"evil": caches.evil, "old": caches.old}[source]
        genuine = {file.name: read_index(file)[0] for file in index_files(caches)}
        if not genuine:
            return False
        attacks.copy_over(other, caches.target)
        for file in index_files(caches):
            header, body = read_index(file)
            write_index(file, change(header, genuine.get(file.name, header)), body, is_sealed)
        return True
    return attack


def with_genuine_etag(header, genuine):
    return {**header, "etag": genuine.get("etag"), "last_modified": genuine.get("last_modified")}


def with_etag(etag, modified=None):
    return lambda header, _: {**header, "etag": etag, "last_modified": modified}


def bomb_indexes(caches):
    for file in index_files(caches):
        header, _ = read_index(file)
        write_index(file, header, packages.compress_zeros(ZIP_BOMB_SIZE))
    return bool(index_files(caches))


def missing_indexes(caches):
    """A sealed statement that the server has no such index."""
    for file in index_files(caches):
        header, body = read_index(file)
        write_index(file, {**header, "missing": True}, b"")
    return bool(index_files(caches))


VALUES = {"null": None, "*": "*", "traversal": "../../../../precious/keep.txt", "number": 1, "line break": "a\r\nX: b",
          "long": "x" * 100_000, "list": [[[[]]]], "removed": ...}
HEADER_FIELDS = ("url", "missing", "etag", "last_modified", "sha256", "seal")


def set_header(field, value):
    def attack(caches):
        for file in index_files(caches):
            line, _, body = file.read_bytes().partition(b"\n")
            header = json.loads(line)
            if value is ...:
                header.pop(field, None)
            else:
                header[field] = value
            if field != "seal":
                header.pop("seal", None)
            file.unlink()
            file.write_bytes(json.dumps(header).encode() + b"\n" + body)
        return bool(index_files(caches))
    return attack


def memo_bytes(document):
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    return b"larder-solve-memo 1 " + packages.sha256(body).encode() + b"\n" + body


def parse_memo(data):
    return json.loads(data.split(b"\n", 1)[1])


def memo_files(caches):
    """Names of memos, in a store and on a remote."""
    return [name for name in attacks.files_of(caches.target) if re.search(r"(^|/)solves/", name)]


def forge_memo(change):
    """The memo of the evil (or old) channel under the proof of the genuine one."""
    def attack(caches):
        done = False
        for name in memo_files(caches):
            if (caches.evil / name).exists() and (caches.old / name).exists():
                known = (parse_memo((cache / name).read_bytes()) for cache in (caches.target, caches.evil, caches.old))
                forged = memo_bytes(change(*known))
                attacks.rewrite(caches.target / name, lambda _, forged=forged: forged)
                done = True
        return done
    return attack


MEMO_FORGERIES = {
    "memo: evil answer, genuine proof": forge_memo(lambda mine, evil, _: {**mine, "packages": evil["packages"]}),
    "memo: old answer, genuine proof": forge_memo(lambda mine, _, old: {**mine, "packages": old["packages"]}),
    "memo: a package less": forge_memo(lambda mine, *_: drop_six(mine)),
    "memo: URLs of files": forge_memo(lambda mine, *_: set_urls(mine)),
}


def set_urls(mine):
    for package in mine["packages"]:
        package["url"] = "file:///etc/passwd" if package["name"] == "marker" else package["url"]
    return mine


def drop_six(mine):
    return {**mine, "packages": [package for package in mine["packages"] if package["name"] != "six"]}


def root_files(caches):
    return sorted((caches.target / "roots").glob("*.json")) if (caches.target / "roots").is_dir() else []


def set_root(change):
    def attack(caches):
        for file in root_files(caches):
            root = json.loads(file.read_text())
            root.pop("digest", None)
            change(root)
            text = json.dumps(root, separators=(",", ":"), ensure_ascii=False)
            root["digest"] = packages.sha256(text.encode())
            file.unlink()
            file.write_text(json.dumps(root, separators=(",", ":"), ensure_ascii=False))
        return bool(root_files(caches))
    return attack


def root_urls(root):
    for origin in root.get("origins", {}).values():
        origin["url"] = "file:///etc/passwd"


STORE_FORGERIES = {
    "index of evil channel, genuine ETag": forge_indexes("evil", with_genuine_etag),
    "index of evil channel, ETag *": forge_indexes("evil", with_etag("*")),
    "index of evil channel, time in future": forge_indexes("evil", with_etag(None, "Fri, 01 Jan 2100 00:00:00 GMT")),
    "index of evil channel, genuine ETag, no seal": forge_indexes("evil", with_genuine_etag, is_sealed=False),
    "old index, genuine ETag": forge_indexes("old", with_genuine_etag),
    "old index, ETag *": forge_indexes("old", with_etag("*")),
    "index says: no such file": missing_indexes,
    "index that becomes 4 GiB": bomb_indexes,
    **MEMO_FORGERIES,
    "root: path of the user's directory": set_root(lambda root: root.update(path="/")),
    "root: objects with `..`": set_root(lambda root: root.update(objects=["../../precious/keep.txt"])),
    "root: URLs of files": set_root(root_urls),
}

# For jobs that read an index.
HEADER_FORGERIES = {f"index header: {field} = {name}": set_header(field, value)
                    for field in HEADER_FIELDS for name, value in VALUES.items()}


def read_pack(file):
    data = file.read_bytes()
    length = struct.unpack("<I", data[16:20])[0]
    table = json.loads(data[20:20 + length])
    members, at = [], 20 + length
    for _, _, size in table["members"]:
        members.append(data[at:at + size])
        at += size
    return data[:16], table, members


def write_packs(caches, change):
    """Writes each pack anew with what `change` makes of table and members, and indexes that name them."""
    renamed = {}
    for file in sorted(caches.target.rglob("p/*")):
        magic, table, members = read_pack(file)
        rows, members = change([list(row) for row in table["members"]], members, caches)
        text = json.dumps({**table, "members": rows}, separators=(",", ":")).encode()
        start = 20 + len(text)
        name = hashlib.sha256(text).hexdigest()
        file.unlink()
        (file.parent / name).write_bytes(magic + struct.pack("<I", len(text)) + text + b"".join(members))
        renamed[file.name] = (name, start, rows)
    for file in sorted(caches.target.rglob("i/*")):
        data = file.read_bytes()
        text = subprocess.run(["zstd", "-dcq"], input=data[16:], capture_output=True, check=True).stdout
        index = json.loads(text)
        for pack in index["packs"]:
            pack["id"], pack["start"], pack["members"] = renamed.get(pack["id"], (pack["id"], pack["start"], pack["members"]))
        data = data[:16] + packages.compress_raw(json.dumps(index, separators=(",", ":")).encode())
        file.unlink()
        (file.parent / f"{file.name.split('-')[0]}-{packages.sha256(data)}").write_bytes(data)
    return bool(renamed)


def members_of(cache):
    found = {}
    for file in sorted(cache.rglob("p/*")):
        _, table, members = read_pack(file)
        for (name, _, _), data in zip(table["members"], members):
            found[name] = data
    return found


def members_replaced(keep_digest):
    """The attacker's package and notes in place of the genuine ones, row by row."""
    def change(rows, members, caches):
        evil = members_of(caches.evil)
        mine = {row[0] for row in rows}
        only = {name: len(data) for name, data in evil.items() if name not in mine and "/" not in name}
        gone = {row[0]: row[2] for row in rows if row[0] not in evil and "/" not in row[0]}
        swap = attacks.pair_by_size(gone, only)
        out = []
        for row, data in zip(rows, members):
            other = evil.get(swap.get(row[0], row[0]), data)
            if other != data:
                row[1:] = [row[1] if keep_digest else packages.sha256(other), len(other)]
            out.append(other)
        return rows, out
    return lambda caches: write_packs(caches, change)


def old_memo(caches):
    """The answer of the old channel under the proof of the genuine one, as a note of a pack."""
    def change(rows, members, _):
        old = members_of(caches.old)
        out = []
        for row, data in zip(rows, members):
            if row[0].startswith("solves/") and row[0] in old:
                data = memo_bytes({**parse_memo(data), "packages": parse_memo(old[row[0]])["packages"]})
                row[1:] = [packages.sha256(data), len(data)]
            out.append(data)
        return rows, out
    return write_packs(caches, change)


def names_changed(make):
    def change(rows, members, _):
        return [[make(row[0]), row[1], row[2]] for row in rows], members
    return lambda caches: write_packs(caches, change)


def sizes_changed(size):
    def change(rows, members, _):
        return [[row[0], row[1], size] for row in rows], members
    return lambda caches: write_packs(caches, change)


PACK_FORGERIES = {
    "pack: foreign members, genuine digests": members_replaced(True),
    "pack: foreign members, their own digests": members_replaced(False),
    "pack: memo with old answer, genuine proof": old_memo,
    "pack: members in reverse order": lambda caches: write_packs(caches, lambda rows, members, _: (rows, members[::-1])),
    "pack: names with `..`": names_changed(lambda name: f"../../precious/{name}"),
    "pack: all names the same": names_changed(lambda _: "0" * 64 + ".conda"),
    "pack: sizes 0": sizes_changed(0),
    "pack: sizes 2^62": sizes_changed(1 << 62),
    "pack: sizes -1": sizes_changed(-1),
    "pack: no members": lambda caches: write_packs(caches, lambda rows, members, _: ([], [])),
}


def find_kind(patterns):
    """The first file whose path matches."""
    def pick(caches):
        for name in attacks.files_of(caches.target):
            if re.search(patterns, name):
                return caches.target / name
        return None
    return pick
