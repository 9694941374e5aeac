//! Every environment variable that larder reads, in one place. Read once, at the start.

use std::{collections::HashMap, env, ffi::OsString, path::PathBuf};

use larder::{ChildVariables, ConfigurationPlaces, Durable};

/// Where things are and what this process was told by variables.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    variables: HashMap<OsString, OsString>,
    /// The working directory.
    pub(crate) working_directory: PathBuf,
}

/// Seals bytecode in the store. Not for packages: whoever knows it can forge.
pub(crate) const CACHE_SECRET: &str = "LARDER_CACHE_SECRET";

/// The documented variables: name, meaning. A test compares the table in book/src/variables.md with this.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    (
        "LARDER_STORE",
        "the store, the directory that CI caches (default: $XDG_CACHE_HOME/larder/store, else ~/.cache/larder/store)",
    ),
    (
        "LARDER_STORE_LOWER",
        "stores that are searched after it and never written, such as one of the system; separated as in PATH",
    ),
    (
        "LARDER_TREES",
        "extracted packages of this machine, never cached (default: $XDG_CACHE_HOME/larder/trees)",
    ),
    (
        "LARDER_STATE",
        "what this machine has seen of channels, never cached: an index or a remembered solve from the store counts only if its digest is here (default: $XDG_STATE_HOME/larder, else ~/.local/state/larder)",
    ),
    (
        CACHE_SECRET,
        "with it bytecode is kept in the store too, sealed: a secret of your CI, at least 16 bytes, for trusted jobs alone",
    ),
    (
        "LARDER_REMOTE",
        "a remote that stores share, asked for packages before their channels, as --remote names it",
    ),
    (
        "LARDER_REMOTE_PUSH",
        "`true`: what the remote lacks of a new or updated environment is put there (--push)",
    ),
    (
        "LARDER_CACHE_REMOTE",
        "where `larder cache` keeps its entries (default: $XDG_CACHE_HOME/larder/pipeline)",
    ),
    (
        "LARDER_ENVS",
        "where named environments go (default: envs_dirs of the configuration, $MAMBA_ROOT_PREFIX/envs, conda's own envs, ~/.conda/envs; the first that can be written)",
    ),
    (
        "LARDER_CHANNEL_ALIAS",
        "what a channel's bare name is joined to (default: https://conda.anaconda.org)",
    ),
    (
        "LARDER_MIRRORS",
        "mirrors of channels for packages: CHANNEL-URL=MIRROR-URL, several with spaces; asked in order, the channel itself last",
    ),
    (
        "LARDER_UV",
        "the uv that locks and installs `pip:` sections (default: that on the PATH, else one of the channels); empty: pip does it",
    ),
    (
        "CONDARC",
        "a .condarc to read after all others; also MAMBARC (`larder config` shows what is read)",
    ),
    (
        "CONDA_*",
        "keys of a .condarc in upper case, such as CONDA_CHANNELS=conda-forge,bioconda or CONDA_SUBDIR=osx-arm64: win over files (`larder config --describe` has them all)",
    ),
    (
        "LARDER_SYSTEM_CONFIG",
        "the directories of the machine's configuration, in place of /etc/conda and /var/lib/conda",
    ),
    (
        "LARDER_DURABLE",
        "`true`: a new or updated environment is on the disk when the run has ended; `false`: a power loss may leave empty files in it (default: auto, it leaves the old or the new one, whole, right after the run as well; false with --ephemeral)",
    ),
    (
        "CI",
        "`true` (or anything but 0, false, no) on a machine that is thrown away: no trees are kept (--ephemeral)",
    ),
    (
        "CONDA_OVERRIDE_*",
        "versions of virtual packages, such as CONDA_OVERRIDE_CUDA=12.4",
    ),
    (
        "RATTLER_AUTH_FILE",
        "credentials per host, as rattler and pixi keep them (default: ~/.rattler/credentials.json); for https, a host written `http://HOST` for plain http",
    ),
    (
        "NETRC",
        "the netrc file (default: ~/.netrc); for https, `machine http://HOST` for plain http",
    ),
    (
        "SSL_CERT_FILE",
        "certificate authorities to trust instead of the system's, PEM",
    ),
    (
        "REQUESTS_CA_BUNDLE",
        "certificate authorities to trust besides the system's, PEM; also CURL_CA_BUNDLE",
    ),
    (
        "HTTPS_PROXY",
        "the proxy for https; also HTTP_PROXY, ALL_PROXY and NO_PROXY",
    ),
    (
        "SHELL",
        "the shell that `shell-hook` and `init` mean where the program that started larder is none; ZDOTDIR and XDG_CONFIG_HOME say where its files are",
    ),
    (
        "GITHUB_ENV",
        "the file for `shell-hook --github-env`, as the runner sets it; also GITHUB_PATH",
    ),
    (
        "INPUT_*",
        "the inputs of the GitHub action, for `larder ci`; it also reads the services' own variables, such as RUNNER_TEMP, GITHUB_OUTPUT, AGENT_TEMPDIRECTORY",
    ),
    (
        "ACTIONS_RUNTIME_TOKEN",
        "with ACTIONS_RESULTS_URL: GitHub's cache service (`ghac:`), which GitHub tells to actions alone; GITHUB_TOKEN, GITHUB_REPOSITORY and GITHUB_API_URL list and remove its entries; ACTIONS_CACHE_MODE is kept to",
    ),
    (
        "AWS_*",
        "credentials of `s3://` remotes: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, AWS_ROLE_ARN and others; AWS_REGION and AWS_ENDPOINT_URL say what the URL does not",
    ),
    (
        "AZURE_*",
        "credentials of `azblob://` remotes: AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_CONNECTION_STRING, AZURE_TENANT_ID, AZURE_CLIENT_ID and others",
    ),
    (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "the file with the credentials of `gs://` remotes (default: gcloud's own)",
    ),
    ("NO_COLOR", "no colours"),
];

impl Environment {
    /// Takes a snapshot of the process's environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub(crate) fn read() -> Self {
        Self {
            variables: env::vars_os().collect(),
            working_directory: env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        }
    }

    /// The same with a variable set, for a part of a run; an empty value takes it away.
    pub(crate) fn with(&self, name: &str, value: impl Into<OsString>) -> Self {
        let mut changed = self.clone();
        let value = value.into();
        if value.is_empty() {
            changed.variables.remove(&OsString::from(name));
        } else {
            changed.variables.insert(name.into(), value);
        }
        changed
    }

    /// A variable that is set and not empty.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables
            .get(&OsString::from(name))
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    }

    /// A variable that is set, not empty, and text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.path(name)?.into_os_string().into_string().ok()
    }

    /// All variables whose names and values are text.
    pub(crate) fn text_variables(&self) -> HashMap<String, String> {
        let text = |(name, value): (&OsString, &OsString)| {
            Some((name.to_str()?.to_owned(), value.to_str()?.to_owned()))
        };
        self.told().filter_map(text).collect()
    }

    /// All variables, as a child gets them: without what it must not know.
    pub(crate) fn all(&self) -> impl Iterator<Item = (OsString, OsString)> + '_ {
        self.told()
            .map(|(name, value)| (name.clone(), value.clone()))
    }

    /// What of the variables processes get that larder starts for its own work.
    pub(crate) fn child_variables(&self) -> ChildVariables {
        ChildVariables::new(self.all())
    }

    fn told(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        let is_ours = |name: &OsString| name.as_os_str() == CACHE_SECRET;
        self.variables
            .iter()
            .filter(move |(name, _)| !is_ours(name))
    }

    /// Whether a variable is set to something that means yes.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.path(name).is_some_and(|value| {
            !["0", "false", "no"].contains(&value.to_string_lossy().to_lowercase().as_str())
        })
    }

    /// Whether environments are to survive a power loss.
    pub(crate) fn durable(&self) -> Durable {
        match self.text("LARDER_DURABLE").as_deref() {
            None | Some("auto") => Durable::Auto,
            Some(_) if self.flag("LARDER_DURABLE") => Durable::Yes,
            Some(_) => Durable::No,
        }
    }

    /// The user's home directory.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.path("HOME").or_else(|| self.path("USERPROFILE"))
    }

    /// The store's directory.
    pub(crate) fn store(&self) -> Option<PathBuf> {
        self.path("LARDER_STORE")
            .or_else(|| Some(self.cache()?.join("store")))
    }

    /// The stores below it, absolute.
    pub(crate) fn lower_stores(&self) -> Vec<PathBuf> {
        let list = self.path("LARDER_STORE_LOWER").unwrap_or_default();
        env::split_paths(&list)
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| self.working_directory.join(path))
            .collect()
    }

    /// The directory of the trees.
    pub(crate) fn trees(&self) -> Option<PathBuf> {
        self.path("LARDER_TREES")
            .or_else(|| Some(self.cache()?.join("trees")))
    }

    /// The directory of what this machine has seen itself.
    pub(crate) fn state(&self) -> Option<PathBuf> {
        let system = if cfg!(windows) {
            self.path("LOCALAPPDATA")
        } else {
            None
        };
        let of_user = || {
            let base = self.path("XDG_STATE_HOME").or(system);
            let base = base.or_else(|| Some(self.home()?.join(".local").join("state")))?;
            Some(base.join("larder"))
        };
        self.path("LARDER_STATE").or_else(of_user)
    }

    /// The directories for named environments besides those of the configuration, as conda and mamba
    /// have them.
    pub(crate) fn environments(&self) -> Vec<PathBuf> {
        let below = |directory: Option<PathBuf>, name: &str| Some(directory?.join(name));
        let places = [
            below(self.path("MAMBA_ROOT_PREFIX"), "envs"),
            below(self.conda_root(), "envs"),
            below(self.home(), ".conda/envs"),
        ];
        let absolute = |path: PathBuf| self.working_directory.join(path);
        places.into_iter().flatten().map(absolute).collect()
    }

    /// Where conda's configuration files are looked for; `prefix` is the environment that is meant.
    pub(crate) fn configuration_places(&self, prefix: Option<PathBuf>) -> ConfigurationPlaces {
        let system = self.path("LARDER_SYSTEM_CONFIG");
        let absolute = |path: PathBuf| self.working_directory.join(path);
        ConfigurationPlaces {
            system: system.map_or_else(ConfigurationPlaces::of_the_system, |list| {
                env::split_paths(&list).collect()
            }),
            root: self.conda_root().or_else(|| self.path("MAMBA_ROOT_PREFIX")),
            xdg_config: self.path("XDG_CONFIG_HOME"),
            home: self.home(),
            prefix,
            condarc: self.named_file("CONDARC").map(absolute),
            mambarc: self.named_file("MAMBARC").map(absolute),
        }
    }

    /// The path of a file that a variable names, `~` being the home.
    fn named_file(&self, name: &str) -> Option<PathBuf> {
        let path = self.path(name)?;
        match (path.strip_prefix("~"), self.home()) {
            (Ok(rest), Some(home)) => Some(home.join(rest)),
            _ => Some(path),
        }
    }

    /// Where conda is installed: `CONDA_ROOT`, else what `CONDA_EXE` of conda's shell hook is in.
    fn conda_root(&self) -> Option<PathBuf> {
        let of_hook = || Some(self.path("CONDA_EXE")?.parent()?.parent()?.to_owned());
        self.path("CONDA_ROOT").or_else(of_hook)
    }

    /// The directory of the pipeline cache.
    pub(crate) fn pipeline_cache(&self) -> Option<PathBuf> {
        Some(self.cache()?.join("pipeline"))
    }

    /// The directory of what `larder ci` keeps during a job, where the service has none. Not in the directory of
    /// caches: jobs cache that, and what is in here says what may be replaced and removed.
    pub(crate) fn job_directory(&self) -> Option<PathBuf> {
        Some(self.state()?.join("ci"))
    }

    fn cache(&self) -> Option<PathBuf> {
        let system = if cfg!(windows) {
            self.path("LOCALAPPDATA")
        } else {
            None
        };
        let base = self
            .path("XDG_CACHE_HOME")
            .or(system)
            .or_else(|| Some(self.home()?.join(".cache")))?;
        Some(base.join("larder"))
    }
}

#[cfg(test)]
mod tests;
