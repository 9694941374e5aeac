//! `@EXPLICIT` lists (CEP 23): one URL or path of an archive on each line, no solver, no metadata.
//!
//! Never touches a file or the environment: paths and variables come from the caller's context.

mod line;
mod write;

use rattler_conda_types::Subdir;
use std::collections::{BTreeMap, HashMap};

use crate::{
    Completeness, DEFAULT_CATEGORY, LockChannel, LockError, LockFile, LockWriter, LockedPackage,
    Note, ParseContext, Problem,
    address::PackageUrl,
    archive::ArchiveName,
    dependencies::Dependencies,
    file::{Content, LockEntry},
    kind::EXPLICIT,
    record::Core,
};
use line::Artifact;
pub(crate) use write::write;

/// Reads the list. The packages are [bare](Completeness::Bare); the channels are those in the URLs,
/// in the order in which they occur.
pub(crate) fn read(
    file: &str,
    text: &str,
    context: &ParseContext<'_>,
) -> Result<LockFile, LockError> {
    let mut reader = Reader {
        file,
        context,
        platform: context.subdir,
        packages: Vec::new(),
        channels: Vec::new(),
        lines: HashMap::new(),
        notes: Vec::new(),
    };
    reader.read_platform(text);
    for (number, line) in lines(text) {
        if line.starts_with('#') || line == EXPLICIT {
            continue;
        }
        reader.read_line(number, line)?;
    }
    Ok(reader.finish())
}

/// Number and content of each line that has any.
fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let text = text.trim_start_matches('\u{feff}');
    (1..)
        .zip(text.lines().map(str::trim))
        .filter(|(_, line)| !line.is_empty())
}

struct Reader<'a> {
    file: &'a str,
    context: &'a ParseContext<'a>,
    platform: Subdir,
    packages: Vec<LockEntry>,
    channels: Vec<LockChannel>,
    /// Where a package was first listed.
    lines: HashMap<String, u64>,
    notes: Vec<Note>,
}

impl LockFile {
    /// The list with the subdirs that archives say themselves, by package name: an address need not have one.
    #[must_use]
    pub fn with_subdirs(mut self, subdirs: &BTreeMap<String, String>) -> Self {
        for entry in &mut self.packages {
            if let Content::Conda(package) = &mut entry.content
                && let Some(subdir) = subdirs.get(package.name())
            {
                package.record.package_record.subdir.clone_from(subdir);
            }
        }
        self
    }
}

impl Reader<'_> {
    fn refuse(&self, line: u64, problem: Problem) -> LockError {
        LockError::Line {
            file: self.file.to_owned(),
            line,
            problem: Box::new(problem),
        }
    }

    fn note(&mut self, line: u64, text: String) {
        let file = self.file.to_owned();
        self.notes.push(Note { file, line, text });
    }

    /// The first comment `# platform:` has the word, wherever it stands.
    fn read_platform(&mut self, text: &str) {
        let comment = lines(text).find_map(|(number, line)| {
            let name = line.strip_prefix('#')?.trim().strip_prefix("platform:")?;
            Some((number, name.trim()))
        });
        match comment.map(|(number, name)| (number, name, name.parse::<Subdir>())) {
            Some((_, _, Ok(platform))) if platform != Subdir::NoArch => self.platform = platform,
            Some((number, name, _)) => self.note(
                number,
                format!(
                    "`# platform: {name}` is no platform: the list is taken to be for {}",
                    self.platform
                ),
            ),
            None => {}
        }
    }

    fn read_line(&mut self, number: u64, line: &str) -> Result<(), LockError> {
        let artifact =
            Artifact::read(line, self.context).map_err(|problem| self.refuse(number, problem))?;
        if artifact.credentials {
            let text = "credentials in variables are not used: give them by netrc or the \
                        authentication file";
            self.note(number, text.to_owned());
        }
        let package = self
            .package(&artifact)
            .map_err(|problem| self.refuse(number, problem))?;
        let name = package.name().to_owned();
        if let Some(&first_line) = self.lines.get(&name) {
            return self.listed_again(number, first_line, &package);
        }
        self.lines.insert(name, number);
        self.note_subdir(number, &package);
        let channel = package.record.channel.as_deref().map(LockChannel::of);
        self.channels
            .extend(channel.filter(|channel| !self.channels.contains(channel)));
        self.packages.push(LockEntry {
            platform: self.platform,
            category: DEFAULT_CATEGORY.to_owned(),
            optional: false,
            content: Content::Conda(Box::new(package)),
        });
        Ok(())
    }

    fn package(&self, artifact: &Artifact) -> Result<LockedPackage, Problem> {
        let archive = ArchiveName::of(&artifact.url, "url")?;
        let core = Core {
            name: archive.name,
            version: archive.version.clone(),
            build: archive.build,
            url: artifact.url.clone(),
            md5: artifact.md5.clone(),
            sha256: artifact.sha256.clone(),
            dependencies: Dependencies::new(),
            platform: self.platform.as_str(),
            extension: serde_json::Map::new(),
        };
        let record = core
            .record(serde_json::Map::new())
            .map_err(|problem| Problem::Value {
                key: "version",
                found: archive.version,
                expected: problem.0,
            })?;
        Ok(LockedPackage {
            record,
            completeness: Completeness::Bare,
            requested_specs: Vec::new(),
        })
    }

    fn listed_again(
        &mut self,
        line: u64,
        first_line: u64,
        package: &LockedPackage,
    ) -> Result<(), LockError> {
        let same = self.packages.iter().any(|entry| match &entry.content {
            Content::Conda(first) => **first == *package,
            Content::Pip(_) => false,
        });
        if same {
            let text = format!(
                "{} is listed again, as on line {first_line}",
                package.dist()
            );
            self.note(line, text);
            return Ok(());
        }
        Err(LockError::Package {
            file: self.file.to_owned(),
            line,
            package: package.name().to_owned(),
            problem: Box::new(Problem::Duplicate {
                manager: "conda",
                platform: self.platform,
                category: DEFAULT_CATEGORY.to_owned(),
                first_line,
            }),
        })
    }

    fn note_subdir(&mut self, line: u64, package: &LockedPackage) {
        let subdir = PackageUrl::of(&package.record.url).subdir;
        let platform = self.platform;
        if let Some(subdir) = subdir
            && subdir != platform.as_str()
            && subdir != Subdir::NoArch.as_str()
        {
            let dist = package.dist();
            self.note(
                line,
                format!("{dist} is a package for {subdir}, and the list is for {platform}"),
            );
        }
    }

    fn finish(mut self) -> LockFile {
        let order = crate::write::order;
        self.packages.sort_by(|a, b| order(a).cmp(&order(b)));
        LockFile {
            platforms: vec![self.platform],
            channels: self.channels,
            sources: Vec::new(),
            inputs: BTreeMap::new(),
            virtual_packages: BTreeMap::new(),
            custom_metadata: BTreeMap::new(),
            cut_offs: None,
            packages: self.packages,
            notes: self.notes,
            writer: LockWriter::Other,
        }
    }
}

#[cfg(test)]
mod tests;
