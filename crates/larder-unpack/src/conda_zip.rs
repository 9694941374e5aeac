//! The outer ZIP of a `.conda` (CEP 35): where its two tarballs lie and what they are named for.
//!
//! Only the central directory, the local headers and `metadata.json` are read here.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
};

use zip::{CompressionMethod, ZipArchive};

use crate::ContainerProblem;

/// Bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) start: u64,
    pub(crate) size: u64,
}

#[derive(Debug)]
pub(crate) struct CondaZip {
    pub(crate) info: Extent,
    pub(crate) package: Extent,
    /// The `name-version-build` that both tarballs are named for.
    pub(crate) stem: String,
}

const METADATA: &str = "metadata.json";
const INFO: &str = "info-*.tar.zst";
const PACKAGE: &str = "pkg-*.tar.zst";
/// A `.conda` has 3; a signature or the like beside them does no harm.
const MAX_MEMBERS: usize = 16;
const MAX_METADATA: u64 = 64 << 10;

#[derive(Default)]
struct Found {
    info: Option<(String, Extent)>,
    package: Option<(String, Extent)>,
    metadata: Option<Extent>,
}

impl CondaZip {
    pub(crate) fn read(file: &File) -> Result<Self, ContainerProblem> {
        let io = |error| ContainerProblem::Zip(zip::result::ZipError::Io(error));
        let length = file.metadata().map_err(io)?.len();
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(ContainerProblem::Zip)?;
        let found = find_members(&mut zip, length)?;
        let metadata = found
            .metadata
            .ok_or(ContainerProblem::MissingMember(METADATA))?;
        check_version(zip.into_inner(), metadata)?;
        let (info_stem, info) = found.info.ok_or(ContainerProblem::MissingMember(INFO))?;
        let (stem, package) = found
            .package
            .ok_or(ContainerProblem::MissingMember(PACKAGE))?;
        if info_stem == stem {
            Ok(Self {
                info,
                package,
                stem,
            })
        } else {
            Err(ContainerProblem::InnerNames {
                info: info_stem.escape_debug().to_string(),
                pkg: stem.escape_debug().to_string(),
            })
        }
    }
}

fn find_members<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    length: u64,
) -> Result<Found, ContainerProblem> {
    if zip.len() > MAX_MEMBERS {
        return Err(ContainerProblem::TooManyMembers(zip.len()));
    }
    if zip.has_duplicate_names() {
        return Err(ContainerProblem::DuplicateMember("(of one name)"));
    }
    let mut found = Found::default();
    for index in 0..zip.len() {
        let member = zip.by_index_raw(index).map_err(ContainerProblem::Zip)?;
        let name = String::from_utf8_lossy(member.name_raw()).into_owned();
        let stem = |prefix| name.strip_prefix(prefix)?.strip_suffix(".tar.zst");
        if name == METADATA {
            found.metadata = Some(extent(&member, &name, length)?);
        } else if let Some(stem) = stem("info-") {
            let named = (stem.to_owned(), extent(&member, &name, length)?);
            set_once(&mut found.info, named, INFO)?;
        } else if let Some(stem) = stem("pkg-") {
            let named = (stem.to_owned(), extent(&member, &name, length)?);
            set_once(&mut found.package, named, PACKAGE)?;
        }
    }
    Ok(found)
}

fn set_once<T>(slot: &mut Option<T>, value: T, what: &'static str) -> Result<(), ContainerProblem> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(ContainerProblem::DuplicateMember(what)),
    }
}

fn extent<R: Read>(
    member: &zip::read::ZipFile<'_, R>,
    name: &str,
    length: u64,
) -> Result<Extent, ContainerProblem> {
    let name = || name.escape_debug().to_string();
    if member.compression() != CompressionMethod::Stored || member.encrypted() {
        return Err(ContainerProblem::NotStored(name()));
    }
    let extent = member.data_start().map(|start| Extent {
        start,
        size: member.size(),
    });
    extent
        .filter(|_| member.size() == member.compressed_size())
        .filter(|extent| {
            extent
                .start
                .checked_add(extent.size)
                .is_some_and(|end| end <= length)
        })
        .ok_or_else(|| ContainerProblem::BadExtent(name()))
}

#[derive(serde::Deserialize)]
struct Metadata {
    conda_pkg_format_version: i64,
}

fn check_version<R: Read + Seek>(mut reader: R, extent: Extent) -> Result<(), ContainerProblem> {
    let io = |error| ContainerProblem::Zip(zip::result::ZipError::Io(error));
    reader.seek(SeekFrom::Start(extent.start)).map_err(io)?;
    let mut bytes = Vec::new();
    reader
        .take(extent.size.min(MAX_METADATA))
        .read_to_end(&mut bytes)
        .map_err(io)?;
    let metadata: Metadata = serde_json::from_slice(&bytes).map_err(ContainerProblem::Metadata)?;
    match metadata.conda_pkg_format_version {
        2 => Ok(()),
        other => Err(ContainerProblem::FormatVersion(other)),
    }
}
