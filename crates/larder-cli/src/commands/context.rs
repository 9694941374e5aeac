//! What every command needs: settings from the environment, a runtime, the target.

use std::path::PathBuf;

use larder::{Settings, Target};

use crate::{
    args::{GlobalArgs, Priority, TargetArgs},
    environment::Environment,
    failure::Failure,
};

/// The settings of one run.
pub(super) fn settings(
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<Settings, Failure> {
    let home = environment.home();
    let missing = |what: &str, variable: &str| {
        Failure::refused(
            "usage::no-home",
            format!("there is no place for {what}: neither HOME nor {variable} is set"),
        )
    };
    Ok(Settings {
        store: environment
            .store()
            .ok_or_else(|| missing("the store", "LARDER_STORE"))?,
        trees: environment
            .trees()
            .ok_or_else(|| missing("trees", "LARDER_TREES"))?,
        environments: environment
            .environments()
            .ok_or_else(|| missing("named environments", "LARDER_ENVS"))?,
        working_directory: environment.working_directory.clone(),
        variables: environment.text_variables(),
        channel_alias: environment
            .text("LARDER_CHANNEL_ALIAS")
            .unwrap_or_else(|| "https://conda.anaconda.org".into()),
        default_channels: environment.list("CONDA_CHANNELS"),
        offline: global.offline,
        auth_file: environment
            .path("RATTLER_AUTH_FILE")
            .or_else(|| existing(home.as_ref()?.join(".rattler/credentials.json"))),
        netrc: environment
            .path("NETRC")
            .or_else(|| existing(home.as_ref()?.join(".netrc"))),
        ca_files: ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
            .iter()
            .filter_map(|name| environment.path(name))
            .collect(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        home,
    })
}

/// Runs an asynchronous operation to its end.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map(|runtime| runtime.block_on(future))
        .map_err(|error| {
            Failure::refused(
                "internal::runtime",
                format!("cannot start threads: {error}"),
            )
        })
}

pub(super) fn target(args: &TargetArgs) -> Target {
    Target {
        name: args.name.clone(),
        prefix: args.prefix.clone(),
    }
}

pub(super) fn priority(priority: Priority) -> larder::Priority {
    match priority {
        Priority::Strict => larder::Priority::Strict,
        Priority::Flexible => larder::Priority::Flexible,
        Priority::Disabled => larder::Priority::Disabled,
    }
}

fn existing(path: PathBuf) -> Option<PathBuf> {
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
