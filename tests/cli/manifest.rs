//! `larder manifest`.

use crate::support::{json, sandbox};

#[test]
fn what_was_read_is_shown_as_text_and_json() {
    let sandbox = sandbox();
    sandbox.write("environment.yml", "name: n\nchannels: [conda-forge]\ndependencies:\n  - numpy >=1.26\n  - pip:\n    - rich\nvariables: {A: 1}\nodd: 1\n");
    let run = sandbox.larder(&["manifest"]).success();
    for part in ["numpy >=1.26", "conda-forge", "rich", "A"] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    assert!(run.stderr.contains("odd"), "{}", run.stderr);
    let report = json(&sandbox.larder(&["manifest", "--json"]).success());
    assert_eq!(
        (&report["name"], &report["specs"][0]["line"]),
        (&"n".into(), &4.into())
    );
}

#[test]
fn cep24_04_an_unknown_key_warns_once_on_stderr() {
    let sandbox = sandbox();
    sandbox.write("environment.yml", "foo: 1\ndependencies: []\n");
    let run = sandbox.larder(&["manifest", "--json"]).success();
    json(&run);
    assert_eq!(run.stderr.matches("foo").count(), 1, "{}", run.stderr);
}

#[test]
fn an_error_points_at_line_and_column() {
    let sandbox = sandbox();
    sandbox.write("environment.yml", "dependencies:\n  - numpy >=>1\n");
    let run = sandbox.larder(&["manifest"]).fails_with(1);
    assert!(
        run.stderr.contains("environment.yml:2:5") && run.stderr.contains('^'),
        "{}",
        run.stderr
    );
}

#[test]
fn a_lock_is_no_manifest() {
    let sandbox = crate::support::app_and_lib();
    sandbox.larder(&["lock"]).success();
    let run = sandbox
        .larder(&["manifest", "-f", "conda-lock.yml"])
        .fails_with(1);
    assert!(
        run.stderr.contains("is a lock, not a manifest"),
        "{}",
        run.stderr
    );
}
