//! Failures of the system under an operation's error: a full disk, a file system that is read-only, a
//! missing permission. They are the world's wherever they strike, and what helps is the same everywhere.

use std::{error::Error, io};

use larder_solve::GatewayFailure;

use crate::{Explain, Kind};

/// What the reader is told of an error besides its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Which kind of failure it is.
    pub kind: Kind,
    /// Its stable code.
    pub code: &'static str,
    /// What to do next.
    pub hint: Option<String>,
    /// What a tool printed that is to blame.
    pub output: Option<String>,
}

/// Explains an error: as it does itself, unless the system is to blame.
pub fn explain(error: &(impl Explain + 'static)) -> Explanation {
    let trouble = trouble(error);
    let hints = [trouble.map(str::to_owned), error.hint()];
    let hints: Vec<String> = hints.into_iter().flatten().collect();
    Explanation {
        kind: match trouble {
            Some(_) => Kind::World,
            None => error.kind(),
        },
        code: error.code(),
        hint: (!hints.is_empty()).then(|| hints.join("; ")),
        output: error.output().map(str::to_owned),
    }
}

/// What helps, if the system is to blame.
fn trouble(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        let found = if let Some(error) = error.downcast_ref::<io::Error>() {
            advice(error.kind(), error.raw_os_error())
        } else {
            gateway_failure(error)
                .and_then(GatewayFailure::io_kind)
                .and_then(|kind| advice(kind, None))
        };
        if found.is_some() {
            return found;
        }
        next = error.source();
    }
    None
}

/// Behind `Error::source` a box is an error of its own.
fn gateway_failure<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a GatewayFailure> {
    let boxed = error.downcast_ref::<Box<GatewayFailure>>();
    boxed
        .map(AsRef::as_ref)
        .or_else(|| error.downcast_ref::<GatewayFailure>())
}

fn advice(kind: io::ErrorKind, code: Option<i32>) -> Option<&'static str> {
    const EIO: i32 = 5;
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    match kind {
        io::ErrorKind::StorageFull => {
            Some("free some space on that disk and run it again; what was fetched is kept")
        }
        io::ErrorKind::QuotaExceeded => {
            Some("free some space of your quota and run it again; what was fetched is kept")
        }
        io::ErrorKind::ReadOnlyFilesystem => Some(
            "that file system is read-only: LARDER_STORE, LARDER_TREES and `-p` name other places (LARDER_STORE_LOWER names a store that is only read)",
        ),
        io::ErrorKind::PermissionDenied => Some(
            "give yourself the right to it, or name other places by LARDER_STORE, LARDER_TREES and `-p`",
        ),
        _ => match code {
            Some(EIO) if cfg!(unix) => Some("the disk fails: look at the system's log"),
            Some(ENFILE | EMFILE) if cfg!(unix) => {
                Some("raise the limit of open files (`ulimit -n`) and run it again")
            }
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests;
