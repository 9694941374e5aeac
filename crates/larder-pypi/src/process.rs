//! Runs a tool: what it needs goes in, what it says is told line by line as it says it.

use std::{
    collections::VecDeque,
    io::{self, BufRead as _, BufReader, Read, Write as _},
    process::{ChildStdin, Command, ExitStatus, Stdio},
    thread,
};

use larder_event::{Event, Reporter};

use crate::{Tool, ToolError};

/// How many lines of what a tool said stand in an error.
const KEPT_LINES: usize = 40;

/// One call.
pub(crate) struct Call<'c> {
    pub(crate) tool: &'c Tool,
    /// What it is to do, after "could not".
    pub(crate) what: String,
    /// For its standard input.
    pub(crate) input: String,
    pub(crate) reporter: &'c dyn Reporter,
}

impl Call<'_> {
    /// Runs the command to its end; both its streams are what it says.
    pub(crate) fn run(&self, mut command: Command) -> Result<(), ToolError> {
        let (reader, writer) = io::pipe().map_err(|source| self.start(source))?;
        let other = writer.try_clone().map_err(|source| self.start(source))?;
        command.stdout(other).stderr(writer).stdin(Stdio::piped());
        let (status, output) = self
            .talk(command, reader)
            .map_err(|source| self.start(source))?;
        if status.success() {
            return Ok(());
        }
        Err(ToolError::Failed {
            tool: self.tool.described(),
            what: self.what.clone(),
            status,
            output,
        })
    }

    fn start(&self, source: io::Error) -> ToolError {
        ToolError::Start {
            tool: self.tool.described(),
            source,
        }
    }

    fn talk(&self, mut command: Command, reader: impl Read) -> io::Result<(ExitStatus, String)> {
        let mut child = command.spawn()?;
        // Our ends of the pipe for writing must close, or reading never ends.
        drop(command);
        let input = child.stdin.take();
        let output = thread::scope(|scope| {
            // It may say much before it has read everything.
            scope.spawn(|| write(input, &self.input));
            self.listen(reader)
        })?;
        Ok((child.wait()?, output))
    }

    fn listen(&self, reader: impl Read) -> io::Result<String> {
        let mut kept: VecDeque<String> = VecDeque::new();
        let mut reader = BufReader::new(reader);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes)? > 0 {
            let line = String::from_utf8_lossy(&bytes);
            let line = larder_redact::redact_text(line.trim_end());
            self.reporter.event(&Event::ToolSaid {
                tool: self.tool.name().to_owned(),
                line: line.clone(),
            });
            if kept.len() == KEPT_LINES {
                kept.pop_front();
            }
            kept.push_back(line);
            bytes.clear();
        }
        Ok(Vec::from(kept).join("\n"))
    }
}

/// A tool that does not read to the end has its reason, and tells it.
fn write(input: Option<ChildStdin>, text: &str) {
    if let Some(mut input) = input {
        let _ = input.write_all(text.as_bytes());
    }
}
