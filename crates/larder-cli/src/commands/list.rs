//! `larder list`: the texts are conda's, line by line.

use std::{path::Path, process::ExitCode};

use larder::{
    ExplicitHash, ListOptions, ListedPackage, Settings, environment_subdir, explicit_list,
    list_packages, revisions,
};

use crate::{
    args::{GlobalArgs, ListArgs},
    environment::Environment,
    failure::Failure,
    output,
};

use super::context::existing_with_settings;

/// How wide conda's columns are at least, besides two spaces between them.
const WIDTHS: [usize; 3] = [23, 15, 15];

pub(super) fn list(
    args: &ListArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let (prefix, settings) = existing_with_settings(&args.target, global, environment)?;
    if args.revisions {
        return log(&prefix, global);
    }
    if args.explicit {
        return explicit(args, &prefix, &settings, global);
    }
    let options = ListOptions {
        pattern: args.regex.clone(),
        full_name: args.full_name,
        pip: !args.no_pip,
        reverse: args.reverse,
    };
    let packages = list_packages(&prefix, &options).map_err(|error| Failure::new(&error))?;
    if global.json {
        output::json(&packages);
    } else if args.canonical {
        output::lines(packages.iter().map(canonical));
    } else if args.export {
        output::lines(header(&prefix, &settings)?.lines());
        output::lines(packages.iter().map(export));
    } else {
        output::lines(table(&prefix, &packages, !args.no_show_channel_urls));
    }
    Ok(ExitCode::SUCCESS)
}

fn explicit(
    args: &ListArgs,
    prefix: &Path,
    settings: &Settings,
    global: &GlobalArgs,
) -> Result<ExitCode, Failure> {
    let hash = match (args.md5, args.sha256) {
        (true, _) => Some(ExplicitHash::Md5),
        (_, true) => Some(ExplicitHash::Sha256),
        _ => None,
    };
    let subdir = environment_subdir(prefix, settings).map_err(|error| Failure::new(&error))?;
    let text = explicit_list(prefix, subdir, hash).map_err(|error| Failure::new(&error))?;
    if global.json {
        let is_url = |line: &&str| !line.starts_with(['#', '@']);
        output::json(&text.lines().filter(is_url).collect::<Vec<_>>());
    } else {
        output::document(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn log(prefix: &Path, global: &GlobalArgs) -> Result<ExitCode, Failure> {
    let revisions = revisions(prefix).map_err(|error| Failure::new(&error))?;
    if global.json {
        output::json(&revisions);
        return Ok(ExitCode::SUCCESS);
    }
    for revision in revisions {
        output::line(format!("{}  (rev {})", revision.date, revision.rev));
        for line in revision.lines {
            output::line(format!("    {line}"));
        }
        output::line("");
    }
    Ok(ExitCode::SUCCESS)
}

fn canonical(package: &ListedPackage) -> String {
    let ListedPackage {
        channel,
        platform,
        dist_name,
        ..
    } = package;
    format!("{channel}/{platform}::{dist_name}")
}

fn export(package: &ListedPackage) -> String {
    format!(
        "{}={}={}",
        package.name, package.version, package.build_string
    )
}

fn header(prefix: &Path, settings: &Settings) -> Result<String, Failure> {
    let subdir = environment_subdir(prefix, settings).map_err(|error| Failure::new(&error))?;
    Ok(format!(
        "# This file may be used to create an environment using:\n\
         # $ conda create --name <env> --file <this file>\n\
         # platform: {subdir}\n\
         # created-by: larder {}\n",
        env!("CARGO_PKG_VERSION")
    ))
}

fn table(prefix: &Path, packages: &[ListedPackage], with_channels: bool) -> Vec<String> {
    let rows: Vec<[&str; 4]> = packages
        .iter()
        .map(|package| {
            let channel = if with_channels { &*package.channel } else { "" };
            [
                &*package.name,
                &*package.version,
                &*package.build_string,
                channel,
            ]
        })
        .collect();
    let width = |column: usize| {
        let widest = rows.iter().map(|row| row[column].len()).max();
        widest.unwrap_or(0).max(WIDTHS[column])
    };
    let [name, version, build] = [width(0), width(1), width(2)];
    let mut lines = vec![
        format!("# packages in environment at {}:", prefix.display()),
        "#".to_owned(),
        format!(
            "# {:name$}  {:version$}  {:build$}  Channel",
            "Name", "Version", "Build"
        ),
    ];
    let name = name + 2;
    for [package, its_version, its_build, channel] in rows {
        let row = format!("{package:name$}  {its_version:version$}  {its_build:build$}  {channel}");
        lines.push(row.trim_end().to_owned());
    }
    lines
}
