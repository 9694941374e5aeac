//! [`update`]: makes an environment another one in place, at the cost of what changes, and whole or not at
//! all.
//!
//! What comes is made beside its place (`workshop.rs`), scripts of what goes run, then a journal is
//! written and everything moves by renames; what goes is only put aside until all is in place. An update
//! that fails is undone; one that is killed is undone or finished by whoever comes next ([`recover`]).
//! Files that no package owns stay. This fetches and unpacks nothing.
//!
//! [`recover`]: crate::recover()

mod added;
mod changed;
mod difference;
mod error;
pub(crate) mod journal;
mod kept_links;
mod options;
mod overlap;
mod records;
mod survey;
#[cfg(test)]
mod tests;
pub(crate) mod workshop;

use std::{collections::BTreeSet, path::Path};

use larder_event::Reporter;
use larder_fs::{PathError, bytes_written, remove_tree};

use crate::{
    Installed, LinkOptions, LinkPackage, LinkPlan, PlanError, ScriptMessage, ScriptPolicy,
    apply::{self, Fresh, Written, hold},
    bytecode,
    control_files::is_environment,
    order,
    place::{check_place, frozen, is_updating},
    plan::plan_in_order,
    scripts::{self, Moment, ScriptPlace},
    unlink_scripts,
};

pub use difference::{Difference, Kept, difference};
pub use error::UpdateError;
use journal::Journal;
pub use journal::MAX_JOURNAL;
pub use options::{ChangedPolicy, FrozenPolicy, UpdateOptions, Updated};
use overlap::{Overlap, overlap};
use records::RecordMoves;
use survey::{Survey, Surveyor};
pub(crate) use workshop::DIRECTORY;
use workshop::{Gate, Left, Workshop, open_gate};

/// What an update will do, as far as packages say.
#[derive(Debug)]
pub struct UpdatePlan<'a> {
    link: LinkPlan<'a>,
    overlap: Overlap,
}

/// A plan, or what it takes to make one.
#[derive(Debug)]
pub enum Planned<'a> {
    /// It can be applied.
    Ready(UpdatePlan<'a>),
    /// These packages have paths in common with those that change and must be linked anew with them: ask
    /// [`difference()`] again, with these names besides the earlier ones.
    Relink(BTreeSet<String>),
}

/// Plans an update. `packages` are those of `difference.link`, in any order.
///
/// # Errors
/// As [`plan`](crate::plan()); nothing has been touched.
pub fn plan_update<'a>(
    difference: &Difference<'_>,
    packages: &[LinkPackage<'a>],
    options: &LinkOptions,
) -> Result<Planned<'a>, PlanError> {
    let kept: Vec<&Installed> = difference.keep.iter().map(|kept| kept.installed).collect();
    let order = order::among(packages, &kept);
    let python = difference.python(packages, options.subdir)?;
    let mut link = plan_in_order(packages, &order, python, options)?;
    link.installed_python = difference.kept_python();
    kept_links::check(difference, &link, &options.prefix)?;
    let overlap = overlap(difference, &link);
    Ok(if overlap.relink.is_empty() {
        Planned::Ready(UpdatePlan { link, overlap })
    } else {
        Planned::Relink(overlap.relink)
    })
}

/// Updates the environment. `options` are those that the plan was made with, and nobody may have changed
/// the environment since its records were read: hold it ([`Held`](crate::Held)) meanwhile.
///
/// # Errors
/// [`UpdateError`]; the environment is as it was before, as far as scripts have not changed it.
pub fn update(
    difference: &Difference<'_>,
    plan: &UpdatePlan<'_>,
    options: &UpdateOptions,
    reporter: &dyn Reporter,
) -> Result<Updated, UpdateError> {
    update_gated(difference, plan, (options, reporter), &open_gate)
}

fn update_gated(
    difference: &Difference<'_>,
    plan: &UpdatePlan<'_>,
    (options, reporter): (&UpdateOptions, &dyn Reporter),
    gate: Gate<'_>,
) -> Result<Updated, UpdateError> {
    let prefix = options.link.prefix.as_path();
    let held = hold(prefix, &options.link, reporter)?;
    held.recover(reporter)
        .map_err(UpdateError::recover(prefix))?;
    check(prefix, options)?;
    let workshop = Workshop::new(prefix, options.link.durability, held.key());
    let mut run = Run {
        difference,
        plan,
        linker: apply::Run::new(&plan.link, &options.link, reporter),
        options,
        reporter,
        gate,
        workshop: &workshop,
        messages: Vec::new(),
        written: None,
    };
    let updated = match run.change() {
        Ok(updated) => updated,
        Err(error) => {
            run.give_up();
            return Err(error);
        }
    };
    let journal = run.written;
    apply::report_messages(run.messages, reporter);
    let Some(journal) = journal else {
        return Ok(updated);
    };
    tell_of_saved(&updated, &journal, reporter);
    // The environment is there: from here on trouble is only worth a warning.
    if let Err(error) = workshop.finish(&journal) {
        let text = format!("{error}: {}; the next run tries again", error.source);
        reporter.warn("link::left-behind", text);
    }
    Ok(updated)
}

fn check(prefix: &Path, options: &UpdateOptions) -> Result<(), UpdateError> {
    check_place(prefix).map_err(UpdateError::Apply)?;
    let prefix_buf = || prefix.to_owned();
    if !is_environment(prefix) {
        return Err(UpdateError::NotAnEnvironment {
            prefix: prefix_buf(),
        });
    }
    if is_updating(prefix) {
        return Err(UpdateError::Unfinished {
            prefix: prefix_buf(),
        });
    }
    match frozen(prefix)? {
        Some(message) if options.frozen == FrozenPolicy::Respect => Err(UpdateError::Frozen {
            prefix: prefix_buf(),
            message,
        }),
        _ => Ok(()),
    }
}

fn tell_of_saved(updated: &Updated, journal: &Journal, reporter: &dyn Reporter) {
    const SHOWN: usize = 5;
    if updated.saved.is_empty() {
        return;
    }
    let shown: Vec<&str> = updated
        .saved
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect();
    let more = match updated.saved.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!(
        "what was not as a package had brought it is kept in `{}`: {}{more}",
        journal.saved,
        shown.join(", ")
    );
    reporter.warn("link::saved", text);
}

struct Run<'r, 'd> {
    difference: &'r Difference<'d>,
    plan: &'r UpdatePlan<'r>,
    linker: apply::Run<'r, 'r>,
    options: &'r UpdateOptions,
    reporter: &'r dyn Reporter,
    gate: Gate<'r>,
    workshop: &'r Workshop,
    messages: Vec<ScriptMessage>,
    /// The journal, once it is on the disk: what is there by then may be somebody else's.
    written: Option<Journal>,
}

impl Run<'_, '_> {
    fn change(&mut self) -> Result<Updated, UpdateError> {
        (self.gate)(self.workshop.root())?;
        self.workshop.open()?;
        let mut written = self.stage()?;
        let of = (self.difference, &self.plan.link);
        let added = added::stage(of, &self.options.link, self.workshop, self.reporter)?;
        self.run_unlink_scripts();
        if self.linker.scripts.pre_link {
            self.linker
                .run_scripts(Moment::PreLink, &mut self.messages)?;
        }
        let (journal, block) = self.journal(&written, &added)?;
        // What comes is whole before the first old file goes for it.
        written.has_others |= !added.is_empty() || self.linker.scripts_wrote();
        self.flush_staged(&written)?;
        (self.gate)(self.workshop.root())?;
        self.workshop.write(&journal)?;
        // Kept here: a run that fails undoes what it did, whatever is on the disk by then.
        let journal = &*self.written.insert(journal);
        self.workshop.advance_files(journal, self.gate)?;
        let is_wanted = self.linker.scripts.post_link;
        if is_wanted {
            let messages = &mut self.messages;
            self.linker.run_scripts(Moment::PostLink, messages)?;
        }
        self.workshop.advance_records(journal, self.gate)?;
        (self.gate)(self.workshop.root())?;
        self.workshop.append_history(&block)?;
        // Every move, and what scripts wrote, is there before the journal that could undo it goes.
        match self.linker.scripts_wrote() {
            true => self.workshop.flush_all()?,
            false => self.workshop.flush_moves()?,
        }
        (self.gate)(self.workshop.root())?;
        self.workshop.commit()?;
        let mut updated = updated(journal, &written);
        updated.touched = self.linker.touched(&written);
        Ok(updated)
    }

    fn stage(&self) -> Result<Written, UpdateError> {
        let root = self.workshop.new_root();
        let mut written = self.linker.link(&root)?;
        let options = &self.options.link;
        let added = bytecode::add(&self.plan.link, options, &root, self.reporter)?;
        written.take(added);
        Ok(written)
    }

    fn flush_staged(&self, written: &Written) -> Result<(), PathError> {
        let fresh = Fresh::of(&self.plan.link, written, self.options.link.threads);
        fresh.flush(&self.workshop.new_root(), self.workshop.durability())
    }

    fn journal(
        &self,
        written: &Written,
        added: &[String],
    ) -> Result<(Journal, String), UpdateError> {
        let prefix = self.options.link.prefix.as_path();
        let surveyor = Surveyor {
            prefix,
            difference: self.difference,
            plan: &self.plan.link,
            overlap: &self.plan.overlap,
            pycs: &written.pycs,
            added,
            also_remove: &self.options.also_remove,
            saves: self.options.changed == ChangedPolicy::Save,
            threads: self.options.link.threads,
        };
        let Survey { moves, emptied } = surveyor.survey()?;
        let history = self.workshop.history_length()?;
        let mut journal = Journal::new(history, saved_place(&self.options.link.timestamp));
        journal.files = moves;
        journal.emptied = emptied;
        let records = RecordMoves {
            difference: self.difference,
            plan: &self.plan.link,
            options: &self.options.link,
            written,
            workshop: self.workshop,
        };
        let (moves, block) = records.stage()?;
        journal.records = moves;
        Ok((journal, block))
    }

    fn place(&self) -> ScriptPlace<'_> {
        ScriptPlace {
            prefix: &self.plan.link.prefix,
            subdir: self.options.link.subdir,
            host: self.options.link.script_host.as_deref(),
        }
    }

    fn runs_scripts(&self) -> bool {
        self.options.link.link_scripts == ScriptPolicy::Run
            && scripts::can_run(self.options.link.subdir)
    }

    fn run_unlink_scripts(&mut self) {
        if self.runs_scripts() {
            let packages = &self.difference.unlink;
            let before = bytes_written();
            let messages = unlink_scripts::run(packages, self.place(), self.reporter);
            self.linker.note_output(before, &messages);
            self.messages.extend(messages);
        }
    }

    /// Puts everything back. What cannot be put back now is by the next run.
    fn give_up(&self) {
        let result = match &self.written {
            Some(journal) => self.workshop.undo(journal, &open_gate),
            None => remove_tree(self.workshop.root()),
        };
        if let Err(error) = result {
            let text = format!("{error}: {}; the next run tries again", error.source);
            self.reporter.warn("link::not-undone", text);
        }
    }
}

/// What a killed update of `prefix` left is undone or finished.
pub(crate) fn settle(workshop: &Workshop) -> Result<Settled, PathError> {
    Ok(match workshop.left()? {
        Left::Nothing => Settled::Nothing,
        Left::Rubbish => {
            remove_tree(workshop.root())?;
            Settled::Nothing
        }
        Left::Unfinished(journal) => {
            workshop.undo(&journal, &open_gate)?;
            Settled::Undone
        }
        Left::Committed(journal) => {
            workshop.finish(&journal)?;
            Settled::Finished
        }
    })
}

/// What became of a killed update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// There was none, or it had changed nothing.
    Nothing,
    Undone,
    Finished,
}

fn updated(journal: &Journal, written: &Written) -> Updated {
    let outs = &journal.files.outs;
    let saved = outs.iter().filter(|out| out.is_saved);
    Updated {
        linked: journal.files.ins.len() as u64,
        unlinked: outs.iter().filter(|out| !out.is_replaced).count() as u64,
        bytes_written: written.bytes,
        touched: Vec::new(),
        saved: saved.map(|out| out.path.clone()).collect(),
    }
}

/// `.larder-saved/2026-01-02T03-04-05`.
fn saved_place(timestamp: &str) -> String {
    let stamp = timestamp.replace(' ', "T").replace([':', '/', '\\'], "-");
    match stamp.as_str() {
        "" => String::from(SAVED),
        stamp => format!("{SAVED}/{stamp}"),
    }
}

/// Where files go that are not what a package brought.
pub(crate) const SAVED: &str = ".larder-saved";
