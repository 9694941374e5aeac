//! CEP 34: a package with `Menu/*.json` gets its shortcuts, or a word that it does not.

use larder_event::Reporter;

use crate::{LinkPackage, LinkPlan};

/// Warns of every package of `plan` that would have menu entries.
pub(crate) fn warn_of_menus(plan: &LinkPlan<'_>, reporter: &dyn Reporter) {
    let with_menu: Vec<String> = plan
        .packages()
        .filter(has_menu)
        .map(|package| package.dist())
        .collect();
    if !with_menu.is_empty() {
        let text = format!(
            "no menu entries are made for {} (`--shortcuts` makes them)",
            with_menu.join(", ")
        );
        reporter.warn("link::menus-off", text);
    }
}

fn has_menu(package: &LinkPackage<'_>) -> bool {
    let is_menu = |path: &str| {
        path.strip_prefix("Menu/")
            .is_some_and(|file| file.ends_with(".json"))
    };
    let mut paths = package.info.paths.iter();
    paths.any(|entry| is_menu(entry.path.as_str()))
}
