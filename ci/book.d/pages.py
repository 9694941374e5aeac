"""The pages that are made from the program and from codes.tsv: mdbook's preprocessor, and manual pages."""

import json
import os
import re
import subprocess
import sys
import tempfile

import codes


def larder(root):
    """The program whose help is shown."""
    target = os.environ.get("CARGO_TARGET_DIR") or os.path.join(root, "target")
    path = os.environ.get("LARDER") or os.path.join(target, "debug", "larder")
    if not os.path.exists(path):
        sys.exit(f"ci/book: there is no program at {path}: build it, or name one in LARDER")
    return os.path.abspath(path)


class Helper:
    """Asks larder for its help, under its own name whatever the file is called."""

    def __init__(self, root, columns=84):
        self.directory = tempfile.mkdtemp()
        self.program = os.path.join(self.directory, "larder")
        os.symlink(larder(root), self.program)
        self.variables = {"HOME": self.directory, "PATH": os.environ["PATH"], "COLUMNS": str(columns)}

    def text(self, words):
        run = [self.program, *words, "--help"]
        result = subprocess.run(run, env=self.variables, stdout=subprocess.PIPE, check=True)
        return result.stdout.decode()

    def close(self):
        os.unlink(self.program)
        for directory, _, files in os.walk(self.directory, topdown=False):
            for name in files:
                os.unlink(os.path.join(directory, name))
            os.rmdir(directory)


def subcommands(text):
    """The names in the list of commands of a help text."""
    section = re.search(r"^Commands:\n(.*?)(?:\n\n|\Z)", text, re.S | re.M)
    names = re.findall(r"^  ([a-z][a-z-]*)\b", section.group(1), re.M) if section else []
    return [name for name in names if name != "help"]


def without_globals(text):
    """A help text without the options that every command has: they are on the page of all commands."""
    return re.sub(r"\nGlobal options:\n.*?(?=\n\S|\Z)", "", text, flags=re.S).rstrip()


def section(helper, words, level):
    """A command's part of a page, and those of its subcommands below it."""
    text = helper.text(words)
    about, _, rest = text.partition("\nUsage:")
    about = about.strip().replace("<", "&lt;")
    shown = without_globals("Usage:" + rest)
    part = f"{'#' * level} larder {' '.join(words)}\n\n{about}\n\n```text\n{shown}\n```\n"
    for name in subcommands(text):
        part += "\n" + section(helper, [*words, name], min(level + 1, 4))
    return part


def command_pages(root):
    """Name and text of a page for each command, and the text for the page above them."""
    helper = Helper(root)
    try:
        text = helper.text([])
        found = [(name, section(helper, [name], 1)) for name in subcommands(text)]
        listed = re.search(r"^Commands:\n(.*?)\n\n", text, re.S | re.M).group(1)
        options = re.search(r"^Global options:\n(.*?)(?=\n\n\S)", text, re.S | re.M).group(1)
    finally:
        helper.close()
    rows = re.findall(r"^  ([a-z][a-z-]*)\s+(.*(?:\n    .*)*)", listed, re.M)
    table = "| command | |\n|---|---|\n"
    for name, about in rows:
        if name != "help":
            about = re.sub(r"\s+", " ", about)
            table += f"| [`{name}`](commands/{name}.md) | {about} |\n"
    return found, table, f"```text\n{options}\n```\n"


def roff(text):
    """A text as it stands, safe from being read as requests."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.M)


def man_page(helper, words):
    """A command's help as a manual page."""
    name = "-".join(["larder", *words])
    about, _, rest = helper.text(words).partition("\nUsage:")
    first, _, more = about.strip().partition("\n\n")
    usage, _, options = rest.partition("\n\n")
    first = re.sub(r"\s+", " ", first)
    usage = re.sub("^ +", "", usage.strip(), flags=re.M)
    parts = [
        f'.TH "{name.upper()}" "1" "" "larder" "larder"',
        f".SH NAME\n{roff(name)} \\- {roff(first)}",
        f".SH SYNOPSIS\n.nf\n{roff(usage)}\n.fi",
    ]
    if more:
        parts.append(f".SH DESCRIPTION\n{roff(more)}".replace("\n\n", "\n.PP\n"))
    parts.append(f".SH OPTIONS\n.nf\n{roff(options.rstrip())}\n.fi")
    return name, "\n".join(parts) + "\n"


def write_man_pages(root, directory):
    """A page for larder and one for each command, `git` style: larder-env-create.1."""
    os.makedirs(directory, exist_ok=True)
    helper = Helper(root, columns=72)
    pending = [[]]
    try:
        while pending:
            words = pending.pop()
            name, page = man_page(helper, words)
            with open(os.path.join(directory, f"{name}.1"), "w", encoding="utf-8") as file:
                file.write(page)
            pending += [[*words, sub] for sub in subcommands(helper.text(words))]
    finally:
        helper.close()
    return 0


def action_tables(root):
    """The inputs and outputs of action.yml, which has one line for each key."""
    with open(os.path.join(root, "action.yml"), encoding="utf-8") as file:
        text = file.read()
    tables = []
    for part in ("inputs", "outputs"):
        section = re.search(rf"^{part}:\n(.*?)(?=^\S|\Z)", text, re.S | re.M).group(1)
        entries = re.findall(r"^  ([a-z0-9-]+):\n((?:    .*\n)+)", section, re.M)
        rows = [f"| {part[:-1]} | |\n|---|---|"]
        for name, keys in entries:
            about = re.search(r"description: (.*)", keys).group(1).replace("|", "\\|")
            default = re.search(r"default: (.*)", keys)
            value = default.group(1).strip("'\"") if default else ""
            rows.append(f"| `{name}` | {about}" + (f" Default: `{value}`." if value else "") + " |")
        tables.append("\n".join(rows))
    return "\n\n".join(tables) + "\n"


def chapter(name, text, parents):
    path = f"commands/{name}.md"
    return {
        "Chapter": {
            "name": f"larder {name}",
            "content": text,
            "number": None,
            "sub_items": [],
            "path": path,
            "source_path": None,
            "parent_names": parents,
        }
    }


def fill(items, root):
    for item in items:
        found = item.get("Chapter") if isinstance(item, dict) else None
        if found is None:
            continue
        if "{{#error-codes}}" in found["content"]:
            found["content"] = found["content"].replace("{{#error-codes}}", codes.markdown(root))
        if "{{#action}}" in found["content"]:
            found["content"] = found["content"].replace("{{#action}}", action_tables(root))
        if "{{#commands}}" in found["content"]:
            made, table, options = command_pages(root)
            text = found["content"].replace("{{#commands}}", table)
            found["content"] = text.replace("{{#global-options}}", options)
            parents = [*found["parent_names"], found["name"]]
            found["sub_items"] += [chapter(name, text, parents) for name, text in made]
            for place, sub in enumerate(found["sub_items"]):
                sub["Chapter"]["number"] = [*(found["number"] or []), place + 1]
        # Notes for `ci/book test` are not for readers.
        found["content"] = re.sub(
            r"^<!-- (file|run|exit|needs-service|copy-of)\b.*?-->\n", "", found["content"], flags=re.M
        )
        fill(found["sub_items"], root)


def preprocess(root, arguments):
    if arguments[:1] == ["supports"]:
        return 0 if arguments[1] == "html" else 1
    _, book = json.load(sys.stdin)
    fill(book.get("items", book.get("sections")), root)
    json.dump(book, sys.stdout)
    return 0
