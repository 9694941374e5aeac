//! Packages that become much larger than they are.

use larder_testkit::{BuiltPackage, Format, PackageBuilder};

use crate::support::{channel, sandbox};

use super::{bounded, refused};

/// A package whose file holds nothing but a placeholder.
fn of_placeholders(placeholder: &str, format: Format) -> BuiltPackage {
    let text = "{{PREFIX}}".repeat((24 << 20) / placeholder.len());
    PackageBuilder::new("bomb", "1.0", "0")
        .noarch_generic()
        .placeholder(placeholder)
        .text_prefix("share/text", text)
        .build(format)
}

#[test]
fn a_placeholder_makes_no_gigabytes() {
    for (placeholder, expected) in [
        ("a", "too short"),
        ("/p", "too short"),
        ("/tmp", "at most"),
        ("abcd", "at most"),
    ] {
        for format in [Format::Conda, Format::TarBz2] {
            let sandbox = sandbox();
            channel(&sandbox, [of_placeholders(placeholder, format)]);
            for more in [&[][..], &["--ephemeral"]] {
                let prefix = sandbox.path(&"long/".repeat(20)).join("env");
                let prefix = prefix.to_str().unwrap();
                let arguments = [
                    "create",
                    "-p",
                    prefix,
                    "-c",
                    "./channel",
                    "bomb",
                    "--no-lock",
                ];
                let run = bounded(&sandbox, &[&arguments[..], more].concat());
                refused(&run, expected, placeholder);
                assert!(run.stderr.contains("bomb"), "{}", run.stderr);
                assert!(!sandbox.path("long/long/env").exists());
            }
        }
    }
}
