//! Scratch directories of killed runs go; those of living ones stay.

use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_solve::{Solver, SolverOptions};

use crate::support::{Lab, channel_of, package};

fn scratch(lab: &Lab) -> Vec<String> {
    let names = fs::read_dir(lab.cache()).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.to_str().unwrap().to_owned()
    });
    let mut names: Vec<String> = names.filter(|name| name.starts_with("scratch-")).collect();
    names.sort();
    names
}

#[test]
fn what_dead_runs_left_is_removed_and_what_living_ones_use_is_not() {
    let lab = Lab::new();
    let url = [lab.channel("c", channel_of([package("a", "1")])).url()];
    lab.write("cache/scratch-killed/in-use", "");
    lab.write("cache/scratch-killed/shards/x.msgpack", "x");
    lab.write("cache/scratch-older/y.json", "y");
    lab.write("cache/scratch-note", "a file is nobody's directory");

    let living = Solver::new(lab.options());
    lab.solve_with(&living, &url, &["a"]).unwrap();
    let held = scratch(&lab);
    assert_eq!(held.len(), 2, "its own and the file: {held:?}");
    assert!(!held.contains(&"scratch-killed".to_owned()), "{held:?}");

    let second = Solver::new(lab.options());
    lab.solve_with(&second, &url, &["a"]).unwrap();
    let both = scratch(&lab);
    assert!(held.iter().all(|name| both.contains(name)), "{both:?}");
    assert_eq!(both.len(), 3);

    drop((living, second));
    assert_eq!(scratch(&lab), ["scratch-note"]);
}

/// The directory for files in memory, if there is one with room, as this machine has it.
fn memory() -> Option<PathBuf> {
    let memory = larder_fs::memory_dir()?;
    let free = larder_fs::free_in_memory(&memory)?;
    (free >= 1 << 30).then_some(memory)
}

fn with_memory(lab: &Lab, memory: PathBuf) -> SolverOptions {
    SolverOptions {
        memory: Some(memory),
        ..lab.options()
    }
}

/// Where the shards of the only living session in `lab` are.
fn shards(lab: &Lab) -> PathBuf {
    let [scratch] = scratch(lab).try_into().unwrap();
    lab.cache().join(scratch).join("shards-v1")
}

fn shard_files(directory: &Path) -> usize {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    names
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "msgpack"))
        .count()
}

#[test]
fn shards_are_unpacked_in_memory_and_gone_with_their_session() {
    let Some(memory) = memory() else {
        println!("skipped: no file system in memory with room");
        return;
    };
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]));
    let server = lab.serve();
    let url = [format!("{}/c", server.url())];
    let solver = Solver::new(with_memory(&lab, memory.clone()));
    lab.solve_with(&solver, &url, &["a"]).unwrap();
    let shards = shards(&lab);
    let in_memory = fs::read_link(&shards).unwrap();
    assert_eq!(in_memory.parent(), Some(memory.as_path()));
    assert_eq!(shard_files(&in_memory), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&in_memory).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    lab.solve_with(&solver, &url, &["nothing"]).unwrap_err();
    assert!(in_memory.exists(), "a solve that fails is not the end");
    drop(solver);
    assert!(!in_memory.exists());
    assert!(scratch(&lab).is_empty());
}

#[test]
fn shards_are_unpacked_on_the_disk_where_there_is_no_memory() {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]));
    let server = lab.serve();
    let url = [format!("{}/c", server.url())];
    let solver = Solver::new(with_memory(&lab, lab.path("no-memory")));
    lab.solve_with(&solver, &url, &["a"]).unwrap();
    let shards = shards(&lab);
    assert!(!shards.is_symlink());
    assert_eq!(shard_files(&shards), 1);
}

#[test]
#[cfg(unix)]
fn what_dead_runs_left_in_memory_goes_and_nothing_else() {
    let Some(memory) = memory() else {
        println!("skipped: no file system in memory with room");
        return;
    };
    let lab = Lab::new();
    let url = [lab.channel("c", channel_of([package("a", "1")])).url()];
    // Named after the directory of this test, which nobody else has.
    let own = lab.directory.path().file_name().unwrap().to_str().unwrap();
    let own = own.trim_start_matches('.');
    let dead = memory.join(format!("larder-scratch-{own}"));
    let foreign = memory.join(format!("larder-scratch-{own}-other"));
    for directory in [&dead, &foreign] {
        fs::create_dir(directory).unwrap();
        fs::write(directory.join("x.msgpack"), "x").unwrap();
    }
    let link = |scratch: &str, to: &Path| {
        lab.write(&format!("cache/{scratch}/in-use"), "");
        let link = lab.cache().join(scratch).join("shards-v1");
        std::os::unix::fs::symlink(to, link).unwrap();
    };
    link(&format!("scratch-{own}"), &dead);
    link("scratch-liar", &foreign);
    lab.write("precious/scratch-far/file", "x");
    link("scratch-far", &lab.path("precious/scratch-far"));

    lab.solve_with(&Solver::new(lab.options()), &url, &["a"])
        .unwrap();
    let (is_left, is_foreign_there) = (dead.exists(), foreign.exists());
    fs::remove_dir_all(&foreign).unwrap();
    assert!(!is_left && is_foreign_there);
    assert!(lab.path("precious/scratch-far/file").exists());
    assert!(scratch(&lab).is_empty());
}
