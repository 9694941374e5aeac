//! Variables in the channels of a manifest, which may come from a stranger's pull request: their values are
//! sent to no host as part of an address, and shown or kept nowhere.

use larder_testkit::{Run, Server};

use crate::{
    credentials::{SECRET, leaves_no_secret, says_no_secret},
    support::app_and_lib,
};

const VARIABLES: &[&str] = &[
    "AWS_SECRET_ACCESS_KEY",
    "GITHUB_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "AZURE_STORAGE_KEY",
    "LARDER_CACHE_SECRET",
    "MY_CHANNEL_TOKEN",
    "ANY_NAME",
];

/// Where a variable may not be expanded.
const ADDRESSES: &[&str] = &[
    "http://{host}/{variable}/c",
    "http://{host}/c/{variable}",
    "http://{host}/x{variable}",
    "http://{variable}.127.0.0.1/c",
    "http://{host}/c?{variable}",
    "http://{host}/label/{variable}",
    "{variable}",
    "c/{variable}",
    "{variable}/c",
];

/// Where those that prove who somebody is to another service may not be expanded either.
const CREDENTIALS: &[&str] = &[
    "http://user:{variable}@{host}/c",
    "http://{variable}@{host}/c",
    "http://{host}/t/{variable}/c",
    "t/{variable}/c",
];

#[test]
fn no_value_is_sent_or_shown_as_part_of_an_address() {
    let sandbox = app_and_lib();
    let server = Server::serve(&sandbox.path("channel"));
    let host = server.url().replace("http://", "");
    let of_services = VARIABLES
        .iter()
        .filter(|name| !["MY_CHANNEL_TOKEN", "ANY_NAME"].contains(name));
    let forbidden = ADDRESSES
        .iter()
        .flat_map(|text| VARIABLES.iter().map(move |name| (text, name)));
    let foreign = of_services.flat_map(|name| CREDENTIALS.iter().map(move |text| (text, name)));
    for (text, name) in forbidden.chain(foreign) {
        let channel = text
            .replace("{host}", &host)
            .replace("{variable}", &format!("${{{name}}}"));
        sandbox.write(
            "environment.yml",
            &format!("channels: [\"{channel}\"]\ndependencies: [app]\n"),
        );
        for arguments in [
            &["lock"][..],
            &["create", "-p", "env", "--json"],
            &["manifest", "--json"],
        ] {
            let mut command = sandbox.command(arguments);
            // Bare names go to the server as well.
            command
                .env("LARDER_CHANNEL_ALIAS", server.url())
                .arg("-vvv");
            let value = format!("{SECRET}-{SECRET}");
            command.envs(VARIABLES.iter().map(|name| (name, &value)));
            let run = Run::of(&mut command);
            says_no_secret(&run);
            if arguments[0] != "manifest" {
                assert_eq!(run.status, 1, "{channel}: {}", run.stderr);
                assert!(
                    run.stderr.contains(name) || run.stdout.contains(name),
                    "{}",
                    run.stderr
                );
            }
        }
    }
    leaves_no_secret(&sandbox);
    for request in server.requests() {
        assert!(!format!("{request:?}").contains(SECRET), "{request:?}");
    }
}

#[test]
fn paths_are_expanded_with_what_is_no_secret() {
    let sandbox = app_and_lib();
    let manifest = "channels: [\"$PLACE/channel\"]\ndependencies: [app]\n";
    sandbox.write("environment.yml", manifest);
    let mut command = sandbox.command(&["create", "-p", "env"]);
    Run::of(command.env("PLACE", sandbox.work())).success();
    let manifest = "channels: [\"./$PLACE_TOKEN/channel\"]\ndependencies: [app]\n";
    sandbox.write("environment.yml", manifest);
    let mut command = sandbox.command(&["create", "-p", "env2"]);
    let run = Run::of(command.env("PLACE_TOKEN", SECRET)).fails_with(1);
    says_no_secret(&run);
}
