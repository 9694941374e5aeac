//! `larder env create`: what scripts rely on that were written for conda.

use std::fs;

use larder_testkit::{Run, Sandbox, Server, tree_of};

use crate::support::{app_and_lib, channel, conda, env, json, lib, program, sandbox};

/// An environment with `lib` alone, and a manifest that wants `app`.
fn there() -> Sandbox {
    let sandbox = app_and_lib();
    sandbox
        .larder(&["create", "-p", "env", "-c", "./channel", "lib"])
        .success();
    sandbox.write("env/mine.txt", "mine");
    sandbox
}

fn names(sandbox: &Sandbox) -> Vec<String> {
    let packages = json(&sandbox.larder(&["list", "-p", "env", "--json"]).success());
    let packages = packages.as_array().unwrap().iter();
    let name = |package: &serde_json::Value| package["name"].as_str().unwrap().to_owned();
    packages.map(name).collect()
}

#[test]
fn an_environment_that_is_there_is_refused_or_what_the_era_says() {
    for (era, code, kept) in [
        (None, 1, true),
        (Some("25"), 1, true),
        (Some("26.5"), 0, true),
        (Some("26.7"), 0, false),
    ] {
        let sandbox = there();
        let mut arguments = vec!["env", "create", "-p", "env", "--json"];
        arguments.extend(era.map(|_| "--compat"));
        arguments.extend(era);
        let run = sandbox.larder(&arguments).fails_with(code);
        assert_eq!(sandbox.path("env/mine.txt").exists(), kept, "{era:?}");
        let report = json(&run);
        assert_eq!(report["success"], code == 0);
        let expected: &[&str] = if code == 0 { &["app", "lib"] } else { &["lib"] };
        assert_eq!(names(&sandbox), expected);
        if code == 1 {
            assert_eq!(report["exception_name"], "CondaValueError");
        }
    }
}

#[test]
fn yes_replaces_in_every_era() {
    for era in ["25", "26.5", "26.7"] {
        let sandbox = there();
        sandbox
            .larder(&["env", "create", "-p", "env", "--yes", "--compat", era])
            .success();
        assert!(!sandbox.path("env/mine.txt").exists());
        assert_eq!(names(&sandbox), ["app", "lib"]);
    }
}

#[test]
fn cep22_03_create_respects_a_frozen_environment_in_every_era() {
    let sandbox = there();
    sandbox.write("env/conda-meta/frozen", r#"{"message": "keep out"}"#);
    let before = tree_of(&env(&sandbox));
    for arguments in [
        &["--yes"][..],
        &["--compat", "26.5"],
        &["--compat", "26.7"],
        &["--override-frozen"],
    ] {
        let arguments = [&["env", "create", "-p", "env", "--json"], arguments].concat();
        let report = json(&sandbox.larder(&arguments).fails_with(1));
        assert_eq!(report["exception_name"], "EnvironmentIsFrozenError");
        assert_eq!(tree_of(&env(&sandbox)), before);
    }
    let arguments = ["env", "create", "-p", "env", "--yes", "--override-frozen"];
    sandbox.larder(&arguments).success();
    assert_eq!(names(&sandbox), ["app", "lib"]);
}

#[test]
fn without_a_name_nothing_is_made() {
    let sandbox = app_and_lib();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app]\n",
    );
    let report = json(&sandbox.larder(&["env", "create", "--json"]).fails_with(1));
    assert_eq!(report["exception_name"], "CondaEnvException");
    assert_eq!(
        report["exception_type"],
        "<class 'conda.exceptions.CondaEnvException'>"
    );
}

#[test]
fn the_prefix_of_the_file_is_used_and_its_name_wins_over_it() {
    let sandbox = app_and_lib();
    let place = sandbox.path("from-file").display().to_string();
    let file = format!("prefix: {place}\nchannels: [./channel]\ndependencies: [app]\n");
    sandbox.write("environment.yml", &file);
    let report = json(&sandbox.larder(&["env", "create", "--json"]).success());
    assert_eq!(report["prefix"], place);
    sandbox.write("environment.yml", &format!("name: named\n{file}"));
    let report = json(&sandbox.larder(&["env", "create", "--json"]).success());
    let prefix = report["prefix"].as_str().unwrap();
    assert!(prefix.ends_with("/named"), "{prefix}");
}

#[test]
fn an_empty_file_is_refused() {
    let sandbox = app_and_lib();
    for (text, name) in [
        ("", "EnvironmentFileEmpty"),
        ("name: x\n", "EnvironmentFileInvalid"),
    ] {
        sandbox.write("environment.yml", text);
        let report = json(
            &sandbox
                .larder(&["env", "create", "-p", "env", "--json"])
                .fails_with(1),
        );
        assert_eq!(report["exception_name"], name, "{report}");
    }
    sandbox.write("environment.yml", "dependencies: []\n");
    sandbox.larder(&["env", "create", "-p", "env"]).success();
}

#[test]
fn several_files_are_merged_however_they_are_given() {
    let sandbox = sandbox();
    channel(&sandbox, [conda(program("app", "1.0")), conda(lib())]);
    sandbox.write("a.yml", "channels: [./channel]\ndependencies: [app]\n");
    sandbox.write("b.yml", "dependencies: [lib]\n");
    for files in [
        &["-f", "a.yml", "b.yml"][..],
        &["-f", "a.yml", "-f", "b.yml"],
    ] {
        let arguments = [&["env", "create", "-p", "env", "--yes"], files].concat();
        sandbox.larder(&arguments).success();
        assert_eq!(names(&sandbox), ["app", "lib"]);
        let arguments = [&["env", "update", "-p", "env"], files].concat();
        sandbox.larder(&arguments).success();
    }
}

#[test]
fn a_dry_run_has_condas_keys() {
    let sandbox = app_and_lib();
    let arguments = ["env", "create", "-p", "env", "--dry-run"];
    let run = sandbox.larder(&arguments).success();
    assert!(run.stdout.contains("::app-1.0-0"), "{}", run.stdout);
    let report = json(
        &sandbox
            .larder(&[&arguments[..], &["--json"]].concat())
            .success(),
    );
    assert_eq!(report["success"], true);
    assert_eq!(report["dry_run"], true);
    assert_eq!(report["prefix"], env(&sandbox).display().to_string());
    assert_eq!(report["actions"]["PREFIX"], report["prefix"]);
    assert_eq!(report["actions"]["LINK"][0]["dist_name"], "app-1.0-0");
    assert_eq!(report["actions"]["FETCH"].as_array().unwrap().len(), 2);
    assert!(!env(&sandbox).exists());
}

/// The keys that conda-lock reads of an entry of `FETCH`, and the others of conda's record.
const FETCH_KEYS: &[&str] = &[
    "build",
    "build_number",
    "channel",
    "constrains",
    "depends",
    "fn",
    "md5",
    "name",
    "sha256",
    "size",
    "subdir",
    "url",
    "version",
];

#[test]
fn a_dry_run_fetches_the_full_record_of_every_package() {
    let sandbox = app_and_lib();
    let dry_run = |arguments: &[&str]| {
        let arguments = [arguments, &["--dry-run", "--json"]].concat();
        json(&sandbox.larder(&arguments).success())["actions"]["FETCH"].clone()
    };
    let cold = dry_run(&["create", "-p", "env"]);
    for entry in cold.as_array().unwrap() {
        let entry = entry.as_object().unwrap();
        for key in FETCH_KEYS {
            assert!(entry.contains_key(*key), "{key} is missing in {entry:?}");
        }
    }
    let app = &cold[0];
    assert_eq!(app["name"], "app");
    assert_eq!(app["depends"], serde_json::json!(["lib >=2"]));
    assert_eq!(app["constrains"], serde_json::json!([]));
    assert_eq!(app["fn"], "app-1.0-0.conda");
    assert_eq!(app["subdir"], "noarch");
    let channel = url::Url::from_file_path(sandbox.path("channel")).unwrap();
    assert_eq!(app["channel"], format!("{channel}/noarch"));
    assert_eq!(app["url"], format!("{channel}/noarch/app-1.0-0.conda"));
    // What is in the store has its record in a dry run all the same; a real run lists what it downloads.
    let created = json(&sandbox.larder(&["create", "-p", "env", "--json"]).success());
    assert_eq!(created["actions"]["FETCH"], cold);
    assert_eq!(dry_run(&["create", "-p", "other"]), cold);
    let again = json(
        &sandbox
            .larder(&["create", "-p", "third", "--json"])
            .success(),
    );
    assert_eq!(again["actions"]["FETCH"], serde_json::json!([]));
    let changed = dry_run(&["env", "update", "-p", "env", "-f", "environment.yml"]);
    assert_eq!(changed, serde_json::json!([]));
}

#[test]
fn an_explicit_list_makes_an_environment_by_env_create() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let list = ["list", "-p", "env", "--explicit", "--md5"];
    let text = sandbox.larder(&list).success().stdout;
    sandbox.write("explicit.txt", &text);
    sandbox
        .larder(&[
            "env",
            "create",
            "-p",
            "env",
            "-f",
            "explicit.txt",
            "-y",
            "-q",
        ])
        .success();
    assert_eq!(names(&sandbox), ["app", "lib"]);
}

#[test]
fn a_failing_post_link_script_leaves_nothing() {
    let sandbox = sandbox();
    let failing = program("app", "1.0").link_script("post-link", "exit 3\n");
    channel(&sandbox, [conda(failing)]);
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app]\n",
    );
    let report = json(
        &sandbox
            .larder(&["env", "create", "-p", "env", "--json"])
            .fails_with(1),
    );
    assert_eq!(report["exception_name"], "LinkError");
    assert!(!env(&sandbox).exists());
}

#[test]
fn json_has_condas_keys_when_there_is_nothing_to_do_and_when_it_fails() {
    let sandbox = app_and_lib();
    let update = ["env", "update", "-p", "env", "--json"];
    let made = json(&sandbox.larder(&update).success());
    assert_eq!(made["actions"]["LINK"][0]["name"], "app");
    let again = json(&sandbox.larder(&update).success());
    assert_eq!(again["success"], true);
    assert_eq!(
        again["message"],
        "All requested packages already installed."
    );
    let exception = |arguments: &[&str], code: i32| {
        let arguments = [arguments, &["--json"]].concat();
        let report = json(&sandbox.larder(&arguments).fails_with(code));
        assert_eq!(report["success"], false);
        for key in ["error", "message", "exception_type"] {
            assert!(report[key].is_string(), "{key}: {report}");
        }
        report["exception_name"].as_str().unwrap().to_owned()
    };
    let create = ["create", "-p", "new", "-c", "./channel"];
    let create = |specs: &[&str]| exception(&[&create[..], specs].concat(), 1);
    assert_eq!(create(&["nowhere"]), "PackagesNotFoundError");
    assert_eq!(create(&["app", "lib =1"]), "PackagesNotFoundError");
    assert_eq!(
        exception(&["list", "-p", "nowhere"], 1),
        "EnvironmentLocationNotFound"
    );
    assert_eq!(
        exception(&["env", "create", "-f", "nowhere.yml", "-n", "x"], 1),
        "EnvironmentFileNotFound"
    );
    assert_eq!(
        exception(&["env", "create", "--nonsense"], 2),
        "ArgumentError"
    );
}

#[test]
fn flags_of_condas_are_explained_or_refused_with_what_to_use() {
    let sandbox = app_and_lib();
    let accepted = [
        "env",
        "create",
        "-p",
        "env",
        "--solver",
        "libmamba",
        "-C",
        "--console",
        "classic",
        "--format",
        "environment.yml",
        "--no-shortcuts",
        "-y",
    ];
    let run = sandbox.larder(&accepted).success();
    assert!(run.stderr.contains("resolvo"), "{}", run.stderr);
    assert!(run.stderr.contains("--use-index-cache"), "{}", run.stderr);
    let quiet = [&accepted[..], &["--quiet"]].concat();
    assert_eq!(sandbox.larder(&quiet).success().stderr, "");
    let run = sandbox
        .larder(&["create", "-p", "new", "--clone", "env"])
        .fails_with(2);
    assert!(run.stderr.contains("larder env export"), "{}", run.stderr);
    let forced = ["env", "create", "-p", "new", "--force"];
    let run = sandbox.larder(&forced).fails_with(2);
    assert!(run.stderr.contains("`--yes` replaces"), "{}", run.stderr);
    assert!(!run.stderr.contains("--frozen"), "{}", run.stderr);
    let run = sandbox.larder(&["list", "--fields=name"]).fails_with(2);
    assert!(run.stderr.contains("--json"), "{}", run.stderr);
    let run = sandbox.larder(&["install", "numpy"]).fails_with(2);
    assert!(run.stderr.contains("larder env update"), "{}", run.stderr);
}

#[test]
fn without_a_name_the_active_environment_is_updated() {
    let sandbox = there();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app]\n",
    );
    sandbox.larder(&["env", "update"]).fails_with(1);
    let mut command = sandbox.command(&["env", "update"]);
    Run::of(command.env("CONDA_PREFIX", env(&sandbox))).success();
    assert_eq!(names(&sandbox), ["app", "lib"]);
}

#[test]
fn download_only_fills_the_store_and_makes_nothing() {
    let sandbox = app_and_lib();
    let arguments = ["create", "-p", "env", "--download-only"];
    let run = sandbox.larder(&arguments).success();
    assert!(run.stderr.contains("2 were fetched"), "{}", run.stderr);
    assert!(!env(&sandbox).exists());
    sandbox
        .larder(&["create", "-p", "env", "--offline"])
        .success();
}

#[test]
fn copies_and_directories_are_as_with_conda() {
    let sandbox = app_and_lib();
    sandbox.larder(&["env", "create", "-p", "env"]).success();
    fs::create_dir(sandbox.path("there")).unwrap();
    let run = sandbox
        .larder(&[
            "run",
            "-p",
            "env",
            "--no-capture-output",
            "--cwd",
            "there",
            "sh",
            "-c",
            "pwd",
        ])
        .success();
    assert!(run.stdout.trim().ends_with("/there"), "{}", run.stdout);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let links = || {
            fs::metadata(sandbox.path("env/lib/data.txt"))
                .unwrap()
                .nlink()
        };
        let had = links();
        sandbox
            .larder(&["create", "-p", "env", "--copy", "--yes"])
            .success();
        assert_eq!(links(), 1, "had {had}");
    }
}

#[test]
fn a_file_may_be_named_by_its_url() {
    let sandbox = app_and_lib();
    let channel = sandbox.path("channel").display().to_string();
    let text = format!("channels: ['{channel}']\ndependencies: [app]\n");
    sandbox.write("served/environment.yml", &text);
    let server = Server::serve(&sandbox.path("served"));
    let url = format!("{}/environment.yml", server.url().trim_end_matches('/'));
    let create = ["env", "create", "-p", "env", "--yes", "--json", "-f"];
    let with = |more: &[&str], code| {
        let arguments = [&create[..], more].concat();
        json(&sandbox.larder(&arguments).fails_with(code))
    };
    with(&[&url], 0);
    assert_eq!(names(&sandbox), ["app", "lib"]);
    let update = ["env", "update", "-p", "env", "-f", &url];
    sandbox.larder(&update).success();
    let local = format!(
        "file://{}",
        sandbox.path("served/environment.yml").display()
    );
    with(&[&local], 0);
    let report = with(&[&url, "--offline"], 1);
    assert_eq!(report["exception_name"], "OfflineError");
    let missing = url.replace("environment.yml", "nowhere.yml");
    let secret = missing.replace("://", "://me:hunter2@");
    let report = with(&[&secret], 1);
    assert_eq!(report["exception_name"], "CondaHTTPError");
    assert!(!report.to_string().contains("hunter2"), "{report}");
    // Nothing of it is left.
    let left = fs::read_dir(sandbox.trees().parent().unwrap()).unwrap();
    let names = left.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let left: Vec<String> = names.filter(|name| name.starts_with('.')).collect();
    assert_eq!(left, Vec::<String>::new());
}

/// Where the file is for the moment is nobody's business.
#[test]
fn a_file_from_a_url_is_named_by_its_url_without_credentials() {
    let sandbox = app_and_lib();
    let channel = sandbox.path("channel").display().to_string();
    let served = |name: &str, text: &str| {
        sandbox.write(&format!("served/{name}"), text);
    };
    served("typo.yml", "channels: [x]\ndependencies: ['app ==']\n");
    served(
        "note.yml",
        &format!("channels: ['{channel}']\ndependencies: [app]\nodd: 1\n"),
    );
    served("specs.txt", "app ==\n");
    served("empty.txt", "");
    sandbox.larder(&["lock"]).success();
    let lock = fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
    served("conda-lock.yml", &lock);
    served(
        "broken-lock.yml",
        &lock.replacen("version: 1", "version: 99", 1),
    );
    let server = Server::serve(&sandbox.path("served"));
    let base = server.url().trim_end_matches('/').to_owned();
    let hidden = format!("{}/", base.replace("://", "://me:hunter2@"));
    for (file, more, code) in [
        ("typo.yml", &[][..], 1),
        ("note.yml", &[], 0),
        ("specs.txt", &[], 1),
        ("empty.txt", &[], 1),
        ("broken-lock.yml", &[], 1),
        ("conda-lock.yml", &["-c", "mine"], 0),
        ("conda-lock.yml", &["-f", "environment.yml"], 1),
    ] {
        for command in [
            &["env", "create", "--yes"][..],
            &["env", "update", "--no-lock"],
        ] {
            let url = format!("{hidden}{file}?sig=hunter3");
            let arguments = [command, &["-p", "env", "-v", "-f", &url], more].concat();
            let run = sandbox.larder(&arguments).fails_with(code);
            let text = run.stderr;
            assert!(text.contains(&format!("{base}/{file}")), "{file}: {text}");
            for hidden in ["hunter2", "hunter3", "/0/"] {
                assert!(!text.contains(hidden), "{hidden} of {file}: {text}");
            }
        }
    }
    // The same text from the same place is known, wherever it was put.
    let url = format!("{base}/note.yml");
    let update = [
        "env",
        "update",
        "-p",
        "known",
        "--no-lock",
        "--json",
        "-f",
        &url,
    ];
    sandbox.larder(&update).success();
    let report = json(&sandbox.larder(&update).success());
    assert_eq!(report["solve"], serde_json::Value::Null, "{report}");
}
