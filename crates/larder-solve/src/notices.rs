//! What channels want to be told to the user.
//!
//! Texts of channels are untrusted: control characters are removed and length is bounded.

use std::sync::{Arc, Mutex, PoisonError};

use larder_event::Reporter;
use rattler_repodata_gateway::{
    DownloadReporter, GatewayWarning, Reporter as GatewayReporter, UnsupportedRepodataRevision,
};

use crate::local::shown_text;

/// How much of a channel's message is shown, in bytes (CEP 48).
const LONGEST_MESSAGE: usize = 8192;

/// Gathers notices while the gateway works.
#[derive(Clone, Default)]
pub(crate) struct Notices(Arc<Mutex<Vec<(&'static str, String)>>>);

impl Notices {
    /// Tells each notice once.
    pub(crate) fn tell(&self, reporter: &dyn Reporter) {
        let mut notices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notices.sort();
        notices.dedup();
        for (code, text) in notices.drain(..) {
            reporter.warn(code, text);
        }
    }

    /// Keeps a notice until it is told.
    pub(crate) fn push(&self, code: &'static str, text: String) {
        let mut notices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notices.push((code, shown_text(&text)));
    }
}

impl GatewayReporter for Notices {
    fn download_reporter(&self) -> Option<&dyn DownloadReporter> {
        None
    }

    fn on_unsupported_repodata_revision(&self, notice: &UnsupportedRepodataRevision) {
        self.push("repodata::newer-revision", revision_text(notice));
    }

    fn on_gateway_warning(&self, warning: &GatewayWarning) {
        self.push(
            "repodata::channel-relations",
            printable(&warning.to_string()),
        );
    }
}

fn revision_text(notice: &UnsupportedRepodataRevision) -> String {
    let message = notice.metadata.message.as_deref().map(printable);
    let message = message.map_or_else(String::new, |message| format!("; it says: {message}"));
    format!(
        "channel `{}` has packages in repodata revision {}, newer than {} that is understood here; they are left out{message}",
        notice.channel.trim_end_matches('/'),
        notice.revision,
        notice.supported_revision,
    )
}

/// Without control characters, bounded.
fn printable(text: &str) -> String {
    let mut end = text.len().min(LONGEST_MESSAGE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].chars().filter(|c| !c.is_control()).collect()
}
