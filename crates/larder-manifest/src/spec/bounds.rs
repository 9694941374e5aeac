//! Bounds on the text of a spec, and the only calls of rattler's parser in the workspace.
//!
//! That parser is recursive for parentheses and conditions: 5,000 of them in a manifest, a lock or a channel's
//! index end the process. `.clippy.toml` forbids `MatchSpec::from_str` everywhere else.

use rattler_conda_types::{
    MatchSpec, ParseMatchSpecError, ParseMatchSpecOptions, RepodataRevision,
};

use super::SpecError;

/// Bytes of one spec. The longest in conda-forge's indexes has some 300.
pub const SPEC_BYTES: usize = 4096;
/// How deep parentheses and brackets may be nested.
pub const SPEC_DEPTH: usize = 32;
/// How many `and` and `or` one spec may have (CEP 43): each is a level of the parsed condition.
pub const SPEC_CONDITIONS: usize = 64;

/// Checks a text before a recursive parser gets it. Linear, and nothing is allocated.
///
/// # Errors
/// The bound that it exceeds.
pub fn check_spec_bounds(text: &str) -> Result<(), SpecError> {
    if text.len() > SPEC_BYTES {
        return Err(SpecError::TooLong {
            bytes: text.len(),
            limit: SPEC_BYTES,
        });
    }
    // Nearly every spec in an index: a million of them are checked in a solve.
    if !text.bytes().any(|byte| matches!(byte, b'(' | b'[')) {
        return Ok(());
    }
    // Quotes are no shelter: what is quoted in brackets is parsed as a version or a condition.
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth > SPEC_DEPTH {
            return Err(SpecError::TooDeep { limit: SPEC_DEPTH });
        }
    }
    let is_joint = |word: &&str| matches!(*word, "and" | "or");
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')'));
    if words.filter(is_joint).count() > SPEC_CONDITIONS {
        return Err(SpecError::TooManyConditions {
            limit: SPEC_CONDITIONS,
        });
    }
    Ok(())
}

/// Parses a spec of a package's record as rattler's solver reads it, after
/// [`mended_record_spec`](crate::mended_record_spec): nothing is refused that the solver takes.
///
/// # Errors
/// [`SpecError`] for a text that exceeds the bounds or that rattler refuses, and for patterns of versions, which it would
/// take for something else.
pub fn parse_record_spec(text: &str) -> Result<MatchSpec, SpecError> {
    check_spec_bounds(text)?;
    let mended = super::mended_record_spec(text)?;
    parse_as_solver(mended.as_deref().unwrap_or(text))
}

/// rattler's own reading of a record's spec.
pub(super) fn parse_as_solver(text: &str) -> Result<MatchSpec, SpecError> {
    let options = ParseMatchSpecOptions::lenient().with_repodata_revision(RepodataRevision::V3);
    parse_bounded(text, options).map_err(|source| SpecError::Parse {
        hint: None,
        reason: Box::new(source),
    })
}

/// Calls rattler's parser with a text that has passed [`check_spec_bounds`].
#[expect(
    clippy::disallowed_methods,
    reason = "the one place: the text is within the bounds"
)]
pub(super) fn parse_bounded(
    text: &str,
    options: ParseMatchSpecOptions,
) -> Result<MatchSpec, ParseMatchSpecError> {
    MatchSpec::from_str(text, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses on a thread with a quarter of the stack that threads have: what overflows it ends the process.
    fn parse_on_small_stack(text: String) -> Result<(), SpecError> {
        let thread = std::thread::Builder::new().stack_size(512 << 10);
        let parsed = thread.spawn(move || {
            let parsed = crate::parse_spec(&text).map(drop);
            parse_record_spec(&text).map(drop).and(parsed)
        });
        parsed.unwrap().join().unwrap()
    }

    fn nested(before: &str, open: &str, inside: &str, close: &str, depth: usize) -> String {
        let (open, close) = (open.repeat(depth), close.repeat(depth));
        format!("{before}{open}{inside}{close}")
    }

    #[test]
    fn whatever_nests_is_refused_and_never_overflows() {
        let forms = [
            ("python ", "(", ">=3", ")"),
            ("python[version='", "(", ">=3", ")']"),
            ("a[when=\"", "(", "b", ")"),
            ("a[when=\"b and ", "(", "b or c", ")"),
            ("a", "[", "when='b'", "]"),
            ("", "(", "a", ")"),
            ("a[when=\"b", "[when='", "c", "']"),
        ];
        for (before, open, inside, close) in forms {
            for depth in [1, 2, SPEC_DEPTH / 2, SPEC_DEPTH - 1, SPEC_DEPTH] {
                // Any answer will do, as long as there is one.
                let _ = parse_on_small_stack(nested(before, open, inside, close, depth));
            }
            for depth in [SPEC_DEPTH + 1, 2000, 100_000] {
                let refused = parse_on_small_stack(nested(before, open, inside, close, depth));
                assert!(
                    matches!(
                        refused,
                        Err(SpecError::TooDeep { .. } | SpecError::TooLong { .. })
                    ),
                    "{before}{open}: {refused:?}"
                );
            }
        }
    }

    #[test]
    fn chains_of_conditions_are_bounded() {
        let chain = |count: usize| format!("a[when=\"b{}\"]", " or b".repeat(count));
        assert_eq!(parse_on_small_stack(chain(SPEC_CONDITIONS)), Ok(()));
        let refused = parse_on_small_stack(chain(SPEC_CONDITIONS + 1));
        assert!(
            matches!(refused, Err(SpecError::TooManyConditions { .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn the_longest_spec_is_read() {
        let versions = |length: usize| {
            let text = "a !=1".to_owned() + &",!=1".repeat((length - 5) / 4);
            text + &" ".repeat((length - 5) % 4)
        };
        assert_eq!(parse_on_small_stack(versions(SPEC_BYTES)), Ok(()));
        let refused = check_spec_bounds(&versions(SPEC_BYTES + 1));
        assert!(
            matches!(refused, Err(SpecError::TooLong { .. })),
            "{refused:?}"
        );
    }
}
