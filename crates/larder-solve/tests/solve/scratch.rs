//! Scratch directories of killed runs go; those of living ones stay.

use std::fs;

use larder_solve::Solver;

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
