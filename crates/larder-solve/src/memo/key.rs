//! What a solve depends on besides the channels' content, as one canonical text.
//!
//! The text is versioned and complete: whoever adds a field to [`SolveRequest`] is stopped here by
//! the compiler. It holds no credentials.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use larder_digest::Sha256;
use rattler_conda_types::{MatchSpec, RepoDataRecord};

use crate::{
    CutOff, CutOffs, Priority, SolveRequest, SolverOptions, Strategy,
    cache::sha256,
    channels::{accepted_channel_names, channel_name, is_channel_group},
};

/// The version of the memo's format and of its key. Also to be raised when larder-solve chooses
/// otherwise than before on the same input.
pub(crate) const VERSION: u32 = 1;

/// What decides how records are read and chosen: a test holds the versions against `Cargo.lock`.
pub(crate) const DECIDERS: [(&str, &str); 5] = [
    ("larder-solve", env!("CARGO_PKG_VERSION")),
    ("rattler_conda_types", "0.58.1"),
    ("rattler_repodata_gateway", "0.38.1"),
    ("rattler_solve", "12.0.3"),
    ("resolvo", "0.12.2"),
];

/// Names a memo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// The canonical text.
    pub(crate) text: String,
    /// Of the text.
    pub(crate) digest: Sha256,
}

impl Key {
    /// The key of `request`; else why it is never remembered.
    pub(crate) fn of(request: &SolveRequest<'_>, options: &SolverOptions) -> Result<Self, String> {
        let SolveRequest {
            subdir,
            channels,
            priority,
            specs,
            pinned,
            only_tar_bz2,
            virtual_packages,
            preferred,
            strategy,
            exclude_newer,
        } = request;
        let specs = specs.iter().map(|wanted| spec_text(&wanted.spec));
        let specs: BTreeSet<String> = specs.collect::<Result<_, _>>()?;
        let mut text = Text(format!("larder solve memo {VERSION}\n"));
        for (name, version) in DECIDERS {
            text.line("version", &format!("{name} {version}"));
        }
        text.line("subdir", subdir.as_str());
        for channel in *channels {
            text.line("channel", &channel_name(channel));
        }
        text.line("relations", &options.max_relations_depth.to_string());
        text.line("sharded", &options.use_sharded.to_string());
        text.line("priority", priority_text(*priority));
        text.line("strategy", strategy_text(*strategy));
        text.cut_offs(exclude_newer);
        for spec in specs {
            text.line("spec", &spec);
        }
        let pins = pinned.iter().map(|pin| spec_text(&pin.spec));
        for pin in pins.collect::<Result<BTreeSet<_>, _>>()? {
            text.line("pinned", &pin);
        }
        if *only_tar_bz2 {
            text.line("only", ".tar.bz2");
        }
        // One record for each name is preferred, so their order decides nothing.
        let preferred: BTreeSet<String> = preferred.iter().map(preferred_text).collect();
        for record in preferred {
            text.line("preferred", &record);
        }
        let provided: BTreeSet<String> = virtual_packages.iter().map(ToString::to_string).collect();
        for package in provided {
            text.line("virtual", &package);
        }
        let digest = sha256(text.0.as_bytes());
        Ok(Self {
            text: text.0,
            digest,
        })
    }
}

/// Lines of a word and a quoted value, so that no value can pass for another line.
struct Text(String);

impl Text {
    fn line(&mut self, word: &str, value: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{word} {value:?}");
    }
}

/// What a preferred record is recognised by among the records of the channels.
fn preferred_text(record: &RepoDataRecord) -> String {
    let digest = record.package_record.sha256;
    let digest = digest.and_then(|digest| Sha256::from_slice(&digest).ok());
    let digest = digest.map_or_else(|| "no sha256".to_owned(), |digest| digest.to_hex());
    let name = record.package_record.name.as_normalized();
    let url = larder_manifest::without_credentials(record.url.as_str());
    format!("{name} {url} {digest}")
}

impl Text {
    /// One line for each scope; channels in their order, which decides between two that fit.
    fn cut_offs(&mut self, cut_offs: &CutOffs) {
        let CutOffs {
            global,
            channels,
            packages,
        } = cut_offs;
        self.line("exclude-newer", &time_text(*global));
        for scope in channels {
            let text = format!("{} {}", scope.channel, cut_off_text(scope.cut_off));
            self.line("exclude-newer-channel", &text);
        }
        for (name, cut_off) in packages {
            let text = format!("{name} {}", cut_off_text(*cut_off));
            self.line("exclude-newer-package", &text);
        }
    }
}

fn cut_off_text(cut_off: CutOff) -> String {
    match cut_off {
        CutOff::Exempt => time_text(None),
        CutOff::At(time) => time_text(Some(time)),
    }
}

fn spec_text(spec: &MatchSpec) -> Result<String, String> {
    if spec.url.is_some() {
        return Err("a spec names an archive by its URL".to_owned());
    }
    let mut spec = spec.clone();
    // The canonical text has the first channel of a group alone, so the others are listed in front.
    let group = spec
        .channel
        .as_deref()
        .filter(|channel| is_channel_group(channel));
    let members = group.map_or_else(String::new, |group| {
        format!("{} | ", accepted_channel_names(group).join(" "))
    });
    if let Some(channel) = &mut spec.channel {
        Arc::make_mut(channel).name = None;
    }
    let text = spec.to_canonical_string();
    let text = text.map(|text| format!("{members}{text}"));
    text.map_err(|error| format!("a spec cannot be written down: {error}"))
}

fn priority_text(priority: Priority) -> &'static str {
    match priority {
        Priority::Strict => "strict",
        Priority::Flexible => "flexible",
        Priority::Disabled => "disabled",
    }
}

fn strategy_text(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Highest => "highest",
        Strategy::Lowest => "lowest",
        Strategy::LowestDirect => "lowest-direct",
    }
}

/// Nanoseconds since 1970.
fn time_text(time: Option<SystemTime>) -> String {
    match time.map(|time| time.duration_since(UNIX_EPOCH)) {
        None => "never".to_owned(),
        Some(Ok(after)) => after.as_nanos().to_string(),
        Some(Err(before)) => format!("-{}", before.duration().as_nanos()),
    }
}
