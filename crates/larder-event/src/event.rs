//! The events of an operation, as plain data.

use serde::Serialize;

/// One thing that happened. Serialised as one JSON object with the key `event`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A phase started.
    PhaseStarted {
        /// The phase.
        phase: Phase,
        /// Number of packages, or of subdirs for [`Phase::Repodata`]; 0 if unknown.
        total: u64,
        /// Their total size in bytes; 0 if unknown or not applicable.
        bytes: u64,
    },
    /// A phase ended successfully.
    PhaseFinished {
        /// The phase.
        phase: Phase,
        /// Duration in milliseconds.
        milliseconds: u64,
    },
    /// The download of a package started.
    FetchStarted {
        /// `name-version-build`.
        package: String,
        /// Size in bytes according to the channel.
        bytes: Option<u64>,
    },
    /// More bytes of a package were downloaded.
    FetchProgressed {
        /// `name-version-build`.
        package: String,
        /// Number of bytes since the last event for this package.
        bytes: u64,
    },
    /// A download attempt failed and is retried.
    FetchRetried {
        /// `name-version-build`.
        package: String,
        /// The URL without credentials.
        url: String,
        /// Why the attempt failed.
        reason: String,
    },
    /// The archive of a package is in the store and verified.
    Fetched {
        /// `name-version-build`.
        package: String,
        /// Size in bytes.
        bytes: u64,
        /// Origin of the archive.
        source: ArchiveSource,
    },
    /// The archive of a package was extracted into a tree of this machine.
    Unpacked {
        /// `name-version-build`.
        package: String,
        /// Number of files in the archive.
        files: u64,
    },
    /// The reporting thread has just finished a piece of work.
    Worked {
        /// Kind of work.
        work: WorkKind,
        /// The package, `name-version-build`.
        subject: String,
        /// Duration in microseconds.
        microseconds: u64,
    },
    /// The files of a package are in the environment.
    Linked {
        /// `name-version-build`.
        package: String,
        /// Number of paths.
        files: u64,
    },
    /// Some objects of the store were hashed.
    Verified {
        /// Number of bytes since the last event.
        bytes: u64,
    },
    /// A collection has removed or kept some objects of the store.
    Collected {
        /// Number of objects.
        objects: u64,
    },
    /// Progress of a phase that is not counted in packages.
    Progressed {
        /// The phase.
        phase: Phase,
        /// Number of bytes since the last event of this phase.
        bytes: u64,
    },
    /// The bytecode of a package was compiled.
    Compiled {
        /// `name-version-build`.
        package: String,
        /// Number of files.
        files: u64,
    },
    /// Output of a package's link script for the user.
    ScriptMessage {
        /// `name-version-build`; empty if scripts of several packages wrote one text.
        package: String,
        /// The text.
        text: String,
    },
    /// A program that larder runs, such as uv, printed a line.
    ToolSaid {
        /// Name of the program.
        tool: String,
        /// The line, without credentials.
        line: String,
    },
    /// A warning. The operation continues.
    Warned(Warning),
    /// A detail for `-v`, such as the reason of a decision.
    Noted {
        /// One line, without a full stop.
        text: String,
    },
}

/// The phases of an operation, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Loading channel indexes.
    Repodata,
    /// Solving.
    Solve,
    /// Downloading archives into the store.
    Fetch,
    /// Extracting archives into trees.
    Unpack,
    /// Linking files from trees into the environment.
    Link,
    /// Compiling Python sources to bytecode.
    Compile,
    /// Running link scripts.
    Scripts,
    /// Installing the `pip:` section.
    Pip,
    /// Hashing objects of the store, or files of trees.
    Verify,
    /// Removing unneeded objects from the store.
    Collect,
    /// Writing a pack.
    Pack,
    /// Copying archives from a pack into the store.
    Receive,
    /// Copying archives from another package cache into the store.
    Import,
    /// Copying archives from the store into another package cache.
    Export,
    /// Saving directories to the pipeline cache.
    Save,
    /// Restoring directories from the pipeline cache.
    Restore,
    /// Uploading objects of the store to a remote.
    Push,
    /// Counting files.
    Measure,
}

/// Kinds of work that `--timings` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkKind {
    /// Hashing an archive in the store.
    Hash,
    /// Extracting an archive: decompressing, checking, writing.
    Unpack,
}

/// Origin of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArchiveSource {
    /// Already in the store.
    Store,
    /// Downloaded from a remote of the store.
    Remote,
    /// Downloaded from its channel.
    Channel,
}

/// A message to the user about something that does not stop the operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Stable code to search for, such as `link::clobbered`.
    pub code: &'static str,
    /// Text of one or more lines.
    pub text: String,
}
