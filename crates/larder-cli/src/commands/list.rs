//! `larder list`.

use std::process::ExitCode;

use larder::{ListedPackage, list as list_packages};

use crate::{
    args::{GlobalArgs, ListArgs},
    environment::Environment,
    failure::Failure,
    output,
};

use super::context::existing;

pub(super) fn list(
    args: &ListArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let prefix = existing(&args.target, global, environment)?;
    let packages = list_packages(&prefix).map_err(|error| Failure::new(&error))?;
    if global.json {
        output::json(&packages);
    } else {
        table(&packages);
    }
    Ok(ExitCode::SUCCESS)
}

fn table(packages: &[ListedPackage]) {
    let width = |column: fn(&ListedPackage) -> usize, title: &str| {
        packages
            .iter()
            .map(column)
            .max()
            .unwrap_or(0)
            .max(title.len())
    };
    let name = width(|package| package.name.len(), "Name");
    let version = width(|package| package.version.len(), "Version");
    let build = width(|package| package.build_string.len(), "Build");
    output::line(format!(
        "{:name$}  {:version$}  {:build$}  Channel",
        "Name", "Version", "Build"
    ));
    for package in packages {
        let ListedPackage {
            name: n,
            version: v,
            build_string: b,
            channel,
            ..
        } = package;
        output::line(format!("{n:name$}  {v:version$}  {b:build$}  {channel}"));
    }
}
