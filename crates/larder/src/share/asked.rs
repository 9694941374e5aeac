//! The remote as a fetch asks it: before any channel.

use std::fmt;

use async_trait::async_trait;
use larder_event::Reporter;
use larder_fetch::{Elsewhere, Offer, TransferError};
use larder_share::{ShareError, in_time, timed_body};
use larder_store::ObjectId;

use super::{Share, chain};

/// A remote, and who is told what is wrong with it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    share: &'a Share,
    reporter: &'a dyn Reporter,
}

impl<'a> Asked<'a> {
    pub(super) fn new(share: &'a Share, reporter: &'a dyn Reporter) -> Self {
        Self { share, reporter }
    }

    /// What the remote answers in time, if it has an answer; else it is told, and the remote is given up unless
    /// it is just that one thing that is wrong.
    pub(super) async fn answer<T>(
        &self,
        object: &str,
        work: impl Future<Output = Result<T, ShareError>>,
    ) -> Option<T> {
        if self.share.is_down() {
            return None;
        }
        let what = (self.share.url(), object, "read");
        match in_time(self.share.limits().answer, what, work).await {
            Ok(answer) => Some(answer),
            Err(error) if error.is_absent() => None,
            Err(error) if error.is_damage() => {
                self.reporter.warn("share::damaged", chain(&error));
                None
            }
            Err(error) => {
                self.share.give_up(&error, self.reporter);
                None
            }
        }
    }
}

impl fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.share.fmt(f)
    }
}

#[async_trait]
impl Elsewhere for Asked<'_> {
    async fn expect(&self, wanted: &[ObjectId]) {
        self.answer("", self.share.shelf().expect(wanted)).await;
    }

    async fn open(&self, id: ObjectId) -> Option<Offer> {
        let object = id.to_string();
        let download = self.answer(&object, self.share.shelf().open(id)).await?;
        Some(Offer {
            place: format!("{object} of {}", self.share.url()),
            bytes: download.size,
            body: timed_body(download.body, self.share.limits()),
        })
    }

    fn failed(&self, id: ObjectId, package: &str, error: &TransferError) {
        let is_damage =
            error.is_wrong_content() || matches!(error, TransferError::ShortBody { .. });
        if !is_damage {
            self.share.give_up(error, self.reporter);
            return;
        }
        self.share.damaged().insert(id);
        let text = format!(
            "{package} is damaged on the remote ({}): it is fetched from its channel",
            chain(error)
        );
        self.reporter.warn("share::damaged", text);
    }
}
