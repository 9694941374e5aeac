//! Scripts of packages that go: `pre-unlink`, while everything is still there, what depends on others
//! first. One that fails is worth a warning, as in conda: a package must not be able to stay for ever.
//! `post-unlink` is deprecated and never runs (CEP 32).

use std::path::Path;

use larder_event::Reporter;

use crate::{
    Installed, ScriptMessage, installed, order,
    scripts::{self, Moment, ScriptPlace},
};

/// Runs the scripts of packages that are about to go; returns what they have to say.
pub(crate) fn run(
    packages: &[&Installed],
    place: ScriptPlace<'_>,
    reporter: &dyn Reporter,
) -> Vec<ScriptMessage> {
    let mut messages = Vec::new();
    let order = order::of_installed(packages);
    for package in order.into_iter().rev().map(|index| packages[index]) {
        let script = scripts::script_path(&package.name, Moment::PreUnlink, place.subdir);
        let has_script = package
            .paths
            .iter()
            .any(|path| path.path.as_str() == script);
        if !has_script || !Path::new(place.prefix).join(&script).is_file() {
            continue;
        }
        match scripts::run_installed(package, Moment::PreUnlink, place) {
            Ok(message) => messages.extend(message),
            Err(error) => reporter.warn("link::unlink-script", error.to_string()),
        }
    }
    messages
}

/// The same for a whole environment that goes.
pub(crate) fn run_all(place: ScriptPlace<'_>, reporter: &dyn Reporter) -> Vec<ScriptMessage> {
    match installed(Path::new(place.prefix), 1) {
        Ok(installation) => {
            let packages: Vec<&Installed> = installation.packages.iter().collect();
            run(&packages, place, reporter)
        }
        Err(error) => {
            let text = format!(
                "scripts before unlinking do not run: {error}: {}",
                error.source
            );
            reporter.warn("link::unlink-script", text);
            Vec::new()
        }
    }
}
