//! What a step did, and what it tells the job: the outputs.

use larder_cache::look_up::Hit;
use serde::Serialize;

use crate::{Counted, CreateReport, Origin, without_credentials};

use super::Cold;

/// What the cache was good for.
#[derive(Debug, Clone, Serialize)]
pub struct CacheUse {
    /// Where it is, without credentials.
    pub remote: String,
    /// `true` if it had everything, `inexact` if it had something.
    pub hit: Hit,
    /// The key of what this environment is of; none before it is made.
    pub key: Option<String>,
    /// The key of what was restored.
    pub matched_key: Option<String>,
    /// How many bytes came from it.
    pub bytes: u64,
    /// How long that took.
    pub milliseconds: u64,
}

impl CacheUse {
    /// What a remote was good for that keeps packages one by one: everything, something, nothing.
    pub fn of_objects(remote: &str, made: &CreateReport) -> Self {
        let (came, lacked) = (made.sources.remote, made.sources.channel);
        Self {
            remote: without_credentials(remote),
            hit: match (came.objects, lacked.objects) {
                (_, 0) => Hit::True,
                (0, _) => Hit::False,
                _ => Hit::Inexact,
            },
            key: None,
            matched_key: None,
            bytes: came.bytes,
            milliseconds: 0,
        }
    }
}

/// What a step did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StepReport {
    /// Always true: a failure has no report.
    pub success: bool,
    /// The environment's name; none if it has only a directory.
    pub name: Option<String>,
    /// Where the store was kept for this step; none if nothing was to be kept.
    pub cache: Option<CacheUse>,
    /// The environment; none if none was asked for.
    pub environment: Option<CreateReport>,
    /// What the same took when nothing was there, if that is known.
    pub cold: Option<Cold>,
    /// How long everything took.
    pub milliseconds: u64,
}

impl StepReport {
    /// The step's outputs, by the names that the action has. `cache-hit` is what actions/cache says: `false`
    /// for a store of another environment, and nothing for a miss; `cache-result` says all three.
    pub fn outputs(&self) -> Vec<(&'static str, String)> {
        let mut outputs = Vec::new();
        if let Some(cache) = &self.cache {
            match cache.hit {
                Hit::True => outputs.push(("cache-hit", "true".to_owned())),
                Hit::Inexact => outputs.push(("cache-hit", "false".to_owned())),
                Hit::False => {}
            }
            outputs.push(("cache-result", cache.hit.as_str().to_owned()));
            outputs.extend(cache.key.clone().map(|key| ("cache-primary-key", key)));
            let matched = cache.matched_key.clone();
            outputs.extend(matched.map(|key| ("cache-matched-key", key)));
            outputs.push(("bytes-restored", cache.bytes.to_string()));
        }
        if let Some(made) = &self.environment {
            outputs.extend(self.name.clone().map(|name| ("environment-name", name)));
            outputs.extend(python(made).map(|version| ("python-version", version)));
            outputs.push(("environment-path", made.prefix.display().to_string()));
            outputs.push(("solve", solve(made.solve).to_owned()));
            outputs.push(("bytes-fetched", made.sources.channel.bytes.to_string()));
        }
        outputs.push(("seconds", seconds(self.milliseconds)));
        for (_, value) in &mut outputs {
            // What comes from a cache is anybody's text, and a line's end would begin another output.
            value.retain(|letter| !letter.is_control());
        }
        outputs
    }

    /// Whether everything was fetched, so that the time is what it takes without a cache.
    pub fn is_cold(&self) -> bool {
        let everything = |made: &CreateReport| {
            let nothing = Counted::default();
            made.fetched > 0 && made.sources.store == nothing && made.sources.remote == nothing
        };
        self.environment.as_ref().is_some_and(everything)
    }
}

/// The version of Python in the environment.
fn python(made: &CreateReport) -> Option<String> {
    let mut packages = made.actions.link.iter();
    let python = packages.find(|package| package.name == "python")?;
    Some(python.version.clone())
}

/// Whether a solver ran: `true`, `memo` if an earlier solve was still the answer, `false` if a lock said it.
fn solve(origin: Origin) -> &'static str {
    match origin {
        Origin::Solved => "true",
        Origin::Memo => "memo",
        Origin::Lock | Origin::Frozen | Origin::Installed => "false",
    }
}

/// `1.2`.
pub(super) fn seconds(milliseconds: u64) -> String {
    format!("{}.{}", milliseconds / 1000, milliseconds % 1000 / 100)
}
