//! Bytecode of `noarch: python` packages in an environment that is being made (CEP 20, B2 and B3): linked
//! where there is some, else compiled first by the environment's own Python.
//!
//! Nothing here fails a run for want of bytecode: Python does without, and compiles what it imports. A
//! source gets bytecode only if it is what its package ships: not if another package's file took its
//! place, nor if the prefix was written into it.

use std::{
    convert::Infallible,
    error::Error,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use larder_bytecode::{
    Bytecode, BytecodeKey, Bytecodes, CompileEnvironment, PackageToCompile, PythonSource,
};
use larder_digest::Sha256;
use larder_event::Reporter;
use larder_fs::Dir;
use rattler_conda_types::Subdir;

use crate::{
    ApplyError, LinkOptions, LinkPlan,
    layout::{PythonLayout, slashed},
    parallel,
    plan::{Action, PlannedPath},
};

mod link;

/// A pyc in the environment, for its package's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pyc {
    /// In the environment.
    pub(crate) path: String,
    pub(crate) sha256: Sha256,
    pub(crate) size: u64,
}

/// For each package of the plan, its bytecode in the environment.
pub(crate) type Pycs = Vec<Vec<Pyc>>;

/// What was put into an environment.
#[derive(Debug, Default)]
pub(crate) struct Added {
    pub(crate) pycs: Pycs,
    /// The directories that it is from.
    pub(crate) roots: Vec<PathBuf>,
    /// Whether any of it is no hard link.
    pub(crate) has_copies: bool,
}

const SITE_PACKAGES: &str = "site-packages/";
/// PEP 552.
const OLDEST_PYTHON: (u64, u64) = (3, 7);

/// Links bytecode below `root`, where all files of the plan are, and makes what is missing.
pub(crate) fn add(
    plan: &LinkPlan<'_>,
    options: &LinkOptions,
    root: &Path,
    reporter: &dyn Reporter,
) -> Result<Added, ApplyError> {
    let stage = match (&options.bytecode, &plan.python) {
        (Some(bytecodes), Some(python)) => Stage::new(plan, options, (bytecodes, python), root),
        _ => None,
    };
    let Some(stage) = stage else {
        return Ok(Added::default());
    };
    let mut wanted = stage.wanted();
    stage.find(&mut wanted, reporter);
    stage.compile(&mut wanted, reporter);
    stage.link(&wanted)
}

struct Stage<'s, 'a> {
    plan: &'s LinkPlan<'a>,
    options: &'s LinkOptions,
    bytecodes: &'s Bytecodes,
    layout: &'s PythonLayout,
    /// The digest of the Python's archive.
    python: Sha256,
    root: &'s Path,
}

/// A package whose sources want bytecode.
struct Wanted<'s> {
    /// In the plan.
    index: usize,
    key: BytecodeKey,
    /// Sorted.
    sources: Vec<PythonSource<'s>>,
    bytecode: Option<Bytecode>,
}

impl<'s, 'a> Stage<'s, 'a> {
    fn new(
        plan: &'s LinkPlan<'a>,
        options: &'s LinkOptions,
        (bytecodes, layout): (&'s Bytecodes, &'s PythonLayout),
        root: &'s Path,
    ) -> Option<Self> {
        let python = match plan.packages().find(|package| package.name() == "python") {
            // PyPy's package of that name is a stand-in: what compiles is in another one.
            Some(python) if python.record().build.as_ref().contains("pypy") => return None,
            Some(python) => python.sha256()?,
            None => plan.installed_python?,
        };
        if layout.info.short_version < OLDEST_PYTHON {
            return None;
        }
        Some(Self {
            plan,
            options,
            bytecodes,
            layout,
            python,
            root,
        })
    }

    fn wanted(&self) -> Vec<Wanted<'s>> {
        let packages = self.plan.packages.iter().enumerate();
        packages
            .filter(|(_, planned)| planned.package.is_noarch_python())
            .filter_map(|(index, planned)| {
                let key = BytecodeKey {
                    package: planned.package.sha256()?,
                    python: self.python,
                };
                let mut sources: Vec<_> = planned.paths.iter().filter_map(source).collect();
                sources.sort_by(|a, b| a.path.cmp(b.path));
                (!sources.is_empty()).then_some(Wanted {
                    index,
                    key,
                    sources,
                    bytecode: None,
                })
            })
            .collect()
    }

    /// What cannot be looked at is not there.
    fn find(&self, wanted: &mut [Wanted<'s>], reporter: &dyn Reporter) {
        let found: Vec<OnceLock<Bytecode>> = wanted.iter().map(|_| OnceLock::new()).collect();
        let pairs: Vec<_> = wanted.iter().zip(&found).collect();
        let look = |(wanted, place): &(&Wanted<'_>, &OnceLock<Bytecode>)| {
            let sources = wanted.sources.iter().map(|source| source.path);
            match self.bytecodes.get(&wanted.key, reporter) {
                Ok(Some(bytecode)) if bytecode.has_all_sources(sources) => {
                    drop(place.set(bytecode))
                }
                Ok(_) => {}
                Err(error) => {
                    reporter.note(format!("bytecode is not used: {error}: {}", error.source));
                }
            }
            Ok::<(), Infallible>(())
        };
        let _ = parallel::for_each(self.options.threads, &pairs, look);
        for (wanted, found) in wanted.iter_mut().zip(found) {
            wanted.bytecode = found.into_inner();
        }
    }

    fn compile(&self, wanted: &mut [Wanted<'s>], reporter: &dyn Reporter) {
        let missing: Vec<usize> = (0..wanted.len())
            .filter(|index| wanted[*index].bytecode.is_none())
            .collect();
        if missing.is_empty() || !self.can_compile() {
            return;
        }
        let root = match Dir::open(self.root) {
            Ok(root) => root,
            Err(error) => return tell(reporter, &error),
        };
        let packages: Vec<PackageToCompile<'_>> = missing
            .iter()
            .map(|index| self.package(&wanted[*index]))
            .collect();
        let place = CompileEnvironment {
            root: &root,
            program: &self.program(),
            threads: self.options.threads,
        };
        let compiled = self.bytecodes.compile(&packages, place, reporter);
        for (index, bytecode) in missing.into_iter().zip(compiled.packages) {
            wanted[index].bytecode = bytecode;
        }
        if let Some(problem) = compiled.problem {
            tell(reporter, &problem);
        }
    }

    /// The interpreter: among what is new, else the one that stays.
    fn program(&self) -> PathBuf {
        let root = match self.plan.installed_python {
            Some(_) => &self.options.prefix,
            None => self.root,
        };
        root.join(&self.layout.info.path)
    }

    /// Whether the environment's Python is one for this very machine.
    fn can_compile(&self) -> bool {
        let program = slashed(&self.layout.info.path);
        let mut paths = self.plan.packages.iter().flat_map(|planned| &planned.paths);
        Subdir::current() == Some(self.options.subdir)
            && (self.plan.installed_python.is_some()
                || paths.any(|planned| planned.path == program))
    }

    fn package(&self, wanted: &Wanted<'s>) -> PackageToCompile<'s> {
        let planned = &self.plan.packages[wanted.index];
        PackageToCompile {
            key: wanted.key,
            dist: planned.package.dist(),
            sources: wanted.sources.clone(),
            // Its script may change its sources, whether or not it runs this time.
            is_checked: planned.has_post_link,
        }
    }
}

/// CEP 20: what ends with `.py` in site-packages.
fn source<'s>(planned: &'s PlannedPath<'_>) -> Option<PythonSource<'s>> {
    let entry = planned.entry?;
    let path = entry.path.as_str();
    let is_source = path.starts_with(SITE_PACKAGES) && path.ends_with(".py");
    let is_shipped =
        matches!(planned.action, Action::Link | Action::Copy) && planned.lost_to.is_none();
    (is_source && is_shipped).then(|| PythonSource {
        path: &entry.path,
        place: planned.path.to_string(),
        sha256: entry.sha256,
        size: entry.size,
    })
}

fn tell(reporter: &dyn Reporter, problem: &dyn Error) {
    let text =
        format!("not all bytecode was compiled, Python does it at the first import: {problem}");
    reporter.warn("link::no-bytecode", text);
}
