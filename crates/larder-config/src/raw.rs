//! A value as one source has it: untyped, with its flags and places.

use crate::Origin;

/// What a source says of one key, or an item of that.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Raw {
    pub(crate) data: Data,
    pub(crate) flag: Option<Flag>,
    pub(crate) origin: Origin,
}

/// The shapes that YAML knows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    /// `~`, `null` or nothing at all.
    Null,
    Scalar(String),
    List(Vec<Raw>),
    Map(Vec<(String, Raw)>),
}

/// A comment that says how a value merges with those of other sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    /// No later source changes it.
    Final,
    /// An item that comes before those of all sources.
    Top,
    /// An item that comes after those of all sources.
    Bottom,
}

impl Flag {
    /// Of a comment's text without its `#`. conda takes off `#` and `!` at both ends and nothing else.
    pub(crate) fn parse(comment: &str) -> Option<Self> {
        match comment.trim_end().trim_matches(['#', '!']) {
            "final" => Some(Self::Final),
            "top" => Some(Self::Top),
            "bottom" => Some(Self::Bottom),
            _ => None,
        }
    }
}

impl Raw {
    /// What was found, with an article, for messages.
    pub(crate) fn described(&self) -> &'static str {
        match &self.data {
            Data::Null => "nothing",
            Data::Scalar(_) => "a text",
            Data::List(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.data == Data::Null
    }

    /// The value without flags and places: what makes two items of a list the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::Null, Data::Null) => true,
            (Data::Scalar(a), Data::Scalar(b)) => a == b,
            (Data::List(a), Data::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_same(b))
            }
            (Data::Map(a), Data::Map(b)) => {
                let same =
                    |((k, a), (l, b)): (&(String, Self), &(String, Self))| k == l && a.is_same(b);
                a.len() == b.len() && a.iter().zip(b).all(same)
            }
            _ => false,
        }
    }
}
