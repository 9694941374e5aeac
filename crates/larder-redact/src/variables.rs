//! Environment variables that hold credentials, and what processes get that larder starts for its own work.
//!
//! Link scripts, activation scripts, builds and tools run code that packages bring. Such a process gets the
//! user's variables without those that larder itself reads as credentials ([`SERVICE_CREDENTIALS`]) and
//! without what a name or a value shows to be a secret. `larder run COMMAND` is no such process: its command
//! is the user's own and gets everything.
//!
//! This is about variables alone. What a process can read of its parents is up to the operating system; see
//! `larder_fs::forbid_inspection`.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    fmt,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

use url::Url;

use crate::{redact_text, split_userinfo};

#[cfg(test)]
mod tests;

/// Variables that larder, or the job that it runs in, uses to prove who it is to a service. No process that
/// larder starts for its own work gets them, and no manifest can put them into a URL. `*` at the end stands
/// for any rest. Names are compared without regard to case, as Windows does.
pub const SERVICE_CREDENTIALS: &[&str] = &[
    // larder's own: seals bytecode, and the URLs of remotes, which may hold a password.
    "LARDER_CACHE_SECRET",
    "LARDER_REMOTE",
    "LARDER_CACHE_REMOTE",
    // GitHub Actions: the cache service, identity tokens, the API, and the action's inputs.
    "ACTIONS_*",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "INPUT_*",
    // GitLab and Azure Pipelines: tokens of the job. CI_REPOSITORY_URL has the job's token in it.
    "CI_JOB_TOKEN",
    "CI_JOB_JWT*",
    "CI_REPOSITORY_URL",
    "SYSTEM_ACCESSTOKEN",
    "ENDPOINT_AUTH_*",
    "ENDPOINT_URL_*",
    "SECUREFILE_*",
    // The services behind remotes, with the endpoints that hand out their tokens.
    "AWS_*",
    "AZURE_*",
    "AZBLOB_*",
    "IDENTITY_*",
    "MSI_*",
    "GOOGLE_*",
    "CLOUDSDK_*",
    // Files of credentials by host.
    "RATTLER_AUTH_FILE",
];

/// What uv and pip read to reach their indexes: a tool that downloads gets these, scripts do not.
const INDEX_CREDENTIALS: &[&str] = &["UV_*", "PIP_*", "NETRC"];

/// Variables with addresses that larder reads: withheld from scripts where a value holds a secret.
const ADDRESSES: &[&str] = &["LARDER_*", "CONDA_*", "MAMBA_*", "PIP_*", "UV_*"];

/// What uploads packages: nothing that larder starts ever does.
const UPLOADS: &[&str] = &["UV_PUBLISH_*", "TWINE_*"];

/// Words in the names of variables that hold secrets. Any variable can be named in a channel's URL, so there
/// is no complete list of those that larder reads as credentials of channels.
const SECRET_WORDS: &[&str] = &[
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
];

/// Last words of such names: `GH_PAT`, `DEPLOY_KEY`, `DB_PASS`. Too short to be looked for anywhere in a name, and
/// alone they are something else (`PWD` is a directory).
const SECRET_LAST_WORDS: &[&str] = &["PAT", "KEY", "PASS", "PWD", "AUTH"];

/// Where conda's protocol keeps the value that a variable had before an environment changed it.
const SAVED: &str = "__CONDA_SHLVL_";

/// Names of variables whose values larder has put into the user, password or token of a channel.
static OF_CHANNELS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes that larder has used a variable as a credential of a channel: from now on no process that larder
/// starts for its own work gets it, whatever its name looks like.
pub fn withhold(name: &str) {
    let mut names = OF_CHANNELS.lock().unwrap_or_else(PoisonError::into_inner);
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn is_of_channel(name: &str) -> bool {
    let names = OF_CHANNELS.lock().unwrap_or_else(PoisonError::into_inner);
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether larder reads this variable as a credential of a service: see [`SERVICE_CREDENTIALS`]. A value that
/// conda's protocol keeps for later is as secret as the value.
pub fn is_service_credential(name: &str) -> bool {
    is_any_of(without_level(name), SERVICE_CREDENTIALS)
}

/// The value of a variable as scripts of packages see it; `None` if they do not see the variable at all.
/// The address of a proxy is passed on without its user and password.
pub fn value_for_script<'v>(name: &OsStr, value: &'v OsStr) -> Option<Cow<'v, OsStr>> {
    // A name that is no text is none that larder reads.
    let Some(name) = name.to_str().map(without_level) else {
        return Some(Cow::Borrowed(value));
    };
    if is_service_credential(name)
        || is_of_channel(name)
        || is_any_of(name, UPLOADS)
        || name.eq_ignore_ascii_case("NETRC")
        || has_secret_word(name)
    {
        return None;
    }
    let text = value.to_string_lossy();
    if is_proxy(name) {
        return without_userinfo(&text, value);
    }
    let has_secret =
        has_password(&text) || is_any_of(name, ADDRESSES) && redact_text(&text) != text;
    (!has_secret).then_some(Cow::Borrowed(value))
}

/// Whether a tool that downloads from package indexes sees a variable: its indexes, with their credentials,
/// and proxies as they are; nothing of other services.
fn is_for_downloads(name: &OsStr) -> bool {
    let Some(name) = name.to_str().map(without_level) else {
        return true;
    };
    if is_any_of(name, UPLOADS) || is_service_credential(name) || is_of_channel(name) {
        return false;
    }
    is_any_of(name, INDEX_CREDENTIALS) || !has_secret_word(name)
}

/// `NAME` for `__CONDA_SHLVL_n_NAME`: a saved value is as secret as the value.
fn without_level(name: &str) -> &str {
    let level = |rest: &str| {
        rest.find('_')
            .filter(|end| rest[..*end].bytes().all(|b| b.is_ascii_digit()))
    };
    let mut name = name;
    // A level of a level is nothing that conda makes, but somebody could.
    while let Some(rest) = name.strip_prefix(SAVED)
        && let Some(end) = level(rest)
    {
        name = &rest[end + 1..];
    }
    name
}

fn is_any_of(name: &str, patterns: &[&str]) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => name
                .get(..start.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(start)),
            None => name.eq_ignore_ascii_case(pattern),
        })
}

fn has_secret_word(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    // `NPM_KEY_2` is the second of its kind.
    let kind = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let last = kind.rsplit_once('_').map(|(_, last)| last);
    SECRET_WORDS.iter().any(|word| name.contains(word))
        || last.is_some_and(|last| SECRET_LAST_WORDS.contains(&last))
}

fn is_proxy(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("_proxy") && !name.eq_ignore_ascii_case("no_proxy")
}

/// Whether a text has a URL with a user and a password in it.
fn has_password(text: &str) -> bool {
    text.split("://").skip(1).any(|address| {
        let authority = address
            .split(['/', ' ', '"', '\''])
            .next()
            .unwrap_or_default();
        authority
            .rsplit_once('@')
            .is_some_and(|(userinfo, _)| userinfo.contains(':'))
    })
}

/// The address of a proxy without user and password; nothing if they cannot be told from the rest.
fn without_userinfo<'v>(text: &str, value: &'v OsStr) -> Option<Cow<'v, OsStr>> {
    if !text.contains('@') {
        return Some(Cow::Borrowed(value));
    }
    // Proxies are often written `user:password@host:port`, which has no scheme, or the wrong one.
    let (scheme, address) = text.split_once("://").unwrap_or(("", text));
    let (_, host) = split_userinfo(address);
    let clean = match scheme {
        "" => host.to_owned(),
        scheme => format!("{scheme}://{host}"),
    };
    let parsed = Url::parse(&clean)
        .or_else(|_| Url::parse(&format!("http://{clean}")))
        .ok()?;
    let is_clean =
        parsed.username().is_empty() && parsed.password().is_none() && !clean.contains('@');
    is_clean.then(|| Cow::Owned(clean.into()))
}

/// All variables of larder's process, and what of them its children get. Cheap to clone. The default has no
/// variables at all.
#[derive(Clone, Default)]
pub struct ChildVariables {
    variables: Arc<[(OsString, OsString)]>,
}

impl ChildVariables {
    /// From all variables of this process.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self {
            variables: variables.into_iter().collect(),
        }
    }

    /// What scripts of packages get, and whatever else runs code of packages: see [`value_for_script`].
    pub fn for_scripts(&self) -> impl Iterator<Item = (&OsStr, Cow<'_, OsStr>)> {
        self.variables
            .iter()
            .filter_map(|(name, value)| Some((name.as_os_str(), value_for_script(name, value)?)))
    }

    /// What uv and pip get where they download: also the credentials of their indexes and proxies.
    pub fn for_downloads(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables
            .iter()
            .filter(|(name, _)| is_for_downloads(name))
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// A command whose process gets [`Self::for_scripts`] and nothing else.
    pub fn script_command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.for_scripts());
        command
    }

    /// A command whose process gets [`Self::for_downloads`] and nothing else.
    pub fn download_command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.for_downloads());
        command
    }
}

impl fmt::Debug for ChildVariables {
    /// Names alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.variables.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}
