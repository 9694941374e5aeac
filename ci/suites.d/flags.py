"""Every option and key of conda and micromamba against what larder says to it, and against CONDA.md."""

import glob
import json
import pathlib
import re
import subprocess

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "crates/larder-cli/CONDA.md"
# Prints conda's whole grammar; run by a Python that can import conda from its checkout.
CONDA_WALK = r"""
import argparse, json, sys
from conda.cli.conda_argparse import generate_parser
rows = []
def walk(parser, path):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                walk(sub, path + [name])
        elif action.option_strings:
            rows.append([" ".join(path), list(action.option_strings), action.nargs if action.nargs is not None else 1])
walk(generate_parser(), [])
from conda.base.context import Context
keys = sorted({name.lstrip("_") for name in Context.parameter_names}) if hasattr(Context, "parameter_names") else []
json.dump({"flags": rows, "keys": keys}, sys.stdout)
"""
STATEMENT = re.compile(
    r'(?P<var>\w+)\s*=\s*(?P<parent>\w+)\s*->add_subcommand\(\s*"(?P<sub>[\w-]+)"'
    r'|(?P<on>\w+)\s*->add_(?P<kind>option|flag)\(\s*"(?P<names>-[^"]*)"'
    r'|(?P<call>(?:init|set)_\w+)\(\s*(?P<argument>\w+)\s*[,)]')


def conda_grammar(python, checkout):
    run = subprocess.run([python, "-c", CONDA_WALK], cwd=checkout, env={"PYTHONPATH": str(checkout), "HOME": "/nonexistent"},
                         capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"conda's grammar: {run.stderr}")
    found = json.loads(run.stdout)
    return found["flags"], found["keys"]


def micromamba_grammar(checkout):
    """(command, options, values) of each option that micromamba's C++ declares: its functions call each other with the
    command that they add to."""
    functions = {}
    for file in glob.glob(f"{checkout}/micromamba/src/*.cpp"):
        if file.endswith("completer.cpp"):
            continue
        text = re.sub(r"//[^\n]*|/\*.*?\*/", "", pathlib.Path(file).read_text(), flags=re.S)
        for head in re.finditer(r"\n {0,8}(\w+)\(\s*CLI::App\*\s*(\w+)[^)]*\)\s*\{", text):
            depth, end = 1, head.end()
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            functions[head[1]] = (head[2], text[head.end():end - 1])

    def grammar_of(name, callers=()):
        if name in callers or name not in functions:
            return [], {}
        own, body = functions[name]
        flags, subs = {own: []}, {own: {}}
        for found in STATEMENT.finditer(body):
            if found["sub"] and found["parent"] in flags:
                flags[found["var"]], subs[found["var"]] = [], {}
                subs[found["parent"]][found["sub"]] = (flags[found["var"]], subs[found["var"]])
            elif found["names"] and found["on"] in flags:
                flags[found["on"]].append((found["kind"], found["names"]))
            elif found["argument"] in flags:
                more, below = grammar_of(found["call"], (*callers, name))
                flags[found["argument"]] += more
                subs[found["argument"]].update(below)
        return flags[own], subs[own]

    rows = []

    def walk(flags, subs, path):
        for kind, names in flags:
            options = [name.strip().lstrip("!") for name in names.split(",")]
            rows.append([" ".join(path), [name for name in options if name.startswith("-")], int(kind == "option")])
        for name, (own, below) in subs.items():
            walk(own, below, [*path, name])

    walk(*grammar_of("set_umamba_command"), [])
    text = pathlib.Path(checkout, "libmamba/src/api/configuration.cpp").read_text()
    parts = re.split(r'Configurable\(\s*"', text)[1:]
    keys = [part.split('"')[0] for part in parts if "set_rc_configurable" in part.split("insert(")[0]]
    return rows, keys


def page_rows(name):
    """{(command, flag): here} of one of the tables of CONDA.md; `*` is every command."""
    text = PAGE.read_text()
    text = text[text.index(f"<!-- {name} -->"):text.index(f"<!-- end of {name} -->")]
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or len(cells) < 3 or cells[0] in ("command", "---"):
            continue
        commands = {"every": ["*"], "(none)": [""]}.get(cells[0], re.findall(r"`([^`]*)`", cells[0]))
        for command in commands:
            for flag in re.findall(r"`(-[^`]*)`", cells[1]):
                found[command, flag] = cells[2]
    return found


def ask(options, command, flag, values):
    """What the program says to a flag: known, refused with a hint, or bare."""
    arguments = [*command.split(), flag, *["x"] * (values if isinstance(values, int) else 0), "--zzz"]
    run = options.run(arguments)
    text = run.stderr
    if "--json" in arguments and run.stdout.startswith("{"):
        report = json.loads(run.stdout)
        text = report["error"] + (f"  help: {report['hint']}" if report.get("hint") else "")
    if "--zzz" in text.split("\n")[0] or flag in ("-h", "--help", "-V", "--version"):
        return "known"
    if run.returncode == 2 and "  help: " in text:
        return "refused"
    return f"bare (exit code {run.returncode}: {text.strip().splitlines()[0] if text.strip() else ''})"


def has_command(options, command):
    return options.run([*command.split(), "--help"]).returncode == 0


def compare(options, project, rows, tables):
    """Prints each option whose answer is bare or not what the page says; returns (figures, differences)."""
    figures, differences, commands = {}, [], {}
    for command, names, values in rows:
        # micromamba's `config list` and others are one command here.
        command = "config" if command.startswith("config ") else command
        if command in ("env", "env config", "env config vars"):
            continue
        if command not in commands:
            commands[command] = has_command(options, command)
            if not commands[command] and "  help: " not in options.run([command.split()[0], "-n", "x"]).stderr:
                differences.append(f"{project}: the command `{command}` is answered without a hint")
        if not commands[command]:
            figures["of commands that larder does not have"] = figures.get("of commands that larder does not have", 0) + 1
            continue
        for flag in names:
            if flag in ("-h", "--help"):
                continue
            answer = ask(options, command, flag, values)
            here = next((table[key] for key in ((command, flag), ("*", flag)) for table in tables if key in table), None)
            if here is None:
                differences.append(f"{project}: CONDA.md has no row for `{command} {flag}` ({answer})")
            elif (here == "refused") != (answer == "refused") or answer.startswith("bare"):
                differences.append(f"{project}: `{command} {flag}` is {here} in CONDA.md, the program: {answer}")
            figures[here or "no row"] = figures.get(here or "no row", 0) + 1
    return figures, differences


def known_keys(options):
    found = json.loads(options.run(["config", "--describe", "--json"]).stdout)
    return found, {name for key in found for name in [key["key"], *key["aliases"]]}


def run(options, checkouts, python):
    """Returns the table's rows and all differences."""
    lines, differences = [], []
    conda_table, mamba_table = page_rows("flags"), page_rows("flags of micromamba")
    _, ours = known_keys(options)
    if "conda" in checkouts:
        rows, keys = conda_grammar(python, checkouts["conda"])
        figures, found = compare(options, "conda", rows, [conda_table])
        found += [f"conda: the key `{key}` is unknown" for key in keys if key not in ours]
        lines.append(("conda", figures, len(keys)))
        differences += found
    if "mamba" in checkouts:
        rows, keys = micromamba_grammar(checkouts["mamba"])
        figures, found = compare(options, "micromamba", rows, [mamba_table, conda_table])
        found += [f"micromamba: the key `{key}` is unknown" for key in keys if key not in ours]
        lines.append(("micromamba", figures, len(keys)))
        differences += found
    return lines, differences


def write_keys(options):
    """Writes the table of keys into CONDA.md."""
    found, _ = known_keys(options)
    rows = ["| key | here | |", "|---|---|---|"]
    for key in found:
        names = ", ".join(f"`{name}`" for name in [key["key"], *key["aliases"]])
        rows.append(f"| {names} | {key['treatment']} | {key['text'].replace('|', chr(92) + '|')} |")
    text = PAGE.read_text()
    begin, end = "<!-- keys -->", "<!-- end of keys -->"
    head, rest = text.split(begin)
    PAGE.write_text(head + begin + "\n\n" + "\n".join(rows) + "\n\n" + end + rest.split(end)[1])
