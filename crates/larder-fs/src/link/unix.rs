//! Reflink and copy by descriptor.

use std::{fs::File, io};

use crate::{PathContext as _, PathError};

use super::LinkFile;

/// Copies bytes, the executable bit and the time of the last change. A file left half copied is removed.
pub(super) fn copy(file: LinkFile<'_>) -> Result<(), PathError> {
    with_new_file(file, |source, target| io::copy(source, target).map(drop))
}

/// Shares the blocks of the source with a new file.
#[cfg(target_os = "linux")]
pub(super) fn reflink(file: LinkFile<'_>) -> Result<(), PathError> {
    with_new_file(file, |source, target| {
        match rustix::fs::ioctl_ficlone(&*target, &*source) {
            Err(rustix::io::Errno::NOTTY) => Err(io::ErrorKind::Unsupported.into()),
            other => other.map_err(io::Error::from),
        }
    })
}

/// Shares the blocks of the source with a new file.
#[cfg(target_os = "macos")]
pub(super) fn reflink(file: LinkFile<'_>) -> Result<(), PathError> {
    let source = file.from.open_file(file.name)?;
    rustix::fs::fclonefileat(
        &source,
        file.to,
        file.to_name,
        rustix::fs::CloneFlags::empty(),
    )
    .at("clone file to", file.to.path().join(file.to_name))
}

/// There are no reflinks here.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn reflink(file: LinkFile<'_>) -> Result<(), PathError> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
        .at("clone file to", file.to.path().join(file.to_name))
}

fn with_new_file(
    file: LinkFile<'_>,
    fill: impl FnOnce(&mut File, &mut File) -> io::Result<()>,
) -> Result<(), PathError> {
    use std::os::unix::fs::PermissionsExt as _;

    let mut source = file.from.open_file(file.name)?;
    let metadata = source
        .metadata()
        .at("read metadata of", file.from.path().join(file.name))?;
    let executable = metadata.permissions().mode() & 0o100 != 0;
    let mut target = file.to.create_file(file.to_name, executable)?;
    fill(&mut source, &mut target)
        .and_then(|()| target.set_modified(metadata.modified()?))
        .at("copy to", file.to.path().join(file.to_name))
        .inspect_err(|_| {
            // The half-made file is of no use and hides the cause if its removal failed too.
            let _ = file.to.remove_file(file.to_name);
        })
}
