//! `larder export`.

use std::process::ExitCode;

use larder::{ExportOptions, export as export_lock};

use crate::{
    args::{ExplicitHash, ExportArgs, GlobalArgs, LockFormat},
    environment::Environment,
    failure::Failure,
    output,
};

use super::{context::settings, frame::performed};

pub(super) fn export(
    args: &ExportArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let settings = settings(global, environment)?;
    let options = ExportOptions {
        lock: args.lock.clone(),
        format: format(args.format),
        hash: match args.hash {
            ExplicitHash::Md5 => larder::ExplicitHash::Md5,
            ExplicitHash::Sha256 => larder::ExplicitHash::Sha256,
        },
        platforms: args.platforms.clone(),
        categories: args.categories.clone(),
        output: args.output.clone(),
    };
    let report = performed(global, |reporter| {
        export_lock(&options, &settings, reporter)
    })?;
    if global.json {
        output::json(&report);
    } else if let Some(text) = &report.text {
        output::document(text)?;
    } else if !global.quiet {
        report
            .written
            .iter()
            .for_each(|path| output::tell(format!("{} written", path.display())));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn format(format: LockFormat) -> larder::LockFormat {
    match format {
        LockFormat::CondaLock => larder::LockFormat::CondaLock,
        LockFormat::Pixi => larder::LockFormat::Pixi,
        LockFormat::Explicit => larder::LockFormat::Explicit,
    }
}
