//! Archives from before `info/paths.json`: `info/files`, `info/has_prefix`, `info/no_link` (CEP 34).

use std::collections::{HashMap, HashSet};

use super::{
    FileMode, PathEntry, PathKind, Placeholder,
    paths_json::{check_path, check_unique},
};
use crate::{InfoFiles, MetadataProblem};

/// The placeholder of a `has_prefix` line that is a path alone. Written in two parts: conda replaces
/// it wherever it finds it, and this program may be packaged for conda.
const OLD_PLACEHOLDER: [&str; 2] = ["/opt/anaconda1", "anaconda2anaconda3"];

type Problem = (&'static str, MetadataProblem);

/// Reads the three files; only what `info/files` lists is linked.
pub(super) fn parse(files: &InfoFiles) -> Result<Vec<PathEntry>, Problem> {
    let Some(bytes) = files.get("info/files") else {
        return Err(("info/paths.json", MetadataProblem::Missing));
    };
    let mut placeholders = has_prefix(files).map_err(|problem| ("info/has_prefix", problem))?;
    let no_link = no_link(files).map_err(|problem| ("info/no_link", problem))?;
    let entries = lines(bytes)
        .map_err(|problem| ("info/files", problem))?
        .map(|(_, line)| {
            let path = check_path(line).map_err(|problem| ("info/files", problem))?;
            Ok(PathEntry {
                prefix: placeholders.remove(path.as_str()),
                no_link: no_link.contains(path.as_str()),
                path,
                kind: PathKind::File,
                sha256: None,
                size: 0,
                executable: false,
                link_target: None,
            })
        })
        .collect::<Result<Vec<_>, Problem>>()?;
    check_unique(&entries).map_err(|problem| ("info/files", problem))?;
    Ok(entries)
}

fn has_prefix(files: &InfoFiles) -> Result<HashMap<String, Placeholder>, MetadataProblem> {
    let bytes = files.get("info/has_prefix").unwrap_or_default();
    lines(bytes)?
        .map(|(number, line)| {
            let (path, placeholder) = prefix_line(line).ok_or_else(|| MetadataProblem::Line {
                line: number,
                text: line.escape_debug().to_string(),
            })?;
            Ok((path, Placeholder::new(placeholder.text, placeholder.mode)?))
        })
        .collect()
}

/// `path`, or `placeholder mode path`, each word possibly in double quotes.
fn prefix_line(line: &str) -> Option<(String, Placeholder)> {
    match words(line)?.as_slice() {
        [path] => Some((
            path.clone(),
            Placeholder {
                text: OLD_PLACEHOLDER.concat(),
                mode: FileMode::Text,
            },
        )),
        [text, mode, path] if !text.is_empty() => {
            let mode = match mode.as_str() {
                "text" => FileMode::Text,
                "binary" => FileMode::Binary,
                _ => return None,
            };
            let text = text.clone();
            Some((path.clone(), Placeholder { text, mode }))
        }
        _ => None,
    }
}

fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Some(words)
}

fn no_link(files: &InfoFiles) -> Result<HashSet<&str>, MetadataProblem> {
    let bytes = files.get("info/no_link").unwrap_or_default();
    Ok(lines(bytes)?.map(|(_, line)| line).collect())
}

/// Lines that are not empty, counted from 1.
fn lines(bytes: &[u8]) -> Result<impl Iterator<Item = (usize, &str)>, MetadataProblem> {
    let text = std::str::from_utf8(bytes).map_err(|_| MetadataProblem::NotUtf8)?;
    Ok(text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim_end_matches('\r')))
        .filter(|(_, line)| !line.is_empty()))
}
