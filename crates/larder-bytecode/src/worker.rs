//! A process of the environment's Python that compiles sources (`worker.py`).
//!
//! It reads sources from stdin and writes bytecode to stdout. It opens none of larder's files and runs without larder's
//! environment variables, site-packages and start-up hooks, so that none of them can change the bytecode.

use std::{
    env,
    io::{self, BufReader, BufWriter, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::{CompileError, key::is_valid_cache_tag};

const SCRIPT: &str = include_str!("worker.py");
const GREETING: &[u8] = b"larder";
const NOT_COMPILED: u32 = u32::MAX;
/// Number of bytes that are read from the stderr of an interpreter that does not start.
const STDERR_BYTES: u64 = 2000;
/// PEP 552 flags of bytecode that is never compared with its source.
const UNCHECKED: u32 = 0b01;
/// PEP 552 flags of bytecode that is compared with the hash of its source at each import.
const CHECKED: u32 = 0b11;

/// A source file to compile.
pub(crate) struct SourceFile<'a> {
    /// Becomes `co_filename`, which Python replaces at import.
    pub(crate) name: &'a str,
    pub(crate) source: &'a [u8],
}

/// A running interpreter. Its working directory has no modules that it could import.
pub(crate) struct CompileWorker {
    child: Child,
    stdin: BufWriter<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    is_reusable: bool,
    /// `cpython-311`.
    pub(crate) tag: String,
}

impl CompileWorker {
    pub(crate) fn start(program: &Path, directory: &Path) -> Result<Self, CompileError> {
        let start = |source| CompileError::Start {
            program: file_name_of(program),
            source,
        };
        let mut child = interpreter_command(program, directory)
            .spawn()
            .map_err(start)?;
        let (Some(stdin), Some(mut stdout), Some(stderr)) = (
            child.stdin.take().map(BufWriter::new),
            child.stdout.take().map(BufReader::new),
            child.stderr.take(),
        ) else {
            return Err(start(io::ErrorKind::BrokenPipe.into()));
        };
        match read_greeting(&mut stdout) {
            Ok((is_reusable, tag)) => Ok(Self {
                child,
                stdin,
                stdout,
                is_reusable,
                tag,
            }),
            Err(_) => {
                kill_and_wait(&mut child);
                Err(CompileError::NoAnswer {
                    program: file_name_of(program),
                    output: last_stderr_line(stderr),
                })
            }
        }
    }

    /// Compiles files from the state of a fresh interpreter. `None` for a file that does not compile.
    ///
    /// # Errors
    /// If one of the files has killed the interpreter. This worker cannot be used again then.
    pub(crate) fn compile(
        &mut self,
        files: &[SourceFile<'_>],
        is_checked: bool,
    ) -> io::Result<Vec<Option<Vec<u8>>>> {
        self.send_number(if is_checked { CHECKED } else { UNCHECKED })?;
        self.send_number(to_u32(files.len())?)?;
        for file in files {
            self.send_bytes(file.name.as_bytes())?;
            self.send_bytes(file.source)?;
        }
        self.stdin.flush()?;
        files.iter().map(|_| self.receive_pyc()).collect()
    }

    /// Whether the worker can compile another chunk.
    pub(crate) fn is_reusable(&self) -> bool {
        self.is_reusable
    }

    fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send_number(to_u32(bytes.len())?)?;
        self.stdin.write_all(bytes)
    }

    fn send_number(&mut self, number: u32) -> io::Result<()> {
        self.stdin.write_all(&number.to_le_bytes())
    }

    fn receive_pyc(&mut self) -> io::Result<Option<Vec<u8>>> {
        match read_number(&mut self.stdout)? {
            NOT_COMPILED => Ok(None),
            length => read_bytes(&mut self.stdout, length).map(Some),
        }
    }
}

impl Drop for CompileWorker {
    fn drop(&mut self) {
        kill_and_wait(&mut self.child);
    }
}

/// Ends a process, which may have exited before.
fn kill_and_wait(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn interpreter_command(program: &Path, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["-s", "-S", "-B", "-W", "ignore", "-c", SCRIPT])
        .env_clear()
        // Before Python 3.11, the order of a set's elements in bytecode depends on the hash seed.
        .env("PYTHONHASHSEED", "0")
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if cfg!(windows) {
        pass_variable(&mut command, "SYSTEMROOT");
    }
    command
}

/// Passes on a variable. Windows starts no process without `SYSTEMROOT`.
#[expect(
    clippy::disallowed_methods,
    reason = "a variable that only the system reads"
)]
fn pass_variable(command: &mut Command, name: &str) {
    if let Some(value) = env::var_os(name) {
        command.env(name, value);
    }
}

fn file_name_of(program: &Path) -> String {
    let name = program.file_name().unwrap_or(program.as_os_str());
    name.to_string_lossy().into_owned()
}

fn read_greeting(stdout: &mut BufReader<ChildStdout>) -> io::Result<(bool, String)> {
    let mut greeting = [0; GREETING.len() + 1];
    stdout.read_exact(&mut greeting)?;
    let (word, is_reusable) = (&greeting[..GREETING.len()], greeting[GREETING.len()] == 1);
    let length = read_number(stdout)?;
    let tag = String::from_utf8(read_bytes(stdout, length)?).unwrap_or_default();
    if word == GREETING && is_valid_cache_tag(&tag) {
        Ok((is_reusable, tag))
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

fn last_stderr_line(stderr: ChildStderr) -> String {
    let mut bytes = Vec::new();
    // Part of the text is better than none.
    let _ = stderr.take(STDERR_BYTES).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    let last = text.lines().last().unwrap_or_default().trim();
    if last.is_empty() {
        "it said nothing".to_owned()
    } else {
        last.to_owned()
    }
}

fn to_u32(length: usize) -> io::Result<u32> {
    u32::try_from(length).map_err(io::Error::other)
}

fn read_number(reader: &mut impl io::Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// Reads `length` bytes. Allocates as bytes arrive, because the interpreter's length is not trusted.
fn read_bytes(reader: &mut impl io::Read, length: u32) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(length.into()).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == u64::from(length) {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
