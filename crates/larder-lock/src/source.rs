//! Paths of manifests as a lock names them: relative to the lock, with `/` on every system.
//!
//! Never touches the file system: `..` and links are taken as they are written.

use std::path::{Component, Path};

/// `source` as seen from the directory of the lock file, or `None` if there is no way from one to
/// the other (two drives of Windows). Both must be absolute, or both relative to one directory.
pub fn relative_source(lock_directory: &Path, source: &Path) -> Option<String> {
    let from = components(lock_directory);
    let to = components(source);
    if from.first().is_some_and(is_root) != to.first().is_some_and(is_root) {
        return None;
    }
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let (up, down) = (from.get(common..)?, to.get(common..)?);
    if up
        .iter()
        .chain(down)
        .any(|component| matches!(component, Component::Prefix(_)))
        || up.contains(&Component::ParentDir)
    {
        return None;
    }
    let names = down
        .iter()
        .map(|component| component.as_os_str().to_str().map(ToOwned::to_owned));
    let mut path: Vec<String> = vec!["..".to_owned(); up.len()];
    path.extend(names.collect::<Option<Vec<_>>>()?);
    Some(path.join("/"))
}

fn is_root(component: &Component<'_>) -> bool {
    matches!(component, Component::RootDir | Component::Prefix(_))
}

fn components(path: &Path) -> Vec<Component<'_>> {
    let is_current = |component: &Component<'_>| matches!(component, Component::CurDir);
    let mut found: Vec<Component<'_>> = Vec::new();
    for component in path.components().filter(|component| !is_current(component)) {
        match (component, found.last()) {
            (Component::ParentDir, Some(Component::Normal(_))) => {
                found.pop();
            }
            _ => found.push(component),
        }
    }
    found
}
