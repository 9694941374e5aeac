use std::{ffi::OsString, fs, path::Path};

use rattler_conda_types::Subdir;
use rattler_shell::environment::EnvironmentSnapshot;

use super::{ActivationError, activated, environment_variables, path_entries};

fn environment(files: &[(&str, &str)]) -> tempfile::TempDir {
    let prefix = tempfile::tempdir().unwrap();
    for (path, content) in files.iter().chain([&("conda-meta/history", "")]) {
        let path = prefix.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    prefix
}

/// The environment inside `prefix`, started from `outside` and a plain PATH.
fn inside(prefix: &Path, outside: &[(&str, &str)]) -> Result<EnvironmentSnapshot, ActivationError> {
    let path = [("PATH", "/usr/bin:/bin")];
    let outside = outside.iter().chain(&path);
    let outside: Vec<(OsString, OsString)> = outside
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let outside: EnvironmentSnapshot = outside.into_iter().collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(activated(
        prefix,
        Subdir::Linux64,
        &outside,
        &crate::Prompt::default(),
    ))
}

fn variable(prefix: &Path, outside: &[(&str, &str)], name: &str) -> Option<String> {
    inside(prefix, outside)
        .unwrap()
        .get(name)
        .map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn cep32_17_values_that_are_not_strings_are_read_as_text() {
    let prefix = environment(&[("conda-meta/state", r#"{"env_vars": {"N": 1, "B": true}}"#)]);
    let variables = environment_variables(prefix.path()).unwrap();
    assert_eq!(
        (variables["N"].as_str(), variables["B"].as_str()),
        ("1", "true")
    );
}

#[test]
fn cep32_18_names_keep_their_case() {
    let prefix = environment(&[("conda-meta/state", r#"{"env_vars": {"myVar": "x"}}"#)]);
    assert_eq!(variable(prefix.path(), &[], "myVar").as_deref(), Some("x"));
    assert_eq!(variable(prefix.path(), &[], "MYVAR"), None);
}

#[test]
fn cep32_19_state_overrides_later_files_which_override_earlier_ones() {
    let files = [
        ("etc/conda/env_vars.d/b.json", r#"{"V": "2"}"#),
        ("etc/conda/env_vars.d/a.json", r#"{"V": "1"}"#),
    ];
    let prefix = environment(&files);
    assert_eq!(variable(prefix.path(), &[], "V").as_deref(), Some("2"));
    fs::write(
        prefix.path().join("conda-meta/state"),
        r#"{"env_vars": {"V": "3"}}"#,
    )
    .unwrap();
    assert_eq!(variable(prefix.path(), &[], "V").as_deref(), Some("3"));
}

#[test]
#[cfg(unix)]
fn cep32_20_scripts_of_the_shell_run_in_order() {
    let directory = "etc/conda/activate.d";
    let prefix = environment(&[
        (&format!("{directory}/02.sh"), "export ORDER=${ORDER}2"),
        (&format!("{directory}/01.sh"), "export ORDER=${ORDER}1"),
        (&format!("{directory}/00.fish"), "this is not for bash"),
    ]);
    assert_eq!(variable(prefix.path(), &[], "ORDER").as_deref(), Some("12"));
}

#[test]
#[cfg(unix)]
fn cep32_22_the_order_is_that_of_code_points_in_any_locale() {
    let names = ["é.sh", "a.sh", "_.sh", "B.sh"];
    let files: Vec<(String, String)> = names
        .iter()
        .map(|name| {
            (
                format!("etc/conda/activate.d/{name}"),
                format!("export ORDER=${{ORDER}}{}", &name[..name.len() - 3]),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, content)| (path.as_str(), content.as_str()))
        .collect();
    let prefix = environment(&files);
    for locale in ["C", "C.UTF-8", "en_US.UTF-8"] {
        assert_eq!(
            variable(prefix.path(), &[("LC_ALL", locale)], "ORDER").as_deref(),
            Some("B_aé"),
            "{locale}"
        );
    }
}

#[test]
#[cfg(unix)]
fn cep32_41_the_environment_comes_first_on_path() {
    let prefix = environment(&[]);
    let path = variable(prefix.path(), &[], "PATH").unwrap();
    assert_eq!(
        path,
        format!("{}/bin:/usr/bin:/bin", prefix.path().display())
    );
    assert_eq!(
        variable(prefix.path(), &[], "CONDA_PREFIX").unwrap(),
        prefix.path().to_str().unwrap()
    );
}

#[test]
fn cep32_42_windows_has_seven_entries_with_the_flavour_that_exists() {
    let prefix = environment(&[("Library/clang64/bin/x.dll", "")]);
    let entries = path_entries(prefix.path(), Subdir::Win64);
    let expected = [
        "",
        "Library/clang64/bin",
        "Library/mingw-w64/bin",
        "Library/usr/bin",
        "Library/bin",
        "Scripts",
        "bin",
    ];
    let relative: Vec<_> = entries
        .iter()
        .map(|entry| {
            entry
                .strip_prefix(prefix.path())
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/")
        })
        .collect();
    assert_eq!(relative, expected);
}

#[test]
#[cfg(unix)]
fn an_environment_that_is_active_already_is_left_first() {
    let outer = environment(&[("conda-meta/state", r#"{"env_vars": {"OUTER": "1"}}"#)]);
    let inner = environment(&[]);
    let active = [
        ("CONDA_PREFIX", outer.path().to_str().unwrap()),
        ("OUTER", "1"),
        ("CONDA_SHLVL", "1"),
    ];
    assert_eq!(variable(inner.path(), &active, "OUTER"), None);
    assert_eq!(
        variable(inner.path(), &active, "CONDA_PREFIX").unwrap(),
        inner.path().to_str().unwrap()
    );
}

#[test]
#[cfg(unix)]
fn a_failing_script_is_an_error_that_names_the_environment() {
    let prefix = environment(&[("etc/conda/activate.d/bad.sh", "echo no >&2; exit 3")]);
    let error = inside(prefix.path(), &[]).unwrap_err();
    assert!(matches!(error, ActivationError::Failed { .. }), "{error:?}");
}

#[test]
fn a_state_that_is_not_json_names_the_file() {
    let prefix = environment(&[("conda-meta/state", "{oops")]);
    let error = environment_variables(prefix.path())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("conda-meta/state") && error.contains("env_vars"),
        "{error}"
    );
}

#[test]
fn cep32_01_a_directory_without_history_is_no_environment() {
    let prefix = environment(&[]);
    assert!(super::is_environment(prefix.path()));
    fs::remove_file(prefix.path().join("conda-meta/history")).unwrap();
    assert!(!super::is_environment(prefix.path()));
}

/// Variables after a plan without scripts.
fn after(plan: &super::Plan, outside: &EnvironmentSnapshot) -> EnvironmentSnapshot {
    let mut inside = outside.clone();
    for step in &plan.steps {
        match step {
            super::Step::Variable(name, Some(value)) => inside.insert(name, value),
            super::Step::Variable(name, None) => inside.remove(name),
            super::Step::Run(script) => panic!("{script:?}"),
        }
    }
    inside
}

fn shell<'a>(outside: &'a EnvironmentSnapshot, prompt: &'a crate::Prompt) -> super::Shell<'a> {
    super::Shell {
        outside,
        subdir: Subdir::Linux64,
        prompt,
        extension: "sh",
    }
}

/// Ways in and out at random: however deep, and whoever is replaced or stacked, the way out passes the
/// same places as the way in.
#[test]
#[cfg(unix)]
fn cep32_43_the_way_out_is_the_way_in() {
    let states = [
        r#"{"env_vars": {"A": "1", "B": "1"}}"#,
        r#"{"env_vars": {"B": "2", "C": "***unset***"}}"#,
        r#"{"env_vars": {"A": "***unset***", "C": "3", "D": "3"}}"#,
    ];
    let prefixes = states.map(|state| environment(&[("conda-meta/state", state)]));
    let prompt = crate::Prompt::default();
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    for _ in 0..300 {
        let mut outside: EnvironmentSnapshot = [("KEPT", "k")].into_iter().collect();
        for (name, value) in [
            ("PATH", ":/usr/bin::/bin"),
            ("A", "0"),
            ("C", ""),
            ("CONDA_SHLVL", "0"),
        ] {
            if next(2) == 0 {
                outside.insert(name, value);
            }
        }
        let mut places = vec![outside];
        for _ in 0..=next(5) {
            let here = places.last().unwrap();
            let prefix = prefixes[next(3) as usize].path();
            if here.get("CONDA_PREFIX") == Some(prefix.as_os_str()) {
                continue;
            }
            let stacking = [super::Stacking::Replace, super::Stacking::Stack][next(2) as usize];
            let plan = super::activation(prefix, stacking, &shell(here, &prompt)).unwrap();
            let inside = after(&plan, here);
            assert_eq!(inside.get("CONDA_PREFIX"), Some(prefix.as_os_str()));
            places.push(inside);
        }
        while let Some(here) = places.pop() {
            let plan = super::deactivation(&shell(&here, &prompt)).unwrap();
            let out = after(&plan, &here);
            match places.last() {
                Some(before) => assert_eq!(&out, before),
                None => assert_eq!(out, here),
            }
        }
    }
}

#[test]
fn an_environment_that_is_active_is_applied_anew() {
    let prefix = environment(&[("conda-meta/state", r#"{"env_vars": {"NEW": "1"}}"#)]);
    let active = [
        ("CONDA_PREFIX", prefix.path().to_str().unwrap()),
        ("CONDA_SHLVL", "1"),
    ];
    let inside = inside(prefix.path(), &active).unwrap();
    assert_eq!(inside.get("CONDA_SHLVL"), Some("1".as_ref()));
    assert_eq!(inside.get("NEW"), Some("1".as_ref()));
    let path = format!("{}/bin:/usr/bin:/bin", prefix.path().display());
    assert_eq!(inside.get("PATH"), Some(path.as_ref()));
}

#[test]
fn what_no_system_can_set_names_file_and_variable() {
    for state in [
        r#"{"env_vars": {"A=B": "x"}}"#,
        r#"{"env_vars": {"": "x"}}"#,
        r#"{"env_vars": {"N": "a\u0000b"}}"#,
    ] {
        let prefix = environment(&[("conda-meta/state", state)]);
        let error = environment_variables(prefix.path()).unwrap_err();
        assert!(error.to_string().contains("conda-meta/state"), "{error}");
    }
}

#[test]
#[cfg(unix)]
fn bytes_that_are_no_text_stay() {
    use std::os::unix::ffi::OsStrExt as _;

    let prefix = environment(&[
        ("etc/conda/activate.d/a.sh", "export SEEN=1"),
        ("conda-meta/state", r#"{"env_vars": {"V": "x"}}"#),
    ]);
    let bytes = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let outside: EnvironmentSnapshot = [("V", bytes), ("W", bytes), ("PATH", bytes)]
        .into_iter()
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let prompt = crate::Prompt::default();
    let inside = runtime.block_on(activated(prefix.path(), Subdir::Linux64, &outside, &prompt));
    let inside = inside.unwrap();
    assert_eq!(inside.get("SEEN"), Some("1".as_ref()));
    assert_eq!(inside.get("W"), Some(bytes));
    assert_eq!(inside.get("__CONDA_SHLVL_0_V"), Some(bytes));
    assert!(
        inside
            .get("PATH")
            .unwrap()
            .as_bytes()
            .ends_with(b"/bin:\xff\xfe")
    );
}

#[test]
fn conda_itself_is_called_base() {
    let prefix = environment(&[]);
    let conda = prefix.path().join("bin/conda");
    let exe = [("CONDA_EXE", conda.to_str().unwrap())];
    let name = variable(prefix.path(), &exe, "CONDA_DEFAULT_ENV");
    assert_eq!(name.as_deref(), Some("base"));
    let name = variable(prefix.path(), &[], "CONDA_DEFAULT_ENV");
    assert_eq!(name.as_deref(), prefix.path().to_str());
}

#[test]
fn a_field_in_a_name_stays_text() {
    let prompt = crate::Prompt {
        shown: true,
        template: "{name}{other}{ ".to_owned(),
    };
    let shown = super::prompt::modifier(&prompt, Path::new("/e/{prefix}"), "x", &[]);
    assert_eq!(shown, "{prefix}{other}{ ");
}
