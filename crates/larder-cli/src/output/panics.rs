//! Panics: a bug of larder's, printed as any other message. The text of a panic may have a value from outside in it.

use std::{backtrace::Backtrace, backtrace::BacktraceStatus, panic};

use super::{tell, tell_foreign_lines};

/// Makes panics of every thread go through the printer.
#[expect(clippy::disallowed_methods, reason = "the printer prints panics")]
pub(crate) fn print_panics() {
    panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let place = panic.location().map(|place| format!(" ({place})"));
        tell(format!(
            "error: this is a bug in larder: {}{}",
            text.unwrap_or("a panic without a text"),
            place.unwrap_or_default()
        ));
        // RUST_BACKTRACE decides.
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            tell_foreign_lines("  ", &backtrace.to_string());
        } else {
            tell(
                "  help: RUST_BACKTRACE=1 shows where it comes from; please report it with the command and this text",
            );
        }
    }));
}
