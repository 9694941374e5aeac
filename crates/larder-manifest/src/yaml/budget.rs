//! Bounds on YAML from outside: bytes, nesting, and what its aliases expand to.
//!
//! Reading events takes constant memory, so a text can be measured before anything is built of it.

use std::{
    collections::HashMap,
    ops::{AddAssign, Sub},
};

use granit_parser::{Event, Parser, StrInput};

use super::{Problem, YamlError, mark};
use crate::position::Mark;

/// How large a YAML text may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YamlLimits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Lists and mappings around one value.
    pub depth: usize,
    /// Scalars, lists and mappings, aliases expanded.
    pub nodes: usize,
    /// Bytes of all scalars, aliases expanded.
    pub text_bytes: usize,
}

impl YamlLimits {
    /// For files that people write: manifests, `.condarc`, `virtual-packages.yml`. The largest real one of
    /// 2,470 has 27 KB.
    pub const MANIFEST: Self = Self {
        bytes: 16 << 20,
        depth: 64,
        nodes: 100_000,
        text_bytes: 16 << 20,
    };

    /// For locks, which have some 20 values for each package of each platform.
    pub const LOCK: Self = Self {
        bytes: 64 << 20,
        depth: 64,
        nodes: 2_000_000,
        text_bytes: 64 << 20,
    };
}

/// How much a value takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    nodes: usize,
    text_bytes: usize,
}

impl Extent {
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            nodes: 1,
            text_bytes: text.len(),
        }
    }

    const COLLECTION: Self = Self {
        nodes: 1,
        text_bytes: 0,
    };
}

// Saturating: aliases of aliases multiply, and a sum that wraps around would fit again.
impl AddAssign for Extent {
    fn add_assign(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.text_bytes = self.text_bytes.saturating_add(other.text_bytes);
    }
}

impl Sub for Extent {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            nodes: self.nodes.saturating_sub(other.nodes),
            text_bytes: self.text_bytes.saturating_sub(other.text_bytes),
        }
    }
}

/// What of the limits is used up.
#[derive(Debug)]
pub(super) struct YamlBudget {
    limits: YamlLimits,
    used: Extent,
    depth: usize,
}

impl YamlBudget {
    pub(super) fn new(limits: YamlLimits) -> Self {
        Self {
            limits,
            used: Extent::default(),
            depth: 0,
        }
    }

    pub(super) fn used(&self) -> Extent {
        self.used
    }

    /// Counts a value, or the copy of one.
    pub(super) fn add(&mut self, extent: Extent, at: Mark) -> Result<(), YamlError> {
        self.used += extent;
        let YamlLimits {
            nodes, text_bytes, ..
        } = self.limits;
        if self.used.nodes > nodes {
            return Err((Problem::TooLarge { limit: nodes }, at));
        }
        if self.used.text_bytes > text_bytes {
            return Err((Problem::TooMuchText { limit: text_bytes }, at));
        }
        Ok(())
    }

    /// Counts a list or mapping that begins.
    pub(super) fn enter(&mut self, at: Mark) -> Result<(), YamlError> {
        self.depth += 1;
        let limit = self.limits.depth;
        if self.depth > limit {
            return Err((Problem::TooDeep { limit }, at));
        }
        self.add(Extent::COLLECTION, at)
    }

    /// The list or mapping has ended.
    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}

/// A parser of `text`, if that is not too long.
pub(super) fn parser<'a>(
    text: &'a str,
    limits: &YamlLimits,
) -> Result<Parser<'a, StrInput<'a>>, YamlError> {
    if text.len() > limits.bytes {
        let limit = limits.bytes;
        return Err((Problem::TooLong { limit }, Mark::START));
    }
    // Blocks of comments between entries are looked ahead over; files have hundreds of lines of them.
    let options = granit_parser::options! {
        max_buffered_comment_events: limits.nodes,
    };
    Ok(Parser::new_from_str_with_options(text, options))
}

/// Measures a text that another reader will expand: nothing is built, aliases are only counted.
///
/// Texts that are no YAML pass, for the reader to say so. A text without anchors cannot grow, and one whose
/// lines and brackets show no deep nesting is not parsed twice.
///
/// # Errors
/// The limit that is exceeded, and where.
pub fn check_limits(text: &str, limits: &YamlLimits) -> Result<(), YamlError> {
    let mut parser = parser(text, limits)?;
    if !may_expand(text) && !may_nest(text, limits.depth) {
        return Ok(());
    }
    let mut budget = YamlBudget::new(*limits);
    let mut anchors: HashMap<usize, Extent> = HashMap::new();
    let mut open: Vec<(usize, Extent)> = Vec::new();
    while let Some(Ok((event, span))) = parser.next() {
        let anchor = event.anchor_id().unwrap_or_default();
        match event {
            Event::Alias(id) => {
                let extent = anchors.get(&id).copied();
                let extent = extent.ok_or((Problem::RecursiveAlias, mark(span)))?;
                budget.add(extent, mark(span))?;
            }
            Event::Scalar(text, ..) => {
                let extent = Extent::of_text(&text);
                budget.add(extent, mark(span))?;
                if anchor != 0 {
                    anchors.insert(anchor, extent);
                }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                open.push((anchor, budget.used()));
                budget.enter(mark(span))?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                budget.leave();
                let Some((anchor, before)) = open.pop() else {
                    continue;
                };
                if anchor != 0 {
                    anchors.insert(anchor, budget.used() - before);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether there may be an anchor: `&` where a value may begin.
fn may_expand(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| {
        let before = text.as_bytes().get(at.wrapping_sub(1));
        before.is_none_or(|byte| {
            matches!(
                byte,
                b' ' | b'\t' | b'\n' | b'\r' | b'[' | b'{' | b',' | b'-' | b':' | b'?'
            )
        })
    })
}

/// Whether brackets or indentation may nest deeper than `depth`.
fn may_nest(text: &str, depth: usize) -> bool {
    let mut brackets = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => brackets += 1,
            b']' | b'}' => brackets = brackets.saturating_sub(1),
            _ => continue,
        }
        if brackets > depth / 2 {
            return true;
        }
    }
    // Each level of block style begins in a column further right, be it by blanks or by `- - -`.
    text.lines().any(|line| {
        let lead = line.bytes().take(depth + 1);
        lead.take_while(|byte| matches!(byte, b' ' | b'\t' | b'-' | b'?' | b':'))
            .count()
            > depth / 2
    })
}
