//! What goes to stdout and stderr. Data to stdout, everything else to stderr; a closed pipe is no error.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

use serde::Serialize;

/// Whether data was lost because stdout could not take it.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes text as data. A closed pipe is no error: the reader has had enough.
pub(crate) fn data(text: &str) {
    raw(text.as_bytes());
}

/// Writes bytes as data, as [`data`] does.
pub(crate) fn raw(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            LOST.store(true, Ordering::Relaxed);
            tell(format!("error: cannot write to stdout: {error}"));
        }
        _ => {}
    }
}

/// Writes one line of data.
pub(crate) fn line(text: impl Display) {
    data(&format!("{text}\n"));
}

/// Writes one JSON document as data.
pub(crate) fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => line(text),
        Err(error) => {
            LOST.store(true, Ordering::Relaxed);
            tell(format!("error: cannot print the answer as JSON: {error}"));
        }
    }
}

/// Whether some data did not reach its reader.
pub(crate) fn is_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Writes one line for the user.
pub(crate) fn tell(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether somebody watches.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Bytes as a person reads them.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KB", "MB", "GB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{count} B")
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// A text from elsewhere, so that no CI service takes it for a command to itself (`##vso[`, `::set-output`).
pub(crate) fn foreign(text: &str) -> String {
    text.replace("##", "# #").replace("::", ": :")
}

/// How many of a thing there are.
pub(crate) fn count(number: usize, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{ending}")
}

/// Milliseconds as a person reads them.
pub(crate) fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        1000..60_000 => format!("{:.1} s", milliseconds as f64 / 1000.0),
        _ => format!(
            "{} min {} s",
            milliseconds / 60_000,
            milliseconds % 60_000 / 1000
        ),
    }
}
