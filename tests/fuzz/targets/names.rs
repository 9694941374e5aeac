//! Every name that may become a path.
#![no_main]

use larder_manifest::{
    parse_file_name, parse_subdir, validate_build, validate_environment_name, validate_label,
    validate_package_name, validate_version,
};
use larder_unpack::{RelPath, split_file_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Some(path)) = RelPath::from_member(bytes) {
        let is_inside = path.as_str().split('/').all(|part| !matches!(part, "" | "." | ".."));
        assert!(is_inside, "{path:?}");
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let has_separator = text.contains(['/', '\\', '\0']);
    let accepted = [
        validate_package_name(text).is_ok(),
        validate_version(text).is_ok(),
        validate_build(text).is_ok(),
        validate_environment_name(text).is_ok(),
        parse_subdir(text).is_ok(),
        parse_file_name(text).is_ok(),
        split_file_name(text).is_ok(),
    ];
    assert!(!(has_separator && accepted.contains(&true)), "{text:?} {accepted:?}");
    let _ = validate_label(text);
});
