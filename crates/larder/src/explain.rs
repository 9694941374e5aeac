//! Which kind of failure the errors of the crates below are.

use larder_fetch::FetchError;
use larder_solve::SolveError;
use larder_store::OpenError;

use crate::Kind;

/// Unsolvable specs stay so; a channel that does not answer may do so later.
pub(crate) fn solve_kind(error: &SolveError) -> Kind {
    match error {
        SolveError::Fetch { .. } | SolveError::Cache { .. } => Kind::World,
        SolveError::BadIndex { .. }
        | SolveError::DuplicateRecords { .. }
        | SolveError::Closure { .. } => Kind::Damage,
        _ => Kind::Refused,
    }
}

pub(crate) fn solve_code(error: &SolveError) -> &'static str {
    match error {
        SolveError::Unsolvable(_) => "solve::unsolvable",
        SolveError::InexactName { .. } => "solve::inexact-name",
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
        _ => Kind::Refused,
    }
}

pub(crate) fn fetch_kind(error: &FetchError) -> Kind {
    match (error.is_damage(), error.is_temporary()) {
        (true, _) => Kind::Damage,
        (_, true) => Kind::World,
        _ => Kind::Refused,
    }
}
