//! Disks that are full: the store's, the trees' and the one that the result is on, at several points of a run.
//!
//! The run says so with exit code 3, the path and what to do, and leaves nothing half done, or does without
//! what did not fit (trees of a pack, indexes of a lock); when there is space, the same command succeeds.

use std::path::{Path, PathBuf};

use larder_testkit::{Format, Mount, PackageBuilder, Run, Sandbox, tree_of};

use crate::{
    matrix::state::unsound,
    support::{channel, conda, program, sandbox},
};

const BIG: usize = 300 << 10;
/// Nothing fits; a small file does; half of the largest; everything but the last.
const ROOMS: [u64; 4] = [4 << 10, 32 << 10, 160 << 10, 320 << 10];
const ENOUGH: u64 = 32 << 20;

/// What is on the small disk.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Store,
    Trees,
    Result,
}

const PARTS: [Part; 3] = [Part::Store, Part::Trees, Part::Result];

/// Commands, with what runs before them where there is space.
const OPERATIONS: [(&[&str], &[&str]); 5] = [
    (&["create", "-p", "{result}/env"], &[]),
    (&["create", "-p", "{result}/env", "--ephemeral"], &[]),
    (&["lock", "-f", "{result}/environment.yml"], &[]),
    (&["pack", "-o", "{result}/work.tar"], &["lock"]),
    (
        &["unpack", "work.tar", "-p", "{result}/env", "--yes"],
        &["pack", "-o", "work.tar"],
    ),
];

/// One operation with one part on a small disk.
struct Scene {
    disk: Mount,
    part: Part,
    sandbox: Sandbox,
    arguments: Vec<String>,
}

impl Scene {
    fn new(arguments: &[&str], before: &[&str], part: Part) -> Result<Self, String> {
        let sandbox = big_and_small();
        if !before.is_empty() {
            sandbox.larder(&["lock"]).success();
            sandbox.larder(before).success();
            std::fs::remove_dir_all(sandbox.store()).unwrap();
            std::fs::create_dir(sandbox.store()).unwrap();
        }
        let disk = Mount::memory(ENOUGH)?;
        let result = match part {
            Part::Result => disk.path(),
            _ => sandbox.work(),
        };
        if part == Part::Result {
            std::fs::copy(
                sandbox.path("environment.yml"),
                result.join("environment.yml"),
            )
            .unwrap();
        }
        let result = result.display().to_string();
        Ok(Self {
            arguments: arguments
                .iter()
                .map(|argument| argument.replace("{result}", &result))
                .collect(),
            disk,
            part,
            sandbox,
        })
    }

    fn run(&self) -> Run {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut command = self.sandbox.command(&arguments);
        match self.part {
            Part::Store => command.env("LARDER_STORE", self.disk.path()),
            Part::Trees => command.env("LARDER_TREES", self.disk.path()),
            Part::Result => &mut command,
        };
        Run::of(&mut command)
    }

    fn store(&self) -> PathBuf {
        match self.part {
            Part::Store => self.disk.path(),
            _ => self.sandbox.store(),
        }
    }

    /// Everything that somebody could take for done: results and whole trees, and what nobody removes.
    fn remains(&self) -> Vec<String> {
        let mut lines = tree_of(&self.sandbox.work());
        if self.part == Part::Result {
            lines.extend(tree_of(&self.disk.path()));
        }
        lines.retain(|line| !line.contains(".lock"));
        let temporary = |line: &String| {
            let path = line.split(' ').nth(2).unwrap_or_default();
            path.starts_with("tmp/") || path.starts_with("pins/") || path.contains(".larder-")
        };
        lines.extend(tree_of(&self.store()).into_iter().filter(temporary));
        lines
    }

    /// The run with so much room, then with enough. Gives a line of the table.
    fn attempt(&self, room: u64, problems: &mut Vec<String>) -> String {
        self.disk.resize(room);
        let before = self.remains();
        let run = self.run();
        let what = format!("{:?} full at {:>3} KiB", self.part, room >> 10);
        let line = format!("  {what:<24} exit {} {}", run.status, first(&run));
        if run.status == 0 {
            return line;
        }
        let mut wrong = |is_wrong: bool, text: &str| {
            if is_wrong {
                let command = self.arguments.join(" ");
                problems.push(format!("{command}, {what}: {text}\n{}", run.stderr));
            }
        };
        let disk = self.disk.path().display().to_string();
        wrong(run.status != 3, "not exit code 3");
        wrong(!run.stderr.contains(&disk), "the path is not named");
        wrong(
            !run.stderr.contains("free some space"),
            "no word what to do",
        );
        let left = self.remains();
        wrong(left != before, &format!("left: {left:#?} not {before:#?}"));
        let unsound = unsound(&self.store());
        wrong(!unsound.is_empty(), &format!("{unsound:?}"));
        self.disk.resize(ENOUGH);
        let again = self.run();
        let text = format!("fails with space as well: {}", again.stderr);
        wrong(again.status != 0, &text);
        line
    }
}

/// What a run said first of what went wrong.
fn first(run: &Run) -> String {
    let is_error = |line: &&str| line.contains("error") || line.contains("warning");
    let line = run.stderr.lines().find(is_error);
    line.unwrap_or_default().chars().take(110).collect()
}

/// `app` with `big`, whose bytes cannot be compressed; a manifest that wants `app`.
fn big_and_small() -> Sandbox {
    let sandbox = sandbox();
    let mut seed = 1_u32;
    let noise = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    });
    let big = PackageBuilder::new("big", "1.0", "0")
        .noarch_generic()
        .file("share/big", noise.take(BIG).collect::<Vec<u8>>());
    channel(
        &sandbox,
        [
            conda(program("app", "1.0").depends("big")),
            big.build(Format::Conda),
        ],
    );
    manifest(&sandbox, &sandbox.path("channel"));
    sandbox
}

fn manifest(sandbox: &Sandbox, channel: &Path) {
    let channel = channel.display();
    let text = format!("name: work\nchannels: [{channel}]\ndependencies: [app]\n");
    sandbox.write("environment.yml", &text);
}

#[test]
fn a_full_disk_is_named_and_leaves_nothing_half_done() {
    let mut problems = Vec::new();
    for (arguments, before) in OPERATIONS {
        eprintln!("larder {}", arguments.join(" "));
        for part in PARTS {
            for room in ROOMS {
                let scene = match Scene::new(arguments, before, part) {
                    Ok(scene) => scene,
                    Err(reason) => return eprintln!("skipped: {reason}"),
                };
                eprintln!("{}", scene.attempt(room, &mut problems));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
