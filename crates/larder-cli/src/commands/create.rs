//! `larder create`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use larder::{
    BytecodePolicy, Counted, CreateError, CreateOptions, CreateReport, Ephemeral, LocalFiles,
    LockChange, LockChanges, LockUse, Origin, PackageSide, Settings, Shortcuts, SolvePolicy,
    Sources, TargetError, create as create_environment, local_files,
};

use larder_event::Reporter;

use crate::{
    args::{
        Clobber, CondaArgs, CreateArgs, CreateRest, Durable, Era, GlobalArgs, LinkMode, MakingArgs,
    },
    environment::Environment,
    failure::Failure,
    output, progress,
    timings::Timeline,
};

use super::{
    context::{block_on, command_line, now, override_channels, policy, settings_for, target},
    env,
};

/// How many packages are listed that differ from a lock.
const SHOWN_CHANGES: usize = 8;

pub(super) fn create(
    args: &CreateArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    make(&args.specs, &args.rest, global, environment)
}

/// `larder create` and `larder env create`.
pub(super) fn make(
    specs: &[String],
    args: &CreateRest,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    match made(specs, args, global, environment)? {
        Made::Created(report) => {
            if global.json {
                output::json(&report);
            } else {
                tell(&report, args, global);
            }
            Ok(ExitCode::SUCCESS)
        }
        Made::Updated(code) => Ok(code),
    }
}

/// What became of a create.
pub(super) enum Made {
    /// An environment, or a plan of one.
    Created(Box<CreateReport>),
    /// One that was there is updated, and that was told.
    Updated(ExitCode),
}

/// Makes an environment and prints nothing of it.
pub(super) fn made(
    specs: &[String],
    args: &CreateRest,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<Made, Failure> {
    let mut settings = settings_for(&args.target, global, environment)?;
    override_channels(&args.input, &mut settings)?;
    for_conda(&args.conda, global, &mut settings);
    args.making.share.remote.open(&mut settings, environment)?;
    let here = files_here(&args.input.files, &settings, global)?;
    let options = CreateOptions {
        files: here.files.clone(),
        specs: specs.to_vec(),
        ..options(args, &settings, environment)?
    };
    if args.compat == Some(Era::Update) && !options.replace {
        let how = (&args.making, environment, global);
        return env::update_in_place(options, &settings, how).map(Made::Updated);
    }
    let report = watched(args.making.timings.as_deref(), global, |reporter| {
        let report = block_on(create_environment(&options, &settings, reporter))?;
        let report = report.map_err(|error| {
            let existing = match &error {
                CreateError::Target(TargetError::Exists { prefix }) => Some(prefix.clone()),
                _ => None,
            };
            Failure::new(&error).with_existing(existing)
        })?;
        if !report.dry_run && !options.download_only {
            let of = (&settings, environment);
            args.making.share.push(&report.prefix, of, reporter)?;
        }
        Ok::<_, Failure>(report)
    })?;
    Ok(Made::Created(Box::new(report)))
}

/// Says to people what was done.
pub(super) fn tell(report: &CreateReport, args: &CreateRest, global: &GlobalArgs) {
    if report.dry_run {
        plan(report, global.quiet);
    } else if !global.quiet && args.download_only {
        let (reused, fetched) = (report.reused, report.fetched);
        output::tell(format!(
            "{reused} archives were in the store, {fetched} were fetched"
        ));
    } else if !global.quiet {
        summary(report);
    }
}

/// The files, those that were named by URL as well; to be kept until they are read.
pub(super) fn files_here(
    files: &[PathBuf],
    settings: &Settings,
    global: &GlobalArgs,
) -> Result<LocalFiles, Failure> {
    if let Some(here) = LocalFiles::already(files) {
        return Ok(here);
    }
    let reporter = progress::reporter(global);
    let here = block_on(local_files(files, settings, &*reporter))?;
    here.map_err(|error| Failure::new(&error))
}

/// `--shortcuts`.
pub(super) fn shortcuts(args: &CondaArgs) -> Shortcuts {
    match args.shortcuts {
        true => Shortcuts::Make,
        false => Shortcuts::Leave,
    }
}

/// Says of conda's flags what they do here, and follows the one that does something.
pub(super) fn for_conda(args: &CondaArgs, global: &GlobalArgs, settings: &mut Settings) {
    if args.insecure {
        settings.network.unverified = Some("--insecure".into());
    }
    tell_notes(&args.notes(), global);
}

pub(super) fn tell_notes(notes: &[String], global: &GlobalArgs) {
    if !global.quiet {
        notes
            .iter()
            .for_each(|note| output::tell(format!("note: {note}")));
    }
}

/// Runs with the reporter that the user wants, and writes the timeline if it was asked for: a run that
/// fails has one as well.
pub(super) fn watched<T>(
    timings: Option<&Path>,
    global: &GlobalArgs,
    run: impl FnOnce(&dyn Reporter) -> T,
) -> T {
    let reporter = progress::reporter(global);
    let Some(path) = timings else {
        return run(&*reporter);
    };
    let timeline = Timeline::over(reporter);
    let result = run(&timeline);
    let page = timeline.page(&command_line());
    if let Err(error) = fs::write(path, page) {
        let text = format!("cannot write {}: {error}", path.display());
        timeline.warn("timings::write", text);
    }
    result
}

fn options(
    args: &CreateRest,
    settings: &Settings,
    environment: &Environment,
) -> Result<CreateOptions, Failure> {
    let defaults = &settings.defaults;
    Ok(CreateOptions {
        files: args.input.files.clone(),
        categories: args.category.categories.clone(),
        channels: args.input.channels.clone(),
        policy: SolvePolicy {
            refresh: args.refresh,
            ..policy(&args.input.policy, settings)?
        },
        target: target(&args.target),
        platform: args.platform.clone(),
        replace: args.yes || args.compat == Some(Era::Replace),
        override_frozen: args.override_frozen,
        download_only: args.download_only,
        shortcuts: shortcuts(&args.conda),
        dry_run: args.dry_run || defaults.dry_run,
        no_default_packages: args.no_default_packages,
        lock_use: args.lock.lock_use(),
        ..making(&args.making, settings, environment)
    })
}

/// How to make an environment; of what, is for the caller to fill in.
pub(super) fn making(
    args: &MakingArgs,
    settings: &Settings,
    environment: &Environment,
) -> CreateOptions {
    let defaults = &settings.defaults;
    CreateOptions {
        files: Vec::new(),
        specs: Vec::new(),
        categories: Vec::new(),
        channels: Vec::new(),
        policy: SolvePolicy::default(),
        target: larder::Target::default(),
        platform: None,
        no_default_packages: false,
        replace: false,
        override_frozen: false,
        download_only: false,
        dry_run: defaults.dry_run,
        lock_use: LockUse::default(),
        link_mode: match args.link_mode {
            None if args.copy => larder::LinkMode::Copy,
            None => defaults.link_mode.unwrap_or_default(),
            Some(LinkMode::Auto) => larder::LinkMode::Auto,
            Some(LinkMode::Hardlink) => larder::LinkMode::Hardlink,
            Some(LinkMode::Reflink) => larder::LinkMode::Reflink,
            Some(LinkMode::Copy) => larder::LinkMode::Copy,
        },
        ephemeral: ephemeral(args, environment),
        durable: durable(args, environment),
        clobber: match args.clobber {
            None => defaults.clobber.unwrap_or_default(),
            Some(Clobber::Warn) => larder::ClobberPolicy::Warn,
            Some(Clobber::Error) => larder::ClobberPolicy::Error,
        },
        link_scripts: if args.no_link_scripts {
            larder::ScriptPolicy::Skip
        } else {
            larder::ScriptPolicy::Run
        },
        bytecode: bytecode(args, settings, environment),
        shortcuts: Shortcuts::Leave,
        command_line: command_line(),
        timestamp: now(),
    }
}

fn durable(args: &MakingArgs, environment: &Environment) -> larder::Durable {
    match args.durable {
        None => environment.durable(),
        Some(Durable::Auto) => larder::Durable::Auto,
        Some(Durable::True) => larder::Durable::Yes,
        Some(Durable::False) => larder::Durable::No,
    }
}

fn ephemeral(args: &MakingArgs, environment: &Environment) -> Ephemeral {
    if args.ephemeral || (environment.flag("CI") && !args.no_ephemeral) {
        Ephemeral::Yes
    } else {
        Ephemeral::No
    }
}

/// Compiling costs several times what one job's imports save, so it pays where the result is kept: beside
/// trees, or sealed in the store.
fn bytecode(args: &MakingArgs, settings: &Settings, environment: &Environment) -> BytecodePolicy {
    let is_kept = ephemeral(args, environment) == Ephemeral::No || settings.cache_secret.is_some();
    if args.compile_bytecode || (is_kept && !args.no_compile_bytecode) {
        BytecodePolicy::Compile
    } else {
        BytecodePolicy::Leave
    }
}

/// What `--dry-run` prints: one line for each package, marked where it has to be fetched.
fn plan(report: &CreateReport, is_quiet: bool) {
    for package in &report.actions.link {
        let fetch = match (package.is_missing, package.size) {
            (false, _) => "in the store".to_owned(),
            (true, Some(size)) => format!("fetch {}", output::bytes(size)),
            (true, None) => "fetch".to_owned(),
        };
        output::line(format!(
            "+ {}/{}::{}  {fetch}",
            package.channel, package.platform, package.dist_name
        ));
    }
    if is_quiet {
        return;
    }
    lock_changes(report.lock_changes.as_ref());
    output::tell(format!(
        "would make {} with {} packages ({}): {} in the store, {} to fetch ({})",
        report.prefix.display(),
        report.actions.link.len(),
        origin(report.solve),
        report.reused,
        report.fetched,
        output::bytes(report.fetched_bytes)
    ));
}

/// One line: what was reused, fetched and linked, and how long each took.
fn summary(report: &CreateReport) {
    if report.made_by_another {
        let prefix = report.prefix.display();
        output::tell(format!(
            "{prefix}: made by another run, with the very packages that were asked for"
        ));
        return;
    }
    let fetched = match report.sources.fetched() {
        Counted { objects: 0, .. } => "nothing fetched".to_owned(),
        Counted { objects, bytes } => format!(
            "fetched {objects} ({}{}) in {}",
            output::bytes(bytes),
            from_remote(&report.sources),
            output::duration(report.fetch_milliseconds)
        ),
    };
    output::tell(format!(
        "{}: {} packages{}, {} in {}, reused {}, {fetched}, linked {} files in {}; {} in all",
        report.prefix.display(),
        report.actions.link.len(),
        pip_packages(report.pip_packages),
        origin(report.solve),
        output::duration(report.solve_milliseconds),
        report.reused,
        report.paths,
        output::duration(report.link_milliseconds),
        output::duration(report.milliseconds)
    ));
    lock_changes(report.lock_changes.as_ref());
    if report.solve == Origin::Solved && report.can_lock {
        output::tell(
            "`larder lock` writes these very packages down, for the next run and other machines",
        );
    }
    if output::is_watched() {
        output::tell(format!(
            "run a command in it: larder run -p {} -- COMMAND",
            report.prefix.display()
        ));
    }
}

/// What moved against a lock, because specs were added to it.
pub(super) fn lock_changes(changes: Option<&LockChanges>) {
    let Some(changes) = changes.filter(|changes| !changes.packages.is_empty()) else {
        return;
    };
    output::tell(format!(
        "{} from {}, which stays as it is:",
        match changes.packages.len() {
            1 => "1 package differs".to_owned(),
            count => format!("{count} packages differ"),
        },
        changes.path.display()
    ));
    for change in changes.packages.iter().take(SHOWN_CHANGES) {
        output::tell(format!("  {}", described_change(change)));
    }
    if changes.packages.len() > SHOWN_CHANGES {
        let more = changes.packages.len() - SHOWN_CHANGES;
        output::tell(format!("  and {more} more"));
    }
}

fn described_change(change: &LockChange) -> String {
    let name = match change.manager {
        "conda" => change.name.clone(),
        manager => format!("{} ({manager})", change.name),
    };
    let with_build = |side: &PackageSide| match &side.build {
        Some(build) => format!("{} {build}", side.version),
        None => side.version.clone(),
    };
    match (&change.old, &change.new) {
        (None, Some(new)) => format!("+ {name} {}", new.version),
        (Some(old), None) => format!("- {name} {}", old.version),
        (Some(old), Some(new)) if old.version != new.version => {
            format!("~ {name} {} -> {}", old.version, new.version)
        }
        (Some(old), Some(new)) => format!("~ {name} {} -> {}", with_build(old), with_build(new)),
        (None, None) => name,
    }
}

/// The packages of the `pip:` section, where there are any.
pub(super) fn pip_packages(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(" and {} of pip", output::count(count, "package")),
    }
}

/// How many of the archives that were fetched came from the remote, where any did.
pub(super) fn from_remote(sources: &Sources) -> String {
    let Counted { objects, bytes } = sources.remote;
    match objects {
        0 => String::new(),
        _ => format!("; {objects} from the remote, {}", output::bytes(bytes)),
    }
}

pub(super) fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Lock => "from the lock",
        Origin::Frozen => "from the lock, unchecked",
        Origin::Memo => "from an earlier solve, still true",
        Origin::Solved => "solved",
        Origin::Installed => "as installed",
    }
}
