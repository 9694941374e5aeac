//! Names that a system reads as another name than the bytes say.
//!
//! `conda-meta.` is `conda-meta` on Windows, `CONDA-META` is it on macOS and Windows, `conda\u{200d}-meta` on
//! HFS+, `CONDA-~1` on NTFS with short names: whoever compares bytes lets a package write there. What could
//! reach `conda-meta` is refused on every system, so that a lock is installable everywhere or nowhere.
//!
//! The rest depends on the system. `aux.py` or a file whose name ends with a space is an ordinary file on
//! Unix, and packages for Unix may have such, so it is refused only where it would be another file.

use crate::RelPathProblem;

/// The rules by which the names of a package's files are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRules {
    /// Names are bytes: only what changes the direction of text is refused, because no reader of a message
    /// sees the name that it is.
    Unix,
    /// In addition refuses characters that HFS+ drops from names.
    MacOs,
    /// In addition refuses device names, streams, wildcards, and dots and spaces at the end of a component.
    Windows,
}

impl NameRules {
    /// The rules of the system that this runs on.
    pub const HOST: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Unix
    };

    /// Checks a path whose form is already right.
    pub(crate) fn check(self, path: &str) -> Result<(), RelPathProblem> {
        if !path.is_ascii() {
            if path.chars().any(is_bidirectional) {
                return Err(RelPathProblem::Bidirectional);
            }
            if self != Self::Unix && path.chars().any(is_ignorable) {
                return Err(RelPathProblem::Invisible);
            }
        }
        self.check_reserved(path)
    }

    /// Checks a path with `/` between its names, whatever it is of: the system must not read another file or a device
    /// in one of them.
    ///
    /// # Errors
    /// [`RelPathProblem::DeviceName`], [`RelPathProblem::TrailingDotOrSpace`], [`RelPathProblem::WindowsCharacter`]
    pub fn check_reserved(self, path: &str) -> Result<(), RelPathProblem> {
        match self {
            Self::Unix | Self::MacOs => Ok(()),
            Self::Windows => path.split('/').try_for_each(check_for_windows),
        }
    }
}

fn check_for_windows(component: &str) -> Result<(), RelPathProblem> {
    if component.contains(['<', '>', ':', '"', '|', '?', '*']) {
        return Err(RelPathProblem::WindowsCharacter);
    }
    if component.ends_with(['.', ' ']) {
        return Err(RelPathProblem::TrailingDotOrSpace);
    }
    match is_device(component) {
        true => Err(RelPathProblem::DeviceName),
        false => Ok(()),
    }
}

/// Whether Windows opens a device: by the text before the first dot, without spaces at its end.
fn is_device(component: &str) -> bool {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    let stem = component.split('.').next().unwrap_or_default();
    let stem = stem.trim_end().to_lowercase();
    let numbered = ["com", "lpt"]
        .iter()
        .find_map(|device| stem.strip_prefix(device));
    // The superscript digits count as digits there.
    let is_numbered = numbered.is_some_and(|number| {
        let mut digits = number.chars();
        let digit = digits.next();
        digits.next().is_none()
            && digit.is_some_and(|digit| digit.is_ascii_digit() || "¹²³".contains(digit))
    });
    is_numbered || DEVICES.contains(&stem.as_str())
}

/// Whether a first component is `conda-meta` on some file system: in another letter case, with dots or spaces
/// at its end, as the name of a stream, with characters in it that are dropped, or as its short name.
pub fn is_conda_meta_name(component: &str) -> bool {
    const CONDA_META: &str = "conda-meta";
    // Nearly all names are none at a glance: this is asked of each file of an environment.
    let could_be = |byte: u8| !byte.is_ascii() || byte.eq_ignore_ascii_case(&b'c');
    if !component.as_bytes().first().copied().is_some_and(could_be) {
        return false;
    }
    let folded: String = component
        .chars()
        .filter(|character| !is_ignorable(*character) && !is_bidirectional(*character))
        .flat_map(char::to_lowercase)
        .collect();
    let name = folded.split(':').next().unwrap_or_default();
    let name = name.trim_end_matches(['.', ' ']);
    name == CONDA_META || is_short_name(name)
}

/// Whether a lower-case name has the form of the short names that NTFS gives `conda-meta`: `conda-~1`, and
/// from the fifth of one beginning on two letters and a checksum.
fn is_short_name(name: &str) -> bool {
    let Some((stem, number)) = name.split_once('~') else {
        return false;
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_checksum =
        |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number && (stem == "conda-" || stem.strip_prefix("co").is_some_and(is_checksum))
}

/// Embeddings, overrides and isolates.
fn is_bidirectional(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters without width that carry no text of their own (Unicode's Default_Ignorable_Code_Point).
fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::{NameRules, is_conda_meta_name};
    use crate::{RelPath, RelPathProblem as Problem};

    const ALL: [NameRules; 3] = [NameRules::Unix, NameRules::MacOs, NameRules::Windows];

    #[test]
    fn every_name_of_conda_meta_is_known_on_every_system() {
        let mut names: Vec<String> = ["", ".", " ", ". .", ":stream", "::$INDEX_ALLOCATION", ".:x"]
            .iter()
            .map(|end| format!("conda-meta{end}"))
            .collect();
        // Each character that is dropped, at each place.
        for at in 0..="conda-meta".len() {
            for character in [
                '\u{200b}', '\u{200d}', '\u{feff}', '\u{202e}', '\u{ad}', '\u{fe0f}',
            ] {
                let mut name = String::from("conda-meta");
                name.insert(at, character);
                names.push(name);
            }
        }
        names.extend(["conda-~1", "conda-~12", "CO1A2F~5"].map(String::from));
        for name in names {
            for name in [name.to_uppercase(), name] {
                assert!(is_conda_meta_name(&name), "{name:?}");
                for path in [name.clone(), format!("{name}/history")] {
                    for rules in ALL {
                        let is_safe = |path: RelPath| !path.is_conda_meta();
                        assert!(!RelPath::parse(&path, rules).is_ok_and(is_safe), "{path:?}");
                    }
                }
            }
        }
        for name in [
            "conda",
            "conda-meta2",
            "conda-meta-x",
            "xconda-meta",
            "condameta",
            "co~1",
        ] {
            assert!(!is_conda_meta_name(name), "{name}");
        }
    }

    #[test]
    fn what_windows_reads_as_another_name_is_refused_there_alone() {
        for (name, problem) in [
            ("aux", Problem::DeviceName),
            ("AUX.py", Problem::DeviceName),
            ("con.txt.gz", Problem::DeviceName),
            ("nul ", Problem::TrailingDotOrSpace),
            ("nul .x", Problem::DeviceName),
            ("com1", Problem::DeviceName),
            ("LPT¹.log", Problem::DeviceName),
            ("conout$", Problem::DeviceName),
            ("a.", Problem::TrailingDotOrSpace),
            ("a ", Problem::TrailingDotOrSpace),
            ("a.../b", Problem::TrailingDotOrSpace),
            ("ab:stream", Problem::WindowsCharacter),
            ("a*", Problem::WindowsCharacter),
            ("a\u{200b}b", Problem::Invisible),
        ] {
            for path in [name.to_owned(), format!("d/{name}"), format!("{name}/f")] {
                assert_eq!(
                    RelPath::parse(&path, NameRules::Windows),
                    Err(problem),
                    "{path:?}"
                );
                RelPath::parse(&path, NameRules::Unix).unwrap();
            }
        }
        for name in [
            "auxiliary",
            "console",
            "com",
            "com10",
            "lpt",
            "null",
            ".aux",
            "a.aux",
            "~1",
        ] {
            RelPath::parse(name, NameRules::Windows).unwrap();
        }
        for rules in ALL {
            let lie = RelPath::parse("share/\u{202e}gnp.exe", rules);
            assert_eq!(lie, Err(Problem::Bidirectional));
        }
        let dropped = RelPath::parse("a\u{200d}", NameRules::MacOs);
        assert_eq!(dropped, Err(Problem::Invisible));
    }
}
