//! The description of a conda package, with every path type and every kind of lie.
//!
//! Nothing is written here. Honest methods panic on paths that no package may
//! hold; hostile content goes through [`PackageBuilder::raw_entry`] and
//! [`PackageBuilder::info_file`], which check nothing.

use serde_json::Value;

use crate::archive::DEFAULT_MTIME;
use crate::paths_json::{Content, Entry, FileMode, PREFIX_MARK, contains};
use crate::tarball::RawEntry;

const PLACEHOLDER_LENGTH: usize = 255;

/// A package being described; [`PackageBuilder::build`] makes the archive.
#[derive(Debug, Clone)]
#[must_use]
pub struct PackageBuilder {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) build: String,
    pub(crate) subdir: String,
    pub(crate) noarch: Option<&'static str>,
    pub(crate) build_number: u64,
    pub(crate) depends: Vec<String>,
    pub(crate) constrains: Vec<String>,
    pub(crate) timestamp_ms: u64,
    pub(crate) index_extra: Vec<(String, Value)>,
    pub(crate) placeholder: String,
    pub(crate) entries: Vec<Entry>,
    pub(crate) raw: Vec<(String, RawEntry)>,
    pub(crate) entry_points: Vec<String>,
    pub(crate) info_changes: Vec<(String, Option<Vec<u8>>)>,
    pub(crate) info_last: bool,
}

/// Identity and metadata.
impl PackageBuilder {
    /// A package of subdir linux-64 with build number 0 and no files.
    pub fn new(name: &str, version: &str, build: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            build: build.to_owned(),
            subdir: "linux-64".to_owned(),
            noarch: None,
            build_number: 0,
            depends: Vec::new(),
            constrains: Vec::new(),
            timestamp_ms: DEFAULT_MTIME * 1000,
            index_extra: Vec::new(),
            placeholder: default_placeholder(),
            entries: Vec::new(),
            raw: Vec::new(),
            entry_points: Vec::new(),
            info_changes: Vec::new(),
            info_last: false,
        }
    }

    /// Sets the subdir.
    pub fn subdir(mut self, subdir: &str) -> Self {
        self.subdir = subdir.to_owned();
        self
    }

    /// Makes it `noarch: generic` and its subdir `noarch`.
    pub fn noarch_generic(mut self) -> Self {
        self.noarch = Some("generic");
        self.subdir("noarch")
    }

    /// Makes it `noarch: python` and its subdir `noarch`. Modules go under `site-packages/`.
    pub fn noarch_python(mut self) -> Self {
        self.noarch = Some("python");
        self.subdir("noarch")
    }

    /// Sets the build number.
    pub fn build_number(mut self, number: u64) -> Self {
        self.build_number = number;
        self
    }

    /// Adds a dependency (a MatchSpec in its positional form).
    pub fn depends(mut self, spec: &str) -> Self {
        self.depends.push(spec.to_owned());
        self
    }

    /// Adds a constraint (a MatchSpec in its positional form).
    pub fn constrains(mut self, spec: &str) -> Self {
        self.constrains.push(spec.to_owned());
        self
    }

    /// Sets the time of the build, in milliseconds since 1970.
    pub fn timestamp_ms(mut self, milliseconds: u64) -> Self {
        self.timestamp_ms = milliseconds;
        self
    }

    /// Sets any other key of `index.json` and of the record; `null` removes the key.
    pub fn index_extra(mut self, key: &str, value: Value) -> Self {
        self.index_extra.push((key.to_owned(), value));
        self
    }

    /// Sets the prefix placeholder. The default is 255 characters long, as conda-build's is.
    pub fn placeholder(mut self, placeholder: &str) -> Self {
        self.placeholder = placeholder.to_owned();
        self
    }

    /// Adds a console entry point such as `x = pkg.mod:main`; only for `noarch: python`.
    pub fn entry_point(mut self, entry_point: &str) -> Self {
        self.entry_points.push(entry_point.to_owned());
        self
    }
}

/// Files.
impl PackageBuilder {
    /// Adds a plain file.
    pub fn file(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.add_file(path, content.into(), Plain::default())
    }

    /// Adds a file that may be run.
    pub fn executable(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.add_file(
            path,
            content.into(),
            Plain {
                executable: true,
                no_link: false,
            },
        )
    }

    /// Adds a file that must be copied rather than linked.
    pub fn no_link(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.add_file(
            path,
            content.into(),
            Plain {
                executable: false,
                no_link: true,
            },
        )
    }

    /// Adds a text file; `{{PREFIX}}` in it becomes the placeholder.
    pub fn text_prefix(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.add_prefix_file(path, content.into(), FileMode::Text, false)
    }

    /// Adds a text file that may be run; `{{PREFIX}}` in it becomes the placeholder.
    pub fn executable_text_prefix(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.add_prefix_file(path, content.into(), FileMode::Text, true)
    }

    /// Adds a binary file that may be run; `{{PREFIX}}` in its NUL-terminated strings becomes the
    /// placeholder.
    pub fn binary_prefix(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        let content = content.into();
        assert!(
            content.contains(&0),
            "binary_prefix({path:?}): end each string with a NUL byte"
        );
        self.add_prefix_file(path, content, FileMode::Binary, true)
    }

    /// Adds a symbolic link.
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.add(path, Content::Symlink(target.to_owned()))
    }

    /// Adds a directory that `paths.json` lists.
    pub fn directory(self, path: &str) -> Self {
        self.add(path, Content::Directory)
    }

    /// Adds the script of `action` (`pre-link`, `post-link`, `pre-unlink` or `post-unlink`) at
    /// `bin/.<name>-<action>.sh`. A body without `#!` gets `#!/bin/sh`.
    pub fn link_script(self, action: &str, body: &str) -> Self {
        let known = ["pre-link", "post-link", "pre-unlink", "post-unlink"];
        assert!(
            known.contains(&action),
            "link_script: no action {action:?}, only {known:?}"
        );
        let path = format!("bin/.{}-{action}.sh", self.name);
        let shebang = if body.starts_with("#!") {
            ""
        } else {
            "#!/bin/sh\n"
        };
        self.executable(&path, format!("{shebang}{body}"))
    }

    fn add_file(self, path: &str, bytes: Vec<u8>, plain: Plain) -> Self {
        let Plain {
            executable,
            no_link,
        } = plain;
        self.add(
            path,
            Content::File {
                bytes,
                executable,
                prefix: None,
                no_link,
            },
        )
    }

    fn add_prefix_file(self, path: &str, bytes: Vec<u8>, mode: FileMode, executable: bool) -> Self {
        let marked = contains(&bytes, PREFIX_MARK.as_bytes());
        assert!(
            marked,
            "{path:?} is to hold a prefix, but {PREFIX_MARK} is not in its content"
        );
        self.add(
            path,
            Content::File {
                bytes,
                executable,
                prefix: Some(mode),
                no_link: false,
            },
        )
    }

    fn add(mut self, path: &str, content: Content) -> Self {
        let clean = !path.split('/').any(|part| matches!(part, "" | "." | ".."));
        assert!(clean, "{path:?} is no honest path: use raw_entry");
        assert!(
            !path.starts_with("info/"),
            "{path:?} is in info/: use info_file"
        );
        let known = self.entries.iter().any(|entry| entry.path == path);
        assert!(
            !known,
            "{path:?} is already in {}: use raw_entry for duplicates",
            self.name
        );
        self.entries.push(Entry {
            path: path.to_owned(),
            content,
        });
        self
    }
}

#[derive(Default)]
struct Plain {
    executable: bool,
    no_link: bool,
}

/// Hostile and unusual content.
impl PackageBuilder {
    /// Adds a tar entry that `paths.json` does not list, after the listed ones. Nothing is checked.
    /// In a `.conda` archive a path under `info/` goes into the info tarball.
    pub fn raw_entry(mut self, path: &str, entry: RawEntry) -> Self {
        self.raw.push((path.to_owned(), entry));
        self
    }

    /// Adds or replaces a file of `info/`, for example a lying `info/paths.json`.
    pub fn info_file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        assert!(
            path.starts_with("info/"),
            "info_file: {path:?} is not under info/"
        );
        self.info_changes
            .push((path.to_owned(), Some(content.into())));
        self
    }

    /// Leaves out a file of `info/`. Without `info/paths.json` the package is a legacy one, which
    /// `info/files`, `info/has_prefix` and `info/no_link` describe (they are always written).
    pub fn without_info_file(mut self, path: &str) -> Self {
        assert!(
            path.starts_with("info/"),
            "without_info_file: {path:?} is not under info/"
        );
        self.info_changes.push((path.to_owned(), None));
        self
    }

    /// Puts `info/` at the end of a `.tar.bz2` archive instead of at its start.
    pub fn info_last(mut self) -> Self {
        self.info_last = true;
        self
    }
}

fn default_placeholder() -> String {
    let mut text = "/home/builder/".to_owned();
    text.extend(
        "placehold_"
            .chars()
            .cycle()
            .take(PLACEHOLDER_LENGTH - text.len()),
    );
    text
}
