//! Wheels and a page of links to them, which uv and pip take for an index (`--find-links`).

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use larder_digest::Sha256;

use crate::{ZipMember, base64, must, zip};

/// A wheel of Python sources, `py3-none-any`.
#[derive(Debug, Clone)]
pub struct WheelBuilder {
    name: String,
    version: String,
    requires: Vec<String>,
    entry_points: Vec<String>,
    files: Vec<(String, String)>,
}

impl WheelBuilder {
    /// A wheel with nothing in it but its metadata.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            requires: Vec::new(),
            entry_points: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Needs another distribution.
    #[must_use]
    pub fn requires(mut self, requirement: &str) -> Self {
        self.requires.push(requirement.to_owned());
        self
    }

    /// Has a program: `name = module:function`.
    #[must_use]
    pub fn entry_point(mut self, entry_point: &str) -> Self {
        self.entry_points.push(entry_point.to_owned());
        self
    }

    /// Has a file, below `site-packages`.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    /// Writes it into a directory; returns its path.
    pub fn write(&self, directory: &Path) -> PathBuf {
        let stem = format!("{}-{}", self.name.replace('-', "_"), self.version);
        let info = format!("{stem}.dist-info");
        let mut metadata = format!(
            "Metadata-Version: 2.1\nName: {}\nVersion: {}\n",
            self.name, self.version
        );
        for requirement in &self.requires {
            let _ = writeln!(metadata, "Requires-Dist: {requirement}");
        }
        let mut files = self.files.clone();
        files.push((format!("{info}/METADATA"), metadata));
        let wheel =
            "Wheel-Version: 1.0\nGenerator: testkit\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
        files.push((format!("{info}/WHEEL"), wheel.to_owned()));
        if !self.entry_points.is_empty() {
            let text = format!("[console_scripts]\n{}\n", self.entry_points.join("\n"));
            files.push((format!("{info}/entry_points.txt"), text));
        }
        let record = record(&files, &info);
        files.push((format!("{info}/RECORD"), record));
        let members = files
            .into_iter()
            .map(|(path, text)| ZipMember::stored(path, text));
        let members: Vec<ZipMember> = members.collect();
        let path = directory.join(format!("{stem}-py3-none-any.whl"));
        must(fs::create_dir_all(directory), "make a directory for wheels");
        must(fs::write(&path, zip(&members)), "write a wheel");
        path
    }
}

fn record(files: &[(String, String)], info: &str) -> String {
    let mut record = String::new();
    for (path, text) in files {
        let digest = Sha256::of(text.as_bytes());
        let digest = base64::encode(digest.as_bytes());
        let digest = digest
            .trim_end_matches('=')
            .replace('+', "-")
            .replace('/', "_");
        let _ = writeln!(record, "{path},sha256={digest},{}", text.len());
    }
    let _ = writeln!(record, "{info}/RECORD,,");
    record
}

/// Writes `links.html` for the wheels and sources in a directory, with their digests.
pub fn link_page(directory: &Path) {
    let entries = must(fs::read_dir(directory), "read the wheels");
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".whl") || name.ends_with(".tar.gz"))
        .collect();
    names.sort();
    let mut page = String::from("<!DOCTYPE html><html><body>\n");
    for name in names {
        let bytes = must(fs::read(directory.join(&name)), "read a wheel");
        let digest = Sha256::of(&bytes);
        let _ = writeln!(page, "<a href=\"{name}#sha256={digest}\">{name}</a>");
    }
    page.push_str("</body></html>\n");
    must(
        fs::write(directory.join("links.html"), page),
        "write the page of links",
    );
}
