//! The `pip:` section as what comes into an environment besides packages: uv or pip installs into the
//! directory that is given, with the environment's own Python, from files that are in the store.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use larder_digest::Sha256;
use larder_event::{Event, Phase, Reporter};
use larder_fs::{PathContext as _, create_shared_dir};
use larder_link::{Addition, AdditionFailed, PIP_FILE, PipFile, PipInstalled, scratch_beside};
use larder_lock::{PipLock, PipPackage};
use larder_pypi::{Indexes, InstallRequest, Tool, build_wheel, install, normalize, safe_file_name};
use larder_store::{ObjectKind, Store};
use rattler_conda_types::Subdir;

use super::{PipError, PipFetched, built::BuiltWheels, objects::dist, tool};
use crate::{Settings, Sources};

/// What is installed into one environment.
#[derive(Debug)]
pub(crate) struct PipAddition {
    lock: PipLock,
    fetched: PipFetched,
    /// What is installed and stays.
    kept: Vec<PipInstalled>,
    /// Whether lines that are passed on are installed now.
    passes_on: bool,
    directory: PathBuf,
    offline: bool,
    indexes: Indexes,
    uv: Option<Tool>,
    built: BuiltWheels,
    store: Store,
    failure: Mutex<Option<PipError>>,
}

/// The addition of a lock's packages to an environment for `subdir`; nothing if there are none.
///
/// # Errors
/// If it could not be installed on this machine.
pub(crate) fn installed_for(
    subdir: Subdir,
    (lock, fetched): (PipLock, PipFetched),
    (kept, passes_on): (Vec<PipInstalled>, bool),
    directory: &Path,
    (settings, store): (&Settings, &Store),
) -> Result<Arc<PipAddition>, PipError> {
    if Subdir::current() != Some(subdir) {
        return Err(PipError::Foreign { subdir });
    }
    let request = lock.request.as_ref();
    // It becomes part of the name of a directory: nothing but a version may.
    let python = request
        .map(|request| request.python.clone())
        .filter(|python| {
            python
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
        })
        .unwrap_or_default();
    Ok(Arc::new(PipAddition {
        kept,
        passes_on,
        directory: directory.to_owned(),
        offline: settings.offline,
        indexes: Indexes::new(&settings.variables, settings.child_variables.clone()),
        uv: tool::uv(settings),
        built: BuiltWheels {
            trees: settings.trees.clone(),
            python: format!("cpython-{python}-{subdir}"),
        },
        store: store.clone(),
        failure: Mutex::new(None),
        lock,
        fetched,
    }))
}

impl Addition for PipAddition {
    fn stage(
        &self,
        prefix: &Path,
        root: &Path,
        reporter: &dyn Reporter,
    ) -> Result<(), AdditionFailed> {
        let begun = std::time::Instant::now();
        let count = self.lock.packages.len() + self.lock.passed_on().len();
        reporter.event(&Event::PhaseStarted {
            phase: Phase::Pip,
            total: count as u64,
            bytes: 0,
        });
        if let Err(error) = self.fill(prefix, root, reporter) {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            return Err(AdditionFailed);
        }
        reporter.event(&Event::PhaseFinished {
            phase: Phase::Pip,
            milliseconds: crate::elapsed_milliseconds(begun),
        });
        Ok(())
    }
}

impl PipAddition {
    /// Why it failed, once.
    pub(crate) fn failure(&self) -> Option<PipError> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// How long fetching its files took.
    pub(crate) fn fetch_milliseconds(&self) -> u64 {
        self.fetched.milliseconds
    }

    /// Where its files came from.
    pub(crate) fn sources(&self) -> &Sources {
        &self.fetched.sources
    }

    fn fill(&self, prefix: &Path, root: &Path, reporter: &dyn Reporter) -> Result<(), PipError> {
        let python = tool::python(prefix);
        let tool = self.uv.clone().unwrap_or_else(|| Tool::pip(&python));
        reporter.note(format!("{} installs the `pip:` section", tool.name()));
        let scratch = scratch_beside(prefix)?;
        let wheels = scratch.path().join("wheels");
        create_shared_dir(&wheels)?;
        let request = InstallRequest {
            tool: &tool,
            python: &python,
            root,
            scratch: scratch.path(),
            wheels: &wheels,
            packages: &[],
            passed_on: if self.passes_on {
                self.lock.passed_on()
            } else {
                &[]
            },
            directory: &self.directory,
            offline: self.offline,
            indexes: &self.indexes,
        };
        let mut packages = Vec::new();
        for package in &self.lock.packages {
            let digest = self.wheel(package, &request, reporter)?;
            packages.push((package.name.clone(), package.version.clone(), digest));
        }
        let request = InstallRequest {
            packages: &packages,
            ..request
        };
        install(&request, reporter)?;
        // uv locks what it installs into, and leaves the file behind; pip has none.
        let _ = fs::remove_file(root.join(".lock"));
        self.note(root)
    }

    /// Puts the wheel of a package where the tool looks; returns its digest.
    fn wheel(
        &self,
        package: &PipPackage,
        request: &InstallRequest<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Sha256, PipError> {
        let unusable = || PipError::NoDigest {
            package: dist(package),
        };
        let object = self
            .fetched
            .objects
            .get(&package.name)
            .ok_or_else(unusable)?;
        let verified = self.store.open_verified(object);
        let mut verified = verified.map_err(|source| PipError::Object {
            package: dist(package),
            source,
        })?;
        let sha256 = object.id.sha256;
        // The address is the lock's, and its end becomes a path: `..` or a blank must not.
        let file_name = safe_file_name(&package.url).ok_or_else(|| PipError::Address {
            package: dist(package),
            url: package.url.clone(),
        })?;
        if object.id.kind == ObjectKind::Wheel {
            // The tool opens it by name: that must be the file that was just hashed, not what another member of
            // a shared store has put in its place since.
            verified.link_or_copy(object, &request.wheels.join(&file_name))?;
            return Ok(sha256);
        }
        let (wheel, digest) = match self.built.find(&sha256) {
            Some(found) => found,
            None => {
                let place = request.scratch.join(format!("build-{sha256}"));
                let into = place.join("wheel");
                create_shared_dir(&into)?;
                let source = place.join(&file_name);
                verified.link_or_copy(object, &source)?;
                let wheel = build_wheel(&source, &into, request, reporter)?;
                self.built.keep(&sha256, &wheel)?
            }
        };
        let name = wheel.file_name().unwrap_or_default();
        link_or_copy(&wheel, &request.wheels.join(name))?;
        Ok(digest)
    }

    /// Writes what belongs to the environment from now on.
    fn note(&self, root: &Path) -> Result<(), PipError> {
        let mut locked: BTreeMap<String, &PipPackage> = BTreeMap::new();
        locked.extend(
            self.lock
                .packages
                .iter()
                .map(|package| (normalize(&package.name), package)),
        );
        let mut packages = self.kept.clone();
        for found in larder_link::pip_packages(root, &[])? {
            let package = locked.get(&normalize(&found.name));
            packages.push(PipInstalled {
                url: package.map(|package| package.url.clone()),
                sha256: package.and_then(|package| package.sha256),
                name: found.name,
                version: found.version,
                metadata: found.metadata,
            });
        }
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        let request = self.lock.request.clone().unwrap_or_default();
        let file = PipFile::new(request.requirements, request.passed_on, packages);
        let path = root.join(PIP_FILE);
        let directory = path.parent().unwrap_or(root);
        fs::create_dir_all(directory).at("create directory", directory)?;
        fs::write(&path, file.to_text()).at("write file", &path)?;
        Ok(())
    }
}

fn link_or_copy(from: &Path, to: &Path) -> Result<(), PipError> {
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).at("copy to", to)?;
    }
    Ok(())
}
