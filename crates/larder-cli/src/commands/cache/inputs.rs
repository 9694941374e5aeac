//! What the parts of `larder cache` need: the remote, the keys, the paths, the scopes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use larder::{
    Settings,
    cache::{
        KeyContext, Keys, PrefixMatch, Query, Remote, Scope, Scopes, Style, WEEK, evaluate,
        files_key, preset, version_of,
    },
    open_remote,
};

use crate::{
    args::{
        CacheKeyOptions, CachePrefix, CacheRemoteArgs, CacheScopeArgs, CacheStyle, CacheWhatArgs,
        GlobalArgs,
    },
    commands::context,
    environment::Environment,
    failure::Failure,
    output,
};

/// Opens the remote.
pub(in crate::commands) fn remote(
    args: &CacheRemoteArgs,
    (global, environment): (&GlobalArgs, &Environment),
) -> Result<Arc<dyn Remote>, Failure> {
    let named = args
        .remote
        .clone()
        .or_else(|| environment.text("LARDER_CACHE_REMOTE"));
    let named = named.or_else(|| Some(environment.pipeline_cache()?.to_str()?.to_owned()));
    let Some(url) = named else {
        let text = "there is no place for the cache: neither --remote nor LARDER_CACHE_REMOTE nor HOME says one";
        return Err(Failure::refused("usage::no-home", text));
    };
    let settings = match url.contains(':') && !url.starts_with("file:") {
        true => context::settings(global, environment)?,
        // A directory needs no configuration.
        false => Settings {
            working_directory: environment.working_directory.clone(),
            ..Settings::default()
        },
    };
    open_remote(&url, &settings).map_err(|error| Failure::new(&error))
}

pub(super) fn style(options: &CacheKeyOptions) -> Style {
    match options.style {
        CacheStyle::Azure => Style::Azure,
        CacheStyle::Github => Style::Github,
        CacheStyle::Gitlab => Style::Gitlab,
    }
}

/// Key, restore keys and paths, as they are meant.
pub(super) struct What {
    pub(super) keys: Keys,
    /// As they were given.
    pub(super) named: Vec<String>,
    /// Absolute.
    pub(super) paths: Vec<PathBuf>,
}

/// Evaluates the keys and finds the paths.
pub(super) fn what(
    args: &CacheWhatArgs,
    restore_keys: &[String],
    (options, environment): (&CacheKeyOptions, &Environment),
) -> Result<What, Failure> {
    let variable = |name: &str| environment.text(name);
    let place = (&variable as _, &environment.working_directory as &Path);
    let ready = args
        .preset
        .as_ref()
        .map(|name| preset(name, style(options), place));
    let ready = ready.transpose().map_err(|error| Failure::new(&error))?;
    let mut key = args.key.clone().unwrap_or_default();
    let mut restore_keys: Vec<String> = restore_keys.iter().flat_map(|text| lines(text)).collect();
    let mut named = args.paths.clone();
    if let Some(ready) = ready {
        if args.key.is_none() {
            key = ready.key;
            if restore_keys.is_empty() {
                restore_keys = ready.restore_keys;
            }
        }
        if named.is_empty() {
            named = vec![ready.path];
        }
    }
    let keys = keys(&key, &restore_keys, (options, environment))?;
    Ok(What {
        keys,
        paths: named
            .iter()
            .map(|path| environment.working_directory.join(path))
            .collect(),
        named: named
            .iter()
            .map(|path| path.to_string_lossy().into_owned())
            .collect(),
    })
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Evaluates keys; what is odd about them is told.
pub(super) fn keys(
    key: &str,
    restore_keys: &[String],
    (options, environment): (&CacheKeyOptions, &Environment),
) -> Result<Keys, Failure> {
    let directory = &environment.working_directory;
    let workspaces = ["PIPELINE_WORKSPACE", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"];
    let of_service = || workspaces.iter().find_map(|name| environment.path(name));
    let workspace = options.workspace.clone().or_else(of_service);
    let context = KeyContext {
        style: style(options),
        workspace: workspace.map_or_else(|| directory.clone(), |path| directory.join(path)),
        working_directory: directory.clone(),
        variable: &|name| environment.text(name),
    };
    let key = match &options.key_files[..] {
        [] => Ok(key.to_owned()),
        _ if context.style != Style::Gitlab => return Err(key_files_elsewhere()),
        files => files_key(key, files, directory),
    };
    let keys = key.and_then(|key| evaluate(&key, restore_keys, &context));
    let keys = keys.map_err(|error| Failure::new(&error))?;
    for key in std::iter::once(&keys.key).chain(&keys.restore_keys) {
        for warning in &key.warnings {
            output::tell(format!("warning: {warning}"));
        }
    }
    Ok(keys)
}

fn key_files_elsewhere() -> Failure {
    let text = "--key-files is GitLab's: with --style azure a segment of the key is a file, with github there is hashFiles()";
    Failure::refused("usage::key-files", text)
}

/// Who may read and write what in this run.
pub(in crate::commands) fn scopes(
    args: &CacheScopeArgs,
    environment: &Environment,
    remote: &dyn Remote,
) -> Result<Scopes, Failure> {
    if remote.has_scopes() {
        if args.scope.is_some() {
            let text = format!(
                "{} has scopes of its own: --scope is not for it",
                remote.url()
            );
            return Err(Failure::refused("usage::scope", text));
        }
        return Ok(Scopes::of_service(&|name| environment.text(name)));
    }
    if let Some(name) = &args.scope {
        let mut scopes = Scopes::only(Scope::new(name));
        scopes.read.extend(args.read_scopes.iter().map(Scope::new));
        return Ok(scopes);
    }
    Ok(scopes_of_run(args.default_branch.as_deref(), environment))
}

/// What the service's variables say of this run.
pub(in crate::commands) fn scopes_of_run(
    default_branch: Option<&str>,
    environment: &Environment,
) -> Scopes {
    let default_branch = default_branch
        .map(str::to_owned)
        .or_else(|| branch_of_event(&environment.path("GITHUB_EVENT_PATH")?));
    Scopes::of_run(&|name| environment.text(name), default_branch.as_deref())
}

/// GitHub's variables do not name it, the event's payload does.
fn branch_of_event(event: &Path) -> Option<String> {
    let event: serde_json::Value = serde_json::from_slice(&fs::read(event).ok()?).ok()?;
    let branch = event.get("repository")?.get("default_branch")?.as_str()?;
    Some(branch.to_owned())
}

/// What to look for.
pub(super) fn query(
    what: &What,
    scopes: &Scopes,
    (options, prefix_match): (&CacheKeyOptions, Option<CachePrefix>),
) -> Query {
    let style = style(options);
    Query {
        style,
        prefix_match: match prefix_match {
            None => PrefixMatch::of(style),
            Some(CachePrefix::Segment) => PrefixMatch::Segment,
            Some(CachePrefix::Plain) => PrefixMatch::Plain,
        },
        key: what.keys.key.fingerprint.clone(),
        restore_keys: what
            .keys
            .restore_keys
            .iter()
            .map(|key| key.fingerprint.clone())
            .collect(),
        version: version_of(style, &what.named),
        scopes: scopes.read.clone(),
        max_unused: WEEK,
        now: SystemTime::now(),
    }
}

/// As many threads as there are cores.
pub(in crate::commands) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
