//! Whether a lock is still what is asked for, with every reason why it is not.
//!
//! Never solves and never compares texts: a comment, another order or another spelling of the same
//! spec makes no lock stale. A lock is hostile input: each package must be at a channel of the list, or at
//! the one that the spec for it names, must be for the platform, and must be needed by a spec or by another
//! package that is. What is elsewhere (a related channel of CEP 42, a `base_url` of CEP 15) is a reason
//! that only the channel's index can settle: what a lock says of it could have been written by anyone.

use std::collections::HashSet;

use rattler_conda_types::{MatchSpec, match_spec::package_name_matcher::PackageNameMatcher};

use crate::{
    Closure, Completeness, LockFile, LockWriter, LockedPackage, Reason, Wanted, WantedSpec,
    address::{self, PackageUrl},
    matching::{Environment, Found},
    spec_channel_urls,
};

/// Checks that `lock` gives what is `wanted`, exactly and completely.
///
/// Of a lock with [bare](Completeness::Bare) packages only the platform and the presence and version
/// of what is wanted are checked: it does not say its channels, nor what its packages depend on.
///
/// # Errors
/// Every [`Reason`] why it does not, those of the manifest's lines first.
pub fn check(lock: &LockFile, wanted: &Wanted<'_>) -> Result<(), Vec<Reason>> {
    if !lock.platforms().contains(&wanted.subdir) {
        return Err(vec![Reason::PlatformNotLocked {
            subdir: wanted.subdir,
            locked: lock.platforms().to_vec(),
        }]);
    }
    let closure = lock.closure(wanted.subdir, wanted.selection);
    let mut reasons = Vec::new();
    let channels = lock.channels().iter().map(|channel| &*channel.url);
    let mut in_lock = address::base_url_list(channels.clone());
    let mut in_manifest = address::base_url_list(wanted.channels.iter().map(String::as_str));
    // A lock of another tool that names `defaults` means a third channel on Windows alone.
    if !wanted.subdir.is_windows() && channels.clone().any(|channel| channel == "defaults") {
        in_lock.retain(|url| url != address::MSYS2);
        in_manifest.retain(|url| url != address::MSYS2);
    }
    let known = !closure.as_ref().is_ok_and(has_bare);
    if known && in_lock != in_manifest {
        reasons.push(Reason::Channels {
            locked: in_lock,
            wanted: in_manifest,
        });
    }
    match closure {
        Ok(closure) => {
            reasons.extend(check_writer(lock));
            reasons.extend(check_closure(&closure, wanted));
            reasons.extend(check_places(lock, &closure, wanted));
        }
        Err(error) => reasons.push(Reason::Unusable {
            text: match std::error::Error::source(&error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            },
        }),
    }
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(reasons)
    }
}

/// What the way in which the lock was written is a reason for.
fn check_writer(lock: &LockFile) -> Option<Reason> {
    match lock.writer() {
        LockWriter::Edited => Some(Reason::Edited),
        LockWriter::NewerLarder => Some(Reason::NewerLarder),
        LockWriter::Larder | LockWriter::OlderLarder | LockWriter::Other => None,
    }
}

/// Whether each package is where a package of this lock can be.
fn check_places(lock: &LockFile, closure: &Closure, wanted: &Wanted<'_>) -> Vec<Reason> {
    let channels = lock.channels().iter().map(|channel| &*channel.url);
    let mut channels = address::base_url_list(channels);
    // The check above has held these against each other; aliases are resolved in the manifest's.
    channels.extend(address::base_url_list(
        wanted.channels.iter().map(String::as_str),
    ));
    let mut reasons = Vec::new();
    for package in closure.packages() {
        let name = || package.dist();
        if package.completeness == Completeness::Bare {
            reasons.push(Reason::OnlyUrls { package: name() });
            continue;
        }
        if package.completeness == Completeness::Partial && lock.writer().is_larder() {
            reasons.push(Reason::NoMetadata { package: name() });
        }
        let place = PackageUrl::of(&package.record.url);
        let subdir = place.subdir.as_deref().unwrap_or_default();
        if ![closure.subdir().as_str(), "noarch"].contains(&subdir) && place.subdir.is_some() {
            reasons.push(Reason::OtherPlatform {
                package: name(),
                found: subdir.to_owned(),
                subdir: closure.subdir(),
            });
        }
        // A record that says another channel than its address would meet `channel::name`.
        let is_listed = |base: &str| {
            channels.iter().any(|channel| channel == base)
                || is_at_channel_of_spec(wanted, package.name(), base)
        };
        // pixi writes names of channels there, too.
        let claimed = package.record.channel.as_deref().map(address::base_urls);
        let is_found = place.channel.as_ref().is_some_and(|base| {
            is_listed(base) && claimed.is_none_or(|claimed| claimed.contains(base))
        });
        if !is_found {
            reasons.push(Reason::Elsewhere {
                package: name(),
                url: address::clean(package.record.url.as_str()).url,
            });
        }
    }
    reasons
}

/// Whether a line of the manifest asks for this package from this channel.
fn is_at_channel_of_spec(wanted: &Wanted<'_>, package: &str, base: &str) -> bool {
    let mut specs = wanted.specs.iter().map(|line| &line.spec);
    specs.any(|spec| {
        let is_named = matches!(&spec.name, PackageNameMatcher::Exact(name) if name.as_normalized() == package);
        is_named
            && spec
                .channel
                .as_ref()
                .is_some_and(|channel| spec_channel_urls(channel).iter().any(|url| url == base))
    })
}

/// An `@EXPLICIT` list names no channels, and not every URL has one in it.
fn has_bare(closure: &Closure) -> bool {
    let mut packages = closure.packages().iter();
    packages.any(|package| package.completeness == Completeness::Bare)
}

/// The reasons why `closure` is not what is `wanted`; the list of channels is not looked at.
pub fn check_closure(closure: &Closure, wanted: &Wanted<'_>) -> Vec<Reason> {
    let environment = Environment::new(closure, wanted.virtual_packages);
    let mut walk = Walk::new(&environment);
    for line in wanted.specs {
        walk.wanted(line);
    }
    for line in wanted.constraints {
        walk.constrained_by_user(line);
    }
    walk.finish();
    walk.find_unneeded();
    for package in closure.packages() {
        walk.check_package(package);
    }
    walk.reasons
}

/// The names of the packages that `specs` need, directly or through others.
pub(crate) fn reachable<'a, 's>(
    environment: &'a Environment<'a>,
    specs: impl Iterator<Item = &'s MatchSpec>,
) -> HashSet<&'a str> {
    let mut walk = Walk::new(environment);
    for spec in specs {
        walk.reach(spec, true);
    }
    walk.finish();
    walk.reached
}

/// From the specs through the dependencies.
struct Walk<'a> {
    environment: &'a Environment<'a>,
    /// Names of the packages that something asks for, under whatever condition.
    reached: HashSet<&'a str>,
    /// Extras that are asked for, by package name, and whether the condition for that holds.
    extras: HashSet<(&'a str, &'a str, bool)>,
    queue: Vec<Dependencies<'a>>,
    reasons: Vec<Reason>,
}

/// Dependencies that are still to be followed.
struct Dependencies<'a> {
    /// The package that has them.
    of: &'a LockedPackage,
    specs: &'a [String],
    /// Whether they must be met, or only say what other machines need.
    required: bool,
}

impl<'a> Walk<'a> {
    fn new(environment: &'a Environment<'a>) -> Self {
        Self {
            environment,
            reached: HashSet::new(),
            extras: HashSet::new(),
            queue: Vec::new(),
            reasons: Vec::new(),
        }
    }

    fn wanted(&mut self, line: &WantedSpec) {
        let found = self.reach(&line.spec, true);
        // An implied package may be locked, but a lock of a tool that does not add it is complete without.
        if line.is_implied || !self.environment.applies(&line.spec) {
            return;
        }
        let (location, spec) = (line.location.clone(), line.text.clone());
        self.reasons.push(match found {
            Found::Met(_) => return,
            Found::Absent if !line.spec.is_virtual() => Reason::NotLocked { location, spec },
            Found::Absent => virtual_package(&location, &line.spec, &spec, None),
            Found::Virtual(package) => {
                virtual_package(&location, &line.spec, &spec, Some(package.to_string()))
            }
            Found::Locked(package) => Reason::NotMet {
                location,
                spec,
                locked: described(&line.spec, package),
            },
        });
    }

    fn constrained_by_user(&mut self, line: &WantedSpec) {
        if !self.environment.applies(&line.spec) {
            return;
        }
        let (location, spec) = (line.location.clone(), line.text.clone());
        match self.environment.find(&line.spec) {
            Found::Locked(package) => self.reasons.push(Reason::NotMet {
                location,
                spec,
                locked: described(&line.spec, package),
            }),
            Found::Virtual(package) => {
                let found = Some(package.to_string());
                self.reasons
                    .push(virtual_package(&location, &line.spec, &spec, found));
            }
            Found::Met(_) | Found::Absent => {}
        }
    }

    /// Notes what `spec` asks for, whether or not its condition holds now.
    fn reach(&mut self, spec: &MatchSpec, required: bool) -> Found<'a> {
        let found = self.environment.find(spec);
        if let Found::Met(Some(package)) | Found::Locked(package) = found {
            let record = &package.record.package_record;
            if self.reached.insert(package.name()) {
                self.follow(package, &record.depends, true);
            }
            let required = required && self.environment.applies(spec);
            for extra in spec.extras.iter().flatten() {
                if let Some((extra, depends)) = record.extra_depends.get_key_value(extra)
                    && self.extras.insert((package.name(), extra, required))
                {
                    self.follow(package, depends, required);
                }
            }
        }
        found
    }

    fn follow(&mut self, of: &'a LockedPackage, specs: &'a [String], required: bool) {
        self.queue.push(Dependencies {
            of,
            specs,
            required,
        });
    }

    /// Follows dependencies until there are no more, and checks each.
    fn finish(&mut self) {
        while let Some(dependencies) = self.queue.pop() {
            for text in dependencies.specs {
                self.dependency(&dependencies, text);
            }
        }
    }

    fn dependency(
        &mut self,
        Dependencies {
            of: package,
            required,
            ..
        }: &Dependencies<'a>,
        text: &str,
    ) {
        let spec = match self.environment.parsed(text) {
            Ok(spec) => spec,
            Err(message) => {
                self.reasons.push(Reason::BadSpec {
                    package: package.dist(),
                    spec: text.to_owned(),
                    text: message.to_owned(),
                });
                return;
            }
        };
        let found = self.reach(spec, *required);
        if !required || !self.environment.applies(spec) {
            return;
        }
        let locked = match found {
            Found::Met(_) => return,
            Found::Locked(locked) => Some(described(spec, locked)),
            Found::Virtual(found) => {
                let found = Some(found.to_string());
                self.reasons
                    .push(virtual_package(&package.dist(), spec, text, found));
                return;
            }
            Found::Absent if spec.is_virtual() => {
                self.reasons
                    .push(virtual_package(&package.dist(), spec, text, None));
                return;
            }
            Found::Absent => None,
        };
        self.reasons.push(Reason::Dependency {
            package: package.dist(),
            dependency: text.to_owned(),
            locked,
        });
    }

    /// Packages that nothing asks for: those that a spec once asked for first, then what is left.
    /// Their own dependencies are checked as well.
    ///
    /// Packages of which other tools wrote only part are asked, too, because their dependencies are
    /// known. Lists of URLs know none.
    fn find_unneeded(&mut self) {
        let packages = self.environment.closure.packages();
        let is_bare = |package: &LockedPackage| package.completeness == Completeness::Bare;
        let has_bare = packages.iter().any(is_bare);
        let (asked, others): (Vec<_>, Vec<_>) = packages
            .iter()
            .partition(|package| !package.requested_specs.is_empty());
        for package in asked.into_iter().chain(others) {
            if !self.reached.insert(package.name()) {
                continue;
            }
            if !has_bare && !self.is_added_by_tools(package) {
                self.reasons.push(Reason::NotNeeded {
                    package: package.dist(),
                    requested_specs: package.requested_specs.clone(),
                });
            }
            self.follow(package, &package.record.package_record.depends, true);
            self.finish();
        }
    }

    /// conda adds pip to python's dependencies while it solves, which locks of conda-lock do not show.
    fn is_added_by_tools(&self, package: &LockedPackage) -> bool {
        package.completeness == Completeness::Partial
            && ["pip", "setuptools", "wheel"].contains(&package.name())
            && self.environment.closure.get("python").is_some()
    }

    /// What a package must have or forbids, whoever asks for it.
    fn check_package(&mut self, package: &LockedPackage) {
        if package.checksum().is_none() && package.completeness != Completeness::Bare {
            self.reasons.push(Reason::NoDigest {
                package: package.dist(),
            });
        }
        for text in &package.record.package_record.constrains {
            let spec = match self.environment.parsed(text) {
                Ok(spec) => spec,
                Err(message) => {
                    self.reasons.push(Reason::BadSpec {
                        package: package.dist(),
                        spec: text.clone(),
                        text: message.to_owned(),
                    });
                    continue;
                }
            };
            if !self.environment.applies(spec) {
                continue;
            }
            let reason = match self.environment.find(spec) {
                Found::Locked(locked) => Reason::Constrained {
                    package: package.dist(),
                    constraint: text.clone(),
                    locked: described(spec, locked),
                },
                Found::Virtual(found) => {
                    virtual_package(&package.dist(), spec, text, Some(found.to_string()))
                }
                Found::Met(_) | Found::Absent => continue,
            };
            self.reasons.push(reason);
        }
    }
}

/// The package, with its channel if that is what the spec is about.
fn described(spec: &MatchSpec, package: &LockedPackage) -> String {
    match (&spec.channel, &package.record.channel) {
        (Some(_), Some(channel)) => format!("{} of {channel}", package.dist()),
        _ => package.dist(),
    }
}

fn virtual_package(needed_by: &str, spec: &MatchSpec, text: &str, found: Option<String>) -> Reason {
    let override_variable = match &spec.name {
        PackageNameMatcher::Exact(name) => {
            let name = name.as_normalized().trim_start_matches('_');
            // CEP 30: these two cannot be overridden.
            let fixed = matches!(name, "unix" | "conda");
            (!fixed).then(|| format!("CONDA_OVERRIDE_{}", name.to_ascii_uppercase()))
        }
        _ => None,
    };
    Reason::VirtualPackage {
        needed_by: needed_by.to_owned(),
        dependency: text.to_owned(),
        found,
        override_variable,
    }
}
