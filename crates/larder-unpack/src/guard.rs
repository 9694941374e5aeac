//! The guard: every entry of an archive passes [`Guard::admit`], whatever becomes of it.
//!
//! It remembers what the archive has brought so far, so that nothing is written twice, through a link,
//! or below a file, and no link names anything outside. It knows no disk.

use std::collections::{HashMap, hash_map};

use crate::{
    EntryKind, EntryProblem, OutsideLinks, RelPath, links,
    tar_stream::{Member, MemberKind},
};

/// Which tarball is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tarball {
    /// `info-*.tar.zst`
    Info,
    /// `pkg-*.tar.zst`
    Package,
    /// A whole `.tar.bz2`.
    Whole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    File,
    Link,
    Directory,
    /// Only as the parent of another entry.
    Implied,
}

pub(crate) struct Guard {
    outside_links: OutsideLinks,
    seen: HashMap<RelPath, Seen>,
    links: HashMap<RelPath, String>,
    count: u64,
}

/// An entry that may go on.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) path: RelPath,
    pub(crate) kind: EntryKind,
}

impl Guard {
    pub(crate) fn new(outside_links: OutsideLinks) -> Self {
        Self {
            outside_links,
            seen: HashMap::new(),
            links: HashMap::new(),
            count: 0,
        }
    }

    /// How many entries came so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Checks a member; `None` if it is fine but not to be unpacked.
    pub(crate) fn admit(
        &mut self,
        tarball: Tarball,
        member: &Member,
    ) -> Result<Option<Admitted>, EntryProblem> {
        self.count += 1;
        let Some(path) = RelPath::from_member(&member.name).map_err(EntryProblem::Name)? else {
            return match member.kind {
                MemberKind::Directory => Ok(None),
                _ => Err(EntryProblem::Name(crate::RelPathProblem::Empty)),
            };
        };
        check_place(&path, tarball)?;
        let kind = self.kind(&path, member)?;
        self.enter_parents(&path)?;
        self.enter(&path, &kind)?;
        // Written by clients at extraction, and forbidden in what is distributed: what an archive
        // has there is never trusted (CEP 34).
        if path.as_str() == "info/repodata_record.json" {
            return Ok(None);
        }
        Ok(Some(Admitted { path, kind }))
    }

    /// To be called after the last entry: a link may lead out through another one that came later.
    pub(crate) fn finish(&self) -> Result<(), (RelPath, EntryProblem)> {
        if self.outside_links == OutsideLinks::Keep {
            return Ok(());
        }
        let mut steps = links::MAX_STEPS;
        let target_of = links::text_in(&self.links);
        match self
            .links
            .iter()
            .find(|(from, _)| links::leads_out(from.as_str(), &target_of, &mut steps))
        {
            Some((from, target)) => Err((
                from.clone(),
                EntryProblem::LinkLeadsOut(target.escape_debug().to_string()),
            )),
            None => Ok(()),
        }
    }

    fn kind(&self, path: &RelPath, member: &Member) -> Result<EntryKind, EntryProblem> {
        match &member.kind {
            MemberKind::File => Ok(EntryKind::File {
                executable: member.executable,
                size: member.size,
                modified: member.modified,
            }),
            MemberKind::Directory => Ok(EntryKind::Directory),
            MemberKind::Symlink(target) => self.symlink(path, target),
            MemberKind::HardLink(target) => self.hard_link(path, target),
            MemberKind::Other(name) => Err(EntryProblem::Type(name)),
        }
    }

    fn symlink(&self, path: &RelPath, target: &[u8]) -> Result<EntryKind, EntryProblem> {
        let target = std::str::from_utf8(target).map_err(|_| EntryProblem::LinkText)?;
        let is_text = !target.is_empty()
            && target.len() <= 1024
            && !target.contains('\\')
            && !target.chars().any(char::is_control);
        if !is_text {
            return Err(EntryProblem::LinkText);
        }
        if self.outside_links == OutsideLinks::Refuse && links::leads_out_lexically(path, target) {
            return Err(EntryProblem::LinkLeadsOut(target.to_owned()));
        }
        Ok(EntryKind::Symlink {
            target: target.to_owned(),
        })
    }

    /// Metadata is linked with nothing else: what is read as `info/` must not change with the package.
    fn hard_link(&self, path: &RelPath, target: &[u8]) -> Result<EntryKind, EntryProblem> {
        let refused = || EntryProblem::HardLinkTarget(target.escape_ascii().to_string());
        let to = RelPath::from_member(target)
            .ok()
            .flatten()
            .ok_or_else(refused)?;
        match self.seen.get(&to) {
            Some(Seen::File) if to.is_info() == path.is_info() => Ok(EntryKind::HardLink { to }),
            _ => Err(refused()),
        }
    }

    fn enter_parents(&mut self, path: &RelPath) -> Result<(), EntryProblem> {
        let mut rest = path.parent();
        while let Some(parent) = rest {
            match self.seen.get(parent) {
                Some(Seen::Directory | Seen::Implied) => return Ok(()),
                Some(Seen::File | Seen::Link) => {
                    return Err(EntryProblem::ParentNotDirectory(parent.to_owned()));
                }
                None => {
                    let parent = RelPath::try_from(parent).map_err(EntryProblem::Name)?;
                    self.seen.insert(parent, Seen::Implied);
                }
            }
            rest = parent.rsplit_once('/').map(|(above, _)| above);
        }
        Ok(())
    }

    fn enter(&mut self, path: &RelPath, kind: &EntryKind) -> Result<(), EntryProblem> {
        let new = match kind {
            EntryKind::File { .. } | EntryKind::HardLink { .. } => Seen::File,
            EntryKind::Symlink { .. } => Seen::Link,
            EntryKind::Directory => Seen::Directory,
        };
        match self.seen.entry(path.clone()) {
            hash_map::Entry::Occupied(mut old)
                if *old.get() == Seen::Implied && new == Seen::Directory =>
            {
                old.insert(new);
            }
            hash_map::Entry::Occupied(_) => return Err(EntryProblem::Duplicate),
            hash_map::Entry::Vacant(free) => {
                free.insert(new);
            }
        }
        if let EntryKind::Symlink { target } = kind {
            self.links.insert(path.clone(), target.clone());
        }
        Ok(())
    }
}

fn check_place(path: &RelPath, tarball: Tarball) -> Result<(), EntryProblem> {
    if path.is_conda_meta() {
        return Err(EntryProblem::CondaMeta);
    }
    match tarball {
        Tarball::Info if !path.is_info() => Err(EntryProblem::NotInfo),
        Tarball::Package if path.is_info() => Err(EntryProblem::InfoInPackage),
        _ => Ok(()),
    }
}
