//! [`plan`]: what will be at each path of a new environment, where it comes from and how it arrives.
//!
//! Pure: looks at descriptions of packages only, never at the disk. Everything that can be known to
//! fail fails here, before anything is touched.

use std::{borrow::Cow, path::Path};

use larder_digest::Sha256;
use larder_fs::Stamp;
use larder_unpack::{FileMode, PathEntry, PathKind, Placeholder, RelPath, is_conda_meta_name};

use crate::{
    ClobberPolicy, LinkOptions, LinkPackage, PlanError, ScriptPolicy,
    clobber::{self, Clobber},
    entry_point::entry_point_paths,
    layout::{PythonLayout, depends_on_python},
    order, parallel,
    scripts::{self, Moment},
};

mod lines;

pub use lines::{How, PlanLine};

/// What will be at each path of a new environment. Prints as one line for each path.
#[derive(Debug)]
pub struct LinkPlan<'a> {
    pub(crate) prefix: String,
    pub(crate) python: Option<PythonLayout>,
    /// In topological order.
    pub(crate) packages: Vec<PlannedPackage<'a>>,
    /// Every directory, parents first.
    pub(crate) directories: Vec<String>,
    pub(crate) clobbers: Vec<Clobber>,
    /// The archive of the python that is at the prefix already and stays, if there is one.
    pub(crate) installed_python: Option<Sha256>,
}

/// One package's part of the plan.
#[derive(Debug)]
pub(crate) struct PlannedPackage<'a> {
    pub(crate) package: LinkPackage<'a>,
    pub(crate) paths: Vec<PlannedPath<'a>>,
    pub(crate) has_pre_link: bool,
    pub(crate) has_post_link: bool,
}

/// One path of one package.
#[derive(Debug)]
pub(crate) struct PlannedPath<'a> {
    /// In the environment.
    pub(crate) path: Cow<'a, str>,
    /// What `paths.json` says of it; nothing for what is generated.
    pub(crate) entry: Option<&'a PathEntry>,
    /// What the file in the tree has to look like.
    pub(crate) stamp: Option<&'a Stamp>,
    pub(crate) action: Action<'a>,
    /// The path that is there instead, of a later package.
    pub(crate) lost_to: Option<PathRef>,
    /// For a symbolic link: what it leads to, if a package ships that.
    pub(crate) points_to: Option<PathRef>,
}

/// A path of a plan, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PathRef {
    pub(crate) package: usize,
    pub(crate) path: usize,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Action<'a> {
    Link,
    Copy,
    RewriteText { placeholder: &'a str },
    RewriteBinary { placeholder: &'a str },
    Symlink { target: &'a str },
    Directory,
    Generate { kind: Generated, content: Content },
}

/// What is generated, as `path_type` of CEP 32 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generated {
    UnixScript,
    WindowsScript,
    WindowsLauncher,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Content {
    Text(String),
    Bytes(&'static [u8]),
}

impl Content {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// Plans a new environment of `packages`, given in any order.
///
/// # Errors
/// [`PlanError`], if it cannot be made; nothing has been touched.
pub fn plan<'a>(
    packages: &[LinkPackage<'a>],
    options: &LinkOptions,
) -> Result<LinkPlan<'a>, PlanError> {
    let python = PythonLayout::find(packages, options.subdir)?;
    plan_in_order(packages, &order::topological(packages), python, options)
}

/// Plans a part of an environment, whose python may be in the rest of it. `order` holds indexes.
pub(crate) fn plan_in_order<'a>(
    packages: &[LinkPackage<'a>],
    order: &[usize],
    python: Option<PythonLayout>,
    options: &LinkOptions,
) -> Result<LinkPlan<'a>, PlanError> {
    let planner = Planner::new(python, options)?;
    let plan = |&index: &usize| planner.package(packages[index]);
    let planned = parallel::map(options.threads, order, plan);
    let mut planned = planned.into_iter().collect::<Result<Vec<_>, _>>()?;
    let settled = clobber::settle(&mut planned)?;
    if options.clobber == ClobberPolicy::Error && !settled.clobbers.is_empty() {
        return Err(PlanError::Clobbered {
            clobbers: settled.clobbers,
        });
    }
    Ok(LinkPlan {
        prefix: planner.prefix,
        python: planner.python,
        packages: planned,
        directories: settled.directories,
        clobbers: settled.clobbers,
        installed_python: None,
    })
}

/// The prefix as files and scripts get it.
fn prefix_text(prefix: &Path) -> Result<String, PlanError> {
    let refuse = |problem| PlanError::Prefix {
        prefix: prefix.to_owned(),
        problem,
    };
    let is_plain = |component| {
        !matches!(
            component,
            std::path::Component::ParentDir | std::path::Component::CurDir
        )
    };
    if !prefix.is_absolute() || !prefix.components().all(is_plain) {
        return Err(refuse("its path must be absolute, without `..`"));
    }
    if prefix.file_name().is_none() {
        return Err(refuse("it is the root of a file system"));
    }
    let text = prefix
        .to_str()
        .ok_or_else(|| refuse("its path must be UTF-8"))?;
    if text.contains(['\n', '\r', '\0']) {
        return Err(refuse("its path must not have line breaks"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Plans what needs no other package than python.
pub(crate) struct Planner<'o> {
    pub(crate) prefix: String,
    python: Option<PythonLayout>,
    pub(crate) options: &'o LinkOptions,
}

impl<'o> Planner<'o> {
    pub(crate) fn new(
        python: Option<PythonLayout>,
        options: &'o LinkOptions,
    ) -> Result<Self, PlanError> {
        Ok(Self {
            prefix: prefix_text(&options.prefix)?,
            python,
            options,
        })
    }

    pub(crate) fn package<'a>(
        &self,
        package: LinkPackage<'a>,
    ) -> Result<PlannedPackage<'a>, PlanError> {
        check_file_name(&package)?;
        let ships = |moment| {
            let script = scripts::script_path(package.name(), moment, self.options.subdir);
            package
                .info
                .paths
                .iter()
                .any(|entry| entry.path.as_str() == script)
        };
        let mut planned = PlannedPackage {
            package,
            paths: Vec::with_capacity(package.info.paths.len()),
            has_pre_link: ships(Moment::PreLink),
            has_post_link: ships(Moment::PostLink),
        };
        // A script may change its package's files, which must not change the tree.
        let runs_script = planned.has_post_link && self.options.link_scripts == ScriptPolicy::Run;
        for (index, entry) in package.info.paths.iter().enumerate() {
            let path = self.entry(package, entry, runs_script)?;
            planned.paths.push(PlannedPath {
                stamp: package.stamps.get(index).and_then(Option::as_ref),
                ..path
            });
        }
        if package.is_noarch_python() {
            self.add_entry_points(&mut planned)?;
        }
        Ok(planned)
    }

    fn entry<'a>(
        &self,
        package: LinkPackage<'a>,
        entry: &'a PathEntry,
        copy: bool,
    ) -> Result<PlannedPath<'a>, PlanError> {
        let path = self.place(package, entry.path.as_str())?;
        if is_protected(&path) {
            return Err(PlanError::Protected {
                package: package.dist(),
                path: path.into_owned(),
            });
        }
        let action = self.action(entry, copy);
        if let Action::RewriteBinary { placeholder } = action
            && self.prefix.len() > placeholder.len()
        {
            return Err(PlanError::PrefixTooLong {
                package: package.dist(),
                path: path.into_owned(),
                prefix_length: self.prefix.len(),
                limit: placeholder.len(),
            });
        }
        Ok(PlannedPath {
            path,
            entry: Some(entry),
            stamp: None,
            action,
            lost_to: None,
            points_to: None,
        })
    }

    fn place<'a>(
        &self,
        package: LinkPackage<'a>,
        path: &'a str,
    ) -> Result<Cow<'a, str>, PlanError> {
        if !package.is_noarch_python() || !depends_on_python(path) {
            return Ok(path.into());
        }
        Ok(self.python_for(package)?.place(path))
    }

    fn python_for(&self, package: LinkPackage<'_>) -> Result<&PythonLayout, PlanError> {
        self.python.as_ref().ok_or_else(|| PlanError::NoPython {
            package: package.dist(),
        })
    }

    fn action<'a>(&self, entry: &'a PathEntry, copy: bool) -> Action<'a> {
        match (entry.kind, &entry.prefix) {
            (PathKind::Directory, _) => Action::Directory,
            (PathKind::Softlink, _) => Action::Symlink {
                target: entry.link_target.as_deref().unwrap_or_default(),
            },
            (PathKind::File, Some(placeholder)) if !placeholder.text.is_empty() => {
                self.rewrite(placeholder)
            }
            (PathKind::File, _) if copy || entry.no_link => Action::Copy,
            (PathKind::File, _) => Action::Link,
        }
    }

    fn rewrite<'a>(&self, placeholder: &'a Placeholder) -> Action<'a> {
        let text = placeholder.text.as_str();
        match placeholder.mode {
            FileMode::Text => Action::RewriteText { placeholder: text },
            // As in conda: libraries are found by other means there, so there is nothing to replace.
            FileMode::Binary if self.options.subdir.is_windows() => Action::Copy,
            FileMode::Binary => Action::RewriteBinary { placeholder: text },
        }
    }

    fn add_entry_points(&self, planned: &mut PlannedPackage<'_>) -> Result<(), PlanError> {
        for entry_point in &planned.package.info.entry_points {
            let python = self.python_for(planned.package)?;
            let paths = entry_point_paths(entry_point, python, &self.prefix, self.options.subdir);
            planned.paths.extend(paths);
        }
        Ok(())
    }
}

/// Name, version and build make a file name below `conda-meta`, and come from a channel.
fn check_file_name(package: &LinkPackage<'_>) -> Result<(), PlanError> {
    let dist = package.dist();
    if dist.contains('/') || RelPath::try_from(dist.as_str()).is_err() {
        return Err(PlanError::FileName { package: dist });
    }
    Ok(())
}

/// Whether a path is below `conda-meta`, as any file system sees it.
fn is_protected(path: &str) -> bool {
    is_conda_meta_name(path.split('/').next().unwrap_or_default())
}
