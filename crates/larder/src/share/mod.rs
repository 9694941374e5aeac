//! The remote of a run: asked for objects and remembered solves before the channel, and given what it lacks.
//!
//! A remote is a convenience. Whatever it gives is verified by whoever takes it; whatever goes wrong with it
//! costs one warning and a bounded time, and then it is not asked any more in this run.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use larder_cache::scope::Scopes;
use larder_event::Reporter;
use larder_share::{Limits, NoteName, ShareError, Shelf, in_time};
use larder_store::ObjectId;

use crate::{OpenRemoteError, Settings, open_remote};

mod asked;
mod collect;
mod error;
mod memos;
mod pull;
mod push;
mod scopes;
mod wanted;

pub(crate) use asked::Asked;
pub use collect::{RemoteGcOptions, RemoteGcReport, gc_remote};
pub use error::ShareOperationError;
pub use pull::{PullOptions, PullReport, pull};
pub use push::{PushOptions, PushReport, push, push_environment};
use scopes::pack_scopes;
pub use wanted::ShareChoice;

/// The remote of a run. Clones are the same one.
#[derive(Clone)]
pub struct Share(Arc<Inner>);

struct Inner {
    shelf: Arc<dyn Shelf>,
    limits: Limits,
    /// It failed: whoever asks it again would only wait again.
    is_down: AtomicBool,
    /// What it gave that was no good.
    damaged: Mutex<BTreeSet<ObjectId>>,
    /// What this run remembered or recalled, and may be worth putting there.
    memos: Mutex<BTreeSet<NoteName>>,
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Share").field(&self.url()).finish()
    }
}

impl Share {
    /// The remote that a URL or a path names; nothing is asked of it yet. `scopes` says whose packs this run
    /// sees where there are packs.
    ///
    /// # Errors
    /// If it names none.
    pub fn open(url: &str, settings: &Settings, scopes: &Scopes) -> Result<Self, OpenRemoteError> {
        let options = open_remote::options(url, settings)?;
        let shelf = larder_share::shelf_in(url, &options, &pack_scopes(scopes))?;
        Ok(Self::over(shelf, Limits::default()))
    }

    fn over(shelf: Arc<dyn Shelf>, limits: Limits) -> Self {
        Self(Arc::new(Inner {
            shelf,
            limits,
            is_down: AtomicBool::new(false),
            damaged: Mutex::default(),
            memos: Mutex::default(),
        }))
    }

    /// Its URL, without credentials.
    pub fn url(&self) -> &str {
        self.0.shelf.url()
    }

    /// The remote, as somebody asks it who can be told what is wrong with it.
    pub(crate) fn asked_by<'a>(&'a self, reporter: &'a dyn Reporter) -> Asked<'a> {
        Asked::new(self, reporter)
    }

    fn shelf(&self) -> &dyn Shelf {
        &*self.0.shelf
    }

    /// Whether there is anything at all where it should be.
    async fn probe(&self) -> Result<(), ShareError> {
        let what = (self.url(), "", "reach");
        in_time(self.limits().answer, what, self.shelf().probe()).await
    }

    fn limits(&self) -> &Limits {
        &self.0.limits
    }

    fn is_down(&self) -> bool {
        self.0.is_down.load(Ordering::Relaxed)
    }

    /// From now on it is not asked; the first who finds out tells.
    fn give_up(&self, error: &dyn std::error::Error, reporter: &dyn Reporter) {
        if !self.0.is_down.swap(true, Ordering::Relaxed) {
            let text = format!(
                "{}: the remote is not asked any more in this run",
                chain(error)
            );
            reporter.warn("share::remote", text);
        }
    }

    fn damaged(&self) -> MutexGuard<'_, BTreeSet<ObjectId>> {
        self.0
            .damaged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn memos(&self) -> MutexGuard<'_, BTreeSet<NoteName>> {
        self.0.memos.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error with its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
