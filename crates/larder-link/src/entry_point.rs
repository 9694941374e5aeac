//! The executables that entry points of `noarch: python` packages become (CEP 20, B4).

use rattler::install::{get_windows_launcher, python_entry_point_template};
use rattler_conda_types::{Subdir, package::EntryPoint};

use crate::{
    layout::PythonLayout,
    plan::{Action, Content, Generated, PlannedPath},
};

/// What one entry point becomes: a script, or on Windows a script and the launcher that runs it.
pub(crate) fn entry_point_paths<'a>(
    entry_point: &EntryPoint,
    python: &PythonLayout,
    prefix: &str,
    subdir: Subdir,
) -> Vec<PlannedPath<'a>> {
    let windows = subdir.is_windows();
    let text = python_entry_point_template(prefix, windows, entry_point, &python.info);
    let command = &entry_point.command;
    if !windows {
        let content = Content::Text(text);
        return vec![generated(
            python.script(command),
            Generated::UnixScript,
            content,
        )];
    }
    let script = python.script(&format!("{command}-script.py"));
    let launcher = python.script(&format!("{command}.exe"));
    vec![
        generated(script, Generated::WindowsScript, Content::Text(text)),
        generated(
            launcher,
            Generated::WindowsLauncher,
            Content::Bytes(get_windows_launcher(&subdir)),
        ),
    ]
}

fn generated<'a>(path: String, kind: Generated, content: Content) -> PlannedPath<'a> {
    PlannedPath {
        path: path.into(),
        entry: None,
        stamp: None,
        action: Action::Generate { kind, content },
        lost_to: None,
        points_to: None,
    }
}
