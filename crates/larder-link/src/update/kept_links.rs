//! Links that come, followed together with links of packages that stay: none may lead out of the environment.
//!
//! `clobber.rs` follows those of the plan. What stays is not in the plan, and records do not say where a link
//! leads, so it is read from the disk; only if links come at all, else nothing changes about where links lead.

use std::{collections::HashMap, path::Path};

use larder_unpack::{MAX_STEPS, leads_out};

use crate::{InstalledKind, LinkPlan, PlanError, plan::Action, update::Difference};

/// Refuses a plan whose links lead out of the environment by way of links that stay, or the other way round.
pub(super) fn check(
    difference: &Difference<'_>,
    plan: &LinkPlan<'_>,
    prefix: &Path,
) -> Result<(), PlanError> {
    let mut links: HashMap<String, (String, String)> = HashMap::new();
    for package in &plan.packages {
        for path in package.paths.iter().filter(|path| path.lost_to.is_none()) {
            if let Action::Symlink { target } = path.action {
                let link = (target.to_owned(), package.package.dist());
                links.insert(path.path.clone().into_owned(), link);
            }
        }
    }
    if links.is_empty() {
        return Ok(());
    }
    for kept in &difference.keep {
        let paths = kept.installed.paths.iter();
        for path in paths.filter(|path| path.kind == InstalledKind::Link) {
            // What is no link any more, or not text, leads nowhere that a package meant.
            let target = larder_fs::read_link(&prefix.join(path.path.as_path())).ok();
            if let Some(target) = target.and_then(|target| target.to_str().map(str::to_owned)) {
                let link = || (target, kept.installed.dist());
                links
                    .entry(path.path.as_str().to_owned())
                    .or_insert_with(link);
            }
        }
    }
    check_all(&links)
}

fn text_in<'l>(
    links: &'l HashMap<String, (String, String)>,
) -> impl Fn(&str) -> Option<&'l str> + use<'l> {
    |path| links.get(path).map(|(target, _)| target.as_str())
}

fn check_all(links: &HashMap<String, (String, String)>) -> Result<(), PlanError> {
    let target_of = text_in(links);
    let mut steps = MAX_STEPS;
    for (path, (target, package)) in links {
        if leads_out(path, &target_of, &mut steps) {
            return Err(PlanError::LinkLeadsOut {
                package: package.clone(),
                path: path.clone(),
                target: target.escape_debug().to_string(),
            });
        }
    }
    Ok(())
}
