//! Bounds on requirements of pip (PEP 508), before a parser gets them.
//!
//! pep508_rs parses parentheses recursively, and keeps a marker as a decision diagram, which may take 2^n nodes
//! for 2n comparisons.

/// Bytes of one requirement.
pub const REQUIREMENT_BYTES: usize = 8 << 10;
/// How deep its parentheses and brackets may be nested.
pub const REQUIREMENT_DEPTH: usize = 32;
/// How many `and` and `or` its marker may have. uv's own markers have some 10.
pub const REQUIREMENT_JOINTS: usize = 32;

/// Checks a requirement. Linear, and nothing is allocated.
///
/// # Errors
/// Which bound it exceeds.
pub fn check_requirement(text: &str) -> Result<(), String> {
    if text.len() > REQUIREMENT_BYTES {
        return Err(format!("it has more than {REQUIREMENT_BYTES} bytes"));
    }
    // An address may have any character.
    let (before, marker) = text.rsplit_once(';').unwrap_or((text, ""));
    let name = before.split('@').next().unwrap_or_default();
    check_ascii(name).and_then(|()| check_ascii(marker))?;
    check_markers(text)
}

/// Names, versions and markers have no other characters (PEP 508). pep508_rs takes a number of characters for one of bytes
/// where it quotes a bad marker, and panics within a character.
fn check_ascii(text: &str) -> Result<(), String> {
    match text.chars().find(|character| !character.is_ascii()) {
        Some(character) => Err(format!("`{character}` cannot be part of a requirement")),
        None => Ok(()),
    }
}

/// Checks all requirements in the text of a pixi.lock, whose reader parses them. A requirement goes on over
/// lines, but not over one that begins an item.
pub(crate) fn check_requirements_of(text: &str) -> Result<(), (u64, String)> {
    let mut start = (1, 0);
    let mut end = 0;
    for (number, line) in (1_u64..).zip(text.split_inclusive('\n')) {
        if line.trim_start().starts_with("- ") {
            check_item(&text[start.1..end]).map_err(|problem| (start.0, problem))?;
            check_markers(&text[start.1..end]).map_err(|problem| (start.0, problem))?;
            start = (number, end);
        }
        end += line.len();
    }
    let last = &text[start.1..end];
    check_item(last)
        .and_then(|()| check_markers(last))
        .map_err(|problem| (start.0, problem))
}

/// An item that is a text and not a mapping may be a requirement.
fn check_item(item: &str) -> Result<(), String> {
    let text = item.lines().next().unwrap_or_default();
    let is_text = text.trim_start().starts_with("- ") && !text.contains(": ");
    match is_text && !text.contains("://") {
        true => check_ascii(text),
        false => Ok(()),
    }
}

fn check_markers(text: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth > REQUIREMENT_DEPTH {
            return Err(format!(
                "its parentheses are nested more than {REQUIREMENT_DEPTH} deep"
            ));
        }
    }
    // No word boundaries: `'a'and'b'` has a joint as well.
    let joints = text.matches("and").count() + text.matches("or").count();
    if joints > REQUIREMENT_JOINTS && joints_of(text) > REQUIREMENT_JOINTS {
        return Err(format!(
            "its marker has more than {REQUIREMENT_JOINTS} parts joined by `and` and `or`"
        ));
    }
    Ok(())
}

/// `and` and `or` that are no part of a word, as `platform` and `torch` have them.
fn joints_of(text: &str) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let words = text.split(|c: char| !is_word(c));
    words.filter(|word| matches!(*word, "and" | "or")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_bounded_in_every_direction() {
        let marker = |count: usize| format!("a; extra == 'x'{}", " or extra == 'y'".repeat(count));
        assert_eq!(check_requirement(&marker(REQUIREMENT_JOINTS)), Ok(()));
        for text in [
            marker(REQUIREMENT_JOINTS + 1),
            format!("a; {}extra == 'x'", "(".repeat(REQUIREMENT_DEPTH + 1)),
            format!("a; {}", "'a'=='a'and".repeat(40)),
            format!("a{}", "[".repeat(5000)),
            "a".repeat(REQUIREMENT_BYTES + 1),
        ] {
            assert!(check_requirement(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn requirements_of_a_pixi_lock_are_bounded_however_they_are_folded() {
        let lock = |requirement: &str| {
            format!("version: 6\n- pypi: x\n  requires_dist:\n  - {requirement}\n")
        };
        assert_eq!(
            check_requirements_of(&lock("torch; platform == 'and'")),
            Ok(())
        );
        let folded = "a; b == 'c'\n    or b == 'd'".to_owned() + &"\n    or b == 'e'".repeat(40);
        for text in [lock(&folded), lock(&format!("a; {}", "(".repeat(5000)))] {
            assert_eq!(check_requirements_of(&text).unwrap_err().0, 4);
        }
    }
}
