//! What is done when every entry is there: modes and times of directories, the innermost first.

use larder_fs::Dir;

use super::{ArchiveError, EntryProblem, extract::Places, name::EntryName};

/// Gives all directories their modes and times.
pub(super) fn finish_directories(places: &Places) -> Result<(), ArchiveError> {
    let mut names: Vec<_> = places.directories.iter().collect();
    names.sort_by(|one, other| other.0.cmp(one.0));
    for (key, attributes) in names {
        let name = EntryName::parse(key, places.roots.len())
            .map_err(|problem| ArchiveError::entry(key, problem))?;
        let root = &places.roots[name.root];
        if name.path.is_empty() {
            let (above, own) = split_root(root)?;
            above.set_mode(&own, attributes.mode)?;
            above.set_modified(&own, attributes.modified)?;
            continue;
        }
        let path = name
            .below_root()
            .map_err(|problem| ArchiveError::entry(key, problem))?;
        // Nobody else could enter what its owner cannot.
        if attributes.mode != 0o777 & !places.umask {
            root.set_mode(&path, attributes.mode)?;
        }
        root.set_modified(&path, attributes.modified)?;
    }
    Ok(())
}

fn split_root(root: &Dir) -> Result<(Dir, std::path::PathBuf), ArchiveError> {
    let path = root.path();
    match (path.parent(), path.file_name()) {
        (Some(above), Some(own)) if above.as_os_str().is_empty() => {
            Ok((Dir::open(".")?, own.into()))
        }
        (Some(above), Some(own)) => Ok((Dir::open(above)?, own.into())),
        _ => Err(ArchiveError::entry(b"0", EntryProblem::Root)),
    }
}
