//! Keys in Azure's way: segments with `|` between them.

use super::{
    Key, KeyContext, KeyError, Keys, Segment, SegmentError, SegmentKind,
    classify::{is_path, is_pattern},
    expressions::replace_variables,
    files::matching,
    hash::{fingerprint, hash_files},
    rules::Rules,
};

const SALT: &str = "AZP_CACHING_SALT";

/// A key's segments. There is no escape: quotes do not protect a `|`. Empty pieces are dropped, others
/// trimmed. A key of several lines is the old format: a segment a line, which the second value tells.
pub fn split(key: &str) -> (Vec<String>, bool) {
    let key = key.trim_end_matches(['\r', '\n']);
    let is_old = key.contains('\n');
    let separator = if is_old { '\n' } else { '|' };
    let pieces = key.split(separator).filter(|piece| !piece.is_empty());
    (
        pieces.map(|piece| piece.trim().to_owned()).collect(),
        is_old,
    )
}

pub(super) fn evaluate(
    key: &str,
    restore_keys: &[String],
    context: &KeyContext<'_>,
) -> Result<Keys, KeyError> {
    if key.trim().is_empty() {
        return Err(KeyError::Empty);
    }
    // A line of blanks would become a key that matches everything.
    let restore_keys: Vec<&String> = restore_keys
        .iter()
        .filter(|key| !key.trim().is_empty())
        .collect();
    let (_, is_old) = split(key);
    if is_old && !restore_keys.is_empty() {
        return Err(KeyError::OldFormat);
    }
    let mut key = one(key, context)?;
    if is_old {
        key.warnings.push("the key has several lines, the old format: write it in one line, with `|` between segments".into());
    }
    let restore_keys = restore_keys
        .into_iter()
        .map(|restore_key| {
            let mut restore_key = one(restore_key, context)?;
            warn_of_another_start(&mut restore_key, &key);
            Ok(restore_key)
        })
        .collect::<Result<_, KeyError>>()?;
    Ok(Keys { key, restore_keys })
}

fn one(key: &str, context: &KeyContext<'_>) -> Result<Key, KeyError> {
    let replaced = replace_variables(key, context)?;
    let (mut segments, _) = split(&replaced);
    if segments.is_empty() {
        return Err(KeyError::NoSegments {
            key: key.to_owned(),
        });
    }
    let salt = (context.variable)(SALT).filter(|salt| !salt.is_empty());
    if let Some(salt) = salt {
        segments.insert(0, format!("{SALT}={salt}"));
    }
    let refused = |problems| KeyError::Segments {
        key: key.to_owned(),
        problems,
    };
    if segments.iter().any(|text| text.contains(char::is_control)) {
        return Err(KeyError::Lines {
            key: key.to_owned(),
        });
    }
    let malformed: Vec<_> = segments.iter().filter_map(|text| malformed(text)).collect();
    if !malformed.is_empty() {
        return Err(refused(malformed));
    }
    let (mut evaluated, mut problems, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    for text in segments {
        match segment(&text, context)? {
            Ok(kind) => {
                warnings.extend(warning(&text, &kind, context));
                evaluated.push(Segment { text, kind });
            }
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(refused(problems));
    }
    let values: Vec<&str> = evaluated.iter().map(Segment::value).collect();
    Ok(Key {
        fingerprint: values.join("|"),
        segments: evaluated,
        warnings,
    })
}

fn malformed(text: &str) -> Option<SegmentError> {
    match text {
        "" => Some(SegmentError::Blank),
        "*" | "**" => Some(SegmentError::Reserved(text.to_owned())),
        text if text.starts_with(['\'', '`']) => Some(SegmentError::Quote(text.to_owned())),
        _ => None,
    }
}

fn segment(
    text: &str,
    context: &KeyContext<'_>,
) -> Result<Result<SegmentKind, SegmentError>, KeyError> {
    if !is_path(text, cfg!(windows)) {
        return Ok(Ok(SegmentKind::String));
    }
    let directory = &context.working_directory;
    let rules = Rules::parse(text, directory);
    if rules.include.is_empty() {
        return Ok(Err(SegmentError::NoInclude(text.to_owned())));
    }
    let files = hash_files(matching(&rules)?, &context.workspace)?;
    if files.is_empty() {
        let (text, directory) = (text.to_owned(), directory.clone());
        return Ok(Err(if is_pattern(&text) {
            SegmentError::NoMatch { text, directory }
        } else {
            SegmentError::NotFound { text, directory }
        }));
    }
    let hash = fingerprint(&files);
    Ok(Ok(if is_pattern(text) || files.len() > 1 {
        SegmentKind::Pattern { hash, files }
    } else {
        SegmentKind::File { hash }
    }))
}

/// A file that was meant is the commonest mistake: `mykey | mylockfile` hashes nothing.
fn warning(text: &str, kind: &SegmentKind, context: &KeyContext<'_>) -> Option<String> {
    let is_file = *kind == SegmentKind::String
        && !text.starts_with('"')
        && context.working_directory.join(text).is_file();
    is_file.then(|| {
        format!(
            "`{text}` is taken as a string, though there is such a file: write `./{text}` for the file, or `\"{text}\"`"
        )
    })
}

fn warn_of_another_start(restore_key: &mut Key, key: &Key) {
    let values = |key: &Key| -> Vec<String> {
        key.segments
            .iter()
            .map(|segment| segment.value().to_owned())
            .collect()
    };
    let (ours, wanted) = (values(restore_key), values(key));
    if !wanted.starts_with(&ours) {
        restore_key.warnings.push(format!(
            "the restore key `{}` is no beginning of the key `{}`: nothing that is saved under such keys will match it (quotes are part of a segment)",
            restore_key.fingerprint, key.fingerprint
        ));
    }
}
