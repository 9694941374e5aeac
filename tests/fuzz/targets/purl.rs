//! The purls of a record: what a package's author wrote there becomes a name of a distribution or nothing.
#![no_main]

use larder_lock::{Closure, Completeness, LockedPackage, is_distribution_name};
use larder_pypi::provided;
use libfuzzer_sys::fuzz_target;
use rattler_conda_types::Subdir;
use serde_json::json;

fuzz_target!(|text: &str| {
    let record = json!({
        "name": "package", "version": "1", "build": "0", "build_number": 0, "depends": ["python"],
        "subdir": "linux-64", "fn": "package-1-0.conda", "channel": "https://h.test/c",
        "url": "https://h.test/c/linux-64/package-1-0.conda", "purls": [text],
    });
    let Ok(record) = serde_json::from_value(record) else {
        return;
    };
    let package = LockedPackage {
        record,
        completeness: Completeness::Full,
        requested_specs: Vec::new(),
    };
    let closure = Closure::new(Subdir::Linux64, vec![package]).expect("one package");
    for found in provided(&closure) {
        assert!(is_distribution_name(&found.name), "{found:?}");
    }
});
