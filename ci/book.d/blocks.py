"""Runs the blocks of the documents: what a page says that a command prints is what it prints.

A page is one session in an empty home directory, from top to bottom. Notes before a block say what it is:

    <!-- file: environment.yml -->     the block is a file; it is written
    <!-- run: rm -rf env -->           a command that readers need not see (stands alone, without a block)
    <!-- exit: 1 -->                   the last command of the block ends with this code, not with 0
    <!-- needs-service: GitHub -->     the block cannot be run here, and why
    <!-- copy-of: ci/x -->             the lines of the block are lines of that file, in one piece (`ci/book check`)

`console` blocks have commands behind `$ ` and what they print; a line `...` stands for any lines. `sh` blocks are
scripts that must succeed. Durations are compared as durations, paths below the session's own directory without it.
Lines that only say how far a run is are left out: on a terminal they are a bar, which goes.
"""

import difflib
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import pages

FENCE = re.compile(r"^```(\w*)\s*$")
NOTE = re.compile(r"^<!-- (file|run|exit|needs-service|copy-of): ?(.*?) -->$")
SKIPPED_LANGUAGES = {"", "text", "yaml", "json", "toml", "ini", "dockerfile", "python", "diff", "gitattributes", "mermaid"}
# The lines of the plain reporter for a phase that took long (crates/larder-cli/src/progress/plain.rs).
PHASES = (
    "loaded channels|solved|fetched|unpacked|linked|compiled bytecode of|installed the pip section|ran link scripts|"
    "verified|collected|packed|read the pack:|imported|exported|saved|restored|pushed|measured"
)
PROGRESS = re.compile(rf"^(fetching [\d.,]+ \w+|({PHASES})( [\d,]+(, [\d.,]+ \w+)?)? in [\d.]+ \w+)$")
PAGE_SECONDS = 600


class Block:
    """A fenced block: its language, its lines, where they are in the file, and the notes before it."""

    def __init__(self, language, first_line, notes):
        self.language, self.first_line, self.notes, self.lines = language, first_line, notes, []


def read(path):
    """The blocks and hidden commands of a page, in order."""
    found, notes, block = [], {}, None
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    for number, line in enumerate(lines):
        if block is not None:
            if line.startswith("```"):
                found.append(block)
                block, notes = None, {}
            else:
                block.lines.append(line)
            continue
        fence, note = FENCE.match(line), NOTE.match(line)
        if fence:
            block = Block(fence.group(1), number + 1, notes)
        elif note and note.group(1) == "run":
            hidden = Block("hidden", number, {})
            hidden.lines = [note.group(2)]
            found.append(hidden)
        elif note:
            notes[note.group(1)] = note.group(2)
        elif line.strip():
            notes = {}
    return lines, found


class Session:
    """A home directory, a channel under the name of conda-forge, and larder on the PATH."""

    def __init__(self, root):
        self.top = os.path.realpath(tempfile.mkdtemp(prefix="larder-book-"))
        self.home = self.make("home/you")
        self.work = self.make("home/you/work")
        programs = self.make("bin")
        os.symlink(pages.larder(root), os.path.join(programs, "larder"))
        data = os.environ.get("LARDER_TEST_DATA") or os.path.join(root, "..", "shared")
        channel = os.path.realpath(os.path.join(data, "channel"))
        if not os.path.isdir(channel):
            sys.exit(f"ci/book test: there is no channel at {channel}: LARDER_TEST_DATA names another place")
        os.symlink(channel, os.path.join(self.make("channels"), "conda-forge"))
        self.variables = {
            "HOME": self.home,
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "LARDER_CHANNEL_ALIAS": f"file://{self.top}/channels",
            "LARDER_SYSTEM_CONFIG": self.make("etc"),
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def make(self, name):
        path = os.path.join(self.top, name)
        os.makedirs(path, exist_ok=True)
        return path

    def run(self, script):
        """Both streams as one text, and the exit code."""
        result = subprocess.run(
            ["bash", "-c", script],
            cwd=self.work,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PAGE_SECONDS,
        )
        text = result.stdout.decode(errors="replace").replace(f"file://{self.top}/channels", "https://conda.anaconda.org")
        lines = [line for line in text.replace(self.top, "").split("\n") if not PROGRESS.match(line)]
        return "\n".join(lines), result.returncode

    def close(self):
        subprocess.run(["chmod", "-R", "u+w", self.top], check=False)
        shutil.rmtree(self.top, ignore_errors=True)


def normal(text):
    """A text without what differs from run to run."""
    text = re.sub(r"\b\d+(\.\d+)? (µs|ms|s|min)\b", "TIME", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)
    # An archive has the times of its files in it, so its size differs by some bytes.
    text = re.sub(r"\b(in |from )\d+ B\b|\(\d+ B\)", r"\1SIZE", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?", "WHEN", text)
    return re.sub(r"[ \t]+$", "", text, flags=re.M).strip("\n")


def agrees(expected, found):
    """Whether a text is as expected, `...` standing for any lines."""
    wanted = normal(expected).split("\n")
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + r"\n" for line in wanted)
    return re.fullmatch(pattern, normal(found) + "\n") is not None


def commands(block):
    """The commands of a console block, each with the lines that it prints."""
    found = []
    for line in block.lines:
        continues = found and not found[-1][1] and (found[-1][0].endswith("\\") or "<<" in found[-1][0].split("\n")[0])
        if line.startswith("$ "):
            found.append([line[2:], []])
        elif line.startswith("> ") and continues:
            found[-1][0] += "\n" + line[2:]
        elif found:
            found[-1][1].append(line)
    return found


def run_console(block, session, name, bless):
    """The problems of a block, and its lines as they should be."""
    problems, lines = [], []
    steps = commands(block)
    for place, (command, expected) in enumerate(steps):
        text, code = session.run(command)
        is_last = place + 1 == len(steps)
        wanted = int(block.notes.get("exit", 0)) if is_last else 0
        if code != wanted:
            problems.append(f"{name}: `{command}` ends with {code}, not {wanted}:\n{text}")
        same = agrees("\n".join(expected), text)
        if not same:
            difference = difflib.unified_diff(expected, text.rstrip("\n").split("\n"), "the page", "the program", lineterm="")
            problems.append(f"{name}: `{command}` prints something else:\n" + "\n".join(difference))
        keep = "..." in expected or (same and bless != "all")
        shown = expected if keep else text.rstrip("\n").split("\n")
        first, *more = command.split("\n")
        lines += [f"$ {first}", *(f"> {line}" for line in more)]
        lines += [line for line in shown if shown != [""]]
    return problems, lines


def run_block(block, session, name, bless):
    if block.language == "hidden":
        text, code = session.run(block.lines[0])
        return ([f"{name}: `{block.lines[0]}` ends with {code}:\n{text}"] if code else []), block.lines
    if "needs-service" in block.notes:
        return [], block.lines
    if "file" in block.notes:
        path = os.path.join(session.work, block.notes["file"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(block.lines) + "\n")
        return [], block.lines
    if block.language == "console":
        return run_console(block, session, name, bless)
    if block.language == "sh":
        text, code = session.run("set -eu\n" + "\n".join(block.lines))
        wanted = int(block.notes.get("exit", 0))
        return ([f"{name}: the script ends with {code}, not {wanted}:\n{text}"] if code != wanted else []), block.lines
    if block.language not in SKIPPED_LANGUAGES:
        return [f"{name}: no block of `{block.language}` can be run: see ci/book.d/blocks.py"], block.lines
    return [], block.lines


def test_page(root, path, bless):
    """Runs a page's blocks; the problems, and how many blocks ran and were skipped."""
    lines, found = read(path)
    ran = [block for block in found if block.language in ("console", "sh") and "needs-service" not in block.notes]
    skipped = [block for block in found if "needs-service" in block.notes]
    if not ran:
        return [], 0, len(skipped)
    session, problems, changes = Session(root), [], []
    try:
        for block in found:
            name = f"{os.path.relpath(path, root)}:{block.first_line}"
            new_problems, new_lines = run_block(block, session, name, bless)
            problems += new_problems
            if new_lines != block.lines:
                changes.append((block, new_lines))
    finally:
        session.close()
    if bless and changes:
        for block, new_lines in reversed(changes):
            lines[block.first_line : block.first_line + len(block.lines)] = new_lines
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
    return problems, len(ran), len(skipped)


def copies(root):
    """Blocks that say that they are a part of a file, and are not any more."""
    problems = []
    for path in sorted(glob.glob(f"{root}/book/src/**/*.md", recursive=True)):
        for block in read(path)[1]:
            source = block.notes.get("copy-of")
            if source is None:
                continue
            with open(os.path.join(root, source), encoding="utf-8") as file:
                if "\n".join(block.lines) not in file.read():
                    problems.append(f"{os.path.relpath(path, root)}:{block.first_line}: not as in {source}")
    return problems


def test(root, chosen, bless):
    everything = [os.path.join(root, "README.md"), *sorted(glob.glob(f"{root}/book/src/**/*.md", recursive=True))]
    paths = [path for path in everything if not chosen or any(name in path for name in chosen)]
    failed = total = left = 0
    for path in paths:
        problems, ran, skipped = test_page(root, path, bless)
        for problem in problems:
            print(problem)
        failed += len(problems)
        total, left = total + ran, left + skipped
        if ran:
            print(f"{os.path.relpath(path, root)}: {ran} blocks run, {skipped} need a service", flush=True)
    print(f"{total} blocks run, {left} need a service, {failed} problems")
    return 1 if failed and not bless else 0
