//! Credentials from variables that are given: wraps what would ask the process for them.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqsign_core::{Context, Env, ProvideCredential, Result};

/// For files, token services and roles, all together.
const LONGEST: Duration = Duration::from_secs(15);
/// A machine's own service of credentials answers at once, or there is none.
pub(super) const OF_MACHINE: Duration = Duration::from_secs(2);

/// The variables that are given, in place of the process's.
#[derive(Clone)]
pub(super) struct Variables(Arc<BTreeMap<String, String>>);

impl Variables {
    pub(super) fn new(variables: &BTreeMap<String, String>) -> Self {
        let set = variables.iter().filter(|(_, value)| !value.is_empty());
        Self(Arc::new(
            set.map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        ))
    }

    /// The first of these that is set.
    pub(super) fn first(&self, names: &[&str]) -> Option<&str> {
        names
            .iter()
            .find_map(|name| self.0.get(*name))
            .map(String::as_str)
    }

    /// Sets one more.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        Arc::make_mut(&mut self.0).insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.first(&[name])
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// Values are secrets.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables")
    }
}

impl Env for Variables {
    fn var(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    fn vars(&self) -> HashMap<String, String> {
        let all = self.0.iter();
        all.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        self.first(&["HOME", "USERPROFILE"]).map(PathBuf::from)
    }
}

/// A source of credentials that is shown these variables instead of the process's, and has a bounded time.
#[derive(Debug)]
pub(super) struct Told<P> {
    provider: P,
    variables: Variables,
    longest: Duration,
    is_vain: AtomicBool,
}

impl<P> Told<P> {
    pub(super) fn new(provider: P, variables: &Variables) -> Self {
        Self {
            provider,
            variables: variables.clone(),
            longest: LONGEST,
            is_vain: AtomicBool::new(false),
        }
    }

    /// One that is asked once: if it has nothing, or says nothing in time, it is not asked again.
    pub(super) fn of_machine(provider: P, variables: &Variables) -> Self {
        Self {
            longest: OF_MACHINE,
            ..Self::new(provider, variables)
        }
    }
}

impl<P: ProvideCredential> ProvideCredential for Told<P> {
    type Credential = P::Credential;

    async fn provide_credential(&self, context: &Context) -> Result<Option<Self::Credential>> {
        let is_of_machine = self.longest == OF_MACHINE;
        if is_of_machine && self.is_vain.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let context = context.clone().with_env(self.variables.clone());
        let asked = self.provider.provide_credential(&context);
        match tokio::time::timeout(self.longest, asked).await {
            Ok(Ok(Some(credential))) => Ok(Some(credential)),
            _ if is_of_machine => {
                self.is_vain.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Ok(result) => result,
            Err(_) => Err(reqsign_core::Error::unexpected(
                "the service that gives credentials does not answer",
            )),
        }
    }
}
