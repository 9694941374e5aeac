"""The tables of results, as Markdown."""

import collections
import re

import trial

# What SECURITY.md and the book say is possible: a remembered solve from a remote can name an older answer that the
# channel still offers.
ACCEPTED = re.compile(r"^(objects|packs).*/(pack: )?memo.* old answer, genuine proof$")
AGAINST_MANUAL = "against the manual"
HARMLESS = ("refused, then works", "slower only", "unchanged")


def is_bad(row):
    """Whether a trial of larder shows something that is promised not to happen."""
    group, system, _, name, word, _ = row
    is_promised = not ACCEPTED.search(f"{system}/{name}") and AGAINST_MANUAL not in system
    return group == "larder" and word not in HARMLESS and is_promised


def page(rows, notes):
    parts = []
    for group in ("larder", "peer"):
        mine = sorted(row for row in rows if row[0] == group)
        if mine:
            parts += [f"## {'larder' if group == 'larder' else 'Other tools'}", "", *overview(mine, notes), "",
                      *by_kind(mine), "", *worst(mine), ""]
    return "\n".join(parts).rstrip()


def header(columns):
    return ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]


def cells(counts):
    return [str(counts[word]) if counts[word] else "" for word in trial.VERDICTS]


def overview(rows, notes):
    counts = collections.defaultdict(collections.Counter)
    for _, system, _, _, word, _ in rows:
        counts[system][word] += 1
    lines = header(["system", "trials", *trial.VERDICTS])
    for system, count in counts.items():
        lines.append("| " + " | ".join([system, str(count.total()), *cells(count)]) + " |")
    told = [f"- {name}: {note}" for name, note in notes.items() if name in counts]
    return [*lines, *([""] if told else []), *told]


def by_kind(rows):
    """System and kind of attack: the worst verdict, and how many of each."""
    counts = collections.defaultdict(collections.Counter)
    for _, system, kind, _, word, _ in rows:
        counts[system, kind][word] += 1
    lines = header(["system", "attacked", "worst", "trials by verdict"])
    for (system, kind), count in counts.items():
        words = [word for word in trial.VERDICTS if count[word]]
        listed = ", ".join(f"{count[word]} {word}" for word in words)
        lines.append(f"| {system} | {kind} | {words[0]} | {listed} |")
    return lines


def worst(rows):
    found = [row for row in rows if row[4] not in HARMLESS]
    if not found:
        return ["Nothing is worse than `refused, then works`."]
    lines = header(["system", "attacked", "attack", "verdict", "seen"])
    for _, system, kind, name, word, detail in found:
        detail = "".join(letter if letter.isprintable() else "?" for letter in detail).replace("|", "/")[:120]
        lines.append(f"| {system} | {kind} | {name} | {word} | {detail} |")
    return lines
