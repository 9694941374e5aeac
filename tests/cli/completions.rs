//! `larder completions`.

use crate::support::sandbox;

#[test]
fn every_shell_gets_a_script_that_names_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = sandbox().larder(&["completions", shell]).success();
        assert!(
            run.stdout.contains("create") && run.stdout.contains("lock"),
            "{shell}: {}",
            run.stdout
        );
    }
}
