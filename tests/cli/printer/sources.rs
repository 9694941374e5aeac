//! One printer: a list of every place in the sources that has a stream of the process, or writes a file that a CI
//! service reads.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Words that reach a stream of the process without the printer, and how often which file has them.
const STREAMS: [(&str, &[(&str, usize)]); 14] = [
    ("io::stdout", &[("larder-cli/src/output.rs", 3)]),
    ("io::stderr", &[("larder-cli/src/output.rs", 2)]),
    ("println!", &[]),
    ("print!", &[]),
    ("dbg!", &[]),
    ("Stdio::inherit", &[]),
    // Of clap's errors.
    (".print()", &[("larder-cli/src/output.rs", 1)]),
    ("set_hook", &[("larder-cli/src/output/panics.rs", 1)]),
    ("with_writer", &[("larder-cli/src/commands/mod.rs", 1)]),
    // The bars: their templates and messages are constants.
    (
        "MultiProgress::new",
        &[("larder-cli/src/progress/bars.rs", 1)],
    ),
    (
        "ProgressStyle::with_template",
        &[("larder-cli/src/progress/bars.rs", 1)],
    ),
    ("set_message", &[("larder-cli/src/progress/bars.rs", 1)]),
    ("/dev/tty", &[]),
    // Names of the input, which is read there once.
    ("/dev/std", &[("larder/src/streams.rs", 1)]),
];

/// Children that could have our streams: `.status()` and `.spawn()` hand them over unless they are redirected.
const CHILDREN: [(&str, &[(&str, usize)]); 3] = [
    // codesign, all of whose streams are closed; a command in place of larder, on Windows.
    ("    .status()", &[("larder-link/src/codesign.rs", 1)]),
    ("command.status()", &[("larder-fs/src/process.rs", 1)]),
    // `larder run` becomes its command.
    (".exec()", &[("larder-fs/src/process.rs", 1)]),
];

/// Files and lines that CI services read: whoever writes them encodes values.
const SERVICES: [(&str, &[&str]); 7] = [
    (
        "##vso[",
        &[
            "larder-cli/src/output/ci_files.rs",
            "larder/src/shell_hook/azure.rs",
        ],
    ),
    (
        "GITHUB_OUTPUT",
        &[
            "larder-cli/src/commands/cache/outputs.rs",
            "larder-cli/src/commands/ci/service.rs",
        ],
    ),
    (
        "GITHUB_ENV",
        &[
            "larder-cli/src/commands/ci/setup.rs",
            "larder-cli/src/commands/job.rs",
        ],
    ),
    (
        "GITHUB_PATH",
        &[
            "larder-cli/src/commands/ci/setup.rs",
            "larder-cli/src/commands/job.rs",
        ],
    ),
    ("GITHUB_STATE", &["larder-cli/src/commands/ci/state.rs"]),
    (
        "GITHUB_STEP_SUMMARY",
        &["larder-cli/src/commands/ci/service.rs"],
    ),
    (
        "shell_script(",
        &[
            "larder-cli/src/commands/completions.rs",
            "larder-cli/src/commands/shell_hook.rs",
            "larder-cli/src/output.rs",
        ],
    ),
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The product's code, without comments and tests, by its path below `crates/`.
fn sources() -> BTreeMap<String, String> {
    let mut files = Vec::new();
    for krate in fs::read_dir(crates()).unwrap() {
        let krate = krate.unwrap().path();
        if !krate.ends_with("larder-testkit") && krate.join("src").is_dir() {
            collect(&krate.join("src"), &mut files);
        }
    }
    let code = |path: PathBuf| {
        let name = path
            .strip_prefix(crates())
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        let text = fs::read_to_string(&path).unwrap();
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        (name, lines.collect::<Vec<_>>().join("\n"))
    };
    let is_test = |name: &str| name.ends_with("tests.rs") || name.contains("/tests/");
    let sources = files.into_iter().map(code);
    sources.filter(|(name, _)| !is_test(name)).collect()
}

#[test]
fn nobody_but_the_printer_has_the_streams() {
    let sources = sources();
    assert!(sources.len() > 200, "{}", sources.len());
    for (word, expected) in STREAMS.iter().chain(&CHILDREN) {
        let found: BTreeMap<&str, usize> = sources
            .iter()
            .map(|(name, text)| (name.as_str(), text.matches(word).count()))
            .filter(|(_, count)| *count > 0)
            .collect();
        let expected: BTreeMap<&str, usize> = expected.iter().copied().collect();
        assert_eq!(
            found, expected,
            "`{word}`: print through larder-cli/src/output.rs"
        );
    }
}

#[test]
fn what_ci_services_read_is_written_by_few() {
    let sources = sources();
    for (word, expected) in SERVICES {
        let found = sources.iter().filter(|(name, text)| {
            // A variable's name in a help text or a table of variables writes nothing.
            text.contains(word) && !name.contains("/args/") && !name.ends_with("environment.rs")
        });
        let found: Vec<&str> = found.map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            found, expected,
            "`{word}`: encode values, then add the file here"
        );
    }
}
