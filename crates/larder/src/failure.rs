//! What kind of failure an operation's error is: one exit code per kind.

use std::error::Error;

/// The kinds of failure, each with an exit code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What was asked for cannot be: a manifest with an error, specs that conflict, an environment
    /// that is there already, a lock that is stale. Trying again changes nothing. conda exits with 1
    /// as well.
    Refused,
    /// The world failed: network, disk, permissions. Trying again may help.
    World,
    /// Bytes are not what the lock, the channel or the store says they are.
    Damage,
}

impl Kind {
    /// The process's exit code. 2 is wrong usage, as everywhere, and 101 a bug.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::World => 3,
            Self::Damage => 4,
        }
    }

    /// The value of `exception_name` in JSON output, where conda's consumers look.
    pub fn exception_name(self) -> &'static str {
        match self {
            Self::Refused => "LarderRefusedError",
            Self::World => "LarderWorldError",
            Self::Damage => "LarderDamageError",
        }
    }
}

/// An operation's error, explained for the reader.
pub trait Explain: Error {
    /// Which kind of failure this is.
    fn kind(&self) -> Kind;

    /// A stable, greppable code such as `create::exists`.
    fn code(&self) -> &'static str;

    /// What the reader can do next, where that is not obvious from the text.
    fn hint(&self) -> Option<String> {
        None
    }

    /// What a tool printed, without credentials, where one is to blame. The reporter was told each line as it
    /// came: this is for those who were shown none.
    fn output(&self) -> Option<&str> {
        None
    }
}
