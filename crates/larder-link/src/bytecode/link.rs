//! Bytecode into the environment, directory by directory, as files of trees go.

use std::{
    collections::{BTreeMap, HashSet},
    io,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use larder_bytecode::{Bytecode, PycFile};
use larder_fs::{Dir, LinkFile, LinkMethod, Linker, PathError};

use crate::{ApplyError, clobber::parent_of, parallel};

use super::{Added, Pyc, Pycs, Stage, Wanted};

/// Files that go from one directory into another.
struct Batch<'w> {
    wanted: &'w Wanted<'w>,
    bytecode: &'w Bytecode,
    /// In the package.
    from: String,
    /// In the environment.
    to: String,
    files: Vec<(&'w PycFile, String)>,
}

impl<'s> Stage<'s, '_> {
    pub(super) fn link(&self, wanted: &[Wanted<'s>]) -> Result<Added, ApplyError> {
        let batches = self.batches(wanted);
        let root = Dir::open(self.root).map_err(|source| ApplyError::Place {
            prefix: self.options.prefix.clone(),
            source,
        })?;
        let linker = Linker::new(self.options.link_mode);
        let has_copies = AtomicBool::new(false);
        let linked = Mutex::new(vec![Vec::new(); self.plan.packages.len()]);
        parallel::for_each(self.options.threads, &batches, |batch| {
            let pycs = batch.link(&root, &linker, &has_copies);
            let pycs = pycs.map_err(|source| ApplyError::File {
                package: self.plan.packages[batch.wanted.index].package.dist(),
                source,
            })?;
            let mut linked = linked.lock().unwrap_or_else(PoisonError::into_inner);
            linked[batch.wanted.index].extend(pycs);
            Ok(())
        })?;
        let mut linked: Pycs = linked.into_inner().unwrap_or_else(PoisonError::into_inner);
        for pycs in &mut linked {
            pycs.sort_by(|a, b| a.path.cmp(&b.path));
        }
        let bytecode = wanted.iter().filter_map(|wanted| wanted.bytecode.as_ref());
        Ok(Added {
            pycs: linked,
            roots: bytecode.map(|bytecode| bytecode.root.clone()).collect(),
            has_copies: has_copies.into_inner(),
        })
    }

    /// The largest first.
    fn batches<'w>(&self, wanted: &'w [Wanted<'s>]) -> Vec<Batch<'w>> {
        let shipped = self.shipped();
        let mut batches = Vec::new();
        for wanted in wanted {
            if let Some(bytecode) = &wanted.bytecode {
                batches.extend(self.batches_of(wanted, bytecode, &shipped));
            }
        }
        batches.sort_by_key(|batch| std::cmp::Reverse(batch.files.len()));
        batches
    }

    fn batches_of<'w>(
        &self,
        wanted: &'w Wanted<'s>,
        bytecode: &'w Bytecode,
        shipped: &HashSet<&str>,
    ) -> impl Iterator<Item = Batch<'w>> {
        let mut batches: BTreeMap<String, Batch<'w>> = BTreeMap::new();
        for file in &bytecode.files {
            let path = bytecode.pyc_path_of(file);
            let place = self.layout.place(&path);
            if !wanted.has(file) || shipped.contains(&*place) {
                continue;
            }
            let batch = batches
                .entry(parent_of(&path).to_owned())
                .or_insert_with(|| Batch {
                    wanted,
                    bytecode,
                    from: parent_of(&path).to_owned(),
                    to: parent_of(&place).to_owned(),
                    files: Vec::new(),
                });
            batch.files.push((file, place.into_owned()));
        }
        batches.into_values()
    }

    /// Bytecode that packages ship themselves stays.
    fn shipped(&self) -> HashSet<&'s str> {
        let paths = self.plan.packages.iter().flat_map(|planned| &planned.paths);
        paths
            .map(|planned| &*planned.path)
            .filter(|path| path.ends_with(".pyc"))
            .collect()
    }
}

impl Wanted<'_> {
    fn has(&self, file: &PycFile) -> bool {
        self.sources
            .binary_search_by(|source| source.path.cmp(&file.source))
            .is_ok()
    }
}

impl Batch<'_> {
    fn link(
        &self,
        root: &Dir,
        linker: &Linker,
        has_copies: &AtomicBool,
    ) -> Result<Vec<Pyc>, PathError> {
        match root.create_dir(&self.to) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // Of a package that ships a link or a file there Python finds no bytecode either.
        let Ok(to) = root.open_dir(&self.to) else {
            return Ok(Vec::new());
        };
        let from = Dir::open(self.bytecode.root.join(&self.from))?;
        let mut pycs = Vec::with_capacity(self.files.len());
        for (file, place) in &self.files {
            let name = Path::new(file_name(place));
            let link = LinkFile {
                from: &from,
                name,
                to: &to,
                to_name: name,
            };
            match linker.link(link) {
                // Two sources that differ in letter case only, where names do not: whose bytecode it
                // is nobody knows, and Python would not look.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    to.remove_file(name)?;
                    pycs.retain(|pyc: &Pyc| !pyc.path.eq_ignore_ascii_case(place));
                }
                linked => {
                    if linked? != LinkMethod::Hardlink {
                        has_copies.store(true, Ordering::Relaxed);
                    }
                    pycs.push(Pyc {
                        path: place.clone(),
                        sha256: file.sha256,
                        size: file.size(),
                    });
                }
            }
        }
        Ok(pycs)
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
