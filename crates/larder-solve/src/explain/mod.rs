//! Why no set of packages meets the specs, in the user's own lines.
//!
//! First what is wrong with single lines (no such package, no such version), which needs no solver;
//! else the smallest set of lines that conflict, with resolvo's account of it and, where a virtual
//! package is in the way, the override that would let it pass.

mod account;
mod hints;
mod lines;
mod tidy;

use std::fmt;

use rattler_conda_types::{Channel, MatchSpec, Subdir};

use crate::{Requested, load::WheelFile, resolve::Universe};

#[cfg(test)]
pub(crate) use tidy::tidy;

/// How many lines an explanation may have.
const MOST_LINES: usize = 40;

/// Why no set of packages meets the specs. Its text has at most 40 lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// For which subdir was solved.
    pub subdir: Subdir,
    /// The user's lines that cannot be met.
    pub conflicts: Vec<Conflict>,
    /// Whether they could be met one at a time, but not together.
    pub together: bool,
    /// Whether nothing that the channels have meets them, whatever else is wanted.
    pub missing: bool,
    /// Through what they conflict, a line each; indented lines belong to the one above.
    pub reasons: Vec<String>,
    /// What would help.
    pub hints: Vec<String>,
}

/// A line of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// As the user wrote it.
    pub text: String,
    /// Where, such as `environment.yml:4:5`.
    pub location: Option<String>,
}

/// What an explanation needs to know of the request.
pub(crate) struct Context {
    pub(crate) subdir: Subdir,
    pub(crate) channels: Vec<Channel>,
    pub(crate) wanted: Vec<Requested>,
    /// What holds besides.
    pub(crate) pinned: Vec<Requested>,
    /// All package names of the channels; empty unless one is unknown.
    pub(crate) names: Vec<String>,
    /// Wheels that the channels have of unknown names.
    pub(crate) wheels: Vec<WheelFile>,
}

/// The requested specs whose names are in no channel, as far as conda packages go.
pub(crate) fn unknown_specs<'w>(
    wanted: &'w [Requested],
    universe: &Universe,
) -> Vec<&'w MatchSpec> {
    let unknown = wanted
        .iter()
        .filter(|wanted| !wanted.is_implied && lines::is_unknown(wanted, universe));
    unknown.map(|wanted| &wanted.spec).collect()
}

/// Explains a solve that has failed. Solves smaller problems to find the lines that matter.
pub(crate) fn explain(context: &Context, universe: &Universe) -> Explanation {
    let hopeless = lines::hopeless(context, universe);
    if !hopeless.is_empty() {
        let (conflicts, reasons) = hopeless.into_iter().unzip();
        let has_wheel = context.wanted.iter().any(|wanted| {
            lines::is_unknown(wanted, universe) && lines::wheel_file_name(wanted, context).is_some()
        });
        let wheel_hint = has_wheel.then(|| hints::WHEEL_HINT.to_owned());
        let hints = context.wanted.iter().filter_map(|wanted| {
            let name = wanted.spec.name.as_exact()?.as_normalized();
            name.starts_with("__")
                .then(|| hints::for_spec(&wanted.spec, context.subdir, &universe.virtual_packages))
                .flatten()
        });
        return Explanation {
            subdir: context.subdir,
            conflicts,
            together: false,
            missing: true,
            reasons,
            hints: hints.chain(wheel_hint).collect(),
        };
    }
    let (conflicting, account) = account::smallest(context, universe);
    Explanation {
        subdir: context.subdir,
        together: conflicting.len() > 1,
        missing: false,
        conflicts: conflicting.into_iter().map(Conflict::from).collect(),
        hints: hints::for_account(&account, context.subdir, &universe.virtual_packages)
            .into_iter()
            .chain(hints::for_pins(&context.pinned, &account))
            .collect(),
        reasons: account.lines().map(str::to_owned).collect(),
    }
}

impl From<&Requested> for Conflict {
    fn from(wanted: &Requested) -> Self {
        Self {
            text: wanted.text.clone(),
            location: wanted.location.clone(),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        write!(f, "`{}`", self.text)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fixed = 2 + self.hints.len().min(MOST_LINES / 4);
        write!(f, "no packages for {} meet", self.subdir)?;
        let (conflicts, more) = bounded(&self.conflicts, MOST_LINES / 2 - 1);
        match self.conflicts.as_slice() {
            [only] => write!(f, " {only}")?,
            _ => {
                let together = if self.together { " together" } else { "" };
                write!(f, " these lines{together}:")?;
                for conflict in conflicts {
                    write!(f, "\n  {conflict}")?;
                }
                write_more(f, more)?;
            }
        }
        let used = fixed + conflicts.len() + 2;
        let (reasons, more) = bounded(&self.reasons, MOST_LINES.saturating_sub(used));
        for reason in reasons {
            write!(f, "\n  {reason}")?;
        }
        write_more(f, more)?;
        for hint in self.hints.iter().take(MOST_LINES / 4) {
            write!(f, "\n  help: {hint}")?;
        }
        Ok(())
    }
}

fn bounded<T>(lines: &[T], most: usize) -> (&[T], usize) {
    let shown = lines.len().min(most);
    (&lines[..shown], lines.len() - shown)
}

fn write_more(f: &mut fmt::Formatter<'_>, more: usize) -> fmt::Result {
    match more {
        0 => Ok(()),
        more => write!(f, "\n  ... and {more} more"),
    }
}

/// The specs of these lines.
fn specs_of<'a>(wanted: impl IntoIterator<Item = &'a Requested>) -> Vec<MatchSpec> {
    wanted
        .into_iter()
        .map(|wanted| wanted.spec.clone())
        .collect()
}
