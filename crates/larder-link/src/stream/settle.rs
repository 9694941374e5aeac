//! The end of streaming, when every package is known: who wins each path is put right, and what is
//! generated is written.

use std::{io::Write as _, path::Path};

use larder_fs::PathContext as _;

use crate::{
    ApplyError, LinkPlan,
    apply::Written,
    clobber::parent_of,
    plan::{Action, PathRef, PlannedPackage},
};

use super::{
    Archives,
    failure::Failure,
    stage::{Stage, Staged},
    writer::{Outcome, Writer, digest_of},
};

/// Makes the staged files what `plan` says. `staged` gives for each package of the plan where it is
/// among `packages`, and what came of it.
pub(super) fn settle<A: Archives>(
    plan: &LinkPlan<'_>,
    stage: &Stage<'_>,
    staged: &[(usize, &Staged)],
    archives: &A,
) -> Result<Written, A::Error> {
    let mut written = Written {
        hard_linked: vec![false; plan.packages.len()],
        has_others: true,
        ..Written::default()
    };
    for (package, (planned, &(index, staged))) in plan.packages.iter().zip(staged).enumerate() {
        let note = |(&path, &changed): (&usize, _)| (PathRef { package, path }, changed);
        written.changed.extend(staged.changed.iter().map(note));
        written.bytes += staged.bytes;
        let wanted = not_written(planned, &staged.granted);
        make_directories(planned, &wanted, stage)?;
        if wanted.contains(&true) {
            let mut opened = archives.open(index)?;
            let listed = (planned, wanted.as_slice(), opened.is_confirmed);
            let outcome = Writer::new(stage.place(None), listed)
                .run(&mut opened.archive)
                .map_err(Failure::wrap::<A::Error>)?;
            let Outcome { changed, bytes, .. } = outcome;
            written.changed.extend(changed.iter().map(note));
            written.bytes += bytes;
        }
        generate(package, planned, stage, &mut written)?;
    }
    Ok(written)
}

/// What this package wins but did not write, because another one had claimed it.
fn not_written(planned: &PlannedPackage<'_>, granted: &[bool]) -> Vec<bool> {
    let paths = planned.paths.iter().zip(granted);
    paths
        .map(|(path, granted)| {
            let is_shipped = !matches!(path.action, Action::Directory | Action::Generate { .. });
            is_shipped && !granted && path.lost_to.is_none()
        })
        .collect()
}

fn make_directories(
    planned: &PlannedPackage<'_>,
    wanted: &[bool],
    stage: &Stage<'_>,
) -> Result<(), ApplyError> {
    let mut claims = stage.claims();
    for (path, wanted) in planned.paths.iter().zip(wanted) {
        if *wanted || matches!(path.action, Action::Generate { .. }) {
            claims
                .directory(parent_of(&path.path), &stage.root)
                .map_err(|source| stage.failed(planned.package, source))?;
        }
    }
    Ok(())
}

fn generate(
    package: usize,
    planned: &PlannedPackage<'_>,
    stage: &Stage<'_>,
    written: &mut Written,
) -> Result<(), ApplyError> {
    let place = stage.place(None);
    for (path, planned_path) in planned.paths.iter().enumerate() {
        let Action::Generate { content, .. } = &planned_path.action else {
            continue;
        };
        if planned_path.lost_to.is_some() {
            continue;
        }
        let name: &str = &planned_path.path;
        let failed = |source| stage.failed(planned.package, source);
        let mut file = place
            .replacing(name, || stage.root.create_file(name, true))
            .map_err(failed)?;
        file.write_all(content.bytes())
            .at("write file", Path::new(name))
            .map_err(failed)?;
        let changed = digest_of(content.bytes());
        written.bytes += changed.1;
        written.changed.insert(PathRef { package, path }, changed);
    }
    Ok(())
}
