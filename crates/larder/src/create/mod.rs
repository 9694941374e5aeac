//! `larder create`: from what the user gave to an environment, whole or not at all.

use std::{path::Path, sync::Arc, time::Instant};

use indexmap::IndexMap;
use larder_digest::Sha256;
use larder_event::Reporter;
use larder_link::{Held, Replace};
use larder_manifest::Manifest;
use rattler_conda_types::Subdir;

use crate::{
    LockChanges, Settings,
    activation::is_environment,
    choose::Chosen,
    inputs::{COMMAND_LINE, Input, read},
    network, platforms,
    target::{check_free, new_prefix},
    update,
};

mod arrivals;
mod bytecode;
mod choosing;
mod direct;
mod durable;
mod error;
mod install;
mod options;
mod overlap;
mod pip_section;
mod report;
mod run;

pub use bytecode::BytecodePolicy;
pub use durable::{Durable, Ephemeral};
pub use error::CreateError;
pub use options::CreateOptions;
pub(crate) use report::linked;
pub use report::{CreateReport, LinkedPackage};
pub(crate) use run::Run;
use run::Wanted;

/// Makes an environment.
///
/// # Errors
/// See [`CreateError`]. There is no new environment then, one that was there is as it was, and
/// archives that were complete stay in the store.
pub async fn create(
    options: &CreateOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<CreateReport, CreateError> {
    let subdir = platforms::given_or_default(options.platform.as_deref(), settings)?;
    // Before they are read: what is written meanwhile is told by the next update.
    let inputs = update::inputs_of(options, settings, subdir);
    let input = read(&options.input(subdir), settings, reporter)?;
    create_from((&input, inputs), options, settings, reporter).await
}

/// Makes an environment from an input that was read already; what `options` says of files and specs does
/// not count. With the digest of everything that was read for it the next update knows that there is nothing
/// to do.
///
/// # Errors
/// As [`create`].
pub(crate) async fn create_from(
    (input, inputs): (&Input, Option<Sha256>),
    options: &CreateOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<CreateReport, CreateError> {
    let begun = Instant::now();
    let subdir = platforms::given_or_default(options.platform.as_deref(), settings)?;
    let manifest = manifest_of(input, options, reporter);
    let prefix = new_prefix(&options.target, manifest, settings)?;
    larder_link::check_place(&prefix)?;
    let held = match options.dry_run {
        true => None,
        false => Some(hold(&prefix, &options.command_line, settings, reporter)?),
    };
    let is_made = held.as_ref().is_some_and(|held| held.has_waited()) && is_environment(&prefix);
    let replace = if is_made {
        Replace::Existing
    } else {
        options.replacing()
    };
    check_free(&prefix, replace)?;

    warn_of_platform(manifest, subdir, reporter);
    let run = Run::open(options, settings, manifest, subdir, reporter)?;
    let Chosen {
        closure,
        origin,
        why_no_memo,
        pip,
        base,
    } = run.choose(input).await?;
    settings.channel_rules.check_closure(&closure, settings)?;
    let _pins = run.pins(&closure, &pip);
    let plan = larder_fetch::plan(&closure, &run.store, &network::mirrors(settings))?;
    let mut report = CreateReport::new(&prefix, subdir, origin, &closure, &plan, options.dry_run);
    report.why_no_memo = why_no_memo;
    report.lock_changes = base.map(|base| LockChanges::between(&base, &closure, &pip));
    // What specs of the command line add is in no manifest.
    report.can_lock = options.specs.is_empty()
        && matches!(input, Input::Manifest(input) if input.lock_path().is_some());
    report.solve_milliseconds = crate::elapsed_milliseconds(begun);
    let Some(held) = held.filter(|_| !options.download_only) else {
        run.download(input, (&plan, &pip), &mut report).await?;
        return Ok(report);
    };
    let wanted = Wanted {
        prefix,
        fingerprint: run.fingerprint((input, inputs), (&closure, &pip)),
        closure,
        plan,
        manifest,
        variables: variables(input),
        held,
        addition: run.addition(input, pip.clone()).await?,
        pip,
    };
    run.make(&wanted, is_made, &mut report).await?;
    report.milliseconds = crate::elapsed_milliseconds(begun);
    Ok(report)
}

pub(crate) fn variables(input: &Input) -> &IndexMap<String, String> {
    match input {
        Input::Manifest(input) => &input.manifest.variables,
        Input::Lock { variables, .. } => variables,
    }
}

/// The manifest of the input, if it is one. Channels of the command line have no effect on a lock, which has the URL of
/// each package: a warning says so, as conda accepts `-c` beside an explicit list.
pub(crate) fn manifest_of<'i>(
    input: &'i Input,
    options: &CreateOptions,
    reporter: &dyn Reporter,
) -> Option<&'i Manifest> {
    match input {
        Input::Manifest(input) => Some(&input.manifest),
        Input::Lock { path, .. } => {
            if !options.channels.is_empty() {
                let text = match path.as_os_str() == COMMAND_LINE {
                    true => "packages are named as files or URLs: `--channel` has no effect".into(),
                    false => format!(
                        "`{}` is a lock, which has the URL of each package: `--channel` has no effect",
                        path.display()
                    ),
                };
                reporter.warn("input::channels-with-lock", text);
            }
            None
        }
    }
}

/// Waits for whoever changes the prefix, and clears away what killed runs left of it.
pub(crate) fn hold(
    prefix: &Path,
    command_line: &str,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Arc<Held>, CreateError> {
    let held = Held::wait(prefix, command_line, &settings.journal_key, reporter);
    let held = held.map_err(CreateError::Recover)?;
    held.recover(reporter).map_err(CreateError::Recover)?;
    Ok(Arc::new(held))
}

fn warn_of_platform(manifest: Option<&Manifest>, subdir: Subdir, reporter: &dyn Reporter) {
    let platforms = manifest.and_then(|manifest| manifest.platforms.as_ref());
    if let Some(platforms) = platforms.filter(|platforms| !platforms.contains(&subdir)) {
        let names: Vec<_> = platforms.iter().map(|platform| platform.as_str()).collect();
        let text = format!("the manifest is for {}, not for {subdir}", names.join(", "));
        reporter.warn("create::platform", text);
    }
}
