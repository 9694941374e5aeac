//! Link scripts, recognised by the path that CEP 34 gives them.

use serde::{Deserialize, Serialize};

use super::{PathEntry, PathKind};
use crate::RelPath;

/// A script of a package that is run around linking. `post-unlink` is deprecated and not among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkScript {
    /// When it is run.
    pub action: LinkAction,
    /// Where it is, in the package and in the prefix.
    pub path: RelPath,
    /// What runs it.
    pub shell: ScriptShell,
}

/// When a link script is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkAction {
    /// Before the package is linked.
    PreLink,
    /// After the package is linked.
    PostLink,
    /// Before the package is removed.
    PreUnlink,
}

/// What runs a link script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScriptShell {
    /// `bin/.{name}-{action}.sh`
    Unix,
    /// `Scripts/.{name}-{action}.bat`
    Windows,
}

impl LinkAction {
    /// As it occurs in the script's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreLink => "pre-link",
            Self::PostLink => "post-link",
            Self::PreUnlink => "pre-unlink",
        }
    }
}

/// The scripts of package `name` among its paths.
pub(super) fn find(name: &str, paths: &[PathEntry]) -> Vec<LinkScript> {
    let actions = [
        LinkAction::PreLink,
        LinkAction::PostLink,
        LinkAction::PreUnlink,
    ];
    let wanted: Vec<(String, LinkAction, ScriptShell)> = actions
        .into_iter()
        .flat_map(|action| {
            let verb = action.as_str();
            [
                (format!("bin/.{name}-{verb}.sh"), action, ScriptShell::Unix),
                (
                    format!("Scripts/.{name}-{verb}.bat"),
                    action,
                    ScriptShell::Windows,
                ),
            ]
        })
        .collect();
    paths
        .iter()
        .filter(|entry| entry.kind != PathKind::Directory)
        .filter_map(|entry| {
            let (_, action, shell) = wanted
                .iter()
                .find(|(path, ..)| path == entry.path.as_str())?;
            Some(LinkScript {
                action: *action,
                path: entry.path.clone(),
                shell: *shell,
            })
        })
        .collect()
}
