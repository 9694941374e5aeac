//! A solve that is remembered and reused while it is provably still the answer.

use larder_testkit::{PackageBuilder, Server};

use crate::support::{app_and_lib, channel, conda, json, program};

#[test]
fn the_second_solve_is_a_memo_until_the_channel_changes_what_it_looked_at() {
    let sandbox = app_and_lib();
    let solve = |arguments: &[&str]| {
        let arguments = [
            &["create", "-p", "env", "--dry-run", "--json"][..],
            arguments,
        ]
        .concat();
        json(&sandbox.larder(&arguments).success())
    };
    let first = solve(&[]);
    assert_eq!(first["solve"], "solved");
    assert!(first["why_no_memo"].is_string(), "{first}");
    let second = solve(&[]);
    assert_eq!(
        (&second["solve"], &second["actions"]["LINK"]),
        (&"memo".into(), &first["actions"]["LINK"])
    );
    assert_eq!(solve(&["--refresh"])["solve"], "solved");

    let app = || conda(program("app", "1.0").depends("lib >=2"));
    let lib = || crate::support::lib().build(larder_testkit::Format::TarBz2);
    channel(
        &sandbox,
        [
            app(),
            lib(),
            conda(PackageBuilder::new("unrelated", "1.0", "0").noarch_generic()),
        ],
    );
    assert_eq!(
        solve(&[])["solve"],
        "memo",
        "another package is no reason to solve again"
    );
    channel(
        &sandbox,
        [
            app(),
            lib(),
            conda(PackageBuilder::new("lib", "3.0", "0").noarch_generic()),
        ],
    );
    let changed = solve(&[]);
    assert_eq!(changed["solve"], "solved");
    assert!(
        changed["actions"]["LINK"].to_string().contains("lib-3.0-0"),
        "{changed}"
    );
}

#[test]
fn a_hit_costs_one_conditional_request_for_each_subdir_and_none_offline() {
    let sandbox = app_and_lib();
    let here = rattler_conda_types::Subdir::current().unwrap();
    let native = conda(PackageBuilder::new("native", "1.0", "0").subdir(here.as_str()));
    channel(&sandbox, [conda(program("app", "1.0")), native]);
    let server = Server::serve(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        &format!("channels: [\"{}\"]\ndependencies: [app]\n", server.url()),
    );
    sandbox.larder(&["create", "-p", "env"]).success();
    server.clear_requests();
    let report = json(
        &sandbox
            .larder(&["create", "-p", "env2", "--json"])
            .success(),
    );
    assert_eq!(report["solve"], "memo");
    let requests = server.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(
        requests.iter().all(|request| request.status == 304),
        "{requests:?}"
    );
    server.shutdown();
    let report = json(
        &sandbox
            .larder(&["create", "-p", "env3", "--json", "--offline"])
            .success(),
    );
    assert_eq!(report["solve"], "memo");
}

#[test]
fn the_memo_keeps_who_asked_for_what_in_the_users_words() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "one"]).success();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n  - app  # the same\n",
    );
    sandbox.larder(&["create", "-p", "two"]).success();
    let record = std::fs::read_to_string(sandbox.path("two/conda-meta/app-1.0-0.json")).unwrap();
    assert!(record.contains("\"requested_specs\":[\"app\"]"), "{record}");
}
