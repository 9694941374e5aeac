//! Whether what a lock has for pip is what a `pip:` section asks for, on one platform: no more, no less, and
//! from where the section says.
//!
//! A lock is hostile input. Checked, not hashed: lines that are spelled otherwise, and requirements that what
//! is locked meets, make no lock stale. The section's lines are where everything begins: each that applies to
//! the platform must be met, what it needs must be locked (or a conda package brings it), and nothing else may
//! be. Lines that are passed on to a tool must each be a line of the section. Reads text, asks nobody.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr as _,
};

use larder_lock::{Closure, PipLock, PipPackage, Reason};
use pep440_rs::Version;
use pep508_rs::MarkerEnvironment;
use rattler_conda_types::GenericVirtualPackage;

use crate::{
    Indexes, Plain, Section, Target, files,
    line::name_of,
    normalize,
    place::{NamedPlace, names_place},
    plain, provided,
    section::LineKind,
};

/// What is known of the dependencies of wheels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WheelDependencies {
    /// The lock has them all: larder wrote it.
    Recorded,
    /// The lock has some: another tool wrote it, perhaps with those of other platforms and extras.
    Listed,
    /// The lock has none: an older larder wrote it.
    NotRecorded,
    /// It is no lock: what an environment has is compared with the section alone.
    Installed,
}

/// What is checked against what.
#[derive(Debug, Clone, Copy)]
pub struct PipCheck<'c> {
    /// What is asked for.
    pub section: Option<&'c Section>,
    /// What is locked.
    pub locked: &'c PipLock,
    /// The conda packages beside it.
    pub closure: &'c Closure,
    /// Of the target.
    pub virtual_packages: &'c [GenericVirtualPackage],
    /// Of the user's environment.
    pub indexes: &'c Indexes,
    /// What is known of the dependencies of wheels.
    pub dependencies: WheelDependencies,
}

/// Every reason why the lock is not what is asked for.
pub fn check_pip_lock(check: &PipCheck<'_>) -> Vec<Reason> {
    let Some(section) = check.section else {
        return without_section(check.locked);
    };
    let target = match Target::new(check.closure, check.virtual_packages) {
        Ok(target) => target,
        Err(error) => return vec![reason(error.to_string())],
    };
    let Some(environment) = target.marker_environment() else {
        return vec![reason(format!(
            "markers cannot be evaluated for Python {}",
            target.python_full
        ))];
    };
    let mut checking = Checking {
        check,
        section,
        target: &target,
        environment,
        packages: BTreeMap::new(),
        provided: BTreeMap::new(),
        versions_passed_on: BTreeMap::new(),
        roots: Vec::new(),
        reasons: Vec::new(),
    };
    checking.collect();
    checking.check_request();
    checking.check_lines();
    if check.dependencies != WheelDependencies::Installed {
        checking.check_passed_on();
        checking.check_needed();
        checking.check_files();
    }
    checking.reasons
}

fn reason(text: String) -> Reason {
    Reason::Pip { text }
}

fn without_section(locked: &PipLock) -> Vec<Reason> {
    let names = locked.packages.iter().map(|package| &package.name);
    let first = names.chain(locked.passed_on()).next();
    let text = match (first, &locked.request) {
        (Some(first), _) => {
            format!("{first} is locked for pip, but there is no `pip:` section")
        }
        (None, Some(_)) => "a `pip:` section was locked that is no longer there".to_owned(),
        (None, None) => return Vec::new(),
    };
    vec![reason(text)]
}

struct Checking<'c> {
    check: &'c PipCheck<'c>,
    section: &'c Section,
    target: &'c Target,
    environment: MarkerEnvironment,
    /// By normalized name.
    packages: BTreeMap<String, &'c PipPackage>,
    /// Versions of what conda packages bring, by normalized name.
    provided: BTreeMap<String, String>,
    /// Versions of what is locked by name and version alone, by normalized name.
    versions_passed_on: BTreeMap<String, String>,
    /// What the section asks for here: normalized names with extras.
    roots: Vec<(String, BTreeSet<String>)>,
    reasons: Vec<Reason>,
}

impl<'c> Checking<'c> {
    fn add(&mut self, text: String) {
        self.reasons.push(reason(text));
    }

    fn collect(&mut self) {
        for package in &self.check.locked.packages {
            if self
                .packages
                .insert(normalize(&package.name), package)
                .is_some()
            {
                self.add(format!("{} is locked for pip twice", package.name));
            }
        }
        let provided = provided(self.check.closure).into_iter();
        self.provided = provided.map(|found| (found.name, found.version)).collect();
        for line in self.check.locked.passed_on() {
            if let Some((name, version)) = line.split_once("==") {
                let name = normalize(name);
                if self.provided.contains_key(&name) || self.packages.contains_key(&name) {
                    self.add(format!("{name} is passed on to pip, and is locked as well"));
                }
                self.versions_passed_on.insert(name, version.to_owned());
            }
        }
        let twice: Vec<String> = self
            .provided
            .iter()
            .filter(|(name, _)| self.packages.contains_key(*name))
            .map(|(name, version)| {
                format!("{name} is locked for pip, and conda has {name} {version}")
            })
            .collect();
        twice.into_iter().for_each(|text| self.add(text));
    }

    /// What was recorded of the section that was locked, against the section that there is.
    fn check_request(&mut self) {
        let Some(request) = &self.check.locked.request else {
            if self.check.dependencies != WheelDependencies::Listed {
                self.add("the lock does not say which `pip:` section it was made for".to_owned());
            }
            return;
        };
        if request.python != self.target.python {
            self.add(format!(
                "the `pip:` section was resolved for Python {}, and python {} is locked",
                request.python, self.target.python_full
            ));
        }
        let lines = self.section.requirements();
        let names: BTreeSet<String> = lines
            .iter()
            .filter_map(|line| plain(line))
            .map(|plain| plain.name)
            .collect();
        for line in lines
            .iter()
            .filter(|line| !request.requirements.contains(line))
        {
            // Requirements are looked at below, whatever was recorded.
            if LineKind::of(line) != LineKind::Requirement {
                self.add(format!(
                    "`{line}` of the `pip:` section is not what was locked"
                ));
            }
        }
        for line in request
            .requirements
            .iter()
            .filter(|line| !lines.contains(line))
        {
            if !plain(line).is_some_and(|plain| names.contains(&plain.name)) {
                self.add(format!(
                    "nothing asks for `{line}` of the `pip:` section any more"
                ));
            }
        }
    }

    fn check_lines(&mut self) {
        for line in self.section.requirements() {
            match LineKind::of(line) {
                LineKind::Option => {}
                LineKind::Constraint => self.check_constraint(line),
                LineKind::Place => self.check_place(line),
                LineKind::Unread => self.check_unread(line),
                LineKind::Requirement => {
                    if let Some(plain) = plain(line) {
                        self.check_requirement(line, plain);
                    }
                }
            }
        }
    }

    fn version_of(&self, name: &str) -> Option<&str> {
        let package = self
            .packages
            .get(name)
            .map(|package| package.version.as_str());
        package
            .or_else(|| self.provided.get(name).map(String::as_str))
            .or_else(|| self.versions_passed_on.get(name).map(String::as_str))
    }

    fn check_requirement(&mut self, line: &str, plain: Plain) {
        if !plain.applies(&self.environment, []) {
            return;
        }
        match self.version_of(&plain.name) {
            None if self.is_passed_on_by_name(&plain.name) => {}
            None => self.add(format!("`{line}` of the `pip:` section is not locked")),
            Some(version) if plain.is_met_by(version) => {}
            Some(version) => self.add(format!(
                "`{line}` of the `pip:` section is not met by {} {version}",
                plain.name
            )),
        }
        if !self.is_locked_with(&plain) {
            self.add(format!(
                "`{line}` of the `pip:` section was not locked with its extras"
            ));
        }
        self.roots
            .push((plain.name, plain.extras.into_iter().collect()));
    }

    /// Whether what was locked for this name had these extras: what they need is not said otherwise.
    fn is_locked_with(&self, plain: &Plain) -> bool {
        let Some(request) = &self.check.locked.request else {
            return true;
        };
        if plain.extras.is_empty() || self.provided.contains_key(&plain.name) {
            return true;
        }
        let known = request
            .requirements
            .iter()
            .filter_map(|line| crate::plain(line));
        let known = known.filter(|known| known.name == plain.name);
        let extras: BTreeSet<String> = known.flat_map(|known| known.extras).collect();
        plain.extras.iter().all(|extra| extras.contains(extra))
    }

    fn check_constraint(&mut self, line: &str) {
        let Some(plain) = line.strip_prefix("-c ").and_then(plain) else {
            return;
        };
        if let Some(version) = self.version_of(&plain.name)
            && plain.applies(&self.environment, [])
            && !plain.is_met_by(version)
        {
            let text = format!(
                "`{line}` of the `pip:` section does not allow {} {version}",
                plain.name
            );
            self.add(text);
        }
    }

    /// A line for an address has a package at that address, any other place is passed on.
    fn check_place(&mut self, line: &str) {
        if !crate::requirement::applies_here(line, &self.environment) {
            return;
        }
        let place = NamedPlace::parse(line, &self.section.directory);
        let Some(NamedPlace::Address(address)) = place else {
            let mut lines = self.check.locked.passed_on().iter();
            if !lines.any(|passed_on| is_for(line, passed_on, self.section)) {
                self.add(format!("`{line}` of the `pip:` section is not locked"));
            }
            return;
        };
        let found = self
            .packages
            .iter()
            .find(|(_, package)| files::is_at(package, &address));
        match found.map(|(name, _)| name.clone()) {
            Some(name) => {
                let extras = crate::requirement::extras_of(line);
                self.roots.push((name, extras.into_iter().collect()));
            }
            None => self.add(format!("`{line}` of the `pip:` section is not locked")),
        }
    }

    /// That the line is the one that was locked was checked before; its name is what it asks for.
    fn check_unread(&mut self, line: &str) {
        let name = normalize(name_of(line));
        if !larder_lock::is_distribution_name(&name) {
            return;
        }
        if self.version_of(&name).is_none() && !self.is_passed_on_by_name(&name) {
            self.add(format!("`{line}` of the `pip:` section is not locked"));
        }
        self.roots.push((name, BTreeSet::new()));
    }

    fn is_passed_on_by_name(&self, name: &str) -> bool {
        let mut lines = self.check.locked.passed_on().iter();
        lines.any(|line| {
            let named = line
                .split_once(" @ ")
                .map_or(line.as_str(), |(name, _)| name);
            normalize(named) == *name
        })
    }

    /// Nothing reaches a tool that is not a line of the section.
    fn check_passed_on(&mut self) {
        let versions: Vec<String> = self.versions_passed_on.keys().cloned().collect();
        for line in self.check.locked.passed_on() {
            if let Some(problem) = larder_lock::passed_on_problem(line) {
                self.add(format!("a line for pip, `{line}`, {problem}"));
            } else if !line.contains("==") && !names_place(self.section, line) {
                self.add(format!(
                    "`{line}` is passed on to pip, but no line of the `pip:` section names it"
                ));
            }
        }
        let needed = self.needed();
        for name in versions {
            if !needed.contains(&name) {
                self.add(format!(
                    "{name} is passed on to pip, but nothing asks for it"
                ));
            } else if let Some(version) = self.versions_passed_on.get(&name) {
                let package = format!("{name}=={version}");
                self.reasons.push(Reason::Unhashed { package });
            }
        }
    }

    /// Everything that the roots reach.
    fn needed(&self) -> BTreeSet<String> {
        let mut reached: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut queue = self.roots.clone();
        let locked = self.check.locked;
        if let (Some(request), false) = (&locked.request, locked.passed_on().is_empty()) {
            let needed = request.needed_by_passed_on.iter();
            queue.extend(needed.map(|name| (normalize(name), BTreeSet::new())));
        }
        while let Some((name, extras)) = queue.pop() {
            let known = reached.get(&name);
            if known.is_some_and(|known| extras.is_subset(known)) {
                continue;
            }
            let all: BTreeSet<String> =
                known.cloned().into_iter().flatten().chain(extras).collect();
            for needed in self.dependencies(&name, &all) {
                queue.push((needed.name, needed.extras.into_iter().collect()));
            }
            reached.insert(name, all);
        }
        reached.into_keys().collect()
    }

    /// What a locked package needs here.
    fn dependencies(&self, name: &str, extras: &BTreeSet<String>) -> Vec<Plain> {
        let package = self.packages.get(name).into_iter();
        let dependencies = package.flat_map(|package| &package.dependencies);
        let dependencies = dependencies.filter_map(|(name, rest)| {
            let text = format!("{name} {}", rest.trim_start_matches('*'));
            // What other tools write as versions is not always that; the name counts all the same.
            plain(&text).or_else(|| plain(name))
        });
        dependencies
            .filter(|needed| needed.applies(&self.environment, extras))
            .collect()
    }

    /// Each wheel is needed, and has what it needs.
    fn check_needed(&mut self) {
        let needed = self.needed();
        let unneeded = self.packages.keys().filter(|name| !needed.contains(*name));
        let unneeded: Vec<String> = unneeded.cloned().collect();
        if self.check.dependencies == WheelDependencies::NotRecorded {
            if !unneeded.is_empty() {
                let names = unneeded.join(", ");
                self.add(format!(
                    "an older larder wrote the lock, which does not say what needs {names}: \
                     `larder lock` renews it"
                ));
            }
            return;
        }
        for name in unneeded {
            self.add(format!("{name} is locked for pip, but nothing asks for it"));
        }
        if self.check.dependencies != WheelDependencies::Recorded {
            return;
        }
        let mut texts = Vec::new();
        for (name, package) in &self.packages {
            let dist = format!("{name} {}", package.version);
            for dependency in self.dependencies(name, &BTreeSet::new()) {
                match self.version_of(&dependency.name) {
                    None if self.is_passed_on_by_name(&dependency.name) => {}
                    None => texts.push(format!(
                        "{dist} needs {}, which is not locked",
                        dependency.text
                    )),
                    // conda's version need not be one of PEP 440: the tool counted it as met, too.
                    Some(version)
                        if dependency.is_met_by(version) || Version::from_str(version).is_err() => {
                    }
                    Some(version) => texts.push(format!(
                        "{dist} needs {}, but {} {version} is locked",
                        dependency.text, dependency.name
                    )),
                }
            }
        }
        texts.into_iter().for_each(|text| self.add(text));
    }

    /// Each file is of that package, fits the platform, and is where its index has files.
    fn check_files(&mut self) {
        let addresses = self.addresses();
        let places = files::Places::new(self.section, self.check.indexes);
        let mut reasons = Vec::new();
        for package in self.packages.values() {
            let is_direct = addresses
                .iter()
                .any(|address| files::is_at(package, address));
            let problem = files::problem(package, self.target, is_direct);
            reasons.extend(problem.map(reason));
            if !is_direct {
                reasons.extend(places.check(package));
            }
        }
        self.reasons.append(&mut reasons);
    }

    /// The addresses of files that the section names itself.
    fn addresses(&self) -> Vec<String> {
        let lines = self.section.requirements().iter();
        let lines = lines.filter(|line| LineKind::of(line) == LineKind::Place);
        let places = lines.filter_map(|line| NamedPlace::parse(line, &self.section.directory));
        let address = |place| match place {
            NamedPlace::Address(address) => Some(address),
            NamedPlace::Repository { .. } | NamedPlace::Local { .. } => None,
        };
        places.filter_map(address).collect()
    }
}

/// Whether `passed_on` is what the lock has for `line` of the section.
fn is_for(line: &str, passed_on: &str, section: &Section) -> bool {
    let place = |line: &str| NamedPlace::parse(line, &section.directory);
    match (place(line), place(passed_on)) {
        (Some(wanted), Some(locked)) => wanted.accepts(&locked),
        _ => false,
    }
}
