//! `larder store info`.

use std::process::ExitCode;

use larder::{Amount, StoreInfo, store_info};

use crate::{
    args::GlobalArgs,
    commands::{
        context::settings_with_store,
        frame::{self, performed},
    },
    environment::Environment,
    failure::Failure,
    output,
};

pub(super) fn info(global: &GlobalArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let settings = settings_with_store(global, environment)?;
    let info = performed(global, |reporter| store_info(&settings, reporter))?;
    frame::report(&info, global, |info| output::lines(text(info)));
    Ok(ExitCode::SUCCESS)
}

/// A line for each fact, values in one column.
fn text(info: &StoreInfo) -> Vec<String> {
    let mut lines = vec![("store", info.store.display().to_string())];
    let below = info.lower.iter().map(|path| path.display().to_string());
    lines.extend(below.map(|path| ("below it", path)));
    lines.extend([
        ("archives", amount(info.archives)),
        ("  of packages", kinds(info)),
        (
            "  shared",
            format!("{} by several environments", amount(info.shared)),
        ),
        ("  not needed", unneeded(info.unneeded)),
        ("indexes", amount(info.indexes)),
        ("solves", format!("{} remembered", amount(info.memos))),
        ("used by", users(info)),
        ("trees", info.trees.display().to_string()),
        ("files", files(info)),
    ]);
    let width = lines
        .iter()
        .map(|(title, _)| title.len())
        .max()
        .unwrap_or(0);
    let line = |(title, value): &(&str, String)| format!("{title:width$}  {value}");
    lines.iter().map(line).collect()
}

fn amount(amount: Amount) -> String {
    format!("{} ({})", amount.count, output::bytes(amount.bytes))
}

fn unneeded(unneeded: Amount) -> String {
    match unneeded.count {
        0 => "none".into(),
        _ => format!("{}: `larder store gc` frees them", amount(unneeded)),
    }
}

fn kinds(info: &StoreInfo) -> String {
    let kinds = [
        (info.conda, ".conda"),
        (info.tar_bz2, ".tar.bz2"),
        (info.wheels, ".whl"),
    ];
    let kinds = kinds.into_iter().filter(|(amount, _)| amount.count > 0);
    let texts: Vec<_> = kinds
        .map(|(amount, extension)| format!("{} {extension}", amount.count))
        .collect();
    if texts.is_empty() {
        "none".into()
    } else {
        texts.join(", ")
    }
}

fn users(info: &StoreInfo) -> String {
    let mut text = format!(
        "{}, {}",
        output::count(info.environments, "environment"),
        output::count(info.locks, "lock")
    );
    if info.gone > 0 {
        text += &format!("; {} more are gone", info.gone);
    }
    text
}

/// Measured: each file counted once, however many names it has.
fn files(info: &StoreInfo) -> String {
    let linked = info.linked;
    format!(
        "environments {}, trees {}; on the disk {}: hard links save {}",
        output::bytes(linked.environment_bytes),
        output::bytes(linked.tree_bytes),
        output::bytes(linked.disk_bytes),
        output::bytes(linked.saved_bytes)
    )
}
