//! End to end: the real binary on real packages, channels and servers. One module per command or concern.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[cfg(unix)]
mod activation;
mod added_specs;
mod architecture;
#[cfg(target_os = "linux")]
mod bounds;
mod bytecode;
mod cache;
mod carry_crashes;
mod categories;
mod channel_schemes;
mod channel_variables;
mod channel_wheels;
mod check;
#[cfg(unix)]
mod child_variables;
mod completions;
mod conda_forge;
mod conda_made;
mod conda_table;
mod config;
mod config_effects;
mod cool_down;
mod create;
mod credentials;
mod crowd;
mod departures;
#[cfg(unix)]
mod edited_locks;
mod env_create;
mod env_export;
mod env_list;
mod env_vars;
mod error_codes;
mod failures;
#[cfg(unix)]
mod foreign_files;
mod formats;
mod full_disk;
mod help;
mod hooks;
mod hostile;
#[cfg(target_os = "linux")]
mod hostile_prefix;
mod init;
#[cfg(unix)]
mod link_scripts;
mod list;
mod lock;
#[cfg(unix)]
mod long_names;
mod manifest;
mod matrix;
mod memo;
#[cfg(target_os = "linux")]
mod menus;
mod newer_fields;
mod other_package;
mod overlap;
mod pack;
mod package_arguments;
#[cfg(unix)]
pub(crate) mod pip;
#[cfg(unix)]
mod places;
mod platform_record;
mod poisoned_indexes;
mod power_loss;
#[cfg(unix)]
mod printer;
mod quickstart;
mod real_channel;
mod remove;
mod run;
mod secrets;
mod security;
mod spec_keys;
#[cfg(unix)]
mod steps;
mod store;
mod store_export;
mod store_import;
mod support;
mod sync;
#[cfg(unix)]
mod trees;
mod update;
mod verify;
