//! Events of one package's transfer: progress in steps of bytes, so that a terminal is not flooded.

use larder_event::{ArchiveSource, Event, Reporter};
use url::Url;

use crate::{MissingPackage, TransferError, redact};

/// How many bytes pass between two events.
const STEP: u64 = 256 << 10;

/// Tells of one package. What it told of a try that failed is void with the next
/// [`Event::FetchRetried`]: the bytes are counted anew.
pub(crate) struct Progress<'a> {
    reporter: &'a dyn Reporter,
    package: &'a str,
    untold: u64,
}

impl<'a> Progress<'a> {
    /// Begins with [`Event::FetchStarted`].
    pub(crate) fn start(reporter: &'a dyn Reporter, missing: &'a MissingPackage) -> Self {
        reporter.event(&Event::FetchStarted {
            package: missing.package.clone(),
            bytes: missing.size,
        });
        Self {
            reporter,
            package: &missing.package,
            untold: 0,
        }
    }

    /// `bytes` more arrived.
    pub(crate) fn arrived(&mut self, bytes: u64) {
        self.untold += bytes;
        if self.untold >= STEP {
            self.tell();
        }
    }

    /// A try failed and another one follows, at `url`.
    pub(crate) fn retried(&mut self, url: &Url, error: &TransferError) {
        self.untold = 0;
        self.reporter.event(&Event::FetchRetried {
            package: self.package.to_owned(),
            url: redact(url),
            reason: reasons(error),
        });
    }

    /// What arrived until now was no good, and does not count.
    pub(crate) fn void(&mut self) {
        self.untold = 0;
    }

    /// The archive of `bytes` is in the store.
    pub(crate) fn finished(&mut self, bytes: u64, source: ArchiveSource) {
        if self.untold > 0 {
            self.tell();
        }
        self.reporter.event(&Event::Fetched {
            package: self.package.to_owned(),
            bytes,
            source,
        });
    }

    fn tell(&mut self) {
        self.reporter.event(&Event::FetchProgressed {
            package: self.package.to_owned(),
            bytes: std::mem::take(&mut self.untold),
        });
    }
}

/// The whole chain of causes in one line: the first one alone often says no more than "error".
fn reasons(error: &TransferError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
