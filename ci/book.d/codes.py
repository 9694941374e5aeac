"""The error codes: those of the sources, and book/codes.tsv, which says what each means."""

import glob
import html
import os
import re

CODE = re.compile(r'"([a-z][a-z0-9-]*::[a-z0-9-]+)"')
# What only looks like a code: names that tests and dependencies use.
NOT_CODES = set()


def in_sources(root):
    """Every code that a product source has as a text, except the table of conda's exception names."""
    found = set()
    for path in glob.glob(os.path.join(root, "crates", "*", "src", "**", "*.rs"), recursive=True):
        local = os.path.relpath(path, root)
        if "/tests" in local or "testkit" in local or local.endswith("exception.rs"):
            continue
        with open(path, encoding="utf-8") as file:
            found.update(CODE.findall(file.read()))
    return found - NOT_CODES


def table(root):
    """The rows of codes.tsv: code, kind, meaning, what to do."""
    rows = []
    with open(os.path.join(root, "book", "codes.tsv"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                rows.append(line.rstrip("\n").split("\t"))
    return rows


def differences(root):
    problems, seen = [], set()
    for row in table(root):
        if len(row) != 4 or row[1] not in ("E", "W") or not all(row):
            problems.append(f"book/codes.tsv: not four columns with E or W: {row[0]}")
        if row[0] in seen:
            problems.append(f"book/codes.tsv: twice: {row[0]}")
        seen.add(row[0])
    sources = in_sources(root)
    problems += [f"book/codes.tsv has no row for {code}" for code in sorted(sources - seen)]
    problems += [f"book/codes.tsv: no source has {code}" for code in sorted(seen - sources)]
    return problems


def markdown(root):
    """The tables of the page, one for each area."""
    areas = {}
    for code, kind, meaning, advice in table(root):
        areas.setdefault(code.split("::")[0], []).append((code, kind, meaning, advice))
    text = []
    for area in sorted(areas):
        text.append(f"\n## {area}\n\n| code | | what it means | what to do |\n|---|---|---|---|")
        for code, kind, meaning, advice in sorted(areas[area]):
            word = "error" if kind == "E" else "warning"
            anchor = f'<a id="{html.escape(code)}"></a>'
            cells = [cell.replace("|", "\\|") for cell in (meaning, advice)]
            text.append(f"| {anchor}`{code}` | {word} | {cells[0]} | {cells[1]} |")
    return "\n".join(text) + "\n"
