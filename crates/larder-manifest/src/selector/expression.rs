//! Boolean expressions over platform variables.
//!
//! Never short-cuts on words it does not know: an expression with one is refused as a whole.

use rattler_conda_types::Subdir;

use super::{SelectorError, variables};

/// Deeper parentheses are refused, so that no text can exhaust the stack.
const DEPTH_LIMIT: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Variable(String),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
}

impl Expression {
    pub(super) fn evaluate(&self, subdir: Subdir) -> bool {
        match self {
            Self::Variable(name) => variables::value(name, subdir).unwrap_or(false),
            Self::Not(inner) => !inner.evaluate(subdir),
            Self::And(parts) => parts.iter().all(|part| part.evaluate(subdir)),
            Self::Or(parts) => parts.iter().any(|part| part.evaluate(subdir)),
        }
    }

    /// Calls `visit` for each variable from left to right.
    pub(super) fn variables<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        match self {
            Self::Variable(name) => visit(name),
            Self::Not(inner) => inner.variables(visit),
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.variables(visit);
                }
            }
        }
    }
}

/// Parses an expression all of whose variables are known.
pub(super) fn parse(text: &str) -> Result<Expression, SelectorError> {
    let expression = parse_any(text)?;
    let mut unknown = None;
    expression.variables(&mut |name| {
        if unknown.is_none() && !variables::is_known(name) {
            unknown = Some(name.to_owned());
        }
    });
    match unknown {
        None => Ok(expression),
        Some(name) if variables::is_unsupported(&name) => {
            Err(SelectorError::UnsupportedVariable { name })
        }
        Some(name) => Err(SelectorError::UnknownVariable { name }),
    }
}

/// Parses the grammar alone: any word may be a variable.
pub(super) fn parse_any(text: &str) -> Result<Expression, SelectorError> {
    let tokens = tokens(text)?;
    let mut parser = TokenParser {
        tokens: &tokens,
        next: 0,
        depth: 0,
    };
    let expression = parser.any_of()?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => Err(unexpected(token)),
    }
}

/// The words of an expression, and `(` and `)`.
fn tokens(text: &str) -> Result<Vec<&str>, SelectorError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if matches!(first, '(' | ')') {
            1
        } else {
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len())
        };
        if length == 0 {
            return Err(SelectorError::Syntax {
                found: format!("`{first}`"),
            });
        }
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn unexpected(token: &str) -> SelectorError {
    SelectorError::Syntax {
        found: format!("`{token}` where `and`, `or` or the end was expected"),
    }
}

struct TokenParser<'a> {
    tokens: &'a [&'a str],
    next: usize,
    depth: usize,
}

impl<'a> TokenParser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.next).copied()
    }

    fn accept(&mut self, token: &str) -> bool {
        let found = self.peek() == Some(token);
        self.next += usize::from(found);
        found
    }

    fn any_of(&mut self) -> Result<Expression, SelectorError> {
        let mut parts = vec![self.all_of()?];
        while self.accept("or") {
            parts.push(self.all_of()?);
        }
        Ok(single(parts, Expression::Or))
    }

    fn all_of(&mut self) -> Result<Expression, SelectorError> {
        let mut parts = vec![self.atom()?];
        while self.accept("and") {
            parts.push(self.atom()?);
        }
        Ok(single(parts, Expression::And))
    }

    fn atom(&mut self) -> Result<Expression, SelectorError> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(SelectorError::Syntax {
                found: "too many parentheses".to_owned(),
            });
        }
        let result = self.nested_atom();
        self.depth -= 1;
        result
    }

    fn nested_atom(&mut self) -> Result<Expression, SelectorError> {
        if self.accept("not") {
            return Ok(Expression::Not(Box::new(self.atom()?)));
        }
        if self.accept("(") {
            let inner = self.any_of()?;
            if self.accept(")") {
                return Ok(inner);
            }
            return Err(SelectorError::Syntax {
                found: "an opening parenthesis without its closing one".to_owned(),
            });
        }
        let found = match self.peek() {
            None => "the end where a platform was expected".to_owned(),
            Some(token @ ("and" | "or" | ")")) => {
                format!("`{token}` where a platform was expected")
            }
            Some(name) => {
                self.next += 1;
                return Ok(Expression::Variable(name.to_owned()));
            }
        };
        Err(SelectorError::Syntax { found })
    }
}

fn single(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}
