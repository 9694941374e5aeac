//! The lines of a `pip:` section: requirements, options, and files of such that they name.
//!
//! What a tool gets is what the user wrote. What a lock records is one spelling of it, with the contents of
//! files in place of their names, without comments and credentials, sorted.

use std::{
    io,
    path::{Path, PathBuf},
};

use url::Url;

use crate::{
    line::{Fault, fault},
    named_file::{is_outside, read_named_file, sent_variable},
    normalize,
    place::NamedPlace,
    requirement::plain,
};

/// How deep files may name further files: more is a circle.
pub const REQUIREMENTS_DEPTH: u32 = 16;
/// How many files one section may name, those that files name included: one that names itself twice would be
/// read 2^16 times.
pub const REQUIREMENTS_FILES: usize = 200;
/// Bytes of one such file.
pub const REQUIREMENTS_BYTES: u64 = 16 << 20;

/// A `pip:` section, read.
#[derive(Clone)]
pub struct Section {
    /// For the tool. May hold credentials.
    text: String,
    requirements: Vec<String>,
    indexes: Vec<Url>,
    places: Vec<(String, String)>,
    /// How many files were read.
    files: usize,
    /// Whether the lines at hand are of a file that is none of the manifest's directory: nobody is shown what is
    /// in it, or a manifest could have any file of the user's printed.
    is_foreign: bool,
    /// What relative paths are relative to.
    pub directory: PathBuf,
}

/// A line of a section, as a manifest has it.
#[derive(Debug, Clone)]
pub struct SectionLine<'l> {
    /// As written.
    pub text: &'l str,
    /// Where it stands, like `environment.yml:7:5`.
    pub place: String,
}

/// Why a section cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SectionError {
    /// A line that no tool can read.
    #[error("{place}: `{line}` {problem}")]
    Line {
        /// The file, with line and, in a manifest, column.
        place: String,
        /// The line without credentials.
        line: String,
        /// What is wrong with it.
        problem: String,
        /// What was meant, if that can be guessed.
        hint: Option<String>,
    },
    /// A file that a line names.
    #[error("{place}: cannot read `{}`, which the `pip:` section names", path.display())]
    File {
        /// Where it is named.
        place: String,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Files name each other.
    #[error("{place}: `{}` names files that name files without end", path.display())]
    Circle {
        /// Where it is named.
        place: String,
        /// The file at which reading stopped.
        path: PathBuf,
    },
}

impl std::fmt::Debug for Section {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Section")
            .field("requirements", &self.requirements)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl Section {
    /// Reads lines as a manifest in `directory` has them, and the files that they name.
    ///
    /// # Errors
    /// If a file cannot be read, or a line of it.
    pub fn read<'l>(
        lines: impl IntoIterator<Item = SectionLine<'l>>,
        directory: &Path,
    ) -> Result<Self, SectionError> {
        let mut section = Self {
            text: String::new(),
            requirements: Vec::new(),
            indexes: Vec::new(),
            places: Vec::new(),
            is_foreign: false,
            files: 0,
            directory: directory.to_owned(),
        };
        for SectionLine { text, place } in lines {
            // Each line of a text of several is one: a tool reads them so, and a lock must know them all.
            for line in text.split(['\n', '\r']) {
                let line = without_comment(line);
                if line.is_empty() {
                    continue;
                }
                section.text.push_str(&with_absolute_file(line, directory));
                section.text.push('\n');
                section.line(line, place.clone(), (directory, 0))?;
            }
        }
        section.requirements.sort();
        section.requirements.dedup();
        Ok(section)
    }

    /// One spelling of everything that is asked for, without credentials.
    pub fn requirements(&self) -> &[String] {
        &self.requirements
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// The addresses that the section names, with their credentials.
    pub fn indexes(&self) -> &[Url] {
        &self.indexes
    }

    /// The indexes and pages of links that files may be from: those that the section names, those of the
    /// user's environment, and PyPI where nothing replaces it. May hold credentials.
    pub fn all_indexes(&self, environment: &crate::Indexes) -> Vec<Url> {
        crate::files::Places::new(self, environment).into_indexes()
    }

    /// Whether a line names a file by this address itself.
    pub fn names_address(&self, address: &str) -> bool {
        let Ok(url) = Url::parse(address) else {
            return false;
        };
        let address = crate::place::clean_address(&url);
        let lines = self.requirements.iter();
        let mut places = lines
            .filter(|line| LineKind::of(line) == LineKind::Place)
            .filter_map(|line| NamedPlace::parse(line, &self.directory));
        places.any(|place| place == NamedPlace::Address(address.clone()))
    }

    /// Where the first line stands.
    pub fn place(&self) -> Option<&str> {
        self.places.first().map(|(place, _)| place.as_str())
    }

    /// The lines that ask for a distribution which a text speaks of, each with its place before it.
    pub fn lines_named_in(&self, text: &str) -> Vec<(&str, &str)> {
        let named = self
            .places
            .iter()
            .filter(|(_, line)| plain(line).is_some_and(|plain| speaks_of(text, &plain.name)));
        named
            .map(|(place, line)| (place.as_str(), line.as_str()))
            .collect()
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    fn line(
        &mut self,
        line: &str,
        place: String,
        (directory, depth): (&Path, u32),
    ) -> Result<(), SectionError> {
        let told = match self.is_foreign {
            true => "...".to_owned(),
            false => larder_redact::redact_text(line),
        };
        // pip ends lines at form feeds and the separators of Unicode as well.
        let is_break = |letter: char| {
            letter != '\t' && letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
        };
        if line.contains(is_break) {
            return Err(SectionError::Line {
                place,
                line: told.replace(is_break, "\u{fffd}"),
                problem: "has a control character or a line separator in it".into(),
                hint: None,
            });
        }
        if let Some(name) = sent_variable(line) {
            return Err(SectionError::Line {
                place,
                line: told,
                problem: format!(
                    "has the variable `{name}` where its value would be sent to a server"
                ),
                hint: Some(
                    "variables stand for the user and password of a URL, or for all of it".into(),
                ),
            });
        }
        if let Some(Fault { problem, hint }) = fault(line) {
            let (line, problem, hint) = match self.is_foreign {
                true => (told, "is no line of a requirements file".to_owned(), None),
                false => (told, problem, hint),
            };
            return Err(SectionError::Line {
                place,
                line,
                problem,
                hint,
            });
        }
        self.places.push((place.clone(), told));
        if let Some((option, file)) = named_file(line) {
            let path = directory.join(file);
            let local = Url::parse(file)
                .ok()
                .filter(|url| url.scheme() == "file")
                .and_then(|url| url.to_file_path().ok());
            if let Some(path) = local {
                // The tool would read it all the same, and show what it makes of it.
                return match option {
                    FileOption::Requirements => self.file(&path, (place, depth + 1)),
                    FileOption::Constraints => self.constraints(&path, place),
                };
            }
            return match (Url::parse(file), option) {
                // Windows paths look like URLs of one letter.
                (Ok(url), _) if url.scheme().len() > 1 => {
                    self.requirements.push(larder_redact::redact_text(line));
                    Ok(())
                }
                (_, FileOption::Requirements) => self.file(&path, (place, depth + 1)),
                (_, FileOption::Constraints) => self.constraints(&path, place),
            };
        }
        self.requirements.push(self.spelled(line));
        let value = [
            "--index-url",
            "--extra-index-url",
            "--find-links",
            "-i",
            "-f",
        ];
        let value = value.iter().find_map(|option| value_of(line, option));
        self.indexes
            .extend(value.and_then(|value| Url::parse(value).ok()));
        Ok(())
    }

    fn spelled(&self, line: &str) -> String {
        let (requirement, options) = line.split_once(" --").unwrap_or((line, ""));
        let Some(plain) = plain(requirement) else {
            return larder_redact::redact_text(line);
        };
        let options = options
            .split(" --")
            .filter(|option| !option.trim().is_empty());
        let mut options: Vec<String> = options
            .map(|option| format!(" --{}", option.trim()))
            .collect();
        options.sort();
        format!("{}{}", plain.text, options.concat())
    }

    fn file(&mut self, path: &Path, (place, depth): (String, u32)) -> Result<(), SectionError> {
        if depth > REQUIREMENTS_DEPTH {
            let path = path.to_owned();
            return Err(SectionError::Circle { place, path });
        }
        self.files += 1;
        if self.files > REQUIREMENTS_FILES {
            let path = path.to_owned();
            return Err(SectionError::Circle { place, path });
        }
        let text = read(path, place)?;
        let directory = path.parent().unwrap_or(path);
        let was_foreign = self.is_foreign;
        self.is_foreign = was_foreign || is_outside(path, &self.directory);
        for (number, line) in logical_lines(&text) {
            let place = format!("{}:{number}", path.display());
            self.line(&line, place, (directory, depth))?;
        }
        self.is_foreign = was_foreign;
        Ok(())
    }

    fn constraints(&mut self, path: &Path, place: String) -> Result<(), SectionError> {
        self.files += 1;
        if self.files > REQUIREMENTS_FILES {
            let path = path.to_owned();
            return Err(SectionError::Circle { place, path });
        }
        let text = read(path, place)?;
        for (number, line) in logical_lines(&text) {
            // What is no constraint is handed to no tool and written into no lock.
            let is_constraint = !line
                .chars()
                .any(|letter| letter != '\t' && letter.is_control())
                && sent_variable(&line).is_none()
                && fault(&line).is_none();
            if !is_constraint {
                return Err(SectionError::Line {
                    place: format!("{}:{number}", path.display()),
                    line: "...".into(),
                    problem: "is no line of a constraints file".into(),
                    hint: None,
                });
            }
            let spelled = self.spelled(&line);
            self.requirements.push(format!("-c {spelled}"));
        }
        Ok(())
    }
}

fn read(path: &Path, place: String) -> Result<String, SectionError> {
    match read_named_file(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(source) => Err(SectionError::File {
            place,
            path: path.to_owned(),
            source,
        }),
    }
}

/// What a line of [`Section::requirements`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// A name, perhaps with versions.
    Requirement,
    /// `-c` and a requirement.
    Constraint,
    /// An option for the whole section.
    Option,
    /// A repository, a directory, a file or an address, editable or not.
    Place,
    /// What only the tool can read; a name may stand at its beginning.
    Unread,
}

impl LineKind {
    pub(crate) fn of(line: &str) -> Self {
        if line.starts_with("-e") || line.starts_with("--editable") {
            return Self::Place;
        }
        match line {
            line if line.starts_with("-c ") => Self::Constraint,
            line if line.starts_with('-') => Self::Option,
            line if plain(line).is_some() => Self::Requirement,
            line if Self::is_place(line) => Self::Place,
            _ => Self::Unread,
        }
    }

    fn is_place(line: &str) -> bool {
        let place = line.split(" ;").next().unwrap_or(line).trim();
        let archives = [
            ".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar",
        ];
        place.contains(['/', '\\'])
            || place.starts_with('.')
            || archives.iter().any(|end| place.ends_with(end))
    }
}

#[derive(Clone, Copy)]
enum FileOption {
    Requirements,
    Constraints,
}

/// The file that a line has read in its place, as written.
fn named_file(line: &str) -> Option<(FileOption, &str)> {
    let requirements = ["-r", "--requirement"];
    let constraints = ["-c", "--constraint"];
    let of = |options: [&str; 2]| options.iter().find_map(|option| value_of(line, option));
    let requirements = of(requirements).map(|file| (FileOption::Requirements, file));
    requirements.or_else(|| of(constraints).map(|file| (FileOption::Constraints, file)))
}

/// The value of an option, as pip takes it: after a blank or `=`, or right behind one of one letter.
fn value_of<'l>(line: &'l str, option: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(option)?;
    let is_short = !option.starts_with("--");
    let value = match rest.strip_prefix(['=', ' ', '\t']) {
        Some(value) => value,
        None if is_short && !rest.is_empty() => rest,
        None => return None,
    };
    Some(value.trim().trim_matches(['"', '\'']))
}

/// A tool reads the lines from somewhere else than the manifest's directory.
fn with_absolute_file(line: &str, directory: &Path) -> String {
    match named_file(line) {
        Some((option, file)) if Url::parse(file).is_err() => {
            let option = match option {
                FileOption::Requirements => "-r",
                FileOption::Constraints => "-c",
            };
            format!("{option} {}", directory.join(file).display())
        }
        _ => line.to_owned(),
    }
}

/// As pip: `#` at the beginning, or behind a blank.
fn without_comment(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with('#') {
        return "";
    }
    let comment = [" #", "\t#"]
        .iter()
        .filter_map(|mark| line.find(mark))
        .min();
    comment.map_or(line, |at| &line[..at]).trim_end()
}

/// Lines of a file, joined where one ends with a backslash, without comments; with the number of the last.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut pending = String::new();
    for (index, line) in text.lines().enumerate() {
        let line = without_comment(line);
        match line.strip_suffix('\\') {
            Some(begun) => {
                pending.push_str(begun.trim());
                pending.push(' ');
            }
            None => {
                pending.push_str(line);
                let whole = std::mem::take(&mut pending);
                lines.push((index + 1, whole.trim().to_owned()));
            }
        }
    }
    lines.push((text.lines().count(), pending.trim().to_owned()));
    lines.retain(|(_, line)| !line.is_empty());
    lines
}

/// Whether a text has a distribution's name as a word, however it spells it.
pub fn speaks_of(text: &str, name: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let mut words = text.split(|letter| !is_of_name(letter));
    words.any(|word| normalize(word.trim_end_matches('.')) == name)
}

#[cfg(test)]
mod tests;
