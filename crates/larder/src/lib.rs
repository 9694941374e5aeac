//! The operations of larder: lock, create, run, list, manifest, pack, import. One module and one options struct each.
//!
//! Puts the crates below together. Never prints and never reads the process environment: callers give
//! [`Settings`] and a reporter.
#![forbid(unsafe_code)]

pub mod activation;
pub mod cache;
mod channel_name;
mod channel_rules;
mod channels;
mod choose;
mod config_vars;
mod configuration;
mod confirmed;
mod create;
mod env_export;
mod environments;
mod explain;
mod export;
mod failure;
mod fetch_record;
mod fingerprint;
mod gather;
mod history;
mod init;
mod inputs;
mod leftovers;
mod link_scripts;
mod list;
mod lock;
mod lock_changes;
mod locked_source;
mod manifest;
mod materialize;
mod menus;
mod network;
mod open_remote;
mod pack;
mod pip;
mod pkgs;
mod planting;
mod platforms;
mod policy;
mod record;
mod registry;
mod remote_files;
mod remove;
mod roots;
mod run;
mod settings;
mod share;
mod shell_hook;
mod solving;
mod sources;
mod spec_channels;
pub mod step;
mod store;
mod streams;
mod system;
mod target;
mod transfer;
mod unpack;
mod update;
mod verify;
mod virtual_file;

pub use channel_rules::{ChannelRules, ConfiguredChannel};
pub use channels::ChannelsError;
pub use choose::{ChooseError, LockUse, Origin};
pub use config_vars::{
    ConfigVarsError, ConfigVarsOptions, config_vars, set_config_vars, unset_config_vars,
};
pub use configuration::{
    CommandDefaults, ConfigError, ConfigWarning, ConfigurationError, ConfigurationPlaces,
    ConfigurationReport, DescribedKey, LoadedConfiguration, NetworkSettings, Prompt, ProxyRule,
    ReportedItem, ReportedSetting, configuration, describe_keys, package_cut_off, point_in_time,
    read_configuration,
};
pub use confirmed::CONFIRMED_BYTES;
pub use create::{
    BytecodePolicy, CreateError, CreateOptions, CreateReport, Durable, Ephemeral, LinkedPackage,
    create,
};
pub use env_export::{EnvExportError, EnvExportOptions, EnvExportReport, EnvFormat, env_export};
pub use environments::{EnvironmentDetails, EnvironmentsError, KnownEnvironments, environments};
pub use export::{ExportOperationError, ExportOptions, ExportReport, export};
pub use failure::{Explain, Kind};
pub use fetch_record::FetchRecord;
pub use gather::GatherError;
pub use history::{Moved, Revision, RevisionsError, revisions};
pub use init::{
    InitChange, InitError, InitOptions, InitReport, InitializedFile, init, shell_function,
};
pub use inputs::{ARGUMENT_BYTES, DEFAULT_LOCK, DEFAULT_MANIFEST, InputError, is_spec_among_files};
pub use larder_digest::Sha256;
pub use larder_fs::{LinkMode, calling_programs, forbid_inspection, make_executable};
pub use larder_link::{
    CacheSecret, ClobberPolicy, DamagedRecord, Drift, Drifted, JournalKey, PipPackage,
    ScriptPolicy, VerifyOptions, VerifyReport, is_updating,
};
pub use larder_lock::{ExplicitHash, LockFormat, PackageSide};
pub use larder_manifest::{ManifestReport, is_channel_scheme, without_credentials};
pub use larder_redact::ChildVariables;
pub use larder_solve::{CutOff, CutOffs, Priority, Strategy};
pub use list::{ListError, ListOptions, ListedPackage, explicit_list, list, list_packages};
pub use lock::{
    CheckReport, LockOperationError, LockOptions, LockReport, LockSources, MergeOptions,
    check_lock, check_lock_online, lock, lock_sources, merge_locks,
};
pub use lock_changes::{LockChange, LockChanges};
pub use locked_source::{LockedSource, PlatformChoice, SourceError};
pub use manifest::manifest;
pub use materialize::MaterializeError;
pub use menus::Shortcuts;
pub use network::MAX_TRANSFERS;
pub use open_remote::{OpenRemoteError, open_remote};
pub use pack::{PackOperationError, PackOptions, PackReport, pack};
pub use pip::PipError;
pub use pkgs::{
    ExportPkgsError, ExportPkgsOptions, ExportPkgsReport, ExportedArchive, ImportError,
    ImportOptions, ImportReport, ImportedArchive, UnreadableArchive, WrongArchive, export_pkgs,
    import,
};
pub use platforms::{PlatformError, current as current_subdir, environment_subdir};
pub use policy::SolvePolicy;
pub use rattler_shell::environment::EnvironmentSnapshot;
pub use remote_files::{LocalFiles, RemoteFileError, local_files};
pub use remove::{RemoveActions, RemoveError, RemoveOptions, RemoveReport, remove};
pub use run::{RunError, RunOptions, run};
pub use settings::Settings;
pub use share::{
    PullOptions, PullReport, PushOptions, PushReport, RemoteGcOptions, RemoteGcReport, Share,
    ShareChoice, ShareOperationError, gc_remote, pull, push, push_environment,
};
pub use shell_hook::{
    Change, ChangedVariables, GITLAB_BYTES, GITLAB_VARIABLES, GithubFiles, ShellHook,
    ShellHookOptions, Unsaid, azure_commands, changed_variables, github_files, gitlab_dotenv,
    shell_hook,
};
pub use sources::{Counted, Sources};
pub use store::{
    Amount, Finding as StoreFinding, FindingState, GcArchive, GcError, GcOptions, GcReport,
    InspectError, Linked, ListedArchive, StoreInfo, VerifyError as StoreVerifyError,
    VerifyOptions as StoreVerifyOptions, VerifyReport as StoreVerifyReport, What, gc, list_store,
    store_info, verify as verify_store,
};
pub use streams::INPUT_BYTES;
pub use system::{Explanation, explain};
pub use target::{Target, TargetError, existing_prefix};
pub use unpack::{KeepObjects, UnpackOperationError, UnpackOptions, UnpackReport, unpack};
pub use update::{
    Extras, PipExtras, SyncOptions, SyncReport, UpdateActions, UpdateOptions, UpdateReport, sync,
    update,
};
pub use verify::{VerifyEnvironmentReport, VerifyError, verify};
pub use virtual_file::VirtualPackagesError;

pub(crate) use larder_event::elapsed_milliseconds;
