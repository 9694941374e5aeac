//! CEP 24: `environment.yml`.

use std::path::Path;

use larder_manifest::{
    Lookup, ManifestErrorKind, PrefixError, PrefixRules, WarningCode, is_environment_file,
    validate_environment_name, validate_prefix_path,
};
use rattler_conda_types::Subdir;

use super::{read, refuse};

/// HOME is `/h`, PROJ is `x`.
struct Known;

impl Lookup for Known {
    fn variable(&self, name: &str) -> Option<String> {
        (name == "PROJ").then(|| "x".to_owned())
    }
    fn home(&self) -> Option<String> {
        Some("/h".to_owned())
    }
}

pub(super) fn codes(text: &str) -> Vec<WarningCode> {
    read(text)
        .warnings
        .iter()
        .map(|warning| warning.code)
        .collect()
}

pub(super) fn names_for(text: &str, subdir: Subdir) -> Vec<String> {
    let manifest = read(text);
    let specs = manifest.specs_for(subdir);
    specs
        .iter()
        .map(|dependency| dependency.text.clone())
        .collect()
}

#[test]
fn cep24_01_all_seven_keys_are_known_and_a_version_is_not() {
    let all = "name: n\nprefix: /p\nchannels: [c]\ndependencies: [a]\nvariables: {V: v}\nplatforms: [linux-64]\ncategory: dev\n";
    let manifest = read(all);
    assert_eq!(manifest.warnings, []);
    assert_eq!(manifest.name.as_deref(), Some("n"));
    assert_eq!(manifest.prefix.as_deref(), Some("/p"));
    assert_eq!(manifest.channels.as_ref().map(Vec::len), Some(1));
    assert_eq!(manifest.dependencies.len(), 1);
    assert_eq!(manifest.variables.get("V").map(String::as_str), Some("v"));
    assert_eq!(manifest.platforms, Some(vec![Subdir::Linux64]));
    assert_eq!(manifest.category, "dev");
    assert_eq!(
        codes("version: 2\ndependencies: [a]\n"),
        [WarningCode::UnknownKey]
    );
}

#[test]
fn cep24_02_environment_files_end_in_yml_or_yaml() {
    assert!(is_environment_file(Path::new("env.yaml")));
    assert!(is_environment_file(Path::new("a/my.env.yml")));
    assert!(!is_environment_file(Path::new("env.txt")));
    assert!(!is_environment_file(Path::new("yml")));
}

#[test]
fn cep24_03_unknown_keys_change_nothing() {
    let mut with = read("dependencies: [a]\nfoo: {bar: 1}\n");
    with.warnings.clear();
    assert_eq!(with, read("dependencies: [a]\n"));
}

#[test]
fn cep24_04_an_unknown_key_warns_once_with_its_name() {
    let manifest = read("foo: 1\ndependencies: [a]\n");
    let [warning] = manifest.warnings.as_slice() else {
        panic!("{:?}", manifest.warnings);
    };
    assert_eq!(warning.code, WarningCode::UnknownKey);
    assert_eq!(
        warning.to_string(),
        "environment.yml:1:1: the key `foo` is unknown and is ignored"
    );
}

#[test]
fn cep24_05_name_and_prefix_are_both_kept_for_the_command_line_to_override() {
    let manifest = read("name: a b\nprefix: ~/e\ndependencies: []\n");
    assert_eq!(manifest.name.as_deref(), Some("a b"));
    assert_eq!(manifest.prefix.as_deref(), Some("~/e"));
    assert_eq!(manifest.warnings[0].code, WarningCode::UnusableName);
}

#[test]
fn cep24_07_base_and_root_are_refused() {
    for name in ["base", "root", "Base"] {
        let error = validate_environment_name(name).expect_err(name);
        assert!(matches!(error, PrefixError::ReservedName { .. }), "{error}");
    }
    assert_eq!(
        codes("name: base\ndependencies: []"),
        [WarningCode::UnusableName]
    );
}

#[cfg(unix)]
#[test]
fn cep24_08_protected_paths_are_refused() {
    let rules = PrefixRules {
        home: Some("/home/u".into()),
        protected: vec!["/nix".into()],
    };
    let protected = [
        "/",
        "/home/u",
        "/home/u/",
        "/home/u/x/..",
        "/home",
        "/usr",
        "/usr/bin",
        "/bin",
        "/etc",
        "/etc/env",
        "/usr/local",
        "/nix",
        "/tmp",
    ];
    for path in protected {
        let error = validate_prefix_path(Path::new(path), &rules).expect_err(path);
        assert!(
            matches!(error, PrefixError::Protected { .. }),
            "{path}: {error}"
        );
    }
    for path in [
        "/home/u/e",
        "/opt/env",
        "/usr/local/env",
        "/tmp/e",
        "/home/u/work/./e",
    ] {
        assert_eq!(
            validate_prefix_path(Path::new(path), &rules),
            Ok(()),
            "{path}"
        );
    }
    let relative = validate_prefix_path(Path::new("./e"), &rules).expect_err("relative");
    assert!(matches!(relative, PrefixError::Relative { .. }));
}

#[test]
fn cep24_09_tildes_and_variables_are_expanded() {
    let prefix = |text: &str| {
        let text = format!("prefix: {text}\ndependencies: []\n");
        read(&text).expanded_prefix(&Known)
    };
    assert_eq!(prefix("~/envs/$PROJ").as_deref(), Some("/h/envs/x"));
    assert_eq!(prefix("/e/${PROJ}y$PROJ").as_deref(), Some("/e/xyx"));
    assert_eq!(
        prefix("/e/$NONE/${NO}$").as_deref(),
        Some("/e/$NONE/${NO}$")
    );
    assert_eq!(prefix("~other/e").as_deref(), Some("~other/e"));
    let text = "channels: ['https://ch.test/t/$PROJ/c', ~/c]\ndependencies: []\n";
    let manifest =
        larder_manifest::Manifest::parse("e.yml", text.as_bytes(), &Known).expect("read");
    let channels = manifest.channels.expect("channels");
    assert_eq!(channels[0].text, "https://ch.test/t/x/c");
    assert_eq!(channels[0].written, "https://ch.test/t/$PROJ/c");
    assert_eq!(channels[1].text, "/h/c");
}

#[test]
fn cep24_10_names_have_no_slash_space_colon_or_hash() {
    for name in ["a b", "a#b", "a/b", "a:b", "a\\b", ""] {
        assert!(validate_environment_name(name).is_err(), "{name}");
    }
    assert_eq!(validate_environment_name("a-b_c.1"), Ok(()));
    let rules = PrefixRules::default();
    let prefix = |path: &str| validate_prefix_path(Path::new(path), &rules);
    assert!(prefix("/x/my env").is_err());
    assert!(prefix("/x/my#env").is_err());
    assert_eq!(prefix("/x y/env"), Ok(()));
}

#[test]
fn cep24_11_dependencies_are_a_list_that_must_be_there() {
    let missing = refuse("name: a\n");
    assert_eq!(missing.code(), "manifest::no-dependencies");
    assert_eq!(missing.position().line, 1);
    let null = refuse("name: a\ndependencies:\n");
    assert_eq!((null.code(), null.position().line), ("manifest::type", 2));
    let mapping = refuse("name: a\ndependencies:\n  numpy: 1\n");
    assert_eq!(
        (mapping.code(), mapping.position().line),
        ("manifest::type", 3)
    );
    let number = refuse("dependencies:\n  - numpy\n  - 3.10\n");
    assert_eq!(number.position().to_string(), "environment.yml:3:5");
    assert_eq!(read("dependencies: []\n").dependencies, []);
}

#[test]
fn cep24_13_sections_are_kept_apart_from_what_conda_installs() {
    let manifest = read("dependencies:\n  - pip:\n    - six\n  - numpy\n");
    assert_eq!(
        names_for(
            "dependencies:\n  - pip:\n    - six\n  - numpy\n",
            Subdir::Linux64
        ),
        ["numpy"]
    );
    assert_eq!(manifest.pip.expect("pip").lines.len(), 1);
}

#[test]
fn cep24_15_pip_is_a_list_of_texts() {
    let manifest = read("dependencies:\n  - pip: [scipy, \"-r req.txt\"]\n");
    let pip = manifest.pip.expect("pip");
    let lines: Vec<&str> = pip.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["scipy", "-r req.txt"]);
    for item in ["{a: b}", "[a]", "3.1"] {
        let error = refuse(&format!(
            "dependencies:\n  - pip:\n    - six\n    - {item}\n"
        ));
        assert_eq!(error.position().line, 4, "{item}");
        assert!(
            error.headline().starts_with("a line of `pip` is a"),
            "{error}"
        );
    }
}

#[test]
fn cep24_16_unknown_sections_are_refused() {
    let error = refuse("dependencies:\n  - numpy\n  - npm: [left-pad]\n");
    assert_eq!(
        *error.kind(),
        ManifestErrorKind::UnknownSection {
            name: "npm".to_owned(),
            hint: None
        }
    );
    assert_eq!(error.position().line, 3);
}

#[test]
fn cep24_17_channels_keep_their_order() {
    let manifest =
        read("channels:\n- conda-forge\n- https://ch.test/c\n- ./chan\ndependencies: []\n");
    let channels = manifest.channels.expect("channels");
    let texts: Vec<&str> = channels
        .iter()
        .map(|channel| channel.text.as_str())
        .collect();
    assert_eq!(texts, ["conda-forge", "https://ch.test/c", "./chan"]);
}

#[test]
fn cep24_19_nodefaults_is_found_anywhere_in_the_list() {
    for list in ["[nodefaults, a]", "[a, nodefaults]", "[a, nodefaults, b]"] {
        assert!(
            read(&format!("channels: {list}\ndependencies: []\n")).nodefaults,
            "{list}"
        );
    }
    assert!(!read("channels: [a]\ndependencies: []\n").nodefaults);
}

#[test]
fn cep24_20_nodefaults_is_never_a_channel() {
    let channels = read("channels: [nodefaults, a]\ndependencies: []\n").channels;
    let channels = channels.expect("channels");
    assert_eq!(channels.len(), 1);
    assert_eq!(channels[0].text, "a");
}

#[test]
fn cep24_21_variables_have_names_that_shells_can_set() {
    for name in ["A=B", "''", "1A", "A B", "A-B", "\"A;B\""] {
        let error = refuse(&format!("dependencies: []\nvariables:\n  {name}: x\n"));
        assert_eq!(error.code(), "manifest::variable", "{name}");
        assert_eq!(error.position().line, 3);
    }
    assert_eq!(
        read("dependencies: []\nvariables: {_A1: x}\n")
            .variables
            .len(),
        1
    );
}

#[test]
fn cep24_22_values_of_variables_keep_their_text() {
    let manifest =
        read("dependencies: []\nvariables: {N: 1, B: true, V: 1.10, n: 0x1F, Q: \"a: b\"}\n");
    let pairs: Vec<(&str, &str)> = manifest
        .variables
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        pairs,
        [
            ("N", "1"),
            ("B", "true"),
            ("V", "1.10"),
            ("n", "0x1F"),
            ("Q", "a: b")
        ]
    );
}

#[test]
fn cep24_24_platforms_are_subdirs_but_noarch() {
    for (text, similar) in [
        ("noarch", None),
        ("linux_64", Some("linux-64")),
        ("osx", Some("osx-arm64")),
    ] {
        let error = refuse(&format!(
            "dependencies: []\nplatforms: [linux-64, {text}]\n"
        ));
        let expected = ManifestErrorKind::Platform {
            text: text.to_owned(),
            similar: similar.map(str::to_owned),
        };
        assert_eq!(*error.kind(), expected);
    }
    let manifest = read("dependencies: []\nplatforms: [win-64, osx-arm64]\n");
    assert_eq!(
        manifest.platforms,
        Some(vec![Subdir::Win64, Subdir::OsxArm64])
    );
}

#[test]
fn cep24_26_the_category_is_part_of_each_dependency() {
    let manifest = read("dependencies: [a]\ncategory: dev\n");
    assert_eq!(&*manifest.dependencies[0].category, "dev");
    assert_eq!(
        &*read("dependencies: [a]\n").dependencies[0].category,
        "main"
    );
}
