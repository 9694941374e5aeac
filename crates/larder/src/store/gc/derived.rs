//! What is made of archives and goes with them: sealed bytecode in the store and, if asked for, the trees
//! of this machine. Whoever needs it makes it again.

use std::{
    collections::HashSet,
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use larder_digest::Sha256;
use larder_fs::{PathError, RootedDir};
use larder_link::{BundleFile, Bytecodes, BytecodesOptions, list_bundle_files};
use larder_store::{CollectPlan, RecordedRoot, Store};
use larder_unpack::{Trees, TreesOptions};

use super::{ABANDONED, GcOptions, LONG};
use crate::{
    pip::{built, tool},
    store::{BYTECODE, roots::is_alive},
};

/// What of it went, or would go.
#[derive(Debug, Default)]
pub(super) struct Derived {
    pub(super) bundles: usize,
    pub(super) trees: usize,
    /// How many trees stay, if they were looked at.
    pub(super) kept_trees: Option<usize>,
    pub(super) built_wheels: usize,
    pub(super) tools: usize,
    pub(super) bytes: u64,
}

/// The archives whose bytecode and trees stay.
pub(super) struct Keep {
    /// Those that stay in the store.
    archives: HashSet<Sha256>,
    /// Those that a living environment or lock needs, wherever they are.
    needed: HashSet<Sha256>,
}

impl Keep {
    pub(super) fn of(
        store: &Store,
        plan: &CollectPlan,
        roots: &[RecordedRoot],
        options: &GcOptions,
    ) -> Result<Self, PathError> {
        let going: HashSet<_> = plan
            .objects
            .iter()
            .map(|one| one.stored.object.id)
            .collect();
        let ids = store.list_all_object_ids()?.into_iter();
        let archives = ids.filter(|id| !going.contains(id)).map(|id| id.sha256);
        let counts = |one: &&RecordedRoot| {
            let path = one.root.path.as_deref();
            let age = options
                .now
                .duration_since(one.last_used)
                .unwrap_or_default();
            let is_used = options.unused_for.is_none_or(|limit| age < limit);
            is_used && path.is_none_or(|path| is_alive(one.root.kind, path))
        };
        let roots = roots
            .iter()
            .filter(|_| options.keep.is_empty())
            .filter(counts);
        let needed = roots.flat_map(|one| one.root.objects.iter().map(|id| id.sha256));
        Ok(Self {
            archives: archives.collect(),
            needed: needed.collect(),
        })
    }

    /// Removes bundles of archives that the store does not have, and with `trees` the trees (and
    /// bytecode beside them) that nobody needs there; with `--dry-run` only counts.
    pub(super) fn apply(
        &self,
        store: &Store,
        trees: Option<&Path>,
        options: &GcOptions,
    ) -> Result<Derived, PathError> {
        let mut derived = Derived::default();
        for bundle in list_bundle_files(&store.root().join(BYTECODE))? {
            if !self.archives.contains(&bundle.package)
                && (options.dry_run || remove(store, &bundle)?)
            {
                derived.bundles += 1;
                derived.bytes = derived.bytes.saturating_add(bundle.bytes);
            }
        }
        if let Some(root) = trees.filter(|root| root.is_dir()) {
            self.apply_to_trees(root, options, &mut derived)?;
        }
        Ok(derived)
    }

    fn apply_to_trees(
        &self,
        root: &Path,
        options: &GcOptions,
        derived: &mut Derived,
    ) -> Result<(), PathError> {
        let trees = Trees::open(root, TreesOptions::default())?;
        let keep: HashSet<Sha256> = self.archives.union(&self.needed).copied().collect();
        let age = options.unused_for.unwrap_or(Duration::ZERO);
        // A clock that is behind that of the file system is no reason to keep a tree.
        let now = options.now.max(SystemTime::now());
        let gone = match options.dry_run {
            true => trees.unneeded(&keep, age, now)?,
            false => trees.collect(&keep, age, now)?,
        };
        derived.trees = gone.len();
        let all = trees.list()?.len();
        let gone_later = if options.dry_run { gone.len() } else { 0 };
        derived.kept_trees = Some(all.saturating_sub(gone_later));
        let sizes = gone.iter().map(|tree| tree.size);
        derived.bytes = sizes.fold(derived.bytes, u64::saturating_add);
        let is_old = |used: SystemTime, age| now.duration_since(used).unwrap_or_default() >= age;
        for wheel in built::list(root)? {
            if !keep.contains(&wheel.source) && is_old(wheel.last_used, age) {
                derived.built_wheels += 1;
                derived.bytes = derived.bytes.saturating_add(wheel.bytes);
                if !options.dry_run {
                    wheel.remove()?;
                }
            }
        }
        for tool in tool::environments(root)? {
            if is_old(tool.last_used, options.unused_for.unwrap_or(LONG)) {
                derived.tools += 1;
                if !options.dry_run {
                    tool.remove()?;
                }
            }
        }
        let bytecode = root.join(BYTECODE);
        let is_there = RootedDir::new(root).is_dir(&bytecode);
        if !options.dry_run {
            trees.sweep_abandoned(ABANDONED, now)?;
            if is_there {
                let bytecodes = Bytecodes::open(&bytecode, BytecodesOptions::default())?;
                bytecodes.remove_unneeded(|package| keep.contains(package))?;
                bytecodes.sweep_abandoned(ABANDONED, now)?;
            }
        }
        Ok(())
    }
}

/// Whether it was there.
fn remove(store: &Store, bundle: &BundleFile) -> Result<bool, PathError> {
    match RootedDir::new(store.root()).remove_file(&bundle.path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
