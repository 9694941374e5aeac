//! Scripts of packages that go: `pre-unlink`, while everything is still there, what depends on others
//! first. One that fails is worth a warning, as in conda: a package must not be able to stay for ever.
//! `post-unlink` is deprecated and never runs (CEP 32).

use std::path::Path;

use larder_event::{Event, Reporter};
use larder_fs::Dir;
use rattler_conda_types::Subdir;

use crate::{
    Installed, ScriptHost, ScriptMessage, installed, order,
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
        if !has_script || !is_file_of(Path::new(place.prefix), &script) {
            continue;
        }
        match scripts::run_installed(package, Moment::PreUnlink, place) {
            Ok(message) => messages.extend(message),
            Err(error) => {
                messages.extend(error.message());
                reporter.warn("link::unlink-script", error.to_string());
            }
        }
    }
    messages
}

/// Whether a path is a file of the prefix itself: what a link shows as `bin` is somebody else's program.
fn is_file_of(prefix: &Path, path: &str) -> bool {
    let Some((directory, name)) = path.rsplit_once('/') else {
        return false;
    };
    let directory = Dir::open(prefix).and_then(|root| root.open_below(directory));
    directory.is_ok_and(|directory| directory.open_regular(name).is_ok())
}

/// Runs the scripts of an environment that is about to go as a whole, if they are for this machine's
/// operating system, and reports what they have to say. The packages say which platform they are for;
/// `subdir` is for an environment that has none but noarch ones.
pub fn run_unlink_scripts(
    prefix: &Path,
    subdir: Subdir,
    host: Option<&dyn ScriptHost>,
    reporter: &dyn Reporter,
) {
    let installation = match installed(prefix, 1) {
        Ok(installation) => installation,
        Err(error) => {
            let text = format!(
                "scripts before unlinking do not run: {error}: {}",
                error.source
            );
            return reporter.warn("link::unlink-script", text);
        }
    };
    let subdir = installation.platform().unwrap_or(subdir);
    if !scripts::can_run(subdir) {
        return;
    }
    let text = prefix.to_string_lossy();
    let place = ScriptPlace {
        prefix: &text,
        subdir,
        host,
    };
    let packages: Vec<&Installed> = installation.packages.iter().collect();
    for message in run(&packages, place, reporter) {
        reporter.event(&Event::ScriptMessage {
            package: message.package,
            text: message.text,
        });
    }
}
