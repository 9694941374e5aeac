//! Package files and URLs as arguments: an explicit list, as an `@EXPLICIT` file is one (CEP 23). Nothing is solved.
//!
//! Files are read at once, for their digest and for what their index.json says: the directory need not be a channel's.
//! The bytes are compared with the digest when they come into the store, like those of any lock.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use larder_digest::Hasher;
use larder_fs::PathContext as _;
use larder_lock::{LockFile, ParseContext};
use larder_unpack::{Archive, Limits, UnpackError, split_file_name};
use rattler_conda_types::Subdir;
use url::Url;

use super::InputError;
use crate::Settings;

/// What messages call the list.
pub(crate) const COMMAND_LINE: &str = "<command line>";
/// Bytes of one archive: as many as a fetch takes of a package of unknown size.
pub const ARGUMENT_BYTES: u64 = 20 << 30;

const SUFFIXES: [&str; 2] = [".conda", ".tar.bz2"];
const HASHED_AT_ONCE: usize = 1 << 20;

/// Whether an argument names an archive, by a path or a URL, with a digest or without one. A URL that nothing can be
/// read from is left to the parser of specs, which says what to name instead.
pub(super) fn is_archive(argument: &str) -> bool {
    let address = address_of(argument);
    let is_readable = match address.split_once("://") {
        Some((scheme, _)) => larder_manifest::is_channel_scheme(&scheme.to_ascii_lowercase()),
        None => true,
    };
    is_readable && SUFFIXES.iter().any(|suffix| address.ends_with(suffix))
}

/// An argument without its digest.
fn address_of(argument: &str) -> &str {
    argument
        .rsplit_once('#')
        .map_or(argument, |(address, _)| address)
}

/// The explicit list that arguments make.
///
/// # Errors
/// See [`InputError`].
pub(super) fn read_archives(
    arguments: &[String],
    subdir: Option<Subdir>,
    settings: &Settings,
) -> Result<LockFile, InputError> {
    let subdir = subdir.or_else(Subdir::current).unwrap_or(Subdir::Linux64);
    let mut text = String::from("@EXPLICIT\n");
    let mut subdirs = BTreeMap::new();
    for argument in arguments {
        // A second line would be another package.
        if argument.contains(['\n', '\r']) {
            return Err(InputError::NoArchiveName {
                argument: argument.clone(),
            });
        }
        let Some(path) = local_path(address_of(argument), settings) else {
            text.push_str(argument);
            text.push('\n');
            continue;
        };
        let found = LocalArchive::read(&path)?;
        text.push_str(&path.to_string_lossy());
        match argument.rsplit_once('#') {
            Some((_, digest)) => text.push_str(&format!("#{digest}\n")),
            None => text.push_str(&format!("#sha256:{}\n", found.sha256)),
        }
        subdirs.insert(
            found.name,
            found.subdir.unwrap_or_else(|| subdir.to_string()),
        );
    }
    let context = ParseContext {
        subdir,
        working_directory: &settings.working_directory,
        // The shell has replaced variables already.
        lookup: &|_| None,
        environment: None,
    };
    let lock = LockFile::parse_any(COMMAND_LINE, &text, &context)
        .map_err(|error| InputError::Lock(Box::new(error)))?
        .with_subdirs(&subdirs);
    refuse_other_platforms(&lock, subdir)?;
    Ok(lock)
}

/// The file that an address means, absolute; `None` if it is elsewhere.
fn local_path(address: &str, settings: &Settings) -> Option<PathBuf> {
    if !address.contains("://") {
        return Some(settings.absolute(address));
    }
    let url: Url = address.parse().ok()?;
    (url.scheme() == "file").then(|| url.to_file_path().ok())?
}

/// What a file says of itself.
struct LocalArchive {
    name: String,
    subdir: Option<String>,
    sha256: String,
}

impl LocalArchive {
    fn read(path: &Path) -> Result<Self, InputError> {
        let refuse = |problem: String| InputError::NotAnArchive {
            path: path.to_owned(),
            problem,
        };
        // First: of a file that is not there, its name is the lesser problem.
        let metadata = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(InputError::NoFile {
                    path: path.to_owned(),
                });
            }
            metadata => metadata.at("read", path)?,
        };
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let (expected, kind) =
            split_file_name(&file_name).map_err(|problem| refuse(problem.to_string()))?;
        // Before it is opened: a FIFO waits for a writer.
        if !metadata.is_file() {
            return Err(refuse("it is not a regular file".to_owned()));
        }
        if metadata.len() > ARGUMENT_BYTES {
            return Err(refuse(format!("it has more than {ARGUMENT_BYTES} bytes")));
        }
        let damaged = |source: UnpackError| InputError::DamagedArchive {
            path: path.to_owned(),
            source: Box::new(source),
        };
        let file = File::open(path).at("read", path)?;
        let mut archive =
            Archive::new(file, kind, &expected.dist(), Limits::default()).map_err(damaged)?;
        let index = archive.read_package_info(&expected).map_err(damaged)?.index;
        let subdir = match index.noarch.is_none() {
            true => index.subdir,
            false => Some(Subdir::NoArch.to_string()),
        };
        Ok(Self {
            name: index.name.as_normalized().to_owned(),
            subdir,
            sha256: sha256_of(path).at("read", path)?,
        })
    }
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?.take(ARGUMENT_BYTES);
    let mut hasher = Hasher::sha256();
    let mut buffer = vec![0; HASHED_AT_ONCE];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish().sha256.to_hex()),
            count => hasher.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// Nobody means to install a package of another platform by naming its file.
fn refuse_other_platforms(lock: &LockFile, subdir: Subdir) -> Result<(), InputError> {
    let fits = |found: &str| found == subdir.as_str() || found == Subdir::NoArch.as_str();
    let mut packages = lock.conda_packages();
    match packages.find(|package| !fits(&package.record.package_record.subdir)) {
        None => Ok(()),
        Some(package) => Err(InputError::OtherPlatform {
            package: package.dist(),
            found: package.record.package_record.subdir.clone(),
            wanted: subdir,
        }),
    }
}
