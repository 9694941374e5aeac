//! What a script prints: both streams in one text, of which the end is kept.

use std::{
    collections::VecDeque,
    io::{self, Read},
    process::{ExitStatus, Stdio},
};

use super::shell::ScriptCommand;

/// The most that is kept of what a script prints. Why it failed stands at the end.
const OUTPUT_LIMIT: usize = 256 << 10;

/// Runs a command to its end. Its streams are one text, in the order in which they were written.
pub(super) fn capture(mut script: ScriptCommand) -> io::Result<(ExitStatus, String)> {
    let (reader, writer) = io::pipe()?;
    script
        .command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = script.command.spawn()?;
    // Our ends of the pipe for writing must close, or reading never ends.
    script.command.stdout(Stdio::null()).stderr(Stdio::null());
    let output = read_end(reader, OUTPUT_LIMIT);
    let status = child.wait()?;
    Ok((status, output?))
}

/// The last `limit` bytes as text; a note says how many are missing. Reads everything, so the writer is
/// never stopped.
fn read_end(mut reader: impl Read, limit: usize) -> io::Result<String> {
    let mut kept: VecDeque<u8> = VecDeque::new();
    let mut left_out = 0_u64;
    let mut buffer = [0; 8192];
    loop {
        let length = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        kept.extend(&buffer[..length]);
        let excess = kept.len().saturating_sub(limit);
        kept.drain(..excess);
        left_out += excess as u64;
    }
    let bytes: Vec<u8> = kept.into();
    let text = String::from_utf8_lossy(&bytes);
    Ok(match left_out {
        0 => text.into_owned(),
        count => format!("[{count} bytes before this are left out]\n{text}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_and_the_rest_counted() {
        let text = "a".repeat(20_000) + "the reason";
        assert_eq!(
            read_end(text.as_bytes(), 10).unwrap(),
            "[20000 bytes before this are left out]\nthe reason"
        );
        assert_eq!(read_end("short".as_bytes(), 10).unwrap(), "short");
    }
}
