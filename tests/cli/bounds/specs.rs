//! Specs: parentheses, brackets and conditions, wherever a spec is read.

use larder_testkit::{ChannelBuilder, Format, Index, PackageBuilder};

use crate::support::{channel, sandbox};

use super::{bounded, ended_by_itself, refused};

/// Specs of the package `a` that overflow a recursive parser, made with a depth.
fn nests(depth: usize) -> Vec<String> {
    let (open, close) = ("(".repeat(depth), ")".repeat(depth));
    vec![
        format!("a {open}>=1{close}"),
        format!("a[version='{open}>=1{close}']"),
        format!("a[when='{open}b{close}']"),
        format!("a[when='b{}']", " or b".repeat(depth)),
        format!("a[when='b{}']", " and b".repeat(depth)),
        format!("a{}", "[".repeat(depth)),
        format!("a {}", "|".repeat(depth)),
        format!("a {}", ">=1,".repeat(depth)),
        format!("a {}1", "1.".repeat(depth)),
        format!("{}a", "x::".repeat(depth)),
        format!("a =={}", "9".repeat(depth)),
        format!("a *{}", "a*".repeat(depth)),
        format!("a[build='^{}$']", "(x+)+".repeat(depth)),
    ]
}

#[test]
fn specs_of_manifests_and_the_command_line_are_bounded() {
    for depth in [40, 5_000, 20_000] {
        for spec in nests(depth) {
            let what: String = spec.chars().take(30).collect();
            let sandbox = sandbox();
            channel(&sandbox, []);
            let create = ["create", "-p", "env", "-c", "./channel", "--dry-run"];
            let run = bounded(&sandbox, &[&create[..], &[&spec]].concat());
            ended_by_itself(&run, &what);
            let text = format!("channels: [./channel]\ndependencies:\n  - \"{spec}\"\n");
            sandbox.write("environment.yml", &text);
            let run = bounded(&sandbox, &["create", "-p", "env", "--dry-run"]);
            ended_by_itself(&run, &what);
            if depth > 5_000 {
                refused(&run, "environment.yml:3:", &what);
            }
            sandbox.write("specs.txt", &format!("{spec}\n"));
            let arguments = [
                "create",
                "-p",
                "env",
                "-c",
                "./channel",
                "-f",
                "specs.txt",
                "--dry-run",
            ];
            ended_by_itself(&bounded(&sandbox, &arguments), &what);
        }
    }
}

#[test]
fn specs_of_an_index_leave_their_package_out() {
    for spec in nests(5_000).into_iter().chain(nests(40)) {
        let what: String = spec.chars().take(30).collect();
        let sandbox = sandbox();
        let good = PackageBuilder::new("app", "1.0", "0")
            .noarch_generic()
            .build(Format::Conda);
        let bad =
            |name: &str, version: &str| PackageBuilder::new(name, version, "0").noarch_generic();
        let depends = bad("app", "2.0").depends(&spec).build(Format::Conda);
        let constrains = bad("app", "3.0").constrains(&spec).build(Format::Conda);
        channel(&sandbox, [good, depends, constrains]);
        let arguments = ["create", "-p", "env", "-c", "./channel", "app"];
        let run = bounded(&sandbox, &arguments);
        ended_by_itself(&run, &what);
    }
}

#[test]
fn a_package_that_nests_too_deep_is_named_and_an_older_one_is_taken() {
    let sandbox = sandbox();
    let spec = format!("b {}>=1{}", "(".repeat(5_000), ")".repeat(5_000));
    let package = |version: &str| PackageBuilder::new("app", version, "0").noarch_generic();
    channel(
        &sandbox,
        [
            package("1.0").build(Format::Conda),
            package("2.0").depends(&spec).build(Format::Conda),
        ],
    );
    let run = bounded(&sandbox, &["create", "-p", "env", "-c", "./channel", "app"]).success();
    assert!(run.stderr.contains("app-2.0-0"), "{}", run.stderr);
    assert!(sandbox.path("env/conda-meta/app-1.0-0.json").is_file());
}

#[test]
fn a_record_with_hundreds_of_thousands_of_dependencies_is_left_out() {
    for index in [Index::Plain, Index::Sharded] {
        for field in ["depends", "constrains"] {
            let sandbox = sandbox();
            let package = |version: &str| PackageBuilder::new("app", version, "0").noarch_generic();
            ChannelBuilder::new()
                .package(package("1.0").build(Format::Conda))
                .package(package("2.0").build(Format::Conda))
                .indexes(&[index, Index::Plain])
                .patch("app-2.0-0.conda", |record| {
                    let specs: Vec<String> = (0..300_000).map(|n| format!("p{n} >=1")).collect();
                    record[field] = specs.into();
                })
                .write(&sandbox.path("channel"));
            let run = bounded(&sandbox, &["create", "-p", "env", "-c", "./channel", "app"]);
            ended_by_itself(&run, field);
            let run = run.success();
            assert!(
                run.stderr.contains("app-2.0-0.conda is left out"),
                "{}",
                run.stderr
            );
            assert!(
                run.stderr.contains("expected at most 4096"),
                "{}",
                run.stderr
            );
            assert!(sandbox.path("env/conda-meta/app-1.0-0.json").is_file());
        }
    }
}

#[test]
fn specs_of_a_lock_are_bounded() {
    for spec in nests(5_000).into_iter().chain(nests(40)) {
        let what: String = spec.chars().take(30).collect();
        let sandbox = sandbox();
        let constraint = spec.trim_start_matches('a');
        let lock = format!(
            "version: 1\nmetadata:\n  content_hash:\n    linux-64: {hash}\n  channels:\n  - url: https://c.test/x\n    used_env_vars: []\n  platforms:\n  - linux-64\n  sources:\n  - environment.yml\npackage:\n- name: b\n  version: '1.0'\n  manager: conda\n  platform: linux-64\n  dependencies:\n    a: \"{constraint}\"\n  url: https://c.test/x/linux-64/b-1.0-0.conda\n  hash:\n    md5: {md5}\n    sha256: {sha}\n  category: main\n  optional: false\n",
            hash = "ab".repeat(32),
            md5 = "ab".repeat(16),
            sha = "ab".repeat(32),
        );
        sandbox.write(
            "environment.yml",
            "channels: [https://c.test/x]\ndependencies:\n  - b\n",
        );
        sandbox.write("conda-lock.yml", &lock);
        for arguments in [
            &["lock", "--check", "--offline"][..],
            &["create", "-p", "env", "-f", "conda-lock.yml", "--offline"],
        ] {
            ended_by_itself(&bounded(&sandbox, arguments), &what);
        }
    }
}

#[test]
fn requirements_of_pip_are_bounded() {
    for depth in [40, 5_000] {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        for requirement in [
            format!("x; {open}python_version > '3'{close}"),
            format!("x; extra == 'a'{}", " or extra == 'b'".repeat(depth)),
            // Each pair doubles a decision diagram.
            (0..depth).fold("x; python_version > '3'".to_owned(), |text, number| {
                format!("{text} or (extra == 'a{number}' and extra == 'b{number}')")
            }),
            format!("x{}", "[".repeat(depth)),
            format!("x {}", "==1,".repeat(depth)),
        ] {
            let what: String = requirement.chars().take(40).collect();
            let sandbox = sandbox();
            sandbox.write(
                "environment.yml",
                &format!(
                    "channels: [./channel]\ndependencies:\n  - pip:\n    - \"{requirement}\"\n"
                ),
            );
            channel(&sandbox, []);
            ended_by_itself(&bounded(&sandbox, &["lock", "--offline"]), &what);
        }
    }
}

#[test]
fn requirements_files_that_name_themselves_end() {
    let sandbox = sandbox();
    let pip = PackageBuilder::new("pip", "1.0", "0").noarch_generic();
    channel(&sandbox, [pip.build(Format::Conda)]);
    sandbox.write("r.txt", &"-r r.txt\n".repeat(3));
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n  - pip:\n    - -r r.txt\n",
    );
    let run = bounded(&sandbox, &["lock", "--offline"]);
    refused(&run, "without end", "a file that names itself three times");
    for target in ["/dev/zero", "/dev/urandom"] {
        let text = format!("channels: [./channel]\ndependencies:\n  - pip:\n    - -r {target}\n");
        sandbox.write("environment.yml", &text);
        refused(&bounded(&sandbox, &["lock", "--offline"]), target, target);
    }
}
