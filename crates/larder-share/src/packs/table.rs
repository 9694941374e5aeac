//! [`Table`]: the first part of a pack, which says what follows (lines P1 to P5 of PACKS.md).
//!
//! Offsets are not written down: members follow each other in order, so no table can make two overlap or
//! lead out of the pack. Knows bytes alone; reads no remote.

use std::ops::Range;

use larder_digest::Sha256;
use serde::{Deserialize, Serialize};

use super::{
    FormatError,
    member::{self, Member},
    name,
};

/// What every pack begins with; then four bytes for the length of the table.
const MAGIC: &[u8; 16] = b"larder-packs-1\n\0";
const HEAD: usize = MAGIC.len() + 4;
/// The longest table that is read.
const LONGEST: u64 = 64 << 20;

/// What a pack holds, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Zero, or more where a pack of the same members is there that is damaged and cannot be replaced.
    salt: u32,
    members: Vec<Member>,
}

impl Table {
    /// The table of these members. Smaller ones come first: those that a reader skips between two that it
    /// wants are then mostly small enough to be read along, in one request.
    ///
    /// # Errors
    /// [`FormatError::Listed`]
    pub fn new(mut members: Vec<Member>, salt: u32) -> Result<Self, FormatError> {
        members.sort_by(|one, other| (one.size, &one.name).cmp(&(other.size, &other.name)));
        member::check(&members)?;
        Ok(Self { salt, members })
    }

    /// The members, in order.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The digest that names the pack, and everything of it that comes before the members.
    ///
    /// # Errors
    /// [`FormatError::Length`] if the table is longer than any reader reads.
    pub fn to_bytes(&self) -> Result<(Sha256, Vec<u8>), FormatError> {
        let table = serde_json::to_vec(self).map_err(|source| FormatError::Json { source })?;
        let length = bounded(table.len() as u64)?;
        let mut bytes = Vec::with_capacity(HEAD + table.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&table);
        Ok((name::sha256(&table), bytes))
    }

    /// Reads the beginning of a pack of this name; bytes after the table are not looked at.
    ///
    /// # Errors
    /// [`FormatError`]
    pub fn parse(digest: &Sha256, bytes: &[u8]) -> Result<Self, FormatError> {
        let table = &bytes[Self::place(bytes)?];
        let found = name::sha256(table);
        if found != *digest {
            return Err(FormatError::Digest {
                expected: *digest,
                found,
            });
        }
        let table: Self =
            serde_json::from_slice(table).map_err(|source| FormatError::Json { source })?;
        member::check(&table.members)?;
        Ok(table)
    }

    /// Where the table is in the beginning of a pack; the first member follows it.
    fn place(bytes: &[u8]) -> Result<Range<usize>, FormatError> {
        let Some((head, rest)) = bytes.split_at_checked(HEAD) else {
            return Err(FormatError::Length {
                found: bytes.len() as u64,
                expected: HEAD as u64,
            });
        };
        let (magic, length) = head.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(FormatError::Magic {
                found: magic.escape_ascii().to_string(),
            });
        }
        let length = length
            .iter()
            .rev()
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        let length = bounded(length)? as usize;
        if rest.len() < length {
            return Err(FormatError::Length {
                found: bytes.len() as u64,
                expected: (HEAD + length) as u64,
            });
        }
        Ok(HEAD..HEAD + length)
    }

    /// Each member and where it is, in a pack whose members start at `start`.
    pub fn places(&self, start: u64) -> impl Iterator<Item = (&Member, Range<u64>)> {
        places(&self.members, start)
    }
}

/// Each of some members that follow each other, and where it is.
pub(super) fn places(
    members: &[Member],
    start: u64,
) -> impl Iterator<Item = (&Member, Range<u64>)> {
    members.iter().scan(start, |end, member| {
        let first = *end;
        *end = first.checked_add(member.size)?;
        Some((member, first..*end))
    })
}

fn bounded(length: u64) -> Result<u32, FormatError> {
    let too_long = FormatError::Length {
        found: length,
        expected: LONGEST,
    };
    match u32::try_from(length) {
        Ok(fits) if length <= LONGEST => Ok(fits),
        _ => Err(too_long),
    }
}
