//! [`Rules`]: the numbers by which packs are read and rewritten.
//!
//! `ci/month` shows what others would cost; PACKS.md has its table.

/// How packs are read and when they are rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A gap of so many bytes between two members that are wanted is read along with them.
    pub gap: u64,
    /// One request reads at most so many bytes, more only for a member that is larger: what is read for
    /// several members stays in memory until each was asked for.
    pub request: u64,
    /// An environment that needs more packs than this gets the members of the smallest into a new one,
    /// until half as many are left.
    pub packs: usize,
    /// A needed pack of which a larger share than this, in percent, is dead is left ...
    pub dead_percent: u64,
    /// ... if the dead part has more bytes than this as well.
    pub dead_bytes: u64,
    /// An index lists at most so many packs that nothing needs now. Branches that left a while ago do.
    pub listed: usize,
    /// A root is recorded anew after so many seconds, whether or not it changed.
    pub refresh: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            gap: 1 << 20,
            request: 8 << 20,
            packs: 8,
            dead_percent: 50,
            dead_bytes: 32 << 20,
            listed: 64,
            refresh: 7 * 24 * 60 * 60,
        }
    }
}
