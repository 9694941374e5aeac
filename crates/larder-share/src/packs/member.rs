//! [`Member`]: an object as packs and indexes list it.

use larder_digest::Sha256;
use serde::{Deserialize, Serialize};

use super::FormatError;

/// No object is larger; keeps every sum of sizes a number.
const LARGEST: u64 = 1 << 40;
/// Longest name in bytes.
const LONGEST: usize = 200;
/// As many as any sum of sizes can have.
pub(super) const MOST: usize = 1 << 20;

/// One object: what it is called, its bytes' digest, how many they are. A row `[name, sha256, size]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Member {
    /// As the shelf calls it: `<sha256>.conda`, `solves/<key>`. ASCII without control characters.
    pub name: String,
    /// Of its bytes.
    pub sha256: Sha256,
    /// In bytes.
    pub size: u64,
}

#[derive(Serialize, Deserialize)]
struct Row(String, Sha256, u64);

impl From<Row> for Member {
    fn from(Row(name, sha256, size): Row) -> Self {
        Self { name, sha256, size }
    }
}

impl From<Member> for Row {
    fn from(member: Member) -> Self {
        Self(member.name, member.sha256, member.size)
    }
}

/// Refuses members that cannot be: a name that is none or occurs twice, sizes without bounds.
pub(super) fn check(members: &[Member]) -> Result<(), FormatError> {
    if members.len() > MOST {
        return Err(FormatError::TooMany { limit: MOST });
    }
    let mut seen = std::collections::HashSet::new();
    for member in members {
        let name = member.name.as_str();
        let problem = if !is_name(name) {
            "its name is empty, too long or has strange characters"
        } else if member.size > LARGEST {
            "it is larger than anything can be"
        } else if !seen.insert(name) {
            "it is listed twice"
        } else {
            continue;
        };
        return Err(FormatError::Listed {
            member: name.escape_default().take(LONGEST).collect(),
            problem,
        });
    }
    Ok(())
}

pub(super) fn is_name(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}
