//! Which of conda's exceptions a failure of larder's is: scripts tell failures apart by `exception_name`.

/// Codes, and the class in `conda.exceptions` that conda raises in that case.
const NAMES: [(&str, &[&str]); 24] = [
    ("ArgumentError", &["usage", "target::no-home"]),
    ("ChecksumMismatchError", &["fetch::hash-mismatch"]),
    ("ClobberError", &["link::clobbered"]),
    ("CommandNotFoundError", &["run::not-found"]),
    (
        "CondaEnvException",
        &["target::unnamed", "remove::unconfirmed"],
    ),
    ("CondaEnvironmentError", &["remove::active", "remove::root"]),
    (
        "CondaHTTPError",
        &[
            "solve::channel-unreachable",
            "fetch::unreachable",
            "fetch::status",
            "fetch::unauthorized",
            "fetch::not-found",
            "fetch::short-body",
            "fetch::long-body",
        ],
    ),
    (
        "CondaValueError",
        &[
            "target::exists",
            "target::invalid",
            "target::nested",
            "target::occupied",
            "target::reserved",
            "list::no-match",
            "list::pattern",
            "export::pip",
            "vars::malformed",
            "input::platform",
        ],
    ),
    (
        "CondaVerificationError",
        &["store::damaged", "trees::damaged"],
    ),
    (
        "CorruptedEnvironmentError",
        &["list::records", "update::damaged-record"],
    ),
    (
        "EnvironmentExporterNotDetected",
        &["export::unknown-format"],
    ),
    (
        "EnvironmentFileInvalid",
        &[
            "input::not-a-manifest",
            "manifest::conflict",
            "manifest::documents",
            "manifest::duplicate-key",
            "manifest::no-dependencies",
            "manifest::not-a-mapping",
            "manifest::not-text",
            "manifest::section",
            "manifest::syntax",
            "manifest::tab",
            "manifest::template",
            "manifest::type",
        ],
    ),
    ("EnvironmentFileEmpty", &["manifest::empty"]),
    (
        "EnvironmentFileNotFound",
        &["input::no-manifest", "input::unreadable"],
    ),
    (
        "EnvironmentIsFrozenError",
        &["target::frozen", "remove::frozen", "vars::frozen"],
    ),
    (
        "EnvironmentLocationNotFound",
        &[
            "list::not-an-environment",
            "remove::not-an-environment",
            "target::not-an-environment",
            "vars::not-an-environment",
            "verify::not-an-environment",
        ],
    ),
    ("InvalidMatchSpec", &["input::spec", "manifest::spec"]),
    ("LinkError", &["link::script-failed"]),
    ("OfflineError", &["fetch::offline"]),
    ("PackageNotInstalledError", &["list::not-installed"]),
    ("PackagesNotFoundError", &["solve::no-such-package"]),
    ("PaddingError", &["link::prefix-too-long"]),
    (
        "UnavailableInvalidChannel",
        &["solve::no-such-channel", "input::channel"],
    ),
    ("UnsatisfiableError", &["solve::unsolvable"]),
];

/// The name of conda's exception for a code; none where conda has no such failure.
pub(crate) fn name_of(code: &str) -> Option<&'static str> {
    let found = NAMES.iter().find(|(_, codes)| codes.contains(&code));
    found.map(|(name, _)| *name)
}

/// What conda's JSON has as `exception_type`.
pub(crate) fn type_of(name: &str) -> String {
    let module = match name.starts_with("Larder") {
        true => "larder",
        false => "conda.exceptions",
    };
    format!("<class '{module}.{name}'>")
}
