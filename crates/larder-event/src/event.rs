//! The facts.

use serde::Serialize;

/// One thing that happened. Serialised as one JSON object with the key `event`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A phase began; `total` is the number of packages (or subdirs, for [`Phase::Repodata`]) in it,
    /// where that is known beforehand, and `bytes` what they weigh together.
    PhaseStarted {
        /// Which phase.
        phase: Phase,
        /// How many items.
        total: u64,
        /// How many bytes, 0 where that is unknown or makes no sense.
        bytes: u64,
    },
    /// A phase ended, successfully.
    PhaseFinished {
        /// Which phase.
        phase: Phase,
        /// How long it took, in milliseconds.
        milliseconds: u64,
    },
    /// A download of a package began.
    FetchStarted {
        /// `name-version-build`.
        package: String,
        /// The size that the channel promises, in bytes.
        bytes: Option<u64>,
    },
    /// More bytes of a package arrived.
    FetchProgressed {
        /// `name-version-build`.
        package: String,
        /// How many arrived since the last event on this package.
        bytes: u64,
    },
    /// A try to download failed in a way that another try may mend.
    FetchRetried {
        /// `name-version-build`.
        package: String,
        /// The URL without credentials.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// A package's archive is in the store, verified.
    Fetched {
        /// `name-version-build`.
        package: String,
        /// Its size in bytes.
        bytes: u64,
        /// Where it came from.
        source: Source,
    },
    /// A package's archive was extracted into a tree of this machine.
    Unpacked {
        /// `name-version-build`.
        package: String,
        /// How many files it holds.
        files: u64,
    },
    /// A thread, the one that tells, did one piece of work just now.
    Worked {
        /// Which work.
        work: Work,
        /// On what: `name-version-build`.
        subject: String,
        /// How long it took, in microseconds.
        microseconds: u64,
    },
    /// A package's files are in the environment.
    Linked {
        /// `name-version-build`.
        package: String,
        /// How many paths.
        files: u64,
    },
    /// Some objects of the store were hashed.
    Verified {
        /// How many bytes since the last event.
        bytes: u64,
    },
    /// Some objects of the store were collected, or spared.
    Collected {
        /// How many.
        objects: u64,
    },
    /// More bytes of a phase that has no packages of its own are done.
    Progressed {
        /// Which phase.
        phase: Phase,
        /// How many since the last event of the phase.
        bytes: u64,
    },
    /// The bytecode of a package was made.
    Compiled {
        /// `name-version-build`.
        package: String,
        /// How many files.
        files: u64,
    },
    /// What a package's link script wants the user to read.
    ScriptMessage {
        /// `name-version-build`, or nothing where scripts of several packages wrote one text.
        package: String,
        /// The text.
        text: String,
    },
    /// A program that works for larder, such as uv, printed a line.
    ToolSaid {
        /// Its name.
        tool: String,
        /// The line, without credentials.
        line: String,
    },
    /// Something the user should know and that stops nothing.
    Warned(Warning),
    /// A detail for `-v`: how a decision fell.
    Noted {
        /// One line, without a full stop.
        text: String,
    },
}

/// The parts of a run, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Channel indexes are loaded.
    Repodata,
    /// The solver runs.
    Solve,
    /// Archives come into the store.
    Fetch,
    /// Archives become trees.
    Unpack,
    /// Trees become the environment.
    Link,
    /// Python sources become bytecode.
    Compile,
    /// Link scripts run.
    Scripts,
    /// The `pip:` section is installed.
    Pip,
    /// What is in the store, or in trees, is read and hashed.
    Verify,
    /// What nobody needs leaves the store.
    Collect,
    /// A pack is written.
    Pack,
    /// A pack's archives come into the store.
    Receive,
    /// Archives of another package cache come into the store.
    Import,
    /// Archives of the store go into another package cache.
    Export,
    /// Directories go into the pipeline cache.
    Save,
    /// Directories come out of the pipeline cache.
    Restore,
    /// Objects of the store go to a remote.
    Push,
    /// Files are counted.
    Measure,
}

/// Work that is worth a place in a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// An archive in the store was hashed.
    Hash,
    /// An archive was unpacked: decoded, checked, written.
    Unpack,
}

/// Where an archive came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// It was in the store.
    Store,
    /// It came from a remote of the store.
    Remote,
    /// It was downloaded from its channel.
    Channel,
}

/// Something the user should know and that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Stable and greppable, such as `link::clobbered`.
    pub code: &'static str,
    /// One or more lines.
    pub text: String,
}
