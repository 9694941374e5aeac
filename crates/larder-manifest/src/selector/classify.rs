//! Is a comment a selector, prose in brackets, or a selector that cannot be evaluated?
//!
//! Never drops a line for a comment that it does not understand: prose keeps its line with a
//! warning, a selector with a variable that does not exist is an error.

use super::expression::{self, Expression};
use super::{Selector, SelectorError, variables};

/// What a comment means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CommentMeaning {
    /// An ordinary comment.
    Ordinary,
    /// It has the form of a selector but no platform in it, like `# [sic]`.
    Prose(String),
    /// A selector.
    Selector(Selector),
    /// Meant as a selector.
    Broken(String, SelectorError),
}

/// Reads the text of a comment, without the `#`.
pub(crate) fn classify_comment(text: &str) -> CommentMeaning {
    let Some((inside, behind)) = text
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    else {
        return CommentMeaning::Ordinary;
    };
    // `[text](address)` and `[1]: address` are links.
    if behind.starts_with(['(', ':', '[']) {
        return CommentMeaning::Ordinary;
    }
    match Selector::parse_comment(inside) {
        Ok(selector) => CommentMeaning::Selector(selector),
        Err(error) => meaning_of_error(inside.trim(), behind.trim(), error),
    }
}

fn meaning_of_error(inside: &str, behind: &str, error: SelectorError) -> CommentMeaning {
    if let Some(name) = comparison(inside) {
        let error = SelectorError::UnsupportedVariable { name };
        return CommentMeaning::Broken(inside.to_owned(), error);
    }
    let meant = match expression::parse_any(inside) {
        Ok(Expression::Variable(name)) => variables::is_unsupported(&name),
        Ok(_) => true,
        Err(_) => words(inside).any(variables::is_known),
    };
    if meant {
        CommentMeaning::Broken(inside.to_owned(), error)
    } else if behind.is_empty() {
        CommentMeaning::Prose(inside.to_owned())
    } else {
        CommentMeaning::Ordinary
    }
}

/// The variable of `py>=36` and `build_platform != target_platform`.
fn comparison(text: &str) -> Option<String> {
    text.contains(['<', '>', '=', '!'])
        .then(|| words(text).find(|word| variables::is_unsupported(word)))?
        .map(str::to_owned)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}
