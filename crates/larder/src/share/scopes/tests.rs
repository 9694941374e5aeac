use larder_cache::scope::Scopes;
use larder_share::packs::ScopeId;

use super::pack_scopes;

fn run(variables: &[(&str, &str)]) -> Scopes {
    let variable = |wanted: &str| {
        let found = variables.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| (*value).to_owned())
    };
    Scopes::of_run(&variable, Some("main"))
}

#[test]
fn main_rewrites_and_branches_do_not() {
    let github = |name| {
        run(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_REPOSITORY", "o/r"),
            ("GITHUB_REF", name),
        ])
    };
    let azure = |name| run(&[("TF_BUILD", "True"), ("BUILD_SOURCEBRANCH", name)]);
    for (scopes, read, rewrites) in [
        (github("refs/heads/main"), 1, true),
        (github("refs/heads/topic"), 2, false),
        (azure("refs/heads/main"), 2, true),
        (azure("refs/heads/topic"), 3, false),
        (run(&[]), 1, true),
    ] {
        let packs = pack_scopes(&scopes);
        assert_eq!(
            (packs.read.len(), packs.rewrites),
            (read, rewrites),
            "{scopes:?}"
        );
    }
}

#[test]
fn a_run_that_may_only_read_writes_nowhere() {
    let scopes = run(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request_target"),
        ("GITHUB_REPOSITORY", "o/r"),
        ("GITHUB_REF", "refs/heads/main"),
    ]);
    let packs = pack_scopes(&scopes);
    assert_eq!((packs.write, packs.rewrites), (None, false));
    assert_eq!(packs.read, [ScopeId::of("github;o/r;refs/heads/main")]);
}
