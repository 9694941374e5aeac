//! One item of `package`: checked key by key, then made a record.

use rattler_conda_types::{Subdir, package::CondaArchiveIdentifier};
use serde_json::Map;
use serde_saphyr::Spanned;

use crate::{
    Completeness, DEFAULT_CATEGORY, LockError, LockedPackage, PipPackage, Problem,
    address::{self, PackageUrl},
    dependencies,
    file::{Content, LockEntry},
    names,
    pip::{is_distribution_name, is_distribution_version, is_repository, passed_on_problem},
    raw::{RawHash, RawPackage, RawSource},
    read::{Reader, is_hex, shortened},
    record::{self, Core, Remainder},
    write::OUR_KEYS,
};

/// Reads the item that begins on `line`.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    raw: RawPackage,
    line: u64,
) -> Result<LockEntry, LockError> {
    let name = raw.name.as_ref().map_or("", |name| &name.value);
    let item = Item {
        file: reader.file.to_owned(),
        name: if name.is_empty() {
            "a package without name"
        } else {
            name
        }
        .to_owned(),
        line,
    };
    item.read(reader, raw)
}

/// Where an item is and what it is called, for messages.
struct Item {
    file: String,
    name: String,
    line: u64,
}

/// The digests of an item, as text.
struct Hashes {
    md5: Option<String>,
    sha256: Option<String>,
}

impl Item {
    fn refuse<T>(&self, line: u64, problem: Problem) -> Result<T, LockError> {
        Err(LockError::Package {
            file: self.file.clone(),
            line,
            package: self.name.clone(),
            problem: Box::new(problem),
        })
    }

    fn refuse_value<T>(
        &self,
        line: u64,
        key: &'static str,
        found: &str,
        expected: impl Into<String>,
    ) -> Result<T, LockError> {
        self.refuse(
            line,
            Problem::Value {
                key,
                found: found.to_owned(),
                expected: expected.into(),
            },
        )
    }

    fn require<T>(
        &self,
        value: Option<Spanned<T>>,
        key: &'static str,
        expected: &'static str,
    ) -> Result<(T, u64), LockError> {
        match value {
            Some(value) => Ok((value.value, value.referenced.line())),
            None => self.refuse(self.line, Problem::Missing { key, expected }),
        }
    }

    fn read(&self, reader: &mut Reader<'_>, mut raw: RawPackage) -> Result<LockEntry, LockError> {
        let platform = self.platform(reader, raw.platform.take())?;
        let optional = self.require(raw.optional.take(), "optional", "true or false")?;
        let category = self.category(raw.category.take())?;
        self.check_source(raw.source.take())?;
        let (manager, line) = self.require(raw.manager.take(), "manager", "conda or pip")?;
        let content = match manager.as_str() {
            "conda" => self.conda(reader, raw, platform)?,
            "pip" => self.pip(reader, raw)?,
            other => return self.refuse_value(line, "manager", other, "conda or pip"),
        };
        Ok(LockEntry {
            platform,
            category,
            optional: optional.0.0,
            content,
        })
    }

    fn platform(
        &self,
        reader: &Reader<'_>,
        raw: Option<Spanned<String>>,
    ) -> Result<Subdir, LockError> {
        let (name, line) = self.require(raw, "platform", "one of `metadata.platforms`")?;
        let known = reader.platforms.iter().find(|known| known.as_str() == name);
        match known {
            Some(platform) => Ok(*platform),
            None => self.refuse_value(
                line,
                "platform",
                &name,
                "one of `metadata.platforms`, also for noarch packages",
            ),
        }
    }

    fn category(&self, raw: Option<Spanned<String>>) -> Result<String, LockError> {
        match raw {
            Some(category) if category.value.is_empty() => {
                self.refuse_value(category.referenced.line(), "category", "", "a name")
            }
            Some(category) => Ok(category.value),
            None => Ok(DEFAULT_CATEGORY.to_owned()),
        }
    }

    fn check_source(&self, raw: Option<Spanned<RawSource>>) -> Result<(), LockError> {
        let Some(source) = raw else {
            return Ok(());
        };
        let line = source.referenced.line();
        let kind = source.value.kind.unwrap_or_default();
        if kind != "url" {
            return self.refuse_value(line, "source.type", &kind, "url");
        }
        match source.value.url {
            None => self.refuse_value(line, "source.url", "", "a URL"),
            Some(url) if address::clean(&url).secret => {
                self.refuse(line, Problem::Credentials { key: "source.url" })
            }
            Some(_) => Ok(()),
        }
    }

    fn text(
        &self,
        raw: Option<Spanned<String>>,
        key: &'static str,
        rule: (fn(&str) -> bool, &'static str),
    ) -> Result<(String, u64), LockError> {
        let (text, line) = self.require(raw, key, rule.1)?;
        if rule.0(&text) {
            Ok((text, line))
        } else {
            self.refuse_value(line, key, &text, rule.1)
        }
    }

    fn url(&self, raw: Option<Spanned<String>>) -> Result<(String, u64), LockError> {
        let (text, line) = self.require(raw, "url", "the package's address")?;
        let clean = address::clean(&text);
        if clean.secret {
            return self.refuse(line, Problem::Credentials { key: "url" });
        }
        Ok((clean.url, line))
    }

    fn hashes(&self, raw: Spanned<RawHash>) -> Result<Hashes, LockError> {
        let line = raw.referenced.line();
        let RawHash { md5, sha256 } = raw.value;
        for (key, digest, length) in [("md5", &md5, 32), ("sha256", &sha256, 64)] {
            if let Some(digest) = digest
                && !is_hex(digest, length)
            {
                let expected = format!("{length} lower-case hexadecimal digits");
                return self.refuse_value(line, key, digest, expected);
            }
        }
        Ok(Hashes { md5, sha256 })
    }

    fn conda(
        &self,
        reader: &mut Reader<'_>,
        raw: RawPackage,
        platform: Subdir,
    ) -> Result<Content, LockError> {
        let name = self.text(raw.name, "name", (names::is_package_name, names::NAME_RULE))?;
        let version = (names::is_version as fn(&str) -> bool, names::VERSION_RULE);
        let version = self.text(raw.version, "version", version)?;
        let (url, url_line) = self.url(raw.url)?;
        let Ok(url) = url.parse::<url::Url>() else {
            return self.refuse_value(url_line, "url", &url, "an absolute URL");
        };
        let build = self.build(&url, url_line, &name, (&version, raw.build))?;
        let expected = "md5 and sha256 of the archive";
        let hash = match raw.hash {
            Some(hash) => hash,
            None => {
                return self.refuse(
                    self.line,
                    Problem::Missing {
                        key: "hash",
                        expected,
                    },
                );
            }
        };
        let line = hash.referenced.line();
        let hashes = self.hashes(hash)?;
        if hashes.md5.is_none() && hashes.sha256.is_none() {
            return self.refuse(
                line,
                Problem::Missing {
                    key: "hash",
                    expected,
                },
            );
        }
        let mut extension = Map::new();
        if let Some(number) = raw.build_number {
            extension.insert("build_number".to_owned(), number.into());
        }
        if let Some(constrains) = raw.constrains {
            extension.insert("constrains".to_owned(), constrains.value());
        }
        let depends = raw.dependencies.map(|raw| raw.specs()).unwrap_or_default();
        let core = Core {
            name: name.0,
            version: version.0,
            build,
            url,
            md5: hashes.md5,
            sha256: hashes.sha256,
            dependencies: dependencies::to_map(&depends),
            platform: platform.as_str(),
            extension,
        };
        self.locked(reader, &core, version.1)
    }

    /// The build string, from the file name in the URL, which must agree with everything else.
    fn build(
        &self,
        url: &url::Url,
        url_line: u64,
        name: &(String, u64),
        (version, build): (&(String, u64), Option<Spanned<String>>),
    ) -> Result<String, LockError> {
        let file_name = PackageUrl::of(url).file_name;
        let Some(archive) = CondaArchiveIdentifier::try_from_filename(&file_name) else {
            let expected = "a file name `<name>-<version>-<build>.conda` or `.tar.bz2`";
            return self.refuse_value(url_line, "url", &file_name, expected);
        };
        let in_url = archive.identifier;
        let build = match build {
            Some(build) => (build.value, build.referenced.line()),
            None => (in_url.build_string.clone(), url_line),
        };
        if !names::is_build(&build.0) {
            return self.refuse_value(build.1, "build", &build.0, names::BUILD_RULE);
        }
        for (key, (found, line), in_url) in [
            ("name", name, &in_url.name.to_ascii_lowercase()),
            ("version", version, &in_url.version),
            ("build", &build, &in_url.build_string),
        ] {
            if found != in_url {
                let (found, in_url) = (found.clone(), in_url.clone());
                let problem = Problem::ContradictsUrl { key, found, in_url };
                return self.refuse(*line, problem);
            }
        }
        Ok(build.0)
    }

    fn locked(
        &self,
        reader: &mut Reader<'_>,
        core: &Core,
        version_line: u64,
    ) -> Result<Content, LockError> {
        let key = format!("{OUR_KEYS}{}/{}", core.platform, core.name);
        let remainder = reader.custom_metadata.get(&key);
        let remainder = remainder.map(|text| core.read_remainder(text));
        let mut requested_specs = Vec::new();
        let mut fields = Map::new();
        let mut completeness = Completeness::Partial;
        let remainder_applies = matches!(remainder, Some(Remainder::Applies { .. }));
        match remainder {
            Some(Remainder::Applies {
                fields: of_index,
                requested_specs: requested,
                completeness: known,
            }) => {
                fields = of_index;
                requested_specs = requested;
                completeness = known;
            }
            Some(Remainder::Foreign(why)) => reader.note(
                self.line,
                format!("`custom_metadata` of {} {why}: it is not used", self.name),
            ),
            None => {}
        }
        for key in record::unknown_keys(&fields) {
            reader.unknown_keys.insert(key.clone());
        }
        let with_remainder = core.record(fields);
        let record = match with_remainder {
            Ok(record) => record,
            // A value that makes no sense is no reason to refuse what the CEP's keys say.
            Err(problem) => match core.record(Map::new()) {
                Ok(record) if remainder_applies => {
                    completeness = Completeness::Partial;
                    let text = format!(
                        "`custom_metadata` of {} has a value that makes no sense ({}): it is not used",
                        self.name,
                        shortened(problem.0)
                    );
                    reader.note(self.line, text);
                    record
                }
                _ => {
                    return self.refuse_value(version_line, "version", &core.version, problem.0);
                }
            },
        };
        Ok(Content::Conda(Box::new(LockedPackage {
            record,
            completeness,
            requested_specs,
        })))
    }

    fn pip(&self, reader: &mut Reader<'_>, raw: RawPackage) -> Result<Content, LockError> {
        // Both become part of a line for pip and of names of files: nothing else may be in them.
        let rule = (
            is_distribution_name as fn(&str) -> bool,
            "a name of a distribution (PEP 508)",
        );
        let (name, _) = self.text(raw.name, "name", rule)?;
        let rule = (
            is_distribution_version as fn(&str) -> bool,
            "a version (PEP 440)",
        );
        let (version, _) = self.text(raw.version, "version", rule)?;
        let url = match &raw.url {
            Some(url) if is_repository(&url.value) => self.repository(&name, url)?,
            _ => self.url(raw.url)?.0,
        };
        let hashes = match raw.hash {
            // What other tools write there is the commit.
            Some(hash) if !is_repository(&url) => self.hashes(hash)?,
            _ => Hashes {
                md5: None,
                sha256: None,
            },
        };
        if hashes.md5.is_none() && hashes.sha256.is_none() {
            self.note_passed_on(reader, &name, &url)?;
        }
        let dependencies = match raw.dependencies {
            Some(raw) => dependencies::to_map(&raw.specs()).into_iter().collect(),
            None => Vec::new(),
        };
        Ok(Content::Pip(Box::new(PipPackage {
            name,
            version,
            url,
            index: None,
            sha256: hashes.sha256.and_then(|digest| digest.parse().ok()),
            md5: hashes.md5.and_then(|digest| digest.parse().ok()),
            dependencies,
        })))
    }

    /// Notes a package that no digest stands for: its line is for pip or uv, as one of a `pip:` section.
    fn note_passed_on(
        &self,
        reader: &mut Reader<'_>,
        name: &str,
        url: &str,
    ) -> Result<(), LockError> {
        if let Some(problem) = passed_on_problem(&format!("{name} @ {url}")) {
            let expected = format!("an address that pip can be given; it {problem}");
            return self.refuse_value(self.line, "url", url, expected);
        }
        let text = match is_repository(url) {
            true => format!(
                "{name} is a repository, which no digest stands for: it is passed on to pip"
            ),
            false => format!(
                "{name} has no digest: its address is passed on to pip, which installs whatever is there"
            ),
        };
        reader.note(self.line, text);
        Ok(())
    }

    /// The address of a repository at a commit, without a secret in it.
    fn repository(&self, name: &str, raw: &Spanned<String>) -> Result<String, LockError> {
        let line = raw.referenced.line();
        let url = &raw.value;
        if address::has_repository_secret(url) {
            return self.refuse(line, Problem::Credentials { key: "url" });
        }
        match passed_on_problem(&format!("{name} @ {url}")) {
            None => Ok(url.clone()),
            Some(problem) => {
                let expected = format!("an address of a repository; it {problem}");
                self.refuse_value(line, "url", url, expected)
            }
        }
    }
}
