"""Packages and channels, made with the standard library alone: genuine, old and foreign ones.

Every package is the same for the same arguments, byte by byte. A foreign package has the name, the version and the
file name of the genuine one. Its module writes a line into a file (the canary) when it runs.
"""

import gzip
import hashlib
import io
import json
import pathlib
import struct
import sys
import tarfile
import zipfile

TIME = 1_750_000_000
ENTRY_POINT = "marker-cli"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def compress_raw(data):
    """A zstd frame of raw blocks: no compressor is needed to write one."""
    blocks = [data[at:at + (1 << 17)] for at in range(0, len(data), 1 << 17)] or [b""]
    frame = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data))
    for number, block in enumerate(blocks):
        is_last = number == len(blocks) - 1
        frame += struct.pack("<I", (len(block) << 3) | is_last)[:3] + block
    return frame


def compress_zeros(size):
    """A zstd frame that becomes `size` zero bytes: 4 bytes for each 128 KiB."""
    count = size >> 17
    block = struct.pack("<I", ((1 << 17) << 3) | 2)[:3] + b"\0"
    last = struct.pack("<I", ((1 << 17) << 3) | 3)[:3] + b"\0"
    # A window of 128 KiB, no content size: the reader cannot know the size in advance.
    return b"\x28\xb5\x2f\xfd\x00\x38" + block * (count - 1) + last


def tar_of(files):
    """A tar of pairs of name and bytes; programs in `bin` can be run, a text instead of bytes is a symlink."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.mtime, info.mode = TIME, 0o755 if name.startswith("bin/") else 0o644
            if isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def module_source(version, canary):
    """The marker module; with `canary` it is a foreign one that leaves a trace when it runs."""
    trace = f"open({str(canary)!r}, 'a').write('foreign code ran\\n')\n" if canary else ""
    word = "FOREIGN" if canary else "genuine"
    return f"{trace}value = '{word} {version}'\n\n\ndef main():\n    print(value)\n"


def conda_package(version, canary=None):
    """`marker-VERSION-py_0.conda` and its repodata record."""
    index = {
        "name": "marker", "version": version, "build": "py_0", "build_number": 0, "depends": ["python"],
        "noarch": "python", "subdir": "noarch", "timestamp": TIME * 1000, "license": "MIT",
    }
    source = module_source(version, canary).encode()
    link = {"noarch": {"type": "python", "entry_points": [f"{ENTRY_POINT} = marker:main"]},
            "package_metadata_version": 1}
    return build_conda(index, [("site-packages/marker.py", source)], [("info/link.json", json.dumps(link).encode())])


# Runs the Python of this machine with the packages of its own environment.
SMALL_PYTHON = """#!/bin/sh
{trace}prefix=$(cd "$(dirname "$0")/.." && pwd)
PYTHONPATH=$prefix/lib/python3.11/site-packages exec {python} -s "$@"
"""


def small_python(canary=None):
    """A package `python` of one script: an environment of it has 10 files instead of 2,000."""
    index = {
        "name": "python", "version": "3.11.2", "build": "0_cpython", "build_number": 0, "depends": [],
        "subdir": "linux-64", "arch": "x86_64", "platform": "linux", "timestamp": TIME * 1000, "license": "PSF-2.0",
    }
    python = pathlib.Path(sys._base_executable).resolve()
    trace = f"echo 'foreign Python ran' >> {canary}\n" if canary else ""
    script = SMALL_PYTHON.format(python=python, trace=trace).encode()
    links = [(name, "python3.11") for name in ("bin/python", "bin/python3")]
    return build_conda(index, [("bin/python3.11", script), *links])


def build_conda(index, files, info=()):
    """File name, bytes and repodata record of a package in the format `.conda`."""
    paths = []
    for name, data in files:
        kind = "softlink" if isinstance(data, str) else "hardlink"
        content = b"" if kind == "softlink" else data
        paths.append({"_path": name, "path_type": kind, "sha256": sha256(content), "size_in_bytes": len(content)})
    info = [("info/index.json", json.dumps(index).encode()),
            ("info/paths.json", json.dumps({"paths_version": 1, "paths": paths}).encode()),
            ("info/files", "".join(f"{name}\n" for name, _ in files).encode()), *info]
    stem = f"{index['name']}-{index['version']}-{index['build']}"
    members = [
        ("metadata.json", b'{"conda_pkg_format_version": 2}'),
        (f"pkg-{stem}.tar.zst", compress_raw(tar_of(files))),
        (f"info-{stem}.tar.zst", compress_raw(tar_of(info))),
    ]
    data = zip_of(members)
    record = {**index, "md5": hashlib.md5(data).hexdigest(), "sha256": sha256(data), "size": len(data)}
    return f"{stem}.conda", data, record


def zip_of(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2025, 6, 1, 0, 0, 0)), data)
    return out.getvalue()


def wheel(version, canary=None):
    """`marker-VERSION-py3-none-any.whl`."""
    dist = f"marker-{version}.dist-info"
    members = [
        ("marker.py", module_source(version, canary).encode()),
        (f"{dist}/METADATA", f"Metadata-Version: 2.1\nName: marker\nVersion: {version}\n".encode()),
        (f"{dist}/WHEEL", b"Wheel-Version: 1.0\nGenerator: poison\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
        (f"{dist}/entry_points.txt", f"[console_scripts]\n{ENTRY_POINT} = marker:main\n".encode()),
    ]
    record = "".join(f"{name},,\n" for name, _ in members) + f"{dist}/RECORD,,\n"
    return f"marker-{version}-py3-none-any.whl", zip_of([*members, (f"{dist}/RECORD", record.encode())])


BACKEND = """import pathlib, zipfile


def build_wheel(target, settings=None, metadata=None):
    name = "marker_sdist-{version}-py3-none-any.whl"
    info = "marker_sdist-{version}.dist-info"
    with zipfile.ZipFile(pathlib.Path(target, name), "w") as wheel:
        wheel.writestr("marker_sdist.py", pathlib.Path("marker_sdist.py").read_text())
        wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: marker_sdist\\nVersion: {version}\\n")
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "/RECORD", "marker_sdist.py,,\\n%s/METADATA,,\\n%s/WHEEL,,\\n%s/RECORD,,\\n" % ((info,) * 3))
    return name
"""


def source_archive(version, canary=None):
    """`marker_sdist-VERSION.tar.gz`: a tool that installs it builds a wheel from it, and caches that."""
    stem = f"marker_sdist-{version}"
    project = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    project += f"[project]\nname = 'marker_sdist'\nversion = '{version}'\n"
    metadata = f"Metadata-Version: 2.1\nName: marker_sdist\nVersion: {version}\n"
    files = {"pyproject.toml": project, "backend.py": BACKEND.replace("{version}", version),
             "marker_sdist.py": module_source(version, canary), "PKG-INFO": metadata}
    members = [(f"{stem}/{name}", text.encode()) for name, text in files.items()]
    return f"{stem}.tar.gz", gzip.compress(tar_of(members), mtime=0)


def pack(value):
    """MessagePack, as far as indexes need it."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return b"\xcf" + struct.pack(">Q", value)
    if isinstance(value, str):
        data = value.encode()
        return b"\xdb" + struct.pack(">I", len(data)) + data
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    return b"\xdf" + struct.pack(">I", len(value)) + b"".join(pack(key) + pack(item) for key, item in value.items())


REAL = ("six-", "pip-", "packaging-")
REAL_PYTHON = ("python-3.11", "_libgcc_mutex", "_openmp_mutex", "libgcc-ng", "tzdata")


def write_channel(target, options, versions, canary=None):
    """A channel with six and others of the real channel, a Python, and the marker in each of `versions`."""
    made = [conda_package(version, canary) for version in versions]
    is_small = options.python == "small"
    made += [small_python(canary)] if is_small else []
    prefixes = REAL if is_small else REAL + REAL_PYTHON
    for subdir in ("linux-64", "noarch"):
        directory = target / subdir
        directory.mkdir(parents=True)
        real = options.channel / subdir
        known = json.loads((real / "repodata.json").read_text())
        found = {"packages": {}, "packages.conda": {}}
        for group, records in found.items():
            for name, record in known[group].items():
                if name.startswith(prefixes):
                    records[name] = {**record, "depends": []} if is_small and name.startswith("pip-") else record
                    (directory / name).symlink_to(real / name)
        for name, data, record in made:
            if record["subdir"] == subdir:
                (directory / name).write_bytes(data)
                found["packages.conda"][name] = record
        repodata = {"info": {"subdir": subdir}, **found, "removed": [], "repodata_version": 1}
        text = json.dumps(repodata).encode()
        (directory / "repodata.json").write_bytes(text)
        (directory / "repodata.json.zst").write_bytes(compress_raw(text))
        write_shards(directory, subdir, found)


def write_shards(directory, subdir, groups):
    shards = {}
    for group, records in groups.items():
        for name, record in records.items():
            empty = {"packages": {}, "packages.conda": {}, "removed": []}
            digests = {key: bytes.fromhex(record[key]) for key in ("md5", "sha256") if key in record}
            shards.setdefault(record["name"], empty)[group][name] = {**record, **digests}
    (directory / "shards").mkdir()
    digests = {}
    for name, shard in sorted(shards.items()):
        data = compress_raw(pack(shard))
        (directory / "shards" / f"{sha256(data)}.msgpack.zst").write_bytes(data)
        digests[name] = hashlib.sha256(data).digest()
    info = {"subdir": subdir, "base_url": "./", "shards_base_url": "./shards/", "created_at": "2026-11-22T02:03:55Z"}
    index = compress_raw(pack({"version": 1, "info": info, "shards": digests}))
    (directory / "repodata_shards.msgpack.zst").write_bytes(index)


def write_simple_index(target, versions, canary=None):
    """A Python package index (PEP 503) with the marker as a wheel and as a source archive."""
    for project, make in (("marker", wheel), ("marker-sdist", source_archive)):
        directory = target / "simple" / project
        directory.mkdir(parents=True)
        links = ""
        for version in versions:
            name, data = make(version, canary)
            (directory / name).write_bytes(data)
            links += f'<a href="{name}#sha256={sha256(data)}">{name}</a>\n'
        (directory / "index.html").write_text(f"<!DOCTYPE html><html><body>\n{links}</body></html>\n")


def write_states(target, options, canary):
    """What a server can serve: `good`, `old` (before the last release), `evil` (what an attacker would serve)."""
    target = pathlib.Path(target)
    for state, versions, mark in (("good", ["1.0", "1.1"], None), ("old", ["1.0"], None),
                                  ("evil", ["1.0", "1.1"], canary)):
        write_channel(target / state, options, versions, mark)
        write_simple_index(target / state, versions, mark)
