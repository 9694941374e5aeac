//! Which kind of failure the errors of the crates below are.

use std::io::ErrorKind;

use larder_fetch::FetchError;
use larder_fs::PathError;
use larder_solve::SolveError;
use larder_store::{OpenError, RootError};

use crate::Kind;

/// What is in the way of larder (a FIFO, a link, a file too large, a journal that nobody of ours wrote) stays so
/// until the user removes it; other failures of the file system may pass.
pub(crate) fn path_kind(error: &PathError) -> Kind {
    match error.kind() {
        ErrorKind::InvalidData => Kind::Refused,
        _ => Kind::World,
    }
}

/// Unsolvable specs stay so; a channel that does not answer may do so later.
pub(crate) fn solve_kind(error: &SolveError) -> Kind {
    match error {
        SolveError::Fetch { source, .. } if source.is_bad_content() => Kind::Damage,
        SolveError::Fetch { .. } | SolveError::Cache { .. } => Kind::World,
        SolveError::BadIndex { .. }
        | SolveError::DuplicateRecords { .. }
        | SolveError::Closure { .. } => Kind::Damage,
        _ => Kind::Refused,
    }
}

pub(crate) fn solve_code(error: &SolveError) -> &'static str {
    match error {
        SolveError::Unsolvable(explanation) if explanation.missing => "solve::no-such-package",
        SolveError::Unsolvable(_) => "solve::unsolvable",
        SolveError::InexactName { .. } => "solve::inexact-name",
        SolveError::Fetch { source, .. } if source.is_bad_content() => "solve::bad-index",
        SolveError::Fetch { .. } => "solve::channel-unreachable",
        SolveError::MissingNoarch { .. } => "solve::no-such-channel",
        SolveError::Relations { .. } => "solve::channel-relations",
        SolveError::BadIndex { .. } | SolveError::DuplicateRecords { .. } => "solve::bad-index",
        SolveError::Cache { .. } => "solve::cache",
        _ => "solve::broken",
    }
}

pub(crate) fn open_kind(error: &OpenError) -> Kind {
    match error {
        OpenError::Io(_) => Kind::World,
        OpenError::MalformedFormat { .. } => Kind::Damage,
        _ => Kind::Refused,
    }
}

pub(crate) fn root_kind(error: &RootError) -> Kind {
    match error {
        RootError::Malformed { .. } => Kind::Damage,
        _ => Kind::World,
    }
}

pub(crate) fn root_hint(error: &RootError) -> Option<String> {
    let hint = "`larder store verify --repair` moves it out of the way";
    let can_be_moved = match error {
        RootError::Malformed { .. } => true,
        // Larger than a root can be.
        RootError::Io(error) => error.kind() == ErrorKind::InvalidData,
        _ => false,
    };
    can_be_moved.then(|| hint.into())
}

pub(crate) fn open_hint(error: &OpenError) -> Option<String> {
    Some(match error {
        OpenError::MalformedFormat { .. } => "`larder store verify --repair` mends it".into(),
        OpenError::NoStore { .. } => "LARDER_STORE_LOWER names stores that must be there".into(),
        _ => "LARDER_STORE names another directory for the store".into(),
    })
}

pub(crate) fn fetch_kind(error: &FetchError) -> Kind {
    match (error.is_damage(), error.is_temporary()) {
        (true, _) => Kind::Damage,
        (_, true) => Kind::World,
        _ => Kind::Refused,
    }
}
