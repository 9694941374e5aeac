//! `larder cache`: the pipeline cache of `larder-cache`, with what its failures mean for a run.

pub use larder_cache::{
    archive::WriteOptions,
    entry::{Entry, version_of},
    expiry::{PruneOptions, Pruned, list, prune},
    key::{Key, KeyContext, KeyError, Keys, SegmentKind, Style, evaluate, files_key},
    look_up::{Hit, PrefixMatch, Query, WEEK},
    preset::{Preset, PresetError, preset},
    restore::{RestoreError, RestoreOptions, RestoreReport, restore},
    save::{SaveError, SaveOptions, SaveOutcome, SaveReport, save, save_if_possible},
    scope::{Scope, Scopes, Service},
};
pub use larder_remote::{OpenOptions, Remote, RemoteError, open};

use crate::{Explain, Kind};

impl Explain for KeyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Disk(_) => Kind::World,
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Segments { .. } => "cache::key-segments",
            Self::Expression { .. } => "cache::key-expression",
            Self::Disk(_) => "cache::io",
            _ => "cache::key",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Expression { .. } => Some(
                "known are runner.*, github.*, env.* and hashFiles('...'); the shell can put anything else in"
                    .into(),
            ),
            Self::NoSegments { .. } => Some("such as '\"npm\" | package-lock.json'".into()),
            _ => None,
        }
    }
}

impl Explain for PresetError {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn code(&self) -> &'static str {
        "cache::preset"
    }

    fn hint(&self) -> Option<String> {
        Some("--key and --path say it without a preset".into())
    }
}

impl Explain for RemoteError {
    fn kind(&self) -> Kind {
        match self {
            Self::Url { .. } | Self::Missing { .. } | Self::Unsupported { .. } => Kind::Refused,
            _ => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "remote::not-found",
            Self::Missing { .. } => "remote::missing",
            Self::Exists { .. } => "remote::exists",
            Self::Forbidden { .. } => "remote::forbidden",
            Self::Temporary { .. } => "remote::temporary",
            Self::Url { .. } => "remote::url",
            Self::Unsupported { .. } => "remote::unsupported",
            Self::Broken { .. } | Self::Body { .. } => "remote::broken",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Temporary { .. } => "try again in a while",
            Self::Url { .. } => {
                "--remote names it, or LARDER_REMOTE (for `larder cache` LARDER_CACHE_REMOTE), such as file:///srv/cache or s3://BUCKET/PREFIX?region=REGION"
            }
            Self::Missing { .. } => "is it mounted, and meant? `larder store push` makes it",
            Self::Forbidden { .. } => {
                "its credentials may not do that: those of the service's variables (AWS_*, AZURE_STORAGE_*, GOOGLE_*), of a web server's host those in NETRC or RATTLER_AUTH_FILE"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}

impl Explain for RestoreError {
    fn kind(&self) -> Kind {
        match self {
            Self::Protected { .. } | Self::NotDirectory { .. } => Kind::Refused,
            Self::Disk(_) | Self::Place { .. } => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Protected { .. } => "cache::protected",
            Self::NotDirectory { .. } => "cache::not-a-directory",
            Self::Disk(_) | Self::Place { .. } => "cache::io",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Protected { .. } => Some("--path names a directory of its own".into()),
            _ => None,
        }
    }
}

impl Explain for SaveError {
    fn kind(&self) -> Kind {
        match self {
            Self::Remote(error) => error.kind(),
            Self::Archive(larder_cache::archive::ArchiveError::NotDirectory { .. })
            | Self::Key { .. } => Kind::Refused,
            Self::Archive(_) => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Remote(error) => error.code(),
            Self::Archive(larder_cache::archive::ArchiveError::NotDirectory { .. }) => {
                "cache::not-a-directory"
            }
            Self::Archive(_) => "cache::io",
            Self::Key { .. } => "cache::key",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Remote(error) => error.hint(),
            Self::Key { .. } => Some("fewer or shorter segments".into()),
            Self::Archive(_) => None,
        }
    }
}
