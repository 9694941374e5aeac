//! Real servers that tests are told of by variables, as `ci/services` sets them. Starts none.

use std::{
    collections::BTreeMap,
    process,
    time::{SystemTime, UNIX_EPOCH},
};

/// The variables of this process that say where the servers are and what they take as credentials.
#[expect(
    clippy::disallowed_methods,
    reason = "this is how tests are told of servers"
)]
pub fn service_variables() -> BTreeMap<String, String> {
    let ours = [
        "LARDER_TEST_",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AZURE_STORAGE_",
    ];
    let is_ours = |name: &str| ours.iter().any(|start| name.starts_with(start));
    std::env::vars().filter(|(name, _)| is_ours(name)).collect()
}

/// The URL that a variable has, with a part of its own for whoever asks; prints that the test is skipped
/// if there is none.
pub fn service(variable: &str) -> Option<String> {
    let Some(url) = service_variables().remove(variable) else {
        #[expect(clippy::print_stdout, reason = "a test that does nothing says so")]
        {
            println!("skipped: {variable} is not set");
        }
        return None;
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let part = format!("{}-{}", process::id(), since.unwrap_or_default().as_nanos());
    Some(match url.split_once('?') {
        Some((place, query)) => format!("{place}/{part}?{query}"),
        None => format!("{url}/{part}"),
    })
}
