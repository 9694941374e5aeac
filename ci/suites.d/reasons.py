"""Why a failure is none of larder's bugs, or which one it is: the rows of reasons.tsv."""

import pathlib
import re

FILE = pathlib.Path(__file__).resolve().parent / "reasons.tsv"
CLASSES = ("bug", "differs", "network", "internal", "platform", "not a case")


def rows():
    found = []
    for line in FILE.read_text().splitlines():
        if line and not line.startswith("#"):
            suite, pattern, kind, text = line.split("\t")
            assert kind in CLASSES, line
            found.append((suite, re.compile(pattern, re.S), kind, text))
    return found


class Reasons:
    def __init__(self):
        self.rows = rows()
        self.used = {}

    def of(self, suite, text):
        """The class and the reason of a failure (`TEST: MESSAGE`); None if no row is for it."""
        for number, (name, pattern, kind, why) in enumerate(self.rows):
            if name == suite and pattern.search(text):
                self.used[number] = self.used.get(number, 0) + 1
                return kind, why
        return None

    def table(self, suite):
        lines = [f"| {count} | {self.rows[number][2]} | {self.rows[number][3]} |"
                 for number, count in sorted(self.used.items(), key=lambda item: -item[1]) if self.rows[number][0] == suite]
        return ["| how many | class | reason |", "|---|---|---|", *lines, ""] if lines else []
