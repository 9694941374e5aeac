//! What every command needs: settings from the environment, a runtime, the target.

use std::{path::PathBuf, time::SystemTime};

use larder::{
    CacheSecret, CutOffs, JournalKey, LockUse, Settings, SolvePolicy, Target, existing_prefix,
};
use url::Url;

use crate::{
    args::{GlobalArgs, InputArgs, LockUseArgs, PolicyArgs, Priority, Strategy, TargetArgs},
    environment::{CACHE_SECRET, Environment},
    failure::Failure,
    output,
};

use super::configured::{self, Strictness, load};

/// The settings of a command that can do without the configuration: what is wrong with that is told.
pub(super) fn settings(
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<Settings, Failure> {
    let loaded = load(None, global, environment)?;
    configured::settings(loaded, Strictness::Tell, global, environment)
}

/// What larder's own variables say, and the defaults for the rest.
pub(super) fn base_settings(
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<Settings, Failure> {
    let home = environment.home();
    let absolute = |path: Option<PathBuf>| {
        path.map(|path| environment.working_directory.join(path))
            .unwrap_or_default()
    };
    Ok(Settings {
        store: absolute(environment.store()),
        lower_stores: environment.lower_stores(),
        trees: absolute(environment.trees()),
        state: environment
            .state()
            .map(|path| environment.working_directory.join(path)),
        environments: environment.environments(),
        journal_key: JournalKey::in_directory(environment.state()),
        working_directory: environment.working_directory.clone(),
        variables: environment.text_variables(),
        child_variables: environment.child_variables(),
        mirrors: mirrors(environment)?,
        offline: global.offline,
        auth_file: environment
            .path("RATTLER_AUTH_FILE")
            .or_else(|| if_file(home.as_ref()?.join(".rattler/credentials.json"))),
        netrc: environment
            .path("NETRC")
            .or_else(|| if_file(home.as_ref()?.join(".netrc"))),
        ca_files: ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
            .iter()
            .filter_map(|name| environment.path(name))
            .collect(),
        cache_secret: cache_secret(environment)?,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        home,
        ..Settings::default()
    })
}

/// The settings of a command that needs the store.
pub(super) fn settings_with_store(
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<Settings, Failure> {
    with_store(None, global, environment)
}

/// The settings of a command that needs the store and is about one environment, which may have a
/// configuration of its own.
pub(super) fn settings_for(
    meant: &TargetArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<Settings, Failure> {
    with_store(Some(meant), global, environment)
}

fn with_store(
    meant: Option<&TargetArgs>,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<Settings, Failure> {
    let loaded = load(meant, global, environment)?;
    let settings = configured::settings(loaded, Strictness::Refuse, global, environment)?;
    if settings.store.as_os_str().is_empty() || settings.trees.as_os_str().is_empty() {
        let text = "there is no place for the store: neither HOME nor LARDER_STORE and LARDER_TREES are set";
        return Err(Failure::refused("usage::no-home", text));
    }
    Ok(settings)
}

/// `--override-channels`: without the channels of the configuration, if that allows it.
pub(super) fn override_channels(input: &InputArgs, settings: &mut Settings) -> Result<(), Failure> {
    if !input.override_channels {
        return Ok(());
    }
    if let Some(place) = &settings.defaults.keeps_channels {
        let text = format!(
            "`--override-channels` is switched off by `override_channels_enabled` at {place}"
        );
        return Err(Failure::refused("usage::override-channels", text));
    }
    settings.default_channels.clear();
    Ok(())
}

/// `LARDER_MIRRORS`: pairs `CHANNEL=MIRROR`, with spaces or commas between them.
fn mirrors(environment: &Environment) -> Result<Vec<(Url, Vec<Url>)>, Failure> {
    let text = environment.text("LARDER_MIRRORS").unwrap_or_default();
    let mut mirrors: Vec<(Url, Vec<Url>)> = Vec::new();
    for pair in text.split([' ', ',']).filter(|pair| !pair.is_empty()) {
        let urls = pair
            .split_once('=')
            .and_then(|(base, mirror)| Some((base.parse().ok()?, mirror.parse().ok()?)));
        let (base, mirror): (Url, Url) = urls.ok_or_else(|| {
            let pair = larder::without_credentials(pair);
            Failure::refused(
                "usage::mirrors",
                format!("LARDER_MIRRORS: `{pair}` is not CHANNEL-URL=MIRROR-URL"),
            )
        })?;
        if !larder::is_channel_scheme(mirror.scheme()) {
            let (pair, scheme) = (larder::without_credentials(pair), mirror.scheme());
            return Err(Failure::refused(
                "usage::mirrors",
                format!(
                    "LARDER_MIRRORS: `{pair}`: mirrors are fetched by `https`, `http` and `file`, not by `{scheme}`"
                ),
            ));
        }
        match mirrors.iter_mut().find(|(known, _)| *known == base) {
            Some((_, list)) => list.push(mirror),
            None => mirrors.push((base, vec![mirror])),
        }
    }
    Ok(mirrors)
}

fn cache_secret(environment: &Environment) -> Result<Option<CacheSecret>, Failure> {
    let secret = environment.text(CACHE_SECRET).map(CacheSecret::new);
    secret
        .transpose()
        .map_err(|error| Failure::refused("usage::secret", format!("{CACHE_SECRET}: {error}")))
}

/// A solve reads hundreds of small files side by side, for which tokio would start 400 threads. Each of the
/// transfers ([`larder::MAX_TRANSFERS`]) needs two at once, one that reads and one that writes.
const BLOCKING_THREADS: usize = 2 * larder::MAX_TRANSFERS + 16;

/// Runs an asynchronous operation to its end.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .map(|runtime| runtime.block_on(future))
        .map_err(|error| {
            Failure::refused(
                "internal::runtime",
                format!("cannot start threads: {error}"),
            )
        })
}

impl LockUseArgs {
    /// What they mean.
    pub(super) fn lock_use(&self) -> LockUse {
        match (self.frozen, self.no_lock) {
            (true, _) => LockUse::Frozen,
            (_, true) => LockUse::Ignored,
            _ => LockUse::Checked,
        }
    }
}

/// The environment that is there and meant.
pub(super) fn existing(
    args: &TargetArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<PathBuf, Failure> {
    existing_with_settings(args, global, environment).map(|(prefix, _)| prefix)
}

/// The environment that is there and meant, and the settings that hold for it.
pub(super) fn existing_with_settings(
    args: &TargetArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(PathBuf, Settings), Failure> {
    let loaded = load(Some(args), global, environment)?;
    let settings = configured::settings(loaded, Strictness::Tell, global, environment)?;
    let prefix = existing_prefix(&target(args), &settings);
    let prefix = prefix.map_err(|error| Failure::new(&error))?;
    if larder::is_updating(&prefix) && !global.quiet {
        let shown = prefix.display();
        output::tell(format!(
            "warning: an update of `{shown}` is under way or was killed, its files may be old or new: `larder env update` or `larder sync` puts that right"
        ));
    }
    Ok((prefix, settings))
}

pub(super) fn target(args: &TargetArgs) -> Target {
    Target {
        name: args.name.clone(),
        prefix: args.prefix.clone(),
    }
}

/// How the solver chooses: as the command line says, else as the configuration does.
pub(super) fn policy(args: &PolicyArgs, settings: &Settings) -> Result<SolvePolicy, Failure> {
    let defaults = &settings.defaults;
    Ok(SolvePolicy {
        refresh: false,
        priority: match args.channel_priority {
            None if args.strict_channel_priority => larder::Priority::Strict,
            None if args.no_channel_priority => larder::Priority::Disabled,
            None => defaults.priority.unwrap_or_default(),
            Some(Priority::Strict) => larder::Priority::Strict,
            Some(Priority::Flexible) => larder::Priority::Flexible,
            Some(Priority::Disabled) => larder::Priority::Disabled,
        },
        strategy: match args.strategy {
            Strategy::Highest => larder::Strategy::Highest,
            Strategy::Lowest => larder::Strategy::Lowest,
            Strategy::LowestDirect => larder::Strategy::LowestDirect,
        },
        exclude_newer: cut_offs(args, settings)?,
        virtual_packages: args.virtual_package_spec.clone(),
    })
}

/// The cut-offs of the configuration with those of the command line, each of which replaces the one of its scope.
fn cut_offs(args: &PolicyArgs, settings: &Settings) -> Result<CutOffs, Failure> {
    let mut cut_offs = settings.defaults.exclude_newer.clone();
    if let Some(text) = &args.exclude_newer {
        cut_offs.global = Some(point_in_time(text, settings.started)?);
    }
    for text in &args.exclude_newer_package {
        let found = larder::package_cut_off(text, settings.started);
        let (name, cut_off) = found.ok_or_else(|| {
            let expected =
                "expected NAME=WHEN, such as `openssl=false`, `numpy=30d` or `numpy=2026-01-31`";
            let text = larder::without_credentials(text);
            Failure::refused(
                "usage::exclude-newer",
                format!("`--exclude-newer-package {text}`: {expected}"),
            )
        })?;
        cut_offs.packages.insert(name, cut_off);
    }
    Ok(cut_offs)
}

/// A date, a time or an age.
fn point_in_time(text: &str, now: SystemTime) -> Result<SystemTime, Failure> {
    larder::point_in_time(text, now).ok_or_else(|| {
        let expected =
            "expected a date (2026-01-31), a time (2026-01-31T12:00:00Z) or an age (48h, 7d, 2w)";
        Failure::refused(
            "usage::exclude-newer",
            format!("`{text}` is no point in time: {expected}"),
        )
    })
}

fn if_file(path: PathBuf) -> Option<PathBuf> {
    path.is_file().then_some(path)
}

/// The command as it goes into the history: arguments without credentials.
pub(super) fn command_line() -> String {
    let argument =
        |argument: std::ffi::OsString| larder::without_credentials(&argument.to_string_lossy());
    let arguments: Vec<_> = std::env::args_os().skip(1).map(argument).collect();
    format!("larder {}", arguments.join(" "))
}

/// The time as the history has it, in UTC.
pub(super) fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}
