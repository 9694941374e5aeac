//! Where files are looked for, in which order, and what is no configuration.

use super::fixture::{Memory, list, loaded, places};
use crate::{Places, candidates};

/// The files in conda's order; each adds itself to the channels.
const ORDER: &[&str] = &[
    "/etc/conda/.condarc",
    "/etc/conda/condarc",
    "/etc/conda/condarc.d/10.yml",
    "/etc/conda/condarc.d/20.yaml",
    "/etc/conda/.mambarc",
    "/var/lib/conda/.condarc",
    "/var/lib/conda/condarc",
    "/var/lib/conda/condarc.d/a.yml",
    "/opt/conda/.condarc",
    "/opt/conda/condarc",
    "/opt/conda/condarc.d/a.yml",
    "/opt/conda/.mambarc",
    "/xdg/conda/.condarc",
    "/xdg/conda/condarc",
    "/xdg/conda/condarc.d/a.yml",
    "/home/me/.config/conda/.condarc",
    "/home/me/.config/conda/condarc",
    "/home/me/.config/conda/condarc.d/a.yml",
    "/home/me/.conda/.condarc",
    "/home/me/.conda/condarc",
    "/home/me/.conda/condarc.d/a.yml",
    "/home/me/.condarc",
    "/home/me/.mambarc",
    "/env/.condarc",
    "/env/condarc",
    "/env/condarc.d/a.yml",
    "/named/rc.yml",
];

#[test]
fn files_are_read_in_condas_order_and_variables_win_over_all() {
    let file = |memory: Memory, path: &&str| {
        let text = format!("channels: ['{path}']\nchannel_alias: https://{path}\n");
        memory.with(path, &text)
    };
    let files = ORDER.iter().fold(Memory::default(), file);
    let loaded = loaded(&files, &[("CONDA_CHANNELS", "variable, second")]);
    assert!(loaded.errors.is_empty() && loaded.warnings.is_empty());
    let read: Vec<_> = loaded
        .files
        .iter()
        .map(|path| path.to_str().unwrap())
        .collect();
    assert_eq!(read, ORDER);
    let mut expected = vec!["variable", "second"];
    expected.extend(ORDER.iter().rev());
    assert_eq!(list(&loaded, "channels"), expected);
    assert_eq!(
        loaded.config.text("channel_alias"),
        Some("https:///named/rc.yml")
    );
    assert_eq!(loaded.config.get("channels").unwrap().parts.len(), 28);
}

#[test]
fn a_place_that_is_not_there_has_no_files() {
    assert_eq!(
        candidates(&Places::default()),
        Vec::<std::path::PathBuf>::new()
    );
    assert_eq!(candidates(&places()).len(), 8 + 4 + 3 + 3 + 3 + 2 + 3 + 1);
}

#[test]
fn what_has_another_name_is_not_read() {
    let files = Memory::default()
        .with("/home/me/.conda/condarc.d/a.yml~", "offline: true")
        .with("/home/me/.conda/condarc.d/deep/b.yml", "offline: true")
        .with("/home/me/.conda/environments.txt", "offline: true");
    let loaded = loaded(&files, &[]);
    assert!(loaded.files.is_empty() && loaded.config.flag("offline").is_none());
}

#[test]
fn condarc_may_name_a_directory() {
    let files = Memory::default().with("/named/rc.yml/x.yml", "offline: true");
    assert_eq!(loaded(&files, &[]).config.flag("offline"), Some(true));
}

/// Files and what is said of them.
const WRONG: &[(&str, &str)] = &[
    (
        "channels: [a\nb: c",
        "/env/.condarc:2:2: this is not valid YAML: ",
    ),
    (
        "- a\n",
        "/env/.condarc:1:1: expected keys with values, found a list",
    ),
    (
        "\u{0}",
        "/env/.condarc:1:1: this is no text: there is a zero byte",
    ),
    (
        "channels: [a]\nchannels: [b]\n",
        "/env/.condarc:2:1: this is not valid YAML: the key `channels` stands twice, first in line 1",
    ),
    (
        "always_copy: true\ncopy: false\n",
        "/env/.condarc:2:1: `copy` is the same key as the one at /env/.condarc:1:1: keep one, `always_copy`",
    ),
    (
        "channels: conda-forge\n",
        "/env/.condarc:1:1: `channels` is a list of texts, found `conda-forge`",
    ),
    (
        "channels: {a: b}\n",
        "/env/.condarc:1:1: `channels` is a list of texts, found a mapping",
    ),
    (
        "offline: maybe\n",
        "/env/.condarc:1:1: `offline` is true or false, found `maybe`",
    ),
    (
        "offline: [true]\n",
        "/env/.condarc:1:1: `offline` is true or false, found a list",
    ),
    (
        "remote_max_retries: many\n",
        "/env/.condarc:1:1: `remote_max_retries` is a number, found `many`",
    ),
    (
        "custom_channels: [a]\n",
        "/env/.condarc:1:1: `custom_channels` is a mapping of names to texts, found a list",
    ),
    (
        "custom_multichannels:\n  a: b\n",
        "/env/.condarc:2:6: `custom_multichannels` is a mapping of names to lists, found `b`",
    ),
    (
        "channel_alias: {a: https://u:secret@h.test}\n",
        "/env/.condarc:1:1: `channel_alias` is a text, found a mapping",
    ),
];

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place_and_the_others_still_count() {
    for (text, expected) in WRONG {
        let files = Memory::default()
            .with("/home/me/.condarc", "json: true")
            .with("/env/.condarc", text);
        let loaded = loaded(&files, &[]);
        let errors: Vec<_> = loaded.errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        assert!(errors[0].starts_with(expected), "{text}: {errors:?}");
        assert_eq!(loaded.config.flag("json"), Some(true));
    }
}

#[test]
fn what_larder_does_not_follow_need_not_be_right() {
    let files = Memory::default().with("/env/.condarc", "number_channel_notices: [many]\n");
    assert!(loaded(&files, &[]).errors.is_empty());
}

#[test]
fn two_variables_for_one_key_are_refused() {
    let variables = [("CONDA_ENVS_DIRS", "/a"), ("CONDA_ENVS_PATH", "/b")];
    let loaded = loaded(&Memory::default(), &variables);
    let errors: Vec<_> = loaded.errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "CONDA_ENVS_PATH: `CONDA_ENVS_PATH` is the same key as the one at CONDA_ENVS_DIRS: keep one, `envs_dirs`"
        ]
    );
}

/// `larder config` shows the platform of an environment, and a new environment is not for it.
#[test]
fn the_subdir_of_an_environment_is_not_that_of_everybody() {
    let general = |files: Memory, variables: &[(&str, &str)]| {
        let loaded = loaded(&files, variables);
        let shown = loaded.config.text("subdir").map(str::to_owned);
        let general = loaded.config.general_subdir();
        (shown, general.map(|subdir| subdir.value.clone()))
    };
    let both =
        |shown: &str, general: Option<&str>| (Some(shown.to_owned()), general.map(str::to_owned));
    for file in ["/env/.condarc", "/env/condarc", "/env/condarc.d/a.yml"] {
        let own = || Memory::default().with(file, "subdir: win-64\n");
        assert_eq!(general(own(), &[]), both("win-64", None), "{file}");
        let home = own().with("/home/me/.condarc", "subdir: osx-64\n");
        assert_eq!(general(home, &[]), both("win-64", Some("osx-64")));
        let variable = [("CONDA_SUBDIR", "linux-64")];
        let expected = both("linux-64", Some("linux-64"));
        assert_eq!(general(own(), &variable), expected);
    }
    // conda's own environment has everybody's configuration.
    let root = Places {
        prefix: Some("/opt/conda".into()),
        ..places()
    };
    let files = Memory::default().with("/opt/conda/.condarc", "subdir: win-64\n");
    let loaded = crate::load(&root, &Default::default(), &files);
    assert_eq!(loaded.config.general_subdir().unwrap().value, "win-64");
}
