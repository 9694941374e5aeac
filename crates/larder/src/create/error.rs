//! Why an environment was not made or updated.

use std::path::PathBuf;

use std::io;

use larder_fetch::{FetchError, NetworkError};
use larder_fs::PathError;
use larder_link::{ApplyError, PlanError, UpdateError};
use larder_lock::Reason;
use larder_store::OpenError;
use larder_unpack::UnpackError;

use crate::{
    ChannelsError, ChooseError, Explain, InputError, Kind, MaterializeError, PipError,
    PlatformError, TargetError, VirtualPackagesError, explain, pip::PipAddition,
};

/// Why an environment was not made. Each part of the run has its own error; they say what happened.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each variant is one part of the run, named as its error"
)]
pub enum CreateError {
    #[error(transparent)]
    Platform(#[from] PlatformError),
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Channels(#[from] ChannelsError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    VirtualPackages(#[from] VirtualPackagesError),
    #[error(transparent)]
    Choose(#[from] ChooseError),
    #[error(transparent)]
    Pip(#[from] PipError),
    #[error("cannot list the packages of `{}`", prefix.display())]
    NotListed { prefix: PathBuf },
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("cannot prepare the place of the environment")]
    Recover(#[source] PathError),
    #[error(transparent)]
    Trees(PathError),
    #[error(transparent)]
    Materialize(#[from] MaterializeError),
    #[error("{error}, and it cannot be fetched again")]
    Unmended {
        error: MaterializeError,
        #[source]
        source: FetchError,
    },
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error(transparent)]
    Update(#[from] UpdateError),
    #[error("cannot look at the environment")]
    Look(#[from] PathError),
    #[error("cannot read the record `{}`", path.display())]
    Installed {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the record `{}` is damaged: {problem}", path.display())]
    DamagedRecord { path: PathBuf, problem: String },
    #[error("what is installed does not go with the lock:{}", listed(reasons))]
    Misfit { reasons: Vec<Reason> },
}

fn listed(reasons: &[Reason]) -> String {
    let lines = reasons.iter().map(|reason| format!("\n  - {reason}"));
    lines.collect()
}

impl From<UnpackError> for CreateError {
    fn from(error: UnpackError) -> Self {
        Self::Materialize(error.into())
    }
}

impl CreateError {
    /// Why nothing could be added is for the one to say who was to add it.
    pub(crate) fn explained_by(self, addition: Option<&PipAddition>) -> Self {
        let failure = addition.and_then(PipAddition::failure);
        failure.map_or(self, Self::Pip)
    }
}

impl Explain for CreateError {
    fn kind(&self) -> Kind {
        match self {
            Self::Platform(_) | Self::Channels(_) | Self::Plan(_) => Kind::Refused,
            Self::Input(error) => error.kind(),
            Self::Target(error) => error.kind(),
            Self::Network(_) => Kind::Refused,
            Self::Recover(error) | Self::Look(error) => explain::path_kind(error),
            Self::Trees(_) => Kind::World,
            Self::Store(error) => explain::open_kind(error),
            Self::VirtualPackages(error) => error.kind(),
            Self::Choose(error) => error.kind(),
            Self::Fetch(error) => explain::fetch_kind(error),
            Self::Materialize(error) => error.kind(),
            Self::Unmended { .. } => Kind::Damage,
            Self::Apply(error) => apply_kind(error),
            Self::Update(error) => update_kind(error),
            Self::Installed { .. } | Self::DamagedRecord { .. } => Kind::Damage,
            Self::Misfit { .. } => Kind::Refused,
            Self::Pip(error) => error.kind(),
            Self::NotListed { .. } => Kind::Damage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Platform(_) => "input::platform",
            Self::Input(error) => error.code(),
            Self::Target(error) => error.code(),
            Self::Channels(_) => "input::channel",
            Self::Network(_) => "network::setup",
            Self::Store(error) => error.code(),
            Self::VirtualPackages(error) => error.code(),
            Self::Choose(error) => error.code(),
            Self::Fetch(error) => error.code(),
            Self::Recover(_) => "link::recover",
            Self::Trees(_) => "trees::open",
            Self::Materialize(error) => error.code(),
            Self::Unmended { error, .. } => error.code(),
            Self::Plan(error) => plan_code(error),
            Self::Apply(error) => apply_code(error),
            Self::Update(error) => update_code(error),
            Self::Look(_) => "update::look",
            Self::Installed { .. } | Self::DamagedRecord { .. } => "update::damaged-record",
            Self::Misfit { .. } => "update::misfit",
            Self::Pip(error) => error.code(),
            Self::NotListed { .. } => "update::look",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Platform(error) => error.hint(),
            Self::Input(error) => error.hint(),
            Self::Store(error) => explain::open_hint(error),
            Self::Trees(_) => Some("LARDER_TREES names another directory for trees".into()),
            Self::Fetch(FetchError::Offline { .. }) | Self::Unmended { .. } => Some(
                "run it once without `--offline`, or name the right store in LARDER_STORE".into(),
            ),
            Self::Target(error) => error.hint(),
            Self::VirtualPackages(error) => error.hint(),
            Self::Choose(error) => error.hint(),
            Self::Pip(error) => error.hint(),
            Self::Materialize(error) => error.hint(),
            Self::Apply(ApplyError::AlreadyExists { .. }) => Some("`--yes` replaces it".into()),
            Self::Apply(ApplyError::Script(_)) => {
                Some("`--no-link-scripts` leaves the packages' scripts out".into())
            }
            Self::Apply(ApplyError::Tree { .. }) => Some(
                "something changes the directory of trees while larder uses it: run the command \
                 again, or remove that directory (`LARDER_TREES`)"
                    .into(),
            ),
            Self::Apply(ApplyError::File { source, .. }) if is_no_method(source) => {
                Some("`--link-mode auto` takes what these file systems can do".into())
            }
            Self::Update(UpdateError::Frozen { .. }) => {
                Some("`--override-frozen` changes it all the same".into())
            }
            Self::Installed { .. } | Self::DamagedRecord { .. } => {
                Some("`larder sync` makes the environment right again".into())
            }
            Self::Misfit { .. } => Some("`--prune` removes what the lock does not have".into()),
            Self::Plan(PlanError::NoPython { .. }) => {
                Some("add `python` to the dependencies".into())
            }
            _ => None,
        }
    }

    fn output(&self) -> Option<&str> {
        match self {
            Self::Pip(error) => error.output(),
            _ => None,
        }
    }
}

/// Whether a link mode that was asked for is not possible there.
fn is_no_method(error: &PathError) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::CrossesDevices
    )
}

/// A script that fails fails again; a prefix that does not fit stays too long.
fn apply_kind(error: &ApplyError) -> Kind {
    match error {
        ApplyError::Tree { .. } => Kind::Damage,
        ApplyError::Place { source, .. } | ApplyError::Recover { source, .. } => {
            explain::path_kind(source)
        }
        ApplyError::File { .. } | ApplyError::Unfinished { .. } | ApplyError::Record { .. } => {
            Kind::World
        }
        _ => Kind::Refused,
    }
}

fn apply_code(error: &ApplyError) -> &'static str {
    match error {
        ApplyError::AlreadyExists { .. } => "target::exists",
        ApplyError::NotAnEnvironment { .. } => "target::occupied",
        ApplyError::Frozen { .. } => "target::frozen",
        ApplyError::SymbolicLink { .. } => "target::link",
        ApplyError::Unfinished { .. } => "target::unfinished",
        ApplyError::PrefixTooLong { .. } => "link::prefix-too-long",
        ApplyError::GrowsTooMuch { .. } => "link::grows-too-much",
        ApplyError::Tree { .. } => "trees::damaged",
        ApplyError::Script(_) => "link::script-failed",
        ApplyError::Recover { .. } => "link::recover",
        _ => "link::write",
    }
}

fn update_kind(error: &UpdateError) -> Kind {
    match error {
        UpdateError::Apply(error) => apply_kind(error),
        UpdateError::NotAnEnvironment { .. }
        | UpdateError::Frozen { .. }
        | UpdateError::Occupied { .. }
        | UpdateError::Plan(_) => Kind::Refused,
        UpdateError::Step(source) | UpdateError::Recover { source, .. } => {
            explain::path_kind(source)
        }
        _ => Kind::World,
    }
}

fn update_code(error: &UpdateError) -> &'static str {
    match error {
        UpdateError::Apply(error) => apply_code(error),
        UpdateError::Plan(error) => plan_code(error),
        UpdateError::NotAnEnvironment { .. } => "target::not-an-environment",
        UpdateError::Frozen { .. } => "target::frozen",
        UpdateError::Unfinished { .. } => "target::unfinished",
        UpdateError::Occupied { .. } => "update::occupied",
        UpdateError::Recover { .. } => "link::recover",
        _ => "update::write",
    }
}

fn plan_code(error: &PlanError) -> &'static str {
    match error {
        PlanError::NoPython { .. } => "link::no-python",
        PlanError::PrefixTooLong { .. } => "link::prefix-too-long",
        PlanError::Clobbered { .. } => "link::clobbered",
        PlanError::Conflict { .. } => "link::conflict",
        PlanError::SitePackagesPath { .. } => "link::site-packages-path",
        _ => "link::refused",
    }
}

impl From<crate::GatherError> for CreateError {
    fn from(error: crate::GatherError) -> Self {
        match error {
            crate::GatherError::Network(error) => Self::Network(error),
            crate::GatherError::Fetch(error) => Self::Fetch(error),
        }
    }
}
