"""The smoke test of larder.exe under Wine: each step says what it found, and the first that fails ends it."""

import bz2
import hashlib
import io
import json
import pathlib
import shutil
import sys
import tarfile
import tempfile

import wine

FILES = {
    "Scripts/tool": b"#!/bin/sh\necho the script of sh\n",
    "Scripts/tool.cmd": b"@ECHO tool of %CONDA_PREFIX% %*\r\n",
    "share/prefix.txt": b"/opt/placeholder_placeholder_placeholder\n",
    # What it leaves in ERRORLEVEL says nothing of the activation.
    "etc/conda/activate.d/app.bat": b'@SET "APP_ACTIVE=yes"\r\n@CMD /D /C EXIT 3\r\n',
    "etc/conda/deactivate.d/app.bat": b'@SET "APP_ACTIVE="\r\n',
}
PLACEHOLDER = {"share/prefix.txt": "/opt/placeholder_placeholder_placeholder"}


def channel(place):
    """A channel with one package for win-64."""
    index = {"name": "app", "version": "1.0", "build": "0", "build_number": 0, "depends": [], "subdir": "win-64"}
    paths = []
    for path, content in FILES.items():
        entry = {"_path": path, "path_type": "hardlink", "sha256": hashlib.sha256(content).hexdigest(),
                 "size_in_bytes": len(content)}
        if path in PLACEHOLDER:
            entry |= {"prefix_placeholder": PLACEHOLDER[path], "file_mode": "text"}
        paths.append(entry)
    members = dict(FILES)
    members["info/index.json"] = json.dumps(index).encode()
    members["info/paths.json"] = json.dumps({"paths": paths, "paths_version": 1}).encode()
    members["info/files"] = "".join(f"{path}\n" for path in FILES).encode()
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    archive = bz2.compress(tar.getvalue())
    record = index | {"size": len(archive), "sha256": hashlib.sha256(archive).hexdigest(),
                      "md5": hashlib.md5(archive).hexdigest()}
    for subdir in ["win-64", "noarch"]:
        (place / subdir).mkdir(parents=True)
        packages = {"app-1.0-0.tar.bz2": record} if subdir == "win-64" else {}
        repodata = {"info": {"subdir": subdir}, "packages": packages, "packages.conda": {}, "repodata_version": 1}
        (place / subdir / "repodata.json").write_text(json.dumps(repodata))
    (place / "win-64/app-1.0-0.tar.bz2").write_bytes(archive)


class Smoke:
    def __init__(self, prefix, larder, room):
        self.prefix, self.larder, self.room = prefix, larder, room
        self.work = room / "work dir"
        self.work.mkdir()
        self.more = {name: self.windows(room / directory) for name, directory in [
            ("LARDER_STORE", "store"), ("LARDER_TREES", "trees"), ("LARDER_STATE", "state"),
            ("USERPROFILE", "home"), ("HOME", "home")]}
        self.more["LARDER_CACHE_REMOTE"] = "file:///" + self.windows(room / "remote").replace("\\", "/")

    @staticmethod
    def windows(path):
        """A path of this machine as Wine names it."""
        return "Z:" + str(path).replace("/", "\\")

    def step(self, name, command, expected=(), code=0, **more):
        done = wine.run(self.prefix, command, cwd=self.work, more=self.more | more, capture=True)
        text = (done.stdout + done.stderr).decode(errors="replace")
        problems = [f"`{part}` is missing" for part in expected if part not in text]
        if done.returncode != code:
            problems.append(f"the exit code is {done.returncode}")
        if problems:
            sys.exit(f"windows: {name}: {', '.join(problems)}\n{text}")
        print(f"{name}: ok", flush=True)
        return text

    def run(self, name, *arguments, **more):
        return self.step(name, [self.larder, *arguments], **more)

    def check(self, name, is_so):
        if not is_so:
            sys.exit(f"windows: {name}")
        print(f"{name}: ok", flush=True)

    def cmd(self, name, lines, **more):
        script = self.work / "script.bat"
        script.write_bytes("\r\n".join(["@ECHO OFF", *lines, ""]).encode())
        return self.step(name, ["cmd", "/D", "/C", "script.bat"], **more)

    def environments(self):
        channel(self.work / "channel")
        (self.work / "environment.yml").write_text("channels: [./channel]\ndependencies: [app]\n")
        self.run("lock", "lock", "--platform", "win-64")
        self.run("create", "create", "-p", "env")
        self.check("the prefix is in its text", str(self.windows(self.work / "env")).lower().replace("\\", "/") in
                   (self.work / "env/share/prefix.txt").read_text().lower().replace("\\", "/"))
        self.run("verify", "verify", "-p", "env")
        self.run("run starts tool.cmd, not the script for sh beside it", "run", "-p", "env", "tool", "argument",
                 expected=["tool of ", "argument"])
        beside = [path.name for path in self.work.glob(".larder-*")]
        self.check(f"nothing stays beside the environment {beside or ''}", not beside)

    def activation(self):
        self.cmd("activation by shell-hook in cmd, without a shell named", [
            f'"{self.windows(self.larder)}" shell-hook -p env > hook.bat', "CALL hook.bat",
            "ECHO active:%APP_ACTIVE%:%CONDA_PREFIX%"], expected=["active:yes:Z:"])
        (self.work / "bin").mkdir()
        self.cmd("larder.bat: activate and deactivate", [
            f'"{self.windows(self.larder)}" shell-hook --shell cmd > bin\\larder.bat',
            'SET "PATH=%CD%\\bin;%PATH%"', "CALL larder activate .\\env",
            "ECHO active:%APP_ACTIVE%", "CALL larder deactivate", "ECHO left:%APP_ACTIVE%:",
            "CALL larder --version", "ECHO code:%ERRORLEVEL%", "CALL larder activate .\\nothing", "ECHO failed:%ERRORLEVEL%"],
            expected=["active:yes", "left::", "larder ", "code:0", "failed:1"])

    def cache(self):
        (self.work / "sub").mkdir()
        (self.work / "sub/Yarn.lock").write_text("1")
        (self.work / "modules/deep").mkdir(parents=True)
        (self.work / "modules/deep/file").write_text("cached")
        key = ["--key", 'modules | "$(Agent.OS)" | sub/Yarn.lock', "--path", "modules"]
        self.run("cache save with a file in the key", "cache", "save", *key)
        hashed = self.run("cache key", "cache", "key", "./sub/Yarn.lock", "-v")
        absolute = self.windows(self.work / "sub/yarn.LOCK")
        for name, text in [("typed in another case", r".\SUB\yarn.lock"), ("absolute", absolute),
                           ("a pattern", "**/yarn.lock")]:
            found = self.run(f"cache key, {name}", "cache", "key", text)
            self.check(f"the hash is that of the file ({name})", found.split()[0] in hashed)
        for state in ["absent", "there"]:
            if state == "absent":
                shutil.rmtree(self.work / "modules")
            else:
                (self.work / "modules/deep/file").write_text("changed")
            self.run(f"cache restore, the directory is {state}", "cache", "restore", *key)
            self.check("the file is back", (self.work / "modules/deep/file").read_text() == "cached")
        left = [path.name for path in self.work.glob(".larder-*")]
        self.check(f"nothing stays in the working tree {left or ''}", not left)


def test(prefix, larder):
    with tempfile.TemporaryDirectory(prefix="larder-smoke-") as room:
        smoke = Smoke(prefix, pathlib.Path(larder), pathlib.Path(room).resolve())
        smoke.run("version", "--version")
        smoke.environments()
        smoke.activation()
        smoke.cache()
    return 0
