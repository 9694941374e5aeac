"""A lane: one process that runs trials one after another, with a server and directories of its own.

`Lane.seed` makes the caches of a system by running its job against each state of the server; `Lane.attempt` runs the
job on an attacked copy of one and says what became of it. A system (larder.py, peers.py) says what is cached, which
steps a job has and what it leaves.
"""

import pathlib
import re
import shutil

import attacks
import packages
import server
import trial

# The caches that are made: what the server serves, and whether with the ETags that the genuine channel has.
SEEDS = {"good": ("good", False), "evil": ("evil", False), "old": ("old", False), "evil-etag": ("evil", True),
         "old-etag": ("old", True)}


class Lane:
    def __init__(self, directory, options):
        self.directory = pathlib.Path(directory)
        self.options = options
        self.canary = self.directory / "canary"
        self.work = self.directory / "t"
        self.seeds = self.directory / "seeds"
        self.seeds.mkdir(parents=True)
        packages.write_states(self.directory / "states", options, self.canary)
        self.server = server.Channel(self.directory / "states")
        self.references = {}

    def path(self, name):
        return self.work / name

    def start(self):
        """An empty directory for a trial: a home, a place for temporary files, the user's files, the sources."""
        trial.remove_tree(self.work)
        for name in ("home", "tmp", "src"):
            (self.work / name).mkdir(parents=True)
        trial.make_precious(self.path("precious"))
        self.canary.unlink(missing_ok=True)

    def variables(self, system):
        return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(self.path("home")),
                "TMPDIR": str(self.path("tmp")), **system.variables(self)}

    def run(self, system, steps):
        """Runs steps until one fails; all of them, and what they printed."""
        done = []
        for argv in steps:
            step = trial.run(argv, self.variables(system), self.path("src"), system.timeout)
            done.append(step)
            if step.code != 0:
                break
        return done

    def seed(self, system):
        """Makes the system's caches, one for each state, and the reference that trials are compared with."""
        place = self.seeds / system.slug
        for state, (served, has_genuine_etags) in SEEDS.items():
            self.start()
            self.server.state, self.server.has_genuine_etags = served, has_genuine_etags
            system.prepare_seed(self, state)
            done = self.run(system, system.seed_steps(self, state))
            self.check(system, done, f"seed of {state}")
            (place / state).mkdir(parents=True)
            shutil.move(system.cached(self), place / state / "cache")
            for name in system.kept(state):
                if self.path(name).exists():
                    shutil.move(self.path(name), place / state / name.replace("/", "_"))
        self.server.state, self.server.has_genuine_etags = "good", False
        self.references[system.slug] = None
        seen = [self.attempt(system, lambda caches: None) for _ in range(2)]
        self.references[system.slug] = self.observed
        if seen[1].word != "unchanged":
            raise SystemExit(f"{system.name}: two honest jobs differ: {seen[1].word}: {seen[1].detail}")
        # The control: a job that does not need its cache would be unharmed by anything.
        if system.has_control:
            without = self.attempt(system, empty)
            if without.word != "slower only":
                raise SystemExit(f"{system.name}: without the cache a job is `{without.word}`: {without.detail}")

    def check(self, system, done, what):
        if done and done[-1].code != 0:
            raise SystemExit(f"{system.name}: {what} failed: {done[-1].text}")

    def caches(self, system):
        place = self.seeds / system.slug
        return attacks.Caches(system.cached(self), place, self.path("precious"))

    def lay(self, system, attack):
        """A machine with the attacked cache; false where the attack does not apply."""
        place = self.seeds / system.slug
        self.start()
        trial.copy_tree(place / "good/cache", system.cached(self))
        system.prepare(self, place)
        try:
            return attack(self.caches(system)) is not False
        except (KeyError, ValueError, LookupError) as error:
            # A forgery for a format that has changed: it must be brought up to date, and not end the run.
            print(f"{system.name}: an attack could not be made: {type(error).__name__}: {error}", flush=True)
            return False

    def attempt(self, system, attack):
        if not self.lay(system, attack):
            return None
        before = trial.precious_state(self.path("precious"))
        system.before_job(self)
        self.server.count()
        done = self.run(system, system.steps(self))
        cost = self.server.count()
        lock = system.lock(self)
        environment = system.environment(self) if done[-1].code == 0 else {}
        printed = done[-1].text
        observed = {"environment": environment, "lock": lock, "cost": cost, "printed": printed}
        reference = self.references.get(system.slug)
        if reference is None:
            self.observed = observed
            self.check(system, done, "honest job")
            self.references[system.slug] = observed
            reference = observed
        verdict = self.judge(system, done, observed, reference, before)
        self.observed = observed
        return verdict

    def judge(self, system, done, observed, reference, before):
        last = done[-1]
        note = first_line(last.text)
        outside = trial.differences(trial.precious_state(self.path("precious")), before)
        if self.canary.exists():
            return trial.Verdict("FOREIGN CODE RAN", note)
        if outside:
            return trial.Verdict("FILES OUTSIDE CHANGED", ", ".join(outside)[:200])
        if observed["lock"] is not None and reference["lock"] != observed["lock"] and last.code == 0:
            return trial.Verdict("FOREIGN BYTES IN LOCK", difference_of(observed["lock"], reference["lock"]))
        if any(step.is_late for step in done):
            return trial.Verdict("hung", note)
        if any(step.memory > trial.MUCH_MEMORY_KIB for step in done):
            return trial.Verdict("memory or disk filled", f"{max(step.memory for step in done) >> 10} MiB of memory")
        if last.code != 0:
            return self.again(system, note)
        changed = trial.differences(observed["environment"], reference["environment"])
        if changed:
            return trial.Verdict("FOREIGN BYTES IN ENVIRONMENT", ", ".join(changed)[:200])
        if system.answer(last.text) != system.answer(reference["printed"]):
            return trial.Verdict("FOREIGN BYTES IN ENVIRONMENT", f"printed: {note}")
        warning = next((line for step in done for line in step.text.splitlines() if "warning" in line.lower()), "")
        if observed["cost"][1] > reference["cost"][1]:
            return trial.Verdict("slower only", f"{observed['cost'][1]} bytes more fetched; {warning}"[:200])
        return trial.Verdict("unchanged", warning[:200])

    def again(self, system, note):
        """The same job on what the failed one left: does it heal, or fail for ever?"""
        done = self.run(system, system.steps(self))
        if self.canary.exists():
            return trial.Verdict("FOREIGN CODE RAN", f"second run: {first_line(done[-1].text)}")
        word = "refused, then works" if done[-1].code == 0 else "job failed for ever"
        return trial.Verdict(word, note)


def empty(caches):
    """A cache without entries; a lower store stays one, as it has to exist."""
    for entry in caches.target.iterdir():
        if entry.name != "format":
            trial.remove_tree(entry)


def first_line(text):
    """The line that says what failed, else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [line for line in lines if re.search(r"error|panicked|Error", line)]
    return (found or lines or [""])[0][:200]


def difference_of(new, old):
    known = set(old.splitlines())
    lines = [line.strip() for line in new.splitlines() if line not in known]
    return " | ".join(lines)[:200]
