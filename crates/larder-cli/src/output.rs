//! The printer: everything that larder writes to stdout and stderr goes through this module. Data to stdout,
//! everything else to stderr; a closed pipe is not an error.
//!
//! Any value in a text may come from outside (a manifest, a channel, a server, a file name), so the functions here
//! escape what they print (`escape`) and nobody else has the streams: `.clippy.toml` forbids them elsewhere and
//! `tests/cli/printer.rs` lists the few exceptions. What may be printed:
//!
//! 1. [`tell`]: one message. A line break in a value is shown as `\n`; larder's own layout is a line break and two
//!    spaces.
//! 2. [`line`] and [`lines`]: data, a table or a list, an item a line.
//! 3. [`json`] and [`json_text`]: a document with escapes of JSON's own.
//! 4. [`document`]: a file that goes to stdout on request. It is never changed; one that a terminal or a CI service
//!    would obey is refused unless stdout is a file.
//! 5. [`shell_script`]: what a shell evaluates, byte by byte.
//! 6. [`ci_commands`]: commands that larder gives to a CI service on purpose, with encoded values (`ci_files`).
//!
//! `larder run` hands stdout and stderr over to its command, whose output is its own.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

use serde::Serialize;

use crate::failure::Failure;

mod ci_files;
mod escape;
mod panics;

pub(crate) use ci_files::{AzureCommand, dotenv_line, github_assignment, github_path, markdown};
pub(crate) use panics::print_panics;

/// Whether data was lost because stdout could not take it.
static LOST: AtomicBool = AtomicBool::new(false);

/// Where commands for a CI service go: its agent reads both streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandStream {
    Stdout,
    /// stdout belongs to a JSON document.
    Stderr,
}

#[expect(clippy::disallowed_methods, reason = "the printer has the streams")]
fn write_stdout(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            LOST.store(true, Ordering::Relaxed);
            tell(format!("error: cannot write to stdout: {error}"));
        }
        _ => {}
    }
}

/// In one write, so that lines of several threads do not mix.
#[expect(clippy::disallowed_methods, reason = "the printer has the streams")]
fn write_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Prints one line of data: scripts read it as one, so it has no layout.
pub(crate) fn line(text: impl Display) {
    lines([text.to_string()]);
}

/// Prints a list or a table as data, an item a line.
pub(crate) fn lines(items: impl IntoIterator<Item = impl AsRef<str>>) {
    let mut text = String::new();
    for item in items {
        text.push_str(&escape::escape_line(item.as_ref()));
        text.push('\n');
    }
    write_stdout(text.as_bytes());
}

/// Prints one JSON document as data.
pub(crate) fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => json_text(&text),
        Err(error) => {
            LOST.store(true, Ordering::Relaxed);
            tell(format!("error: cannot print the answer as JSON: {error}"));
        }
    }
}

/// Prints a JSON document that is text already.
pub(crate) fn json_text(document: &str) {
    let document = escape::escape_json(document.trim_end());
    write_stdout(format!("{document}\n").as_bytes());
}

/// Prints a document byte by byte, such as a lock or an environment.yml.
///
/// # Errors
/// A document in which a terminal or a CI service would find a command, unless stdout is a file: escaping would make
/// another document of it.
pub(crate) fn document(text: &str) -> Result<(), Failure> {
    if escape::is_safe_document(text) || is_stdout_a_file() {
        write_stdout(text.as_bytes());
        return Ok(());
    }
    let problem = "the document has control characters or commands of a CI service in it, which whoever shows it would obey";
    let hint = "write it to a file: `> FILE`, or the option for a file of this command";
    Err(Failure::refused("output::unsafe", problem).with_hint(hint))
}

/// Prints a program for a shell to evaluate: quoting is the dialect's, and escaping would change what it says.
pub(crate) fn shell_script(bytes: &[u8]) {
    write_stdout(bytes);
}

/// Prints commands for the agent of a CI service, a command a line, values encoded.
pub(crate) fn ci_commands(text: &str, stream: CommandStream) {
    match stream {
        CommandStream::Stdout => write_stdout(text.as_bytes()),
        CommandStream::Stderr => write_stderr(text),
    }
}

/// Whether some data did not reach its reader.
pub(crate) fn is_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Prints one message for the user.
pub(crate) fn tell(text: impl Display) {
    let message = escape::escape_message(&text.to_string());
    write_stderr(&format!("{message}\n"));
}

/// Prints what a tool or a script wrote: of several lines, all but the first indented.
pub(crate) fn tell_foreign_lines(first: &str, text: &str) {
    tell(format!("{first}{}", continued(text)));
}

/// A text of several lines as part of a message: line breaks become layout.
pub(crate) fn continued(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines.join("\n  ")
}

/// Prints help, versions and wrong usage as clap writes them: its line breaks are its own, and arguments of the user
/// are in its lines.
pub(crate) fn clap_text(error: &clap::Error) {
    let text = error.render().to_string();
    if !error.use_stderr() {
        return lines(text.lines());
    }
    if escape::is_safe_document(&text) {
        // clap knows best when to colour.
        let _ = error.print();
        return;
    }
    for line in text.lines() {
        write_stderr(&format!("{}\n", escape::escape_line(line)));
    }
}

/// Shows values in a text of clap's in one line.
pub(crate) fn one_line(text: &str) -> String {
    escape::escape_line(text)
}

/// Where the logs of libraries go: each record is one message.
pub(crate) fn log_writer() -> impl io::Write {
    LogRecord
}

/// Prints what is written at once as one message; tracing writes a whole record at a time.
struct LogRecord;

impl io::Write for LogRecord {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        tell(String::from_utf8_lossy(bytes).trim_end_matches('\n'));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether somebody watches.
#[expect(clippy::disallowed_methods, reason = "asks the stream, writes nothing")]
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Whether stdout is a file of a directory, which is no log and no terminal.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "asks the stream, writes nothing")]
fn is_stdout_a_file() -> bool {
    use std::os::fd::AsFd as _;

    let handle = io::stdout().as_fd().try_clone_to_owned();
    let metadata = handle.and_then(|handle| std::fs::File::from(handle).metadata());
    metadata.is_ok_and(|metadata| metadata.is_file())
}

#[cfg(windows)]
#[expect(clippy::disallowed_methods, reason = "asks the stream, writes nothing")]
fn is_stdout_a_file() -> bool {
    use std::os::windows::io::AsHandle as _;

    let handle = io::stdout().as_handle().try_clone_to_owned();
    let metadata = handle.and_then(|handle| std::fs::File::from(handle).metadata());
    metadata.is_ok_and(|metadata| metadata.is_file())
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
