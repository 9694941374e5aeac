use std::ffi::OsStr;

use super::{file_names, startable_extensions};

fn names(program: &str, pathext: Option<&str>) -> Vec<String> {
    let extensions = startable_extensions(pathext.map(OsStr::new));
    let names = file_names(OsStr::new(program), Some(&extensions));
    names
        .into_iter()
        .map(|name| name.into_string().unwrap())
        .collect()
}

#[test]
fn pathext_says_which_files_are_programs_and_in_which_order() {
    let usual = ".COM;.EXE;.BAT;.CMD;.VBS;.JS;.PY";
    let npm = ["npm.com", "npm.exe", "npm.bat", "npm.cmd"];
    assert_eq!(names("npm", Some(usual)), npm, "never `npm` itself");
    assert_eq!(names("npm", Some(".cmd; .EXE")), ["npm.cmd", "npm.exe"]);
    assert_eq!(
        names("NPM.Cmd", Some(".EXE;.CMD")),
        ["NPM.Cmd", "NPM.Cmd.exe", "NPM.Cmd.cmd"]
    );
    assert_eq!(names("python3.11", Some(".EXE")), ["python3.11.exe"]);
    for none in [None, Some(""), Some(".JS")] {
        assert_eq!(names("npm", none), npm, "{none:?}");
    }
}

#[test]
fn other_systems_have_no_extensions() {
    assert_eq!(file_names(OsStr::new("npm"), None), ["npm"]);
}

#[cfg(windows)]
#[test]
fn a_command_file_is_started_and_not_the_script_for_sh_beside_it() {
    use super::find_program;

    let place = tempfile::tempdir().unwrap();
    for name in ["tool", "tool.cmd"] {
        std::fs::write(place.path().join(name), "").unwrap();
    }
    let variables = [("PATH", place.path().as_os_str())];
    let inside = variables.into_iter().collect();
    let found = find_program(OsStr::new("tool"), &inside).unwrap();
    assert_eq!(found, place.path().join("tool.cmd"));
    let direct = find_program(place.path().join("tool").as_os_str(), &inside).unwrap();
    assert_eq!(direct, place.path().join("tool.cmd"));
}
