//! Whether index and lock of a pack agree, and with a lock that is trusted (H7 of PACK.md).

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
};

use larder_digest::{Checksum, Sha256};
use larder_lock::{
    Closure, DEFAULT_CATEGORY, LockFile, LockHead, LockedPackage, PipLock, PipPackage, Selection,
};
use larder_pack::{LOCK, PackIndex, PackReader};
use rattler_conda_types::Subdir;

use crate::{
    Settings,
    inputs::{parse_lock, read_lock, refuse_unknown_category},
    pip::file_name,
};

use super::UnpackOperationError;

/// What a pack says of itself, checked.
pub(super) struct Contents {
    pub(super) index: PackIndex,
    pub(super) lock: LockFile,
    /// The pack and the member, for messages.
    pub(super) lock_path: PathBuf,
    /// The archives of the environment that is to be made: the members' names, and what their bytes have to
    /// have by the lock that is trusted.
    pub(super) needed: BTreeMap<String, Checksum>,
    closure: Closure,
    /// The pip packages beside it.
    pip: PipLock,
    /// The member of each package of the closure.
    members: BTreeMap<String, String>,
    /// The member of each pip package.
    wheels: BTreeMap<String, String>,
}

impl Contents {
    pub(super) fn read<R: Read>(
        reader: &PackReader<R>,
        pack: &Path,
        subdir: Subdir,
        settings: &Settings,
    ) -> Result<Self, UnpackOperationError> {
        let lock_path = PathBuf::from(format!("{}:{LOCK}", pack.display()));
        let lock = parse_lock(&lock_path, reader.lock().as_bytes(), Some(subdir), settings)?;
        let index = reader.index().clone();
        let mut archives = Archives::of(&index);
        let (mut members, mut wheels) = (BTreeMap::new(), BTreeMap::new());
        let mut own = None;
        for platform in lock.platforms() {
            let closure = lock
                .closure(*platform, &Selection::all())
                .map_err(|source| UnpackOperationError::Unusable { source })?;
            for package in closure.packages() {
                let member = archives.find(package)?;
                if *platform == subdir {
                    members.insert(package.name().to_owned(), member);
                }
            }
            let pip = lock.pip(*platform, &Selection::all());
            for package in &pip.packages {
                let member = archives.find_wheel(package)?;
                if *platform == subdir {
                    wheels.insert(package.name.clone(), member);
                }
            }
            if *platform == subdir {
                own = Some((closure, pip));
            }
        }
        archives.refuse_foreign()?;
        let Some((closure, pip)) = own else {
            return Err(UnpackOperationError::NotPacked {
                wanted: subdir.to_string(),
                found: index.platforms.join(", "),
            });
        };
        let mut contents = Self {
            index,
            lock,
            lock_path,
            needed: BTreeMap::new(),
            closure,
            pip,
            members,
            wheels,
        };
        contents.need();
        Ok(contents)
    }

    /// What the closure needs of the pack.
    fn need(&mut self) {
        let packages = self.closure.packages().iter();
        let needed = packages.filter_map(|package| {
            let member = self.members.get(package.name())?;
            Some((member.clone(), package.checksum()?))
        });
        let wheels = self.pip.packages.iter().filter_map(|package| {
            let member = self.wheels.get(&package.name)?;
            Some((member.clone(), Checksum::Sha256(package.sha256?)))
        });
        self.needed = needed.chain(wheels).collect();
    }

    /// The packages of the environment that is to be made.
    pub(super) fn closure(&self) -> &Closure {
        &self.closure
    }

    /// The pip packages beside them.
    pub(super) fn pip_packages(&self) -> &[PipPackage] {
        &self.pip.packages
    }

    /// What the needed archives weigh together.
    pub(super) fn bytes(&self) -> u64 {
        let is_needed = |path: &str| self.needed.contains_key(path);
        let needed = self.index.archives().chain(self.index.wheels());
        needed
            .filter(|archive| is_needed(archive.path.as_str()))
            .map(|archive| archive.size)
            .sum()
    }

    /// Holds the packages against those of a lock that is trusted, and takes that one instead: of what the
    /// pack says nothing counts any more but where the archives are.
    pub(super) fn pin(
        &mut self,
        path: &Path,
        categories: &[String],
        settings: &Settings,
    ) -> Result<(), UnpackOperationError> {
        let trusted = read_lock(path, settings)?.ok_or_else(|| UnpackOperationError::NoLock {
            path: path.to_owned(),
        })?;
        let subdir = self.closure.subdir();
        let mut differences = Vec::new();
        // A lock alone is packed without its optional categories, one beside a manifest with them.
        let selections = match categories {
            [] => vec![Selection::all(), Selection::default()],
            named => {
                let known = trusted.categories().into_iter().map(str::to_owned);
                refuse_unknown_category(named, &known.collect(), &[path.to_owned()])?;
                vec![Selection::categories(named.iter().cloned())]
            }
        };
        for selection in selections {
            let closure = match trusted.closure(subdir, &selection) {
                Ok(closure) => closure,
                Err(error) => {
                    differences = vec![error.to_string()];
                    continue;
                }
            };
            let pip = trusted.pip(subdir, &selection);
            differences = compare(&closure, &self.closure);
            differences.extend(compare_pip(&pip.packages, &self.pip.packages));
            if differences.is_empty() {
                let head = LockHead {
                    channels: trusted.channels().to_vec(),
                    ..LockHead::default()
                };
                let lock = LockFile::new(std::slice::from_ref(&closure), &head);
                self.lock = lock.with_pip(subdir, &pip, DEFAULT_CATEGORY);
                self.closure = closure;
                self.pip = pip;
                self.lock_path = path.to_owned();
                self.need();
                return Ok(());
            }
        }
        Err(UnpackOperationError::Pinned {
            path: path.to_owned(),
            differences,
        })
    }
}

/// The archives of an index, each with whether the lock names it.
struct Archives(BTreeMap<Sha256, Vec<(String, bool)>>);

impl Archives {
    fn of(index: &PackIndex) -> Self {
        let mut archives: BTreeMap<Sha256, Vec<(String, bool)>> = BTreeMap::new();
        for archive in index.archives().chain(index.wheels()) {
            let same = archives.entry(archive.sha256).or_default();
            same.push((archive.path.to_string(), false));
        }
        Self(archives)
    }

    /// The member that is the archive of a package: of its digest, subdir and file name.
    fn find(&mut self, package: &LockedPackage) -> Result<String, UnpackOperationError> {
        let record = &package.record;
        let name = format!("/{}/{}", record.package_record.subdir, record.identifier);
        let found = self.named(package.sha256(), |path| path.ends_with(&name));
        found.ok_or_else(|| UnpackOperationError::NoArchive {
            package: package.dist(),
        })
    }

    /// The member that is the wheel or source of a pip package: of its digest and file name.
    fn find_wheel(&mut self, package: &PipPackage) -> Result<String, UnpackOperationError> {
        let name = file_name(package);
        let found = self.named(package.sha256, |path| {
            let (directory, file) = path.rsplit_once('/').unwrap_or_default();
            directory.starts_with("wheels") && file == name
        });
        found.ok_or_else(|| UnpackOperationError::NoWheel {
            package: format!("{}-{}", package.name, package.version),
        })
    }

    fn named(&mut self, sha256: Option<Sha256>, is_it: impl Fn(&str) -> bool) -> Option<String> {
        let same = sha256.and_then(|sha256| self.0.get_mut(&sha256));
        let mut found = same.into_iter().flatten();
        let (path, is_named) = found.find(|(path, _)| is_it(path))?;
        *is_named = true;
        Some(path.clone())
    }

    fn refuse_foreign(self) -> Result<(), UnpackOperationError> {
        let mut all = self.0.into_values().flatten();
        match all.find(|(_, is_named)| !is_named) {
            None => Ok(()),
            Some((entry, _)) => Err(UnpackOperationError::Foreign { entry }),
        }
    }
}

/// How the packages of a pack differ from those that are trusted.
fn compare(trusted: &Closure, packed: &Closure) -> Vec<String> {
    let mut differences = Vec::new();
    for package in packed.packages() {
        match trusted.get(package.name()) {
            None => differences.push(format!("{} is not in it", package.dist())),
            Some(other) if !is_same(other, package) => {
                differences.push(format!("{} is not its {}", package.dist(), other.dist()));
            }
            Some(_) => {}
        }
    }
    let missing = trusted
        .packages()
        .iter()
        .filter(|package| packed.get(package.name()).is_none());
    differences.extend(missing.map(|package| format!("{} is not in the pack", package.dist())));
    differences
}

/// How the pip packages of a pack differ from those that are trusted.
fn compare_pip(trusted: &[PipPackage], packed: &[PipPackage]) -> Vec<String> {
    let dist = |package: &PipPackage| format!("{}-{}", package.name, package.version);
    let is_in = |package: &PipPackage, others: &[PipPackage]| {
        others.iter().any(|other| {
            other.name == package.name
                && other.sha256.is_some()
                && other.sha256 == package.sha256
                && other.url == package.url
        })
    };
    let more = packed.iter().filter(|package| !is_in(package, trusted));
    let more = more.map(|package| format!("{} of PyPI is not in it", dist(package)));
    let less = trusted.iter().filter(|package| !is_in(package, packed));
    let less = less.map(|package| format!("{} of PyPI is not in the pack", dist(package)));
    more.chain(less).collect()
}

/// The same address and digests. A pack's lock has the sha256 of everything, the trusted one perhaps not:
/// what has an md5 alone is held against that once more when its bytes are there.
fn is_same(trusted: &LockedPackage, packed: &LockedPackage) -> bool {
    let digests = match trusted.sha256() {
        Some(sha256) => packed.sha256() == Some(sha256),
        None => trusted.md5().is_some() && trusted.md5() == packed.md5(),
    };
    digests && trusted.record.url == packed.record.url
}
