//! Which comment is the selector of which line.
//!
//! A comment belongs to the item that ends on its line. Comments on lines without such an item are
//! left over; a selector among them is never ignored silently.

use crate::error::{ManifestError, ManifestErrorKind};
use crate::manifest::WarningCode;
use crate::position::Mark;
use crate::read::Reader;
use crate::selector::{CommentMeaning, Selector, classify_comment};
use crate::yaml::Comment;

/// The comments behind content that have the form of a selector.
pub(super) struct Selectors {
    comments: Vec<(Mark, CommentMeaning, bool)>,
    first_used: Option<Mark>,
}

impl Selectors {
    pub(super) fn new(comments: Vec<Comment>) -> Self {
        let read = |comment: Comment| (comment.start, classify_comment(&comment.text), false);
        let comments = comments.into_iter().map(read);
        Self {
            comments: comments
                .filter(|(_, meaning, _)| *meaning != CommentMeaning::Ordinary)
                .collect(),
            first_used: None,
        }
    }

    /// Takes the comment on `line`, if there is one.
    fn take(&mut self, line: u32) -> Option<(Mark, CommentMeaning)> {
        // In the order of the text: looking through all for each item takes a square of their number.
        let at = self
            .comments
            .partition_point(|(mark, _, _)| mark.line < line);
        let (mark, meaning, used) = self
            .comments
            .get_mut(at)
            .filter(|(mark, _, _)| mark.line == line)?;
        *used = true;
        if matches!(meaning, CommentMeaning::Selector(_)) && self.first_used.is_none() {
            self.first_used = Some(*mark);
        }
        Some((*mark, meaning.clone()))
    }

    /// The comments that nobody took.
    pub(super) fn leftovers(&mut self) -> Vec<(Mark, CommentMeaning)> {
        let unused = self.comments.iter().filter(|(_, _, used)| !used);
        unused
            .map(|(mark, meaning, _)| (*mark, meaning.clone()))
            .collect()
    }

    /// The first selector that a line has.
    pub(super) fn first_used(&self) -> Option<Mark> {
        self.first_used
    }
}

impl Reader<'_> {
    /// The comment selector of what ends on `line`.
    pub(super) fn comment_selector(
        &mut self,
        line: u32,
    ) -> Result<Option<Selector>, ManifestError> {
        match self.selectors.take(line) {
            None | Some((_, CommentMeaning::Ordinary)) => Ok(None),
            Some((_, CommentMeaning::Selector(selector))) => Ok(Some(selector)),
            Some((mark, CommentMeaning::Prose(text))) => {
                self.warn_prose(&text, mark);
                Ok(None)
            }
            Some((mark, CommentMeaning::Broken(expression, source))) => {
                let width = expression.chars().count() + 4;
                let kind = ManifestErrorKind::Selector { expression, source };
                Err(self.error(kind, mark, width))
            }
        }
    }

    fn warn_prose(&mut self, text: &str, mark: Mark) {
        let text = format!(
            "`[{text}]` names no platform, so it is read as a comment: the line counts everywhere"
        );
        self.warn(WarningCode::ProseSelector, text, mark);
    }

    pub(super) fn leftover(&mut self, mark: Mark, meaning: CommentMeaning) {
        let text = match meaning {
            CommentMeaning::Ordinary | CommentMeaning::Prose(_) => return,
            CommentMeaning::Selector(selector) => selector.text().to_owned(),
            CommentMeaning::Broken(expression, _) => expression,
        };
        let text = format!(
            "the selector `[{text}]` does not apply to this line, which counts everywhere: selectors belong behind items of `dependencies`, `pip` and `channels`"
        );
        self.warn(WarningCode::IgnoredSelector, text, mark);
    }
}
