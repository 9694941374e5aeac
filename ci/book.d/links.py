"""Links and paths: of the built book, and of the documents in the repository."""

import glob
import html.parser
import os
import re
import urllib.parse

REPOSITORY = "https://github.com/larder-dev/larder/"
DOCUMENTS = ["*.md", "book/src/**/*.md", "crates/*/*.md", "benches/*.md"]


class Page(html.parser.HTMLParser):
    """The links of a page and the names that others can link to."""

    def __init__(self):
        super().__init__()
        self.links, self.names = [], set()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.names.add(value)
            if name in ("href", "src", "srcset") and value:
                self.links.append(value)


def parse(path):
    page = Page()
    with open(path, encoding="utf-8") as file:
        page.feed(file.read())
    return page


def check_html(directory):
    """Every link of the built book leads to a file that is there, and to a name in it."""
    found = {path: parse(path) for path in glob.glob(f"{directory}/**/*.html", recursive=True)}
    problems = []
    for path, page in sorted(found.items()):
        name = os.path.relpath(path, directory)
        if name in ("print.html", "404.html", "toc.html"):
            continue
        for link in page.links:
            problem = problem_of_link(link, path, found)
            if problem:
                problems.append(f"{name}: {link}: {problem}")
    return problems


def problem_of_link(link, path, found):
    if link.startswith(REPOSITORY):
        return problem_in_repository(link)
    parts = urllib.parse.urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = path
    if parts.path:
        target = os.path.normpath(os.path.join(os.path.dirname(path), urllib.parse.unquote(parts.path)))
    if not os.path.exists(target):
        return "no such file"
    fragment = urllib.parse.unquote(parts.fragment)
    if fragment and target in found and fragment not in found[target].names:
        return "no such place in it"
    return None


def problem_in_repository(link):
    """A link to a file on GitHub names one that this repository has."""
    match = re.match(r"(?:blob|tree|edit)/main/([^#?]*)", link[len(REPOSITORY) :])
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if match and not os.path.exists(os.path.join(root, urllib.parse.unquote(match.group(1)))):
        return "no such file in the repository"
    return None


def slug(heading):
    """The name that GitHub and mdbook give a heading."""
    text = re.sub(r"[`*_]|\[|\]\([^)]*\)", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def check_documents(root):
    """Links between documents, and paths in backticks that begin like one of the repository."""
    paths = [path for pattern in DOCUMENTS for path in glob.glob(f"{root}/{pattern}", recursive=True)]
    texts = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            texts[path] = re.sub(r"^```.*?^```", "", file.read(), flags=re.S | re.M)
    problems = summary_problems(root)
    for path, text in sorted(texts.items()):
        name = os.path.relpath(path, root)
        problems += [f"{name}: {text}" for text in document_problems(root, path, text, texts)]
    return problems


def document_problems(root, path, text, texts):
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:href|src|srcset)="([^"]+)"', text)
    for link in links:
        if link.startswith(REPOSITORY):
            problem = problem_in_repository(link)
            if problem:
                yield f"{link}: {problem}"
            continue
        parts = urllib.parse.urlsplit(link)
        if parts.scheme or parts.netloc or link.startswith("commands/"):
            continue
        target = os.path.normpath(os.path.join(os.path.dirname(path), parts.path)) if parts.path else path
        if not os.path.exists(target):
            yield f"{link}: no such file"
        elif parts.fragment and target in texts and not has_heading(texts[target], parts.fragment):
            yield f"{link}: no such heading"
    for quoted in re.findall(r"`([^`\n]+)`", text):
        is_path = re.fullmatch(r"(crates|ci|tests|benches|fixtures|book)/[\w./-]+", quoted)
        places = (root, os.path.dirname(path))
        if is_path and not any(os.path.exists(os.path.join(place, quoted)) for place in places):
            yield f"`{quoted}`: no such file"


def has_heading(text, fragment):
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    named = re.findall(r'id="([^"]+)"', text)
    generated = "{{#" in text
    return generated or fragment in named or fragment in {slug(heading) for heading in headings}


def summary_problems(root):
    """SUMMARY.md lists every page once."""
    source = os.path.join(root, "book", "src")
    with open(os.path.join(source, "SUMMARY.md"), encoding="utf-8") as file:
        listed = re.findall(r"\]\(([^)]+\.md)\)", file.read())
    existing = {os.path.relpath(path, source) for path in glob.glob(f"{source}/**/*.md", recursive=True)}
    missing = existing - set(listed) - {"SUMMARY.md"}
    return [f"book/src/SUMMARY.md does not list {name}" for name in sorted(missing)]
