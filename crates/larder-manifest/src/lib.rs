//! What the user wrote, parsed and checked: `environment.yml` (CEP 24), package specs (CEP 29, 43,
//! 44, 45), channel texts and the names of CEP 26.
//!
//! Everything here is a pure function of text. This crate never opens a file, never reads the
//! environment (callers pass a [`Lookup`]) and never asks a channel. Each error and warning says
//! where in the user's text it belongs.
#![forbid(unsafe_code)]

mod channel;
mod channel_variables;
mod decode;
mod edit;
mod error;
mod expand;
mod manifest;
mod merge;
mod names;
mod position;
mod prefix;
mod read;
mod report;
mod scheme;
mod selector;
mod spec;
pub mod yaml;

pub use channel::{
    ChannelContext, ChannelError, ResolvedChannel, anaconda_defaults, check_channel_variables,
    resolve_channel, without_credentials,
};
pub use channel_variables::{expand_harmless_path, is_harmless_variable};
pub use decode::{NotText, decode};
pub use edit::nearest;
pub use error::{ManifestError, ManifestErrorKind};
pub use expand::{Lookup, NoLookup, expand_path, expand_variables};
pub use larder_redact::{Credential, is_local_path};
pub use manifest::{
    ChannelEntry, DEFAULT_CATEGORY, Dependency, Manifest, ManifestWarning, PipLine, PipSection,
    WarningCode, looks_like_manifest,
};
pub use names::{
    FileName, NameError, NameProblem, parse_file_name, parse_subdir, validate_build,
    validate_environment_variable, validate_extension, validate_label, validate_package_name,
    validate_subdir_name, validate_version, validate_virtual_package_name,
};
pub use position::{Mark, Position};
pub use prefix::{
    PrefixError, PrefixRules, is_environment_file, validate_environment_name, validate_prefix_path,
};
pub use report::ManifestReport;
pub use scheme::{CHANNEL_SCHEMES, is_channel_scheme};
pub use selector::{Selector, SelectorError, SelectorKind};
pub use spec::{
    SPEC_BYTES, SPEC_CONDITIONS, SPEC_DEPTH, SpecError, canonical_text, check_spec_bounds,
    matches_key, mended_record_spec, own_key, parse_record_spec, parse_spec, solver_part,
    spec_channel_text, spec_matches_record, unmet_key,
};
