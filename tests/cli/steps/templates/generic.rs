//! generic.sh, for services without a template.

use super::{Machine, locked};
use crate::steps::yaml::repository;

#[test]
fn the_script_misses_hits_and_has_the_commands_exit_code() {
    let sandbox = locked();
    let script = repository("ci/templates/generic.sh").display().to_string();
    let remote = sandbox.path("remote").display().to_string();
    for said in ["larder: shared 2 objects", "nothing to save"] {
        let machine = Machine::new(&sandbox, "m").with("LARDER_CACHE_REMOTE", &remote);
        let _ = std::fs::remove_dir_all(machine.sources.join(".env"));
        let run = machine.script(&format!("{script} app")).success();
        let environment = machine.sources.join(".env").display().to_string();
        assert_eq!(run.stdout, format!("{environment}\n"));
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    let machine = Machine::new(&sandbox, "m").with("LARDER_CACHE_REMOTE", &remote);
    let run = machine
        .script(&format!("{script} sh -c 'exit 7'"))
        .fails_with(7);
    assert!(
        !run.stderr.contains("larder: "),
        "a job that failed saves nothing: {}",
        run.stderr
    );
}
