//! The Dockerfile: its RUN lines, with the directories of the image below a sandbox's.

use std::fs;

use super::{Machine, lock_anew, locked};
use crate::steps::yaml::text;

/// The commands of RUN lines, without what is the builder's.
fn commands() -> Vec<String> {
    let file = text("ci/templates/Dockerfile").replace("\\\n", " ");
    let runs = file.lines().filter_map(|line| line.strip_prefix("RUN "));
    let own = |line: &str| {
        let words = line
            .split_whitespace()
            .filter(|word| !word.starts_with("--mount="));
        words.collect::<Vec<_>>().join(" ")
    };
    runs.map(own).collect()
}

#[test]
fn the_second_build_fetches_only_what_the_mount_lacks_and_the_image_has_no_store() {
    let sandbox = locked();
    let commands = commands();
    assert_eq!(commands.len(), 1, "{commands:?}");
    for (round, said) in ["reused 0", "reused 2, nothing fetched", "reused 1, nothing"]
        .into_iter()
        .enumerate()
    {
        if round == 2 {
            lock_anew(&sandbox);
        }
        let machine = Machine::new(&sandbox, "builder");
        let mount = sandbox.path("mount").display().to_string();
        let command = commands[0]
            .replace("/var/cache/larder", &mount)
            .replace("/opt/env", &machine.path("opt/env"));
        let run = machine.script(&command).success();
        assert!(run.stderr.contains(said), "{}", run.stderr);
        let mut made: Vec<_> = fs::read_dir(machine.path("home/.cache"))
            .map(|entries| entries.flatten().map(|entry| entry.file_name()).collect())
            .unwrap_or_default();
        made.sort();
        assert!(made.is_empty(), "left in the image: {made:?}");
    }
}
