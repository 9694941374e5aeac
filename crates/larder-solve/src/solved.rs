//! The answer of a solver, and how it came about.
//!
//! Plain data.

use larder_lock::Closure;

/// The answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Solved {
    /// The exact records.
    pub closure: Closure,
    /// Where they come from.
    pub how: How,
    /// Why no memo was used: one line without a full stop. Nothing if one was, or if memos are
    /// switched off.
    pub why_no_memo: Option<String>,
}

impl Solved {
    /// One line for `-v`: `solve: memo`, or `solve: solved` and why in brackets.
    pub(crate) fn note(&self) -> String {
        let how = self.how.as_str();
        match &self.why_no_memo {
            Some(why) => format!("solve: {how} ({why})"),
            None => format!("solve: {how}"),
        }
    }
}

/// How an answer came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    /// It was remembered, and is proven to be what a solve would give now. The solver was not called.
    Memo,
    /// The solver was called.
    Solved,
}

impl How {
    /// `memo` or `solved`, for JSON and notes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memo => "memo",
            Self::Solved => "solved",
        }
    }
}
