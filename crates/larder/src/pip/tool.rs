//! Where uv is, or else a Python with pip.
//!
//! LARDER_UV, then the PATH, then an environment of its own made from the channels at hand, below the
//! directory of trees; where these have no uv, a Python with pip in such an environment.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_event::Reporter;
use larder_fs::{LinkMode, PathError, RootedDir, mark_used, open_regular};
use larder_link::{ClobberPolicy, ScriptPolicy};
use larder_manifest::Manifest;
use larder_pypi::Tool;

use crate::{
    BytecodePolicy, CreateError, CreateOptions, Ephemeral, InputError, LockUse, Settings,
    SolvePolicy, Target,
    activation::is_environment,
    create::create_from,
    inputs::{Input, ManifestInput},
};

/// Names uv's executable; set and empty, no uv is used at all.
const VARIABLE: &str = "LARDER_UV";
const PATH: &str = "PATH";
/// Below the trees.
const DIRECTORY: &str = "tools";
/// Behind the name of an environment: an empty file, whose time is when it was last used.
const USED: &str = ".used";
/// Before the name of one that is being removed.
const GONE: &str = ".larder-gone-";
const EPOCH: SystemTime = SystemTime::UNIX_EPOCH;

/// uv, if the user's machine has it.
pub(super) fn uv(settings: &Settings) -> Option<Tool> {
    if let Some(named) = settings.variables.get(VARIABLE) {
        return (!named.is_empty()).then(|| Tool::uv(settings.absolute(named)));
    }
    let path = settings.variables.get(PATH)?;
    let separator = if cfg!(windows) { ';' } else { ':' };
    let name = if cfg!(windows) { "uv.exe" } else { "uv" };
    let mut candidates = path
        .split(separator)
        .filter(|directory| !directory.is_empty());
    let found = candidates.find_map(|directory| {
        let candidate = settings.absolute(directory).join(name);
        candidate.is_file().then_some(candidate)
    });
    found.map(Tool::uv)
}

/// Whether uv was ruled out.
pub(super) fn is_without_uv(settings: &Settings) -> bool {
    settings
        .variables
        .get(VARIABLE)
        .is_some_and(String::is_empty)
}

/// Environments for tools.
pub(super) struct ToolRoom<'t> {
    pub(super) settings: &'t Settings,
    /// Base URLs.
    pub(super) channels: &'t [String],
    pub(super) reporter: &'t dyn Reporter,
}

impl ToolRoom<'_> {
    /// The uv of the channels.
    pub(super) async fn uv(&self) -> Result<Tool, CreateError> {
        let prefix = self.environment("uv", &["uv".to_owned()]).await?;
        Ok(Tool::uv(program(&prefix, "uv")))
    }

    /// A Python of this `major.minor` version, with pip.
    pub(super) async fn python(&self, version: &str) -> Result<PathBuf, CreateError> {
        let specs = [format!("python={version}"), "pip".to_owned()];
        let prefix = self
            .environment(&format!("python-{version}"), &specs)
            .await?;
        Ok(python(&prefix))
    }

    /// The environment of this name, made if it is not there.
    async fn environment(&self, name: &str, specs: &[String]) -> Result<PathBuf, CreateError> {
        let prefix = self.settings.trees.join(DIRECTORY).join(name);
        let used = prefix.with_file_name(format!("{name}{USED}"));
        if is_environment(&prefix) {
            open_regular(&used).iter().for_each(mark_used);
            return Ok(prefix);
        }
        let manifest = Manifest::from_specs(specs);
        let manifest = manifest.map_err(|error| InputError::Manifest(Box::new(error)))?;
        let input = Input::Manifest(ManifestInput {
            manifest,
            files: Vec::new(),
            has_place: false,
        });
        let settings = Settings {
            register: false,
            subdir: None,
            ..self.settings.clone()
        };
        let options = self.options(&prefix);
        // A tool has no pip section: this ends here.
        Box::pin(create_from(
            (&input, None),
            &options,
            &settings,
            self.reporter,
        ))
        .await?;
        // Without it the environment counts as used when it was made.
        let _ = fs::write(&used, "");
        Ok(prefix)
    }

    fn options(&self, prefix: &Path) -> CreateOptions {
        CreateOptions {
            files: Vec::new(),
            specs: Vec::new(),
            categories: Vec::new(),
            channels: self.channels.to_vec(),
            policy: SolvePolicy {
                exclude_newer: self.settings.defaults.exclude_newer.clone(),
                ..SolvePolicy::default()
            },
            target: Target {
                name: None,
                prefix: Some(prefix.to_owned()),
            },
            platform: None,
            no_default_packages: true,
            replace: false,
            dry_run: false,
            download_only: false,
            override_frozen: false,
            durable: Default::default(),
            shortcuts: Default::default(),
            lock_use: LockUse::Ignored,
            link_mode: LinkMode::default(),
            ephemeral: Ephemeral::default(),
            clobber: ClobberPolicy::default(),
            link_scripts: ScriptPolicy::default(),
            bytecode: BytecodePolicy::default(),
            command_line: String::new(),
            timestamp: String::new(),
        }
    }
}

/// An environment that was made for a tool.
#[derive(Debug)]
pub(crate) struct ToolEnvironment {
    trees: RootedDir,
    prefix: PathBuf,
    pub(crate) last_used: SystemTime,
}

/// Those below the directory of trees.
pub(crate) fn environments(trees: &Path) -> Result<Vec<ToolEnvironment>, PathError> {
    let mut found = Vec::new();
    let rooted = RootedDir::new(trees);
    for prefix in rooted.list(&trees.join(DIRECTORY))? {
        let name = prefix.file_name().unwrap_or_default().to_string_lossy();
        let used = prefix.with_file_name(format!("{name}{USED}"));
        let history = prefix.join("conda-meta").join("history");
        let times = [used, history].map(|path| rooted.status(&path).map(|status| status.modified));
        // What is no environment is being made, or was left by a killed run: its makers see to that.
        let is_gone = name.starts_with(GONE);
        if let Some(last_used) = times
            .into_iter()
            .flatten()
            .max()
            .or(is_gone.then_some(EPOCH))
            && rooted.is_dir(&prefix)
        {
            let trees = rooted.clone();
            found.push(ToolEnvironment {
                trees,
                prefix,
                last_used,
            });
        }
    }
    Ok(found)
}

impl ToolEnvironment {
    /// Removes it; who needs it makes it again. It is whole or not there.
    pub(crate) fn remove(&self) -> Result<(), PathError> {
        let name = self
            .prefix
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let gone = match name.starts_with(GONE) {
            true => self.prefix.clone(),
            false => self.prefix.with_file_name(format!("{GONE}{name}")),
        };
        if gone != self.prefix {
            self.trees.remove_tree(&gone)?;
            self.trees.rename(&self.prefix, &gone)?;
            let used = self.prefix.with_file_name(format!("{name}{USED}"));
            let _ = self.trees.remove_file(&used);
        }
        self.trees.remove_tree(&gone)
    }
}

/// The Python of an environment.
pub(super) fn python(prefix: &Path) -> PathBuf {
    match cfg!(windows) {
        true => prefix.join("python.exe"),
        false => prefix.join("bin").join("python"),
    }
}

fn program(prefix: &Path, name: &str) -> PathBuf {
    match cfg!(windows) {
        true => prefix.join("Scripts").join(format!("{name}.exe")),
        false => prefix.join("bin").join(name),
    }
}
