"""Environment files and locks of any directory: larder's reading against that of PyYAML, which knows nothing of it."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from reasons import Reasons

CREDENTIALS = re.compile(r"(//)[^/@\s]*@")
TOKEN = re.compile(r"/t/[^/\s]+/")
# Mappings with these are recipes, workflows or settings of other programs.
FOREIGN = {"package", "build", "requirements", "jobs", "on", "recipe", "outputs", "repos", "source", "services", "tool", "site_name"}
NAMED = re.compile(r"env|conda|depend|requirement", re.I)


def same(text):
    """A text without what larder masks and without the difference between kinds of space."""
    text = TOKEN.sub("/t/***/", CREDENTIALS.sub(r"\1***@", str(text)))
    return re.sub(r"\s+", " ", text).strip()


def read_yaml(file):
    """The file as PyYAML has it, all scalars as they are written; or the error."""
    import yaml
    try:
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        return yaml.load(file.read_bytes(), Loader=loader), None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        return None, f"{type(error).__name__}"


def kind_of(file):
    """environment, lock, or None."""
    try:
        head = file.read_bytes()[:200_000]
    except OSError:
        return None
    if re.search(rb"^@EXPLICIT", head, re.M):
        return "lock"
    if file.suffix not in (".yml", ".yaml", ".lock", ".json"):
        return None
    document, problem = read_yaml(file)
    if isinstance(document, dict) and "version" in document and ("package" in document or "packages" in document):
        return "lock"
    if file.suffix not in (".yml", ".yaml"):
        return None
    if isinstance(document, dict):
        if FOREIGN & set(document):
            return None
        return "environment" if "dependencies" in document or ("channels" in document and NAMED.search(file.name)) else None
    return "environment" if NAMED.search(file.name) or file.parent.name == "environments" else None


def environment_by_yaml(document):
    """name, channels, specs, lines for pip and variables."""
    channels = document.get("channels") or []
    specs, pip = [], []
    for item in document["dependencies"]:
        if isinstance(item, dict):
            for section, lines in item.items():
                if section == "pip":
                    pip += [lines] if isinstance(lines, str) else lines or []
                elif section.startswith("sel("):
                    # mamba's `sel(win): NAME`; both readers list the spec of every platform.
                    specs += lines if isinstance(lines, list) else [lines]
        else:
            specs.append(item)
    return {
        "name": None if document.get("name") in ("", "~", "null") else document.get("name"),
        "channels": [channel for channel in channels if channel != "nodefaults"],
        "specs": specs,
        "pip": pip,
        "variables": {str(key): str(value) for key, value in (document.get("variables") or {}).items()},
    }


def environment_by_larder(options, file):
    run = options.run(["manifest", "-f", str(file), "--json"])
    try:
        report = json.loads(run.stdout)
    except ValueError:
        return None, f"exit code {run.returncode}, no JSON: {run.stderr[:200]}"
    if run.returncode != 0:
        return None, f"{report['code']} {report['error'].splitlines()[0]}"
    texts = lambda name: [item["text"] for item in report[name] or []]  # noqa: E731
    return {"name": report["name"], "channels": texts("channels"), "specs": texts("specs"), "pip": texts("pip"),
            "variables": report["variables"] or {}}, None


def compare_environment(options, file):
    """Differences, a line each."""
    document, problem = read_yaml(file)
    found, refusal = environment_by_larder(options, file)
    expected = None
    if problem is None:
        try:
            expected = environment_by_yaml(document)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            problem = f"no environment: {type(error).__name__}"
    if refusal is not None:
        return [f"refused ({'read' if problem is None else problem}): {refusal}"]
    if expected is None:
        return [f"read, where the YAML reader has: {problem}"]
    differences = []
    for part in ("name", "channels", "specs", "pip", "variables"):
        mine, theirs = found[part], expected[part]
        if isinstance(theirs, list):
            mine, theirs = [same(text) for text in mine], [same(text) for text in theirs]
        elif isinstance(theirs, dict):
            mine, theirs = ({key: same(value) for key, value in some.items()} for some in (mine, theirs))
        else:
            mine, theirs = same(mine), same(theirs)
        if mine != theirs:
            if isinstance(theirs, list):
                alone = [[item for item in some if item not in others] for some, others in ((mine, theirs), (theirs, mine))]
                mine, theirs = (f"alone {alone[0]}", f"alone {alone[1]}") if any(alone) else ("another order", mine)
            differences.append(f"{part}: larder {mine}, YAML {theirs}"[:600])
    return differences


def plain_url(url):
    return TOKEN.sub("/", CREDENTIALS.sub(r"\1", url.split("#")[0]))


def lock_by_yaml(file):
    """The URLs of the conda packages and the names of pip's, as they are written."""
    text = file.read_text(errors="replace")
    if re.search(r"^@EXPLICIT", text, re.M):
        lines = [line.split()[0] for line in text.split("@EXPLICIT", 1)[1].splitlines() if line.strip()]
        return {plain_url(line) for line in lines if "://" in line and not line.startswith("#")}
    document, _ = read_yaml(file)
    if "package" in document:
        return {plain_url(package["url"]) for package in document["package"] if package["manager"] == "conda"}
    environments = document["environments"]
    environment = environments.get("default") or next(iter(environments.values()))
    items = [item for items in environment["packages"].values() for item in items]
    return {plain_url(item["conda"]) for item in items if "conda" in item}


def compare_lock(options, file):
    import yaml
    text = file.read_text(errors="replace")
    is_list = re.search(r"^@EXPLICIT", text, re.M) is not None
    is_pixi = re.search(r"^environments:", text, re.M) is not None
    format = "explicit" if is_list else "pixi" if is_pixi else "conda-lock"
    run = options.run(["export", "--lock", str(file), "--format", format])
    try:
        expected = lock_by_yaml(file)
    except (KeyError, TypeError, AttributeError, StopIteration) as error:
        expected = f"no lock: {type(error).__name__}"
    if run.returncode != 0:
        state = expected if isinstance(expected, str) else "read"
        return [f"refused ({state}): {run.stderr.replace(str(file), 'FILE')[:300]}"]
    if isinstance(expected, str):
        return [f"read, where the YAML reader has: {expected}"]
    if is_list:
        found = {plain_url(line) for line in run.stdout.splitlines() if "://" in line and not line.startswith("#")}
    else:
        document = yaml.load(run.stdout, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
        found = {plain_url(package["conda"]) for package in document["packages"] or [] if "conda" in package} if is_pixi else {
            plain_url(package["url"]) for package in document["package"] or [] if package["manager"] == "conda"}
    if found != expected:
        return [f"packages: larder alone {sorted(found - expected)[:3]} ({len(found - expected)}), "
                f"YAML alone {sorted(expected - found)[:3]} ({len(expected - found)})"]
    return []


def examine(options, places):
    """(figures, failures) of all files below some directories; figures are lists of kind, files, equal."""
    candidates = []
    for place in places:
        for directory, names, files in os.walk(place):
            names[:] = [name for name in names if name not in (".git", "node_modules", "target")]
            candidates += [type(place)(directory) / name for name in sorted(files)]
    figures = {kind: {"files": 0, "equal": 0} for kind in ("environment", "lock")}
    failures = []

    def one(file):
        if file.is_symlink() or not file.is_file():
            return None
        kind = kind_of(file)
        if kind is None:
            return None
        return kind, file, (compare_environment if kind == "environment" else compare_lock)(options, file)

    with ThreadPoolExecutor(2) as pool:
        for result in pool.map(one, candidates):
            if result is None:
                continue
            kind, file, differences = result
            figures[kind]["files"] += 1
            figures[kind]["equal"] += not differences
            failures += [(kind, file, difference) for difference in differences]
    return figures, failures


def run(options, places):
    """`ci/suites files DIR...`: prints each difference and the figures; 1 if a difference has no reason."""
    try:
        import yaml  # noqa: F401
    except ImportError:
        python = options.venv / "bin/python"
        if os.environ.get("LARDER_SUITES_VENV") or not python.exists():
            sys.exit("PyYAML is missing: `pip install pyyaml`, or run `ci/suites flags` once, which makes a venv")
        return subprocess.run([python, *sys.argv], env={**os.environ, "LARDER_SUITES_VENV": "1"}).returncode
    missing = [place for place in places if not place.is_dir()]
    if missing or not places:
        print(f"skipped: {', '.join(map(str, missing)) or 'no directory was named'}: nothing to read")
        return 0 if places else 2
    reasons = Reasons()
    figures, failures = examine(options, [place.resolve() for place in places])
    counts, unexplained = {}, 0
    for kind, file, difference in failures:
        reason = reasons.of("files", f"{file}: {difference}")
        counts[reason[0] if reason else "unexplained"] = counts.get(reason[0] if reason else "unexplained", 0) + 1
        if reason is None or reason[0] == "bug":
            unexplained += 1
        if reason is None or options.verbose:
            print(f"{file}: {difference}{f' [{reason[0]}: {reason[1]}]' if reason else ''}")
    for kind, figure in figures.items():
        print(f"{kind} files: {figure['files']} read, {figure['equal']} equal")
    print("differences: " + (", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"))
    print("\n".join(reasons.table("files")))
    return 1 if unexplained else 0
