//! The version and the build of a spec as conda reads them (`match_spec.py`, `version.py`), for rattler's `VersionSpec`.
//!
//! rattler's own parser of `name version build` takes `*.4` for any version with the build `.4`, `>1.2.*` for `>=1.2`
//! and `<1*` for `<1`. So this module splits version and build where conda does and rewrites each clause so that
//! rattler's answer is conda's. What rattler cannot hold is refused: patterns inside a version, regular expressions.
//! `CONDA.md` of larder-cli has the table, `ci/specs` compares it with conda.

use super::SpecError;

/// Who wrote a spec: decides what is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpecOrigin {
    /// A user, who can write something else. What conda and rattler read differently, or conda refuses, is refused.
    User,
    /// A channel. What rattler's solver reads is left to it, as existing indexes rely on it.
    Record,
}

/// A version expression and a build, without the name in front.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct VersionAndBuild {
    pub(super) version: Option<String>,
    pub(super) build: Option<String>,
}

/// Splits the positional part of a spec behind its name: `channel::name` and `>=1 py_0`.
pub(super) fn split_name(positional: &str) -> (&str, &str) {
    let name_start = positional.rfind(':').map_or(0, |at| at + 1);
    let rest = &positional[name_start..];
    let name = rest.trim_start();
    let is_end = |c: char| c.is_whitespace() || matches!(c, '=' | '<' | '>' | '!' | '~');
    let length = name.find(is_end).unwrap_or(name.len());
    positional.split_at(positional.len() - name.len() + length)
}

/// Reads what stands behind the name.
pub(super) fn parse_positional(
    rest: &str,
    origin: SpecOrigin,
) -> Result<VersionAndBuild, SpecError> {
    // conda ignores the sign of `name=`.
    let text = rest.trim();
    if text.is_empty() || rest == "=" {
        return Ok(VersionAndBuild::default());
    }
    let (version, build) = split_build(text);
    let version = without_spaces(version)?;
    let has_build = build.is_some();
    Ok(VersionAndBuild {
        version: Some(mend_version(&version, has_build, origin)?),
        build: build.map(str::to_owned),
    })
}

/// Reads the value of `version=` in brackets.
pub(super) fn parse_version_key(value: &str, origin: SpecOrigin) -> Result<String, SpecError> {
    mend_version(&without_spaces(value.trim())?, false, origin)
}

/// conda's `_VERSION_BUILD_RE`: the build is what follows the first space or `=` that is not behind an operator and
/// behind which no part of a version follows.
fn split_build(text: &str) -> (&str, Option<&str>) {
    let is_joint = |c: char| matches!(c, '=' | '!' | '|' | ',' | '<' | '>' | '~');
    let is_no_build = |c: char| matches!(c, '-' | '=' | ',' | '|' | '<' | '>' | '~');
    let mut before = None;
    for (at, character) in text.char_indices() {
        let tail = &text[at + character.len_utf8()..];
        let is_separator = character == '=' || character.is_whitespace();
        let follows_version = before.is_some_and(|before| !is_joint(before));
        if is_separator && follows_version && !tail.is_empty() && !tail.contains(is_no_build) {
            return (&text[..at], Some(tail.trim()));
        }
        before = Some(character);
    }
    (text, None)
}

/// Removes spaces around operators and separators. A space between two versions is a missing comma.
fn without_spaces(version: &str) -> Result<String, SpecError> {
    let is_sign = |c: char| matches!(c, '=' | '!' | '<' | '>' | '~');
    let is_separator = |c: char| matches!(c, ',' | '|' | '(' | ')');
    let mut compact = String::with_capacity(version.len());
    let mut words = version.split_whitespace();
    compact.push_str(words.next().unwrap_or_default());
    for word in words {
        let before = compact.chars().next_back();
        let after = word.chars().next();
        let joins = before.is_none_or(|c| is_sign(c) || is_separator(c));
        if !joins && !after.is_some_and(is_separator) {
            let character = word.chars().find(|c| !c.is_ascii_alphanumeric());
            return Err(SpecError::Build {
                build: word.to_owned(),
                character: character.unwrap_or(' '),
            });
        }
        compact.push_str(word);
    }
    Ok(compact)
}

/// conda's `_sanitize_version_str`, then each clause.
fn mend_version(version: &str, has_build: bool, origin: SpecOrigin) -> Result<String, SpecError> {
    if version.starts_with('^') || version.ends_with('$') {
        return Err(SpecError::VersionRegex {
            pattern: version.to_owned(),
        });
    }
    if version.chars().all(|c| c == '=') {
        return Err(SpecError::NoVersion {
            operator: version.to_owned(),
        });
    }
    // Operators are checked first: conda takes the first sign off `=>1.2`.
    let first = operator_of(version).0;
    if !OPERATORS.contains(&first) && first != "===" {
        return Err(unknown_operator(first));
    }
    let bare = version.trim_start_matches('=');
    let text = if !version.starts_with('=') {
        version.to_owned()
    } else if version.starts_with("==") && !has_build {
        bare.to_owned()
    } else if bare.contains(['=', ',', '|']) {
        version.to_owned()
    } else if has_build || bare.ends_with('*') {
        bare.to_owned()
    } else {
        format!("{bare}*")
    };
    mend_clauses(&text, origin)
}

/// Mends each clause of an expression such as `(>=1,<2)|3`.
fn mend_clauses(text: &str, origin: SpecOrigin) -> Result<String, SpecError> {
    let is_separator = |c: char| matches!(c, ',' | '|' | '(' | ')');
    let empty = || SpecError::EmptyVersionPart {
        version: text.to_owned(),
    };
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_part_missing = true;
    while let Some(next) = rest.chars().next() {
        if is_separator(next) {
            if next != '(' && is_part_missing {
                return Err(empty());
            }
            is_part_missing = next != ')';
            mended.push(next);
            rest = &rest[next.len_utf8()..];
            continue;
        }
        let end = rest.find(is_separator).unwrap_or(rest.len());
        let is_alone = end == text.len();
        mended.push_str(&mend_clause(&rest[..end], is_alone, origin)?);
        is_part_missing = false;
        rest = &rest[end..];
    }
    if is_part_missing {
        return Err(empty());
    }
    Ok(mended)
}

const OPERATORS: [&str; 9] = ["", "=", "==", "!=", "<", "<=", ">", ">=", "~="];

/// An operator and what stands behind it.
fn operator_of(clause: &str) -> (&str, &str) {
    let is_sign = |c: char| matches!(c, '=' | '!' | '<' | '>' | '~');
    let end = clause.find(|c| !is_sign(c)).unwrap_or(clause.len());
    clause.split_at(end)
}

fn unknown_operator(operator: &str) -> SpecError {
    SpecError::UnknownOperator {
        operator: operator.to_owned(),
    }
}

fn mend_clause(clause: &str, is_alone: bool, origin: SpecOrigin) -> Result<String, SpecError> {
    let (operator, literal) = operator_of(clause);
    if !OPERATORS.contains(&operator) {
        return Err(unknown_operator(operator));
    }
    if literal.is_empty() {
        return Err(SpecError::NoVersion {
            operator: operator.to_owned(),
        });
    }
    if literal.contains(['^', '$']) {
        return Err(SpecError::VersionRegex {
            pattern: literal.to_owned(),
        });
    }
    if !literal.contains('*') {
        return Ok(clause.to_owned());
    }
    if literal == "*" {
        return mend_star(operator, is_alone, origin);
    }
    let base = literal.trim_end_matches('*');
    if base.contains('*') || base.is_empty() {
        return mend_inner_glob(clause, origin);
    }
    mend_trailing_glob(operator, base, origin)
}

/// `*` behind an operator: conda compares with the letter `*`, which is below all versions.
fn mend_star(operator: &str, is_alone: bool, origin: SpecOrigin) -> Result<String, SpecError> {
    match operator {
        "" | ">=" => Ok("*".to_owned()),
        _ if origin == SpecOrigin::Record => Ok(format!("{operator}*")),
        "=" | "==" if is_alone => Ok("*".to_owned()),
        _ => Err(SpecError::OperatorWithGlob {
            clause: format!("{operator}*"),
            instead: "leave it out, `*` is any version".to_owned(),
        }),
    }
}

/// `1.*.3`: a pattern for the text of a version, which no range of versions is. Channels have `2023.*.*`, which rattler
/// reads as `2023.*`.
fn mend_inner_glob(clause: &str, origin: SpecOrigin) -> Result<String, SpecError> {
    let series = clause.split(".*").next().unwrap_or_default();
    let is_series = clause[series.len()..].split(".*").all(str::is_empty) && !series.contains('*');
    if origin == SpecOrigin::Record && is_series {
        return Ok(clause.to_owned());
    }
    Err(SpecError::VersionGlob {
        pattern: clause.to_owned(),
        series: is_series.then(|| format!("{series}.*")),
    })
}

/// `1.2*` and `1.2.*` behind an operator, in conda's words (`base` has no star, but a dot at its end in the second case).
///
/// conda compares `<1.2*` with the version `1.2*`, whose last letter is below all others: 1.2a1 is above it. A dot and
/// a star behind `<` and the like are ignored.
fn mend_trailing_glob(operator: &str, base: &str, origin: SpecOrigin) -> Result<String, SpecError> {
    let version = base.trim_end_matches('.');
    let is_dotted = version.len() < base.len();
    let refuse = |instead: String| {
        Err(SpecError::OperatorWithGlob {
            clause: format!("{operator}{base}*"),
            instead,
        })
    };
    match operator {
        "" | "=" => Ok(format!("{version}.*")),
        "!=" => Ok(format!("!={version}.*")),
        "<" | "<=" | ">" | ">=" if is_dotted => Ok(format!("{operator}{version}")),
        "<" | "<=" => Ok(format!("(<{version},!={version}.*)")),
        ">" | ">=" => Ok(format!("(>={version}|{version}.*)")),
        _ if origin == SpecOrigin::Record => Ok(format!("{operator}{base}*")),
        "==" if is_dotted => Ok(format!("=={version}")),
        "==" => refuse(format!("write `{version}.*` or `=={version}`")),
        _ => refuse(format!("write `~={version}` or `{version}.*`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rest: &str) -> (Option<String>, Option<String>) {
        let parsed = parse_positional(rest, SpecOrigin::User).unwrap();
        (parsed.version, parsed.build)
    }

    #[test]
    fn version_and_build_are_split_as_in_conda() {
        let cases = [
            ("", None, None),
            ("=", None, None),
            (" 1.2", Some("1.2"), None),
            ("=1.2", Some("1.2.*"), None),
            (" =1.2", Some("1.2.*"), None),
            ("==1.2", Some("1.2"), None),
            ("===1.2", Some("1.2"), None),
            ("=1.2=py_0", Some("1.2"), Some("py_0")),
            (" =1.2 py_0", Some("1.2"), Some("py_0")),
            (" =1.2.* *_0", Some("1.2.*"), Some("*_0")),
            (" ==1.2.* *_0", Some("1.2.*"), Some("*_0")),
            (" >=1.0 , < 2.0 py34_0", Some(">=1.0,<2.0"), Some("py34_0")),
            (" >=1.0 , < 2.0 =py34_0", Some(">=1.0,<2.0"), Some("py34_0")),
            (" >1.8,<2|==1.7", Some(">1.8,<2|==1.7"), None),
            (" * openblas_0", Some("*"), Some("openblas_0")),
            (" * *", Some("*"), Some("*")),
            ("=1.2|=1.3", Some("=1.2|=1.3"), None),
        ];
        for (text, version, build) in cases {
            let expected = (version.map(str::to_owned), build.map(str::to_owned));
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_ends_where_its_version_begins() {
        let cases = [
            ("foo", "foo", ""),
            ("foo=1", "foo", "=1"),
            ("foo >=1", "foo", " >=1"),
            ("c/l::foo~=1", "c/l::foo", "~=1"),
            (
                "https://h.test/a=b::foo ==1",
                "https://h.test/a=b::foo",
                " ==1",
            ),
            ("c:: foo 1", "c:: foo", " 1"),
        ];
        for (text, name, rest) in cases {
            assert_eq!(split_name(text), (name, rest), "{text}");
        }
    }
}
