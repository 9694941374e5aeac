//! What holds for every operation: where things are, and what the user's machine says.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use larder_link::{CacheSecret, JournalKey};
use larder_manifest::Lookup;
use larder_redact::ChildVariables;
use larder_solve::{MachineRecords, Requested};
use rattler_conda_types::Subdir;
use url::Url;

use crate::{ChannelRules, CommandDefaults, ConfiguredChannel, NetworkSettings, Prompt, Share};

/// Where things are, and what the caller read from its environment. Operations read nothing else.
///
/// The default is a machine on which nothing is said: no places, conda-forge by its usual address.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The store's directory.
    pub store: PathBuf,
    /// The store that records name, where that is another: one that does not outlive the run is no place for
    /// anybody to look.
    pub recorded_store: Option<PathBuf>,
    /// Stores that are read after it and never written, in this order.
    pub lower_stores: Vec<PathBuf>,
    /// The trees' directory.
    pub trees: PathBuf,
    /// Where this user's records of this machine are: what came from channels here, whatever a cache brings. Never
    /// in a directory that is cached. `None`: nothing is recorded.
    pub state: Option<PathBuf>,
    /// Where named environments are looked for, in order; new ones go into the first that can be written.
    pub environments: Vec<PathBuf>,
    /// What this user's runs seal with what they leave in prefixes.
    pub journal_key: JournalKey,
    /// The user's home, if there is one.
    pub home: Option<PathBuf>,
    /// What relative paths are relative to, absolute.
    pub working_directory: PathBuf,
    /// The environment variables, for `$NAME` in manifests and for `CONDA_OVERRIDE_*`.
    pub variables: HashMap<String, String>,
    /// What processes get that larder starts for its own work: scripts of packages, uv, pip.
    pub child_variables: ChildVariables,
    /// What a channel's bare name is joined to.
    pub channel_alias: String,
    /// The channels of the user's configuration: used after those of a manifest, and alone without any.
    pub default_channels: Vec<ConfiguredChannel>,
    /// What the configuration makes of channels' names, and which it lets pass.
    pub channel_rules: ChannelRules,
    /// Mirrors of channels, by the base URL that they stand for: asked for packages, in order, before it.
    pub mirrors: Vec<(Url, Vec<Url>)>,
    /// Use no network.
    pub offline: bool,
    /// rattler's file of credentials, if there is one.
    pub auth_file: Option<PathBuf>,
    /// The netrc file, if there is one.
    pub netrc: Option<PathBuf>,
    /// Certificate authorities to trust besides those of the system, PEM.
    pub ca_files: Vec<PathBuf>,
    /// What bytecode in the store is sealed with; without it there is none.
    pub cache_secret: Option<CacheSecret>,
    /// The remote that is asked for objects and remembered solves before channels.
    pub share: Option<Share>,
    /// How many threads unpack and link, at least 1.
    pub threads: usize,
    /// How the network is reached.
    pub network: NetworkSettings,
    /// Package caches of conda and mamba: archives there are used if their digest is right.
    pub package_dirs: Vec<PathBuf>,
    /// The subdir that is meant where none is named; none means this machine's.
    pub subdir: Option<Subdir>,
    /// Specs that every solve keeps to, for packages that are in the environment.
    pub pinned: Vec<Requested>,
    /// Whether environments with Python get pip (`add_pip_as_python_dependency`).
    pub pip_follows_python: bool,
    /// What goes into each new environment that no lock describes.
    pub create_default_packages: Vec<Requested>,
    /// Take .tar.bz2 archives only.
    pub only_tar_bz2: bool,
    /// Write new environments into conda's registry.
    pub register: bool,
    /// What stands before the prompt in an active environment.
    pub prompt: Prompt,
    /// When this run began, in whole seconds: ages are counted back from it.
    pub started: SystemTime,
    /// What holds where the command line says nothing else.
    pub defaults: CommandDefaults,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            store: PathBuf::new(),
            recorded_store: None,
            lower_stores: Vec::new(),
            trees: PathBuf::new(),
            state: None,
            cache_secret: None,
            environments: Vec::new(),
            journal_key: JournalKey::default(),
            home: None,
            working_directory: PathBuf::new(),
            variables: HashMap::new(),
            child_variables: ChildVariables::default(),
            channel_alias: "https://conda.anaconda.org".to_owned(),
            default_channels: Vec::new(),
            channel_rules: ChannelRules::default(),
            mirrors: Vec::new(),
            offline: false,
            auth_file: None,
            netrc: None,
            ca_files: Vec::new(),
            share: None,
            threads: 1,
            network: NetworkSettings::default(),
            package_dirs: Vec::new(),
            subdir: None,
            pinned: Vec::new(),
            pip_follows_python: true,
            create_default_packages: Vec::new(),
            only_tar_bz2: false,
            register: true,
            prompt: Prompt::default(),
            started: whole_seconds(SystemTime::now()),
            defaults: CommandDefaults::default(),
        }
    }
}

/// The time without its fraction, which would only make cut-offs hard to read.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.unwrap_or_default().as_secs();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

impl Settings {
    /// An absolute path for what the user named; a `~` that no shell has expanded is the home.
    pub fn absolute(&self, path: impl Into<PathBuf>) -> PathBuf {
        let path = path.into();
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => self.working_directory.join(path),
        }
    }

    /// What this machine has seen itself of indexes and remembered solves. Records in a store would come and go with
    /// it: they are not used.
    pub(crate) fn machine_records(&self) -> MachineRecords {
        let mut stores = self.lower_stores.iter().chain([&self.store]);
        let state = self.state.as_ref();
        let outside = state.filter(|state| !stores.any(|store| state.starts_with(store)));
        MachineRecords::new(outside.map(|state| state.join("seen")))
    }

    /// Reads a file that the user named. One that can be read once, such as `-` or a pipe, gives the same
    /// bytes to everybody in this run.
    pub(crate) fn read_input(&self, path: &Path) -> io::Result<Vec<u8>> {
        match path.starts_with("~") {
            true => crate::streams::read_input(&self.absolute(path), &self.working_directory),
            false => crate::streams::read_input(path, &self.working_directory),
        }
    }

    /// Where records say that an archive of the store is.
    pub(crate) fn recorded_archive(&self, path: &Path) -> PathBuf {
        let lasting = self.recorded_store.as_ref();
        match (lasting, path.strip_prefix(&self.store)) {
            (Some(lasting), Ok(relative)) => lasting.join(relative),
            _ => path.to_owned(),
        }
    }
}

impl Lookup for Settings {
    fn variable(&self, name: &str) -> Option<String> {
        // No text of a manifest, a list of URLs or a configuration stands for a credential of a service.
        let is_expanded = !larder_redact::is_service_credential(name);
        self.variables.get(name).filter(|_| is_expanded).cloned()
    }

    fn home(&self) -> Option<String> {
        self.home
            .as_ref()
            .map(|home| home.to_string_lossy().into_owned())
    }
}
