//! What verification found, and what became of it.

use std::path::{Path, PathBuf};

use larder_fs::PathError;
use larder_solve::{KeptFile, KeptKind};
use larder_store::{OpenError, RepairReport, RootError, StoreVerification as Looked};
use serde::Serialize;

/// What is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A package's archive.
    Archive,
    /// An archive that someone may write to by accident.
    Permissions,
    /// An entry of the index from MD5 to SHA-256.
    Md5,
    /// The record of an environment or lock.
    Root,
    /// What does not belong where it is.
    Stray,
    /// A remembered solve.
    Memo,
    /// A channel's index, or a part of one.
    Index,
    /// A wheel that was built on this machine.
    BuiltWheel,
    /// A tree, an extracted package of this machine.
    Tree,
    /// The version of the store's layout.
    Format,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    /// It is as it was found.
    Found,
    /// It was moved to `tmp/` of the store: nobody will use it, and whoever wants it fetches it anew.
    MovedAside,
    /// It could not be mended.
    Unmended,
    /// It is as it should be.
    Healed,
}

/// Something that is not, or was not, as it should be.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What it is.
    pub what: What,
    /// For an archive its file name, if any environment or lock tells it.
    pub name: Option<String>,
    /// Where it is, or was.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: String,
    /// What became of it.
    pub state: FindingState,
    /// Why it could not be mended.
    pub reason: Option<String>,
}

impl Finding {
    fn new(what: What, path: &Path, fault: impl Into<String>) -> Self {
        Self {
            what,
            name: None,
            path: path.to_owned(),
            fault: fault.into(),
            state: FindingState::Found,
            reason: None,
        }
    }

    /// An archive whose file name may be known.
    pub(super) fn archive(name: Option<&str>, path: &Path, fault: String) -> Self {
        Self {
            name: name.map(str::to_owned),
            ..Self::new(What::Archive, path, fault)
        }
    }

    /// A `format` that was mended.
    pub(super) fn format(error: &OpenError, store: &Path) -> Self {
        Self {
            state: FindingState::Healed,
            ..Self::new(What::Format, &store.join("format"), error.to_string())
        }
    }

    /// A memo or index; `removed` is what came of removing it, if that was tried.
    pub(super) fn beside(
        file: &KeptFile,
        fault: String,
        removed: Option<Result<(), PathError>>,
    ) -> Self {
        let what = match file.kind {
            KeptKind::Memo => What::Memo,
            KeptKind::Index | KeptKind::Shard | KeptKind::LeftOver => What::Index,
        };
        let mut finding = Self::new(what, &file.path, fault);
        match removed {
            None => {}
            Some(Ok(())) => finding.state = FindingState::Healed,
            Some(Err(error)) => finding.fail(&error),
        }
        finding
    }

    /// A wheel that was built here; `removed` is what came of removing it, if that was tried.
    pub(super) fn built_wheel(
        path: &Path,
        fault: String,
        removed: Option<Result<(), PathError>>,
    ) -> Self {
        let name = path.file_name().and_then(|name| name.to_str());
        Self {
            what: What::BuiltWheel,
            ..Self::tree(name, path, fault, removed)
        }
    }

    /// A tree; `removed` is what came of removing it, if that was tried.
    pub(super) fn tree(
        dist: Option<&str>,
        path: &Path,
        fault: String,
        removed: Option<Result<(), PathError>>,
    ) -> Self {
        let mut finding = Self {
            name: dist.map(str::to_owned),
            ..Self::new(What::Tree, path, fault)
        };
        match removed {
            None => {}
            Some(Ok(())) => finding.state = FindingState::Healed,
            Some(Err(error)) => finding.fail(&error),
        }
        finding
    }

    pub(super) fn fail(&mut self, error: &dyn std::error::Error) {
        self.state = FindingState::Unmended;
        self.reason = Some(match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        });
    }

    /// Whether nothing is left to do. Without repair nothing is done about anything.
    pub(super) fn is_settled(&self, repair: bool) -> bool {
        match self.state {
            FindingState::Healed => true,
            FindingState::MovedAside => repair,
            FindingState::Found | FindingState::Unmended => false,
        }
    }
}

/// What is wrong besides archives, and what was mended of it.
pub(super) fn of_store(
    looked: &Looked,
    mended: Option<&RepairReport>,
    findings: &mut Vec<Finding>,
) {
    let writable = "it can be written to by accident";
    let misleading = "it leads to no archive with this MD5";
    let stray = "it does not belong here";
    let lists = [
        (What::Permissions, &looked.writable, writable),
        (What::Md5, &looked.misleading, misleading),
        (What::Stray, &looked.stray, stray),
    ];
    for (what, paths, fault) in lists {
        findings.extend(paths.iter().map(|path| {
            let finding = Finding::new(what, path, fault);
            finding.after(mended)
        }));
    }
    for error in &looked.roots {
        let (RootError::Malformed { path, .. } | RootError::Io(PathError { path, .. })) = error
        else {
            continue;
        };
        let fault = match std::error::Error::source(error) {
            Some(source) => format!("it cannot be read: {source}"),
            None => "it cannot be read".into(),
        };
        findings.push(Finding::new(What::Root, path, fault).after(mended));
    }
}

impl Finding {
    fn after(mut self, mended: Option<&RepairReport>) -> Self {
        let Some(mended) = mended else {
            return self;
        };
        let refusal = mended.refused.iter().find(|(path, _)| *path == self.path);
        if mended.healed.contains(&self.path) {
            self.state = FindingState::Healed;
        } else if mended.moved.contains(&self.path) {
            self.state = FindingState::MovedAside;
        } else if let Some((_, error)) = refusal {
            self.fail(error);
        }
        self
    }
}
