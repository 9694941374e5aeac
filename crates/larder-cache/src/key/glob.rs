//! Patterns for one component of a path, in Minimatch's dialect: `*`, `?`, `[abc]`, `[a-z]`, `[!a]`; `\`
//! takes the next character as it is (not on Windows). A leading dot is nothing special. Braces are
//! themselves.

/// One component's pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    parts: Vec<Part>,
    ignore_case: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Char(char),
    Class {
        ranges: Vec<(char, char)>,
        not: bool,
    },
}

impl Glob {
    pub(super) fn new(text: &str, windows: bool, ignore_case: bool) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(&character) = characters.get(at) {
            at += 1;
            parts.push(match character {
                '*' => Part::Any,
                '?' => Part::One,
                '\\' if !windows && at < characters.len() => {
                    at += 1;
                    Part::Char(characters[at - 1])
                }
                '[' => match class(&characters[at..]) {
                    Some((class, length)) => {
                        at += length;
                        class
                    }
                    None => Part::Char('['),
                },
                other => Part::Char(other),
            });
        }
        parts.dedup_by(|one, other| *one == Part::Any && *other == Part::Any);
        Self { parts, ignore_case }
    }

    /// Whether a name, all of it, is meant.
    pub(super) fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        // Where the last `*` was, and how much of the name it has: the only place to go back to.
        let mut back: Option<(usize, usize)> = None;
        let (mut part, mut at) = (0, 0);
        loop {
            match self.parts.get(part) {
                Some(Part::Any) => {
                    back = Some((part, at));
                    part += 1;
                }
                Some(one) if at < name.len() && self.is_one(one, name[at]) => {
                    part += 1;
                    at += 1;
                }
                None if at == name.len() => return true,
                _ => match back {
                    Some((star, from)) if from < name.len() => {
                        back = Some((star, from + 1));
                        (part, at) = (star + 1, from + 1);
                    }
                    _ => return false,
                },
            }
        }
    }

    fn is_one(&self, part: &Part, character: char) -> bool {
        match part {
            Part::Any => false,
            Part::One => true,
            Part::Char(expected) => self.fold(*expected) == self.fold(character),
            Part::Class { ranges, not } => {
                let character = self.fold(character);
                let is_in = ranges
                    .iter()
                    .any(|(from, to)| self.fold(*from) <= character && character <= self.fold(*to));
                is_in != *not
            }
        }
    }

    fn fold(&self, character: char) -> char {
        if self.ignore_case {
            character.to_lowercase().next().unwrap_or(character)
        } else {
            character
        }
    }
}

/// What follows a `[`: the class and how many characters it takes; `None` if it is never closed.
fn class(characters: &[char]) -> Option<(Part, usize)> {
    let not = matches!(characters.first(), Some('!' | '^'));
    let mut at = usize::from(not);
    let mut ranges = Vec::new();
    loop {
        let from = *characters.get(at)?;
        if from == ']' && !ranges.is_empty() {
            return Some((Part::Class { ranges, not }, at + 1));
        }
        let is_range = characters.get(at + 1) == Some(&'-')
            && characters.get(at + 2).is_some_and(|to| *to != ']');
        let to = if is_range { characters[at + 2] } else { from };
        ranges.push((from, to));
        at += if is_range { 3 } else { 1 };
    }
}
