//! `larder create` on small packages.

use std::{fs, path::Path};

use larder_testkit::{PackageBuilder, Server, tree_of};

use crate::support::{app_and_lib, channel, conda, env, json, program, sandbox};

#[test]
fn a_manifest_becomes_an_environment_that_runs() {
    let sandbox = app_and_lib();
    let run = sandbox.larder(&["create", "-p", "env"]).success();
    assert!(run.stderr.contains("2 packages, solved"), "{}", run.stderr);
    let run = sandbox.larder(&["run", "-p", "env", "--", "app"]).success();
    assert_eq!(run.stdout.trim(), env(&sandbox).to_str().unwrap());
    assert_eq!(
        fs::read_to_string(env(&sandbox).join("lib/data.txt")).unwrap(),
        "data"
    );
}

#[test]
fn the_second_run_needs_neither_channel_nor_network_and_gives_the_same_bytes() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
    let first = comparable(&env(&sandbox));
    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_dir_all(sandbox.path("channel")).unwrap();
    let run = sandbox
        .larder(&["create", "-p", "env", "--offline"])
        .success();
    assert!(
        run.stderr.contains("from the lock") && run.stderr.contains("nothing fetched"),
        "{}",
        run.stderr
    );
    assert_eq!(comparable(&env(&sandbox)), first);
}

#[test]
fn a_solve_and_its_lock_give_the_same_records() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "solved"]).success();
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "locked"]).success();
    for record in ["app-1.0-0.json", "lib-2.0-h1_0.json"] {
        let [solved, locked] = ["solved", "locked"].map(|name| {
            let prefix = sandbox.path(name);
            let text = fs::read_to_string(prefix.join("conda-meta").join(record)).unwrap();
            // Digests of rewritten files differ with the prefix, and so do sizes.
            let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
            value.as_object_mut().unwrap().remove("paths_data");
            value
        });
        assert_eq!(solved, locked);
    }
}

#[test]
fn dry_run_says_what_would_be_done_and_changes_nothing() {
    let sandbox = app_and_lib();
    let run = sandbox
        .larder(&["create", "-p", "env", "--dry-run"])
        .success();
    assert!(
        run.stdout.contains("app-1.0-0") && run.stdout.contains("lib-2.0-h1_0"),
        "{}",
        run.stdout
    );
    assert!(!env(&sandbox).exists() && objects(&sandbox.store()).is_empty());
}

#[test]
fn json_has_the_keys_that_condas_consumers_read() {
    let sandbox = app_and_lib();
    let report = json(&sandbox.larder(&["create", "-p", "env", "--json"]).success());
    assert_eq!(report["success"], true);
    assert_eq!(report["prefix"], env(&sandbox).to_str().unwrap());
    assert_eq!(report["solve"], "solved");
    let link = report["actions"]["LINK"].as_array().unwrap();
    for key in [
        "base_url",
        "build_number",
        "build_string",
        "channel",
        "dist_name",
        "name",
        "platform",
        "version",
    ] {
        assert!(!link[0][key].is_null(), "{key}");
    }
    let again = json(
        &sandbox
            .larder(&["create", "-p", "env", "--json"])
            .fails_with(1),
    );
    assert_eq!(
        (&again["success"], &again["code"]),
        (&false.into(), &"target::exists".into())
    );
    assert!(again["exception_name"].is_string() && again["message"].is_string());
}

#[test]
fn cep24_06_an_environment_is_never_overwritten_silently() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let before = tree_of(&env(&sandbox));
    let run = sandbox.larder(&["create", "-p", "env"]).fails_with(1);
    assert!(run.stderr.contains("--yes"), "{}", run.stderr);
    assert_eq!(tree_of(&env(&sandbox)), before);

    fs::write(env(&sandbox).join("mine.txt"), "").unwrap();
    sandbox.larder(&["create", "-p", "env", "--yes"]).success();
    assert!(!env(&sandbox).join("mine.txt").exists(), "--yes replaces");
}

#[test]
fn a_directory_that_is_no_environment_is_never_replaced() {
    let sandbox = app_and_lib();
    sandbox.write("env/thesis.txt", "years of work");
    for arguments in [
        &["create", "-p", "env"][..],
        &["create", "-p", "env", "--yes"],
    ] {
        let run = sandbox.larder(arguments).fails_with(1);
        assert!(run.stderr.contains("not an environment"), "{}", run.stderr);
    }
    assert_eq!(
        fs::read_to_string(sandbox.path("env/thesis.txt")).unwrap(),
        "years of work"
    );
}

#[test]
fn a_failed_replacement_leaves_the_old_environment() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let before = tree_of(&env(&sandbox));
    channel(
        &sandbox,
        [conda(
            program("app", "9.0").link_script("post-link", "echo it broke >&2; exit 1"),
        )],
    );
    let run = sandbox
        .larder(&["create", "-p", "env", "--yes"])
        .fails_with(1);
    assert!(
        run.stderr.contains("it broke") && run.stderr.contains("app-9.0-0"),
        "{}",
        run.stderr
    );
    assert_eq!(tree_of(&env(&sandbox)), before);
    assert_eq!(left_over(&sandbox.work()), Vec::<String>::new());
}

#[test]
fn cep24_05_the_command_line_wins_over_name_and_prefix() {
    let sandbox = app_and_lib();
    sandbox.write(
        "environment.yml",
        "name: work\nprefix: ./elsewhere\nchannels: [./channel]\ndependencies: [lib]\n",
    );
    let named =
        |run: larder_testkit::Run| json(&run.success())["prefix"].as_str().unwrap().to_owned();
    let of = |arguments: &[&str]| {
        named(sandbox.larder(&[&["create", "--dry-run", "--json"][..], arguments].concat()))
    };
    assert!(of(&["-n", "other"]).ends_with(".conda/envs/other"));
    assert!(of(&["-p", "env"]).ends_with("/env"));
    assert!(
        of(&[]).ends_with(".conda/envs/work"),
        "a name wins over a prefix"
    );
}

#[test]
fn cep24_07_base_and_root_are_refused_before_any_download() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-n", "root"]).fails_with(1);
    sandbox.write(
        "environment.yml",
        "name: base\nchannels: [./channel]\ndependencies: [lib]\n",
    );
    sandbox.larder(&["create"]).fails_with(1);
    assert!(objects(&sandbox.store()).is_empty());
}

#[test]
fn cep24_08_directories_of_the_system_are_refused() {
    let sandbox = app_and_lib();
    let home = sandbox.home();
    for prefix in ["/", "/usr/bin", home.to_str().unwrap()] {
        sandbox.larder(&["create", "-p", prefix]).fails_with(1);
    }
}

#[test]
fn cep24_09_home_and_variables_in_a_prefix_are_expanded() {
    let sandbox = app_and_lib();
    sandbox.write(
        "environment.yml",
        "prefix: ~/envs/$PROJ\nchannels: [./channel]\ndependencies: [lib]\n",
    );
    let mut command = sandbox.command(&["create"]);
    larder_testkit::Run::of(command.env("PROJ", "x")).success();
    assert!(sandbox.home().join("envs/x/conda-meta/history").is_file());
}

#[test]
fn cep24_10_names_with_space_colon_or_hash_are_refused() {
    let sandbox = app_and_lib();
    for prefix in ["./my env", "./a#b", "./a:b", "./a:b/env"] {
        sandbox.larder(&["create", "-p", prefix]).fails_with(1);
    }
    sandbox.larder(&["create", "-n", "a b"]).fails_with(1);
    sandbox
        .larder(&["create", "-p", "with space/env"])
        .success();
}

#[test]
fn an_environment_inside_another_is_refused() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    for inner in ["env/inner", "env/lib/deep/inner", "env/envs"] {
        let run = sandbox.larder(&["create", "-p", inner]).fails_with(1);
        assert!(run.stderr.contains("nested"), "{}", run.stderr);
    }
}

#[test]
fn channels_beside_a_lock_have_no_effect_and_a_warning_says_so() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let create = [
        "create",
        "-p",
        "env",
        "-f",
        "conda-lock.yml",
        "-c",
        "./gone",
    ];
    let run = sandbox.larder(&create).success();
    let warning = "is a lock, which has the URL of each package: `--channel` has no effect";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
}

#[test]
fn an_environment_may_lie_in_the_envs_of_base() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "base"]).success();
    sandbox.larder(&["create", "-p", "base/envs/x"]).success();
}

#[test]
fn a_tilde_that_no_shell_expanded_is_the_home() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "--prefix=~/env"]).success();
    assert!(sandbox.home().join("env/conda-meta/history").is_file());
}

#[test]
fn environment_yaml_is_taken_where_there_is_no_environment_yml() {
    let sandbox = app_and_lib();
    fs::rename(
        sandbox.path("environment.yml"),
        sandbox.path("environment.yaml"),
    )
    .unwrap();
    sandbox.larder(&["lock"]).success();
    let run = sandbox.larder(&["create", "-p", "env"]).success();
    assert!(run.stderr.contains("from the lock"), "{}", run.stderr);
}

#[test]
fn another_platform_than_the_manifests_is_warned_about() {
    let sandbox = app_and_lib();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\nplatforms: [win-64]\ndependencies: [lib]\n",
    );
    let run = sandbox
        .larder(&["create", "-p", "env", "--platform", "linux-64"])
        .success();
    assert!(
        run.stderr.contains("win-64") && run.stderr.contains("linux-64"),
        "{}",
        run.stderr
    );
}

#[test]
fn cep24_12_all_specs_are_met_and_unsolvable_ones_leave_nothing() {
    let sandbox = app_and_lib();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n  - app\n  - lib <2\n",
    );
    let run = sandbox.larder(&["create", "-p", "env"]).fails_with(1);
    assert!(
        run.stderr.contains("environment.yml:4:5") || run.stderr.contains("lib <2"),
        "{}",
        run.stderr
    );
    assert!(!env(&sandbox).exists());
}

#[test]
fn cep24_16_an_unknown_section_is_refused_before_anything_is_downloaded() {
    let sandbox = app_and_lib();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n  - app\n  - npm: [left-pad]\n",
    );
    let run = sandbox.larder(&["create", "-p", "env"]).fails_with(1);
    assert!(
        run.stderr.contains("environment.yml:4") && run.stderr.contains("npm"),
        "{}",
        run.stderr
    );
    assert!(!sandbox.store().join("pkgs").exists() || objects(&sandbox.store()).is_empty());
}

#[test]
fn cep24_20_nodefaults_is_never_asked_for() {
    let sandbox = app_and_lib();
    let server = Server::serve(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        &format!(
            "channels: [nodefaults, \"{}\"]\ndependencies: [app]\n",
            server.url()
        ),
    );
    sandbox.larder(&["create", "-p", "env"]).success();
    assert!(
        server
            .requests()
            .iter()
            .all(|request| !request.path.contains("nodefaults"))
    );
    let history = fs::read_to_string(env(&sandbox).join("conda-meta/history")).unwrap();
    assert!(!history.contains("nodefaults"));
}

#[test]
fn cep24_18_channels_of_the_configuration_come_after_those_of_the_file() {
    let sandbox = app_and_lib();
    larder_testkit::ChannelBuilder::new()
        .packages([conda(program("only-here", "1.0"))])
        .write(&sandbox.path("configured"));
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app, only-here]\n",
    );
    let mut command = sandbox.command(&["create", "-p", "env"]);
    larder_testkit::Run::of(command.env("CONDA_CHANNELS", "./configured")).success();
    sandbox.write("no-channels.yml", "dependencies: [only-here]\n");
    let mut command = sandbox.command(&["create", "-p", "alone", "-f", "no-channels.yml"]);
    larder_testkit::Run::of(command.env("CONDA_CHANNELS", "./configured")).success();
}

#[test]
fn cep24_19_with_nodefaults_the_configuration_is_not_used() {
    let sandbox = app_and_lib();
    larder_testkit::ChannelBuilder::new()
        .packages([conda(program("only-here", "1.0"))])
        .write(&sandbox.path("configured"));
    sandbox.write(
        "environment.yml",
        "channels: [nodefaults, ./channel]\ndependencies: [only-here]\n",
    );
    let mut command = sandbox.command(&["create", "-p", "env"]);
    larder_testkit::Run::of(command.env("CONDA_CHANNELS", "./configured")).fails_with(1);
}

#[test]
fn cep24_23_variables_are_in_the_state_and_in_the_run() {
    let sandbox = app_and_lib();
    sandbox.write("environment.yml", "channels: [./channel]\ndependencies: [app]\nvariables:\n  MY_ENV_VAR: My Value\n  N: 1.10\n");
    sandbox.larder(&["create", "-p", "env"]).success();
    let state: serde_json::Value =
        serde_json::from_slice(&fs::read(env(&sandbox).join("conda-meta/state")).unwrap()).unwrap();
    assert_eq!(
        state,
        serde_json::json!({"env_vars": {"MY_ENV_VAR": "My Value", "N": "1.10"}})
    );
    let run = sandbox
        .larder(&["run", "-p", "env", "--", "sh", "-c", "echo $MY_ENV_VAR $N"])
        .success();
    assert_eq!(run.stdout.trim(), "My Value 1.10");
}

#[test]
fn cep32_28_no_dependencies_make_an_empty_environment_and_an_unwritable_registry_only_warns() {
    let sandbox = app_and_lib();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: []\n",
    );
    sandbox.write("../home/.conda", "a file where conda has a directory");
    let run = sandbox.larder(&["create", "-p", "env"]).success();
    assert!(run.stderr.contains("registry"), "{}", run.stderr);
    assert!(env(&sandbox).join("conda-meta/history").is_file());
    let run = sandbox.larder(&["list", "-p", "env", "--json"]).success();
    assert_eq!(run.stdout.trim(), "[]");
}

#[test]
fn cep26_09_a_channel_is_where_noarch_is() {
    let sandbox = app_and_lib();
    fs::remove_dir_all(sandbox.path("channel/linux-64")).ok();
    sandbox.larder(&["create", "-p", "env"]).success();
    fs::remove_dir_all(sandbox.path("channel/noarch")).unwrap();
    fs::create_dir_all(sandbox.path("channel/linux-64")).unwrap();
    fs::write(sandbox.path("channel/linux-64/repodata.json"), "{}").unwrap();
    let run = sandbox
        .larder(&["create", "-p", "again", "--no-lock"])
        .fails_with(1);
    assert!(
        run.stderr.contains("/channel") && run.stderr.contains("noarch"),
        "{}",
        run.stderr
    );
}

#[test]
fn cep29_36_several_specs_of_one_name_give_one_record() {
    let sandbox = app_and_lib();
    let run = sandbox.larder(&[
        "create",
        "-p",
        "env",
        "-c",
        "./channel",
        "--dry-run",
        "--json",
        "lib 2.*",
        "lib >=1.2",
    ]);
    let link = json(&run.success())["actions"]["LINK"].clone();
    let names: Vec<&str> = link
        .as_array()
        .unwrap()
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["lib"]);
}

#[test]
fn cep34_28_a_package_with_a_menu_gets_a_line_that_menus_are_off() {
    let sandbox = sandbox();
    channel(
        &sandbox,
        [conda(program("app", "1.0").file("Menu/app.json", "{}"))],
    );
    let run = sandbox
        .larder(&["create", "-p", "env", "-c", "./channel", "app"])
        .success();
    assert!(
        run.stderr.contains("menu") && run.stderr.contains("app-1.0-0"),
        "{}",
        run.stderr
    );
}

#[test]
fn cep43_08_a_condition_in_an_old_section_is_never_just_dropped() {
    let sandbox = sandbox();
    let never = conda(program("app", "1.0").depends("lib[when=\"python >=99\"]"));
    let always = conda(program("app2", "1.0").depends("lib[when=\"__unix\"]"));
    channel(&sandbox, [never, always, conda(crate::support::lib())]);
    for (name, has_lib) in [("app", false), ("app2", true)] {
        sandbox
            .larder(&["create", "-p", name, "-c", "./channel", name])
            .success();
        assert_eq!(
            sandbox.path(name).join("lib/data.txt").exists(),
            has_lib,
            "{name}"
        );
    }
}

#[test]
fn environments_are_registered_once() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox.larder(&["create", "-p", "env", "--yes"]).success();
    let registry = fs::read_to_string(sandbox.home().join(".conda/environments.txt")).unwrap();
    assert_eq!(registry, format!("{}\n", env(&sandbox).display()));
}

#[test]
fn several_files_are_merged() {
    let sandbox = app_and_lib();
    sandbox.write("a.yml", "channels: [./channel]\ndependencies: [app]\n");
    sandbox.write("b.yml", "dependencies: [lib]\nvariables: {B: b}\n");
    sandbox
        .larder(&["create", "-p", "env", "-f", "a.yml", "-f", "b.yml"])
        .success();
    let state = fs::read_to_string(env(&sandbox).join("conda-meta/state")).unwrap();
    assert!(state.contains("\"B\""), "{state}");
}

#[test]
fn specs_of_the_command_line_need_no_file() {
    let sandbox = app_and_lib();
    sandbox
        .larder(&["create", "-p", "env", "-c", "./channel", "lib>=2"])
        .success();
    assert!(env(&sandbox).join("conda-meta/lib-2.0-h1_0.json").is_file());
}

#[test]
fn a_stale_lock_stops_with_the_reason_and_locking_mends_it() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    channel(
        &sandbox,
        [
            conda(program("app", "1.0").depends("lib >=2")),
            conda(PackageBuilder::new("lib", "3.0", "0").noarch_generic()),
        ],
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n  - app\n  - lib >=3\n",
    );
    let run = sandbox.larder(&["create", "-p", "env"]).fails_with(1);
    assert!(
        run.stderr.contains("environment.yml:4:5") && run.stderr.contains("larder lock"),
        "{}",
        run.stderr
    );
    sandbox
        .larder(&["create", "-p", "frozen", "--frozen"])
        .success();
    assert!(
        sandbox
            .path("frozen/conda-meta/lib-2.0-h1_0.json")
            .is_file(),
        "--frozen takes the lock as it is"
    );
    sandbox
        .larder(&["create", "-p", "no-lock", "--no-lock"])
        .success();
    assert!(
        sandbox.path("no-lock/conda-meta/lib-3.0-0.json").is_file(),
        "--no-lock solves"
    );
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
}

#[test]
fn a_comment_or_another_order_does_not_make_a_lock_stale() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    sandbox.write("environment.yml", "# edited\nname: other\nchannels:\n  - ./channel\ndependencies:\n  - lib  # as well\n  - app=1\n");
    let run = sandbox.larder(&["create", "-p", "env"]).success();
    assert!(run.stderr.contains("from the lock"), "{}", run.stderr);
}

#[test]
fn a_lock_alone_is_enough() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    fs::remove_file(sandbox.path("environment.yml")).unwrap();
    sandbox
        .larder(&["create", "-p", "env", "-f", "conda-lock.yml"])
        .success();
    let record = fs::read_to_string(env(&sandbox).join("conda-meta/app-1.0-0.json")).unwrap();
    assert!(record.contains("\"requested_specs\":[\"app\"]"), "{record}");
}

#[test]
fn ephemeral_leaves_the_same_environment_and_no_trees() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let kept = comparable(&env(&sandbox));
    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_dir_all(sandbox.trees()).unwrap();
    let mut command = sandbox.command(&["create", "-p", "env"]);
    larder_testkit::Run::of(command.env("CI", "true")).success();
    assert_eq!(comparable(&env(&sandbox)), kept);
    assert!(
        !sandbox.trees().exists(),
        "no trees on a machine that is thrown away"
    );
    let record = fs::read(env(&sandbox).join("conda-meta/lib-2.0-h1_0.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    let extracted = record["extracted_package_dir"].as_str().unwrap();
    let trees = sandbox.trees();
    assert!(
        extracted.starts_with(trees.to_str().unwrap()) && extracted.ends_with("lib-2.0-h1_0"),
        "{extracted}"
    );
    assert_eq!(left_over(&sandbox.work()), Vec::<String>::new());
}

#[test]
fn a_name_puts_the_environment_where_conda_looks_for_it() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create"]).success();
    assert!(
        sandbox
            .home()
            .join(".conda/envs/work/conda-meta/history")
            .is_file()
    );
    let run = sandbox
        .larder(&[
            "run",
            "-n",
            "work",
            "--",
            "sh",
            "-c",
            "echo $CONDA_DEFAULT_ENV",
        ])
        .success();
    assert_eq!(run.stdout.trim(), "work");
}

#[test]
fn a_missing_manifest_says_what_to_do() {
    let run = sandbox().larder(&["create", "-p", "env"]).fails_with(1);
    assert!(
        run.stderr.contains("environment.yml") && run.stderr.contains("-f FILE"),
        "{}",
        run.stderr
    );
}

#[test]
fn cep22_01_only_the_marker_in_conda_meta_freezes() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    for elsewhere in ["env/conda-meta/FROZEN", "env/frozen"] {
        sandbox.write(elsewhere, "");
    }
    sandbox.larder(&["create", "-p", "env", "--yes"]).success();
    sandbox.write("env/conda-meta/frozen", "");
    sandbox
        .larder(&["create", "-p", "env", "--yes"])
        .fails_with(1);
}

#[test]
fn cep22_04_an_empty_marker_gives_our_own_message() {
    assert!(frozen_with("").contains("is frozen"));
}

#[test]
fn cep22_05_the_markers_message_is_shown() {
    let shown = frozen_with(r#"{"message": "prod\nkeep"}"#);
    assert!(shown.contains("prod\n    keep"), "{shown}");
}

#[test]
fn cep22_06_any_content_freezes() {
    for content in ["{oops", r#"{"message": ""}"#, r#"{"message": 3}"#] {
        assert!(frozen_with(content).contains("is frozen"), "{content}");
    }
}

fn frozen_with(content: &str) -> String {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox.write("env/conda-meta/frozen", content);
    let before = tree_of(&env(&sandbox));
    let run = sandbox
        .larder(&["create", "-p", "env", "--yes"])
        .fails_with(1);
    assert_eq!(tree_of(&env(&sandbox)), before);
    run.stderr
}

/// An environment without what is about this run: times and the place of trees.
fn comparable(prefix: &Path) -> Vec<String> {
    let of_this_run =
        |line: &&String| !line.contains("conda-meta/history") && !line.contains("conda-meta/");
    let mut lines: Vec<String> = tree_of(prefix)
        .iter()
        .filter(of_this_run)
        .cloned()
        .collect();
    for entry in fs::read_dir(prefix.join("conda-meta")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let record: serde_json::Value =
                serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            lines.push(format!("{} {}", path.display(), record["paths_data"]));
        }
    }
    lines.sort();
    lines
}

fn objects(store: &Path) -> Vec<String> {
    let pkgs = store.join("pkgs");
    if pkgs.exists() {
        tree_of(&pkgs)
            .into_iter()
            .filter(|line| line.contains(".conda") || line.contains(".tar.bz2"))
            .collect()
    } else {
        Vec::new()
    }
}

/// What a run left beside the environment.
fn left_over(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".larder")).collect()
}

#[test]
fn timings_are_a_page_that_needs_nothing_else() {
    let sandbox = app_and_lib();
    sandbox
        .larder(&["create", "-p", "env", "--timings=timings.html"])
        .success();
    let page = fs::read_to_string(sandbox.path("timings.html")).unwrap();
    for part in [
        "unpack: app-1.0-0",
        "hash: lib-2.0-h1_0",
        "download: app-1.0-0",
        "linking",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    for outside in ["src=", "href=", "http:", "https:", "<script"] {
        assert!(!page.contains(outside), "{outside} in {page}");
    }

    let run = sandbox.larder(&["create", "-p", "env", "--timings=failed.html"]);
    run.fails_with(1);
    assert!(sandbox.path("failed.html").exists());
}
