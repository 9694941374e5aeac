//! YAML text to a tree in which each value keeps its text as written and its place, and to the
//! list of comments.
//!
//! Built on the event parser below serde-saphyr: typed deserialization would lose the text of
//! numbers (`1.10`), the places of list items and the comments that hold selectors. Never gives
//! meaning to keys; never builds more than [`YamlLimits`] allow, aliases expanded.

use std::collections::{HashMap, HashSet};

use granit_parser::{
    Event, Parser, Placement, ScalarStyle, ScanError, Span, StrInput, StructureStyle,
};

mod budget;

pub use budget::{YamlLimits, check_limits};

use crate::position::Mark;
use budget::{Extent, YamlBudget};

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it starts.
    pub start: Mark,
    /// The line on which the last character stands.
    pub end_line: u32,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text; `plain` if it stands without quotes and without a tag.
    Scalar {
        /// The text as written, without quotes.
        text: String,
        /// Whether it stands without quotes and without a tag.
        plain: bool,
    },
    /// A list.
    Sequence {
        /// Its items.
        items: Vec<Node>,
        /// Whether it is written with brackets.
        flow: bool,
    },
    /// Keys and values, in the order of the text.
    Mapping(Vec<(Node, Node)>),
}

/// A comment behind something on the same line.
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    /// Where its `#` stands.
    pub start: Mark,
    /// Without the `#`.
    pub text: String,
}

/// One YAML document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// None if there is nothing but comments.
    pub root: Option<Node>,
    /// Those that stand behind something.
    pub comments: Vec<Comment>,
}

/// Why the text is no tree.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// What the scanner says.
    #[error("{0}")]
    Scan(String),
    /// There is a second document.
    #[error("a second document begins, a file has one")]
    MultipleDocuments,
    /// A key stands twice in one mapping.
    #[error("the key `{key}` stands twice, first in line {first}")]
    DuplicateKey {
        /// The key.
        key: String,
        /// The line of the first one.
        first: u32,
    },
    /// An alias inside of what it stands for.
    #[error("an alias refers to what it is part of")]
    RecursiveAlias,
    /// A file that no person writes.
    #[error("it has more than {limit} bytes")]
    TooLong {
        /// The bound.
        limit: usize,
    },
    /// More nodes than any file of a person has.
    #[error("it has more than {limit} values once its aliases are expanded")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
    /// A few aliases of one long text make gigabytes of it.
    #[error("its texts have more than {limit} bytes once its aliases are expanded")]
    TooMuchText {
        /// The bound.
        limit: usize,
    },
    /// Lists in lists in lists: whoever reads them recursively exhausts the stack.
    #[error("its lists and mappings are nested more than {limit} deep")]
    TooDeep {
        /// The bound.
        limit: usize,
    },
}

/// A problem and where it is.
pub type YamlError = (Problem, Mark);

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether there is no value: nothing, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What YAML 1.2 takes the value for, with an article.
    pub fn type_name(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "empty",
            Value::Scalar { text, plain: true } if is_number(text) => "a number",
            Value::Scalar { text, plain: true }
                if matches!(
                    text.as_str(),
                    "true" | "True" | "TRUE" | "false" | "False" | "FALSE"
                ) =>
            {
                "a boolean"
            }
            Value::Scalar { .. } => "a text",
            Value::Sequence { .. } => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }

    /// How many characters a caret line under the value should have.
    pub fn width(&self) -> usize {
        self.text().map_or(1, |text| text.chars().count())
    }
}

fn is_number(text: &str) -> bool {
    let starts = text.trim_start_matches(['+', '-']).trim_start_matches('.');
    starts.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

/// Parses the one document of `text`, within [`YamlLimits::MANIFEST`].
///
/// # Errors
/// The first [`Problem`] and its place.
pub fn parse(text: &str) -> Result<Document, YamlError> {
    let mut builder = Builder {
        parser: budget::parser(text, &YamlLimits::MANIFEST)?,
        comments: Vec::new(),
        anchors: HashMap::new(),
        budget: YamlBudget::new(YamlLimits::MANIFEST),
    };
    let mut root = None;
    while let Some((event, span)) = builder.next()? {
        match event {
            Event::DocumentStart(..) if root.is_some() => {
                return Err((Problem::MultipleDocuments, mark(span)));
            }
            Event::Scalar(..)
            | Event::SequenceStart(..)
            | Event::MappingStart(..)
            | Event::Alias(..) => root = Some(builder.node(event, span)?),
            _ => {}
        }
    }
    // `---` alone is an empty scalar.
    let root = root.filter(|node| !node.is_null());
    Ok(Document {
        root,
        comments: builder.comments,
    })
}

struct Builder<'a> {
    parser: Parser<'a, StrInput<'a>>,
    comments: Vec<Comment>,
    anchors: HashMap<usize, (Node, Extent)>,
    budget: YamlBudget,
}

impl<'a> Builder<'a> {
    /// The next event that is no comment; comments behind content are collected on the way.
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, YamlError> {
        loop {
            match self.parser.next() {
                None => return Ok(None),
                Some(Err(error)) => return Err(scan_problem(&error)),
                Some(Ok((Event::Comment(text, placement), span))) => {
                    if placement == Placement::Right {
                        self.comments.push(Comment {
                            start: mark(span),
                            text: text.into_owned(),
                        });
                    }
                }
                Some(Ok(event)) => return Ok(Some(event)),
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, YamlError> {
        let anchor = event.anchor_id().unwrap_or_default();
        let start = mark(span);
        let before = self.budget.used();
        let (value, end_line) = match event {
            Event::Alias(id) => return self.alias(id, start),
            Event::Scalar(text, style, _, tag) => {
                self.budget.add(Extent::of_text(&text), start)?;
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let text = text.into_owned();
                let end = last_line(span, style);
                (Value::Scalar { text, plain }, end)
            }
            Event::SequenceStart(style, ..) => {
                self.budget.enter(start)?;
                let sequence = self.sequence(style == StructureStyle::Flow)?;
                self.budget.leave();
                sequence
            }
            _ => {
                self.budget.enter(start)?;
                let mapping = self.mapping()?;
                self.budget.leave();
                mapping
            }
        };
        let node = Node {
            start,
            end_line: end_line.max(start.line),
            value,
        };
        if anchor != 0 {
            let extent = self.budget.used() - before;
            // The copy that is kept for aliases takes memory as well: a nest of anchors would have one
            // for each level.
            self.budget.add(extent, start)?;
            self.anchors.insert(anchor, (node.clone(), extent));
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, start: Mark) -> Result<Node, YamlError> {
        let Some((target, extent)) = self.anchors.get(&id) else {
            return Err((Problem::RecursiveAlias, start));
        };
        // Counted before it is copied: the copy is what the bound is there to prevent.
        self.budget.add(*extent, start)?;
        let mut node = target.clone();
        node.start = start;
        node.end_line = start.line;
        Ok(node)
    }

    fn sequence(&mut self, flow: bool) -> Result<(Value, u32), YamlError> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                return Ok((Value::Sequence { items, flow }, mark(span).line));
            }
            items.push(self.node(event, span)?);
        }
        Ok((Value::Sequence { items, flow }, 0))
    }

    fn mapping(&mut self) -> Result<(Value, u32), YamlError> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        // Lines of the keys: comparing each key with all before it takes minutes for 100,000 of them.
        let mut lines: HashMap<String, u32> = HashMap::new();
        let mut end = 0;
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                end = mark(span).line;
                break;
            }
            let key = self.node(event, span)?;
            let Some((event, span)) = self.next()? else {
                break;
            };
            let value = self.node(event, span)?;
            if let Some(text) = key.text()
                && let Some(first) = lines.insert(text.to_owned(), key.start.line)
            {
                let problem = Problem::DuplicateKey {
                    key: text.to_owned(),
                    first,
                };
                return Err((problem, key.start));
            }
            entries.push((key, value));
        }
        Ok((Value::Mapping(merged(entries)), end))
    }
}

/// Replaces `<<: *anchor` by the entries of the anchor that the mapping does not have itself.
fn merged(entries: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
    let is_merge =
        |key: &Node| matches!(&key.value, Value::Scalar { text, plain: true } if text == "<<");
    if !entries.iter().any(|(key, _)| is_merge(key)) {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| is_merge(key));
    let mut names: HashSet<Option<String>> = own
        .iter()
        .map(|(key, _)| key.text().map(str::to_owned))
        .collect();
    for (_, value) in merges {
        let sources = match value.value {
            Value::Sequence { items, .. } => items.into_iter().map(|node| node.value).collect(),
            other => vec![other],
        };
        for source in sources {
            let Value::Mapping(inherited) = source else {
                continue;
            };
            for (key, value) in inherited {
                if names.insert(key.text().map(str::to_owned)) {
                    own.push((key, value));
                }
            }
        }
    }
    own
}

fn mark(span: Span) -> Mark {
    Mark::new(span.start.line(), span.start.col() + 1)
}

/// Block scalars end at the start of the line below them.
fn last_line(span: Span, style: ScalarStyle) -> u32 {
    let end = Mark::new(span.end.line(), span.end.col() + 1);
    match style {
        ScalarStyle::Literal | ScalarStyle::Folded => end.line.saturating_sub(1),
        _ => end.line,
    }
}

fn scan_problem(error: &ScanError) -> YamlError {
    let marker = error.marker();
    (
        Problem::Scan(error.info()),
        Mark::new(marker.line(), marker.col() + 1),
    )
}
