//! Stand-ins for what conda packages bring: wheels with a name and a version and nothing else.
//!
//! A resolver that may take no other wheel for a name holds all requirements against that version, and
//! asks for none of its dependencies: those are conda's. They are never installed.
//!
//! Names and versions come from records, so from whoever made a package: only what is a name of PEP 508 and a
//! version of PEP 440 becomes the name of a file or a line for a tool, and no file that exists is opened.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
    str::FromStr as _,
};

use larder_lock::is_distribution_name;
use pep440_rs::Version;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::Provided;

/// What a resolver is told of the conda packages.
#[derive(Debug, Default)]
pub(crate) struct Stubs {
    /// Name and file of each stand-in.
    pub(crate) wheels: Vec<(String, PathBuf)>,
    /// Distributions whose version PEP 440 cannot say: they count as installed, whatever is asked for.
    pub(crate) unversioned: Vec<String>,
}

/// Writes the stand-ins into a directory.
pub(crate) fn write(provided: &[Provided], directory: &Path) -> io::Result<Stubs> {
    let mut stubs = Stubs::default();
    for distribution in provided {
        // `pkg:pypi/%2Fhome%2Fuser%2F...` decodes to a path, `%0A--index-url` to a line of its own.
        if !is_distribution_name(&distribution.name) {
            continue;
        }
        match Version::from_str(&distribution.version) {
            Ok(version) => {
                let path = wheel(&distribution.name, &version.to_string(), directory)?;
                stubs.wheels.push((distribution.name.clone(), path));
            }
            Err(_) => stubs.unversioned.push(distribution.name.clone()),
        }
    }
    Ok(stubs)
}

fn wheel(name: &str, version: &str, directory: &Path) -> io::Result<PathBuf> {
    let stem = format!("{}-{version}", name.replace('-', "_"));
    let path = directory.join(format!("{stem}-py3-none-any.whl"));
    // The directory is new and ours; a link or a file in it is somebody else's.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)?;
    let mut zip = ZipWriter::new(file);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let files = [
        (
            "METADATA",
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
        ),
        (
            "WHEEL",
            "Wheel-Version: 1.0\nGenerator: larder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                .to_owned(),
        ),
        ("RECORD", String::new()),
    ];
    for (file, text) in files {
        zip.start_file(format!("{stem}.dist-info/{file}"), options)?;
        zip.write_all(text.as_bytes())?;
    }
    zip.finish()?;
    Ok(path)
}

#[cfg(test)]
mod tests;
