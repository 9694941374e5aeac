//! What an update changes in `conda-meta`: records, `state`, the fingerprint and the block of `history`.
//!
//! The record of a package that stays is not touched, unless other words ask for it now; then only these
//! change, and every key that is not understood stays (CEP 32).

use std::{collections::HashMap, fs};

use larder_fs::{Links, PathContext as _, read_control_file};
use serde_json::Value;

use crate::{
    Difference, Kept, LinkOptions, LinkPlan, RecordError,
    apply::{self, Written, write_new},
    control_files::MAX_RECORD,
    fingerprint,
    history::{Changes, block},
    state,
    update::{
        UpdateError,
        journal::{In, Moves, Out},
        workshop::Workshop,
    },
};

/// What is needed to write records.
pub(super) struct RecordMoves<'r, 'd, 'p> {
    pub(super) difference: &'r Difference<'d>,
    pub(super) plan: &'r LinkPlan<'p>,
    pub(super) options: &'r LinkOptions,
    pub(super) written: &'r Written,
    pub(super) workshop: &'r Workshop,
}

/// Moves below `conda-meta`, by name.
#[derive(Default)]
struct Meta {
    moves: Moves,
    index_of: HashMap<String, usize>,
}

impl Meta {
    fn out(&mut self, name: &str) {
        self.index_of.insert(name.to_owned(), self.moves.outs.len());
        self.moves.outs.push(Out {
            path: format!("conda-meta/{name}"),
            is_replaced: false,
            is_saved: false,
        });
    }

    fn bring(&mut self, name: &str) {
        let replaces = self.index_of.get(name).copied();
        if let Some(index) = replaces {
            self.moves.outs[index].is_replaced = true;
        }
        self.moves.ins.push(In {
            path: format!("conda-meta/{name}"),
            replaces,
        });
    }
}

impl RecordMoves<'_, '_, '_> {
    /// Writes what comes into the workshop; returns its moves and the text to append to `history`.
    pub(super) fn stage(&self) -> Result<(Moves, String), UpdateError> {
        let directory = self.workshop.new_root().join("conda-meta");
        fs::create_dir_all(&directory).at("create directory", &directory)?;
        let mut meta = Meta::default();
        let installation = self.difference.installation;
        let gone = self.difference.unlink.iter().map(|gone| &gone.file_name);
        let damaged = installation.damaged.iter().map(|record| &record.path);
        gone.chain(damaged).for_each(|name| meta.out(name));

        apply::write_records(self.plan, self.options, self.written, &directory)?;
        for package in self.plan.packages() {
            self.bring(&mut meta, &format!("{}.json", package.dist()));
        }
        for kept in &self.difference.keep {
            if kept.is_asked_for_otherwise() {
                let name = &kept.installed.file_name;
                write_new(&directory.join(name), &self.asked_for_otherwise(kept)?)?;
                self.bring(&mut meta, name);
            }
        }
        self.stage_state(&mut meta)?;
        let block = self.block()?;
        if let Some(fingerprint) = self.options.fingerprint {
            let length = self.workshop.history_length()? + block.len() as u64;
            let text = fingerprint.to_text(length);
            write_new(&directory.join(fingerprint::FILE), text.as_bytes())?;
            self.bring(&mut meta, fingerprint::FILE);
        } else if self.workshop.has_meta(fingerprint::FILE) {
            meta.out(fingerprint::FILE);
        }
        Ok((meta.moves, block))
    }

    /// A name that comes takes the place of whatever has it.
    fn bring(&self, meta: &mut Meta, name: &str) {
        if !meta.index_of.contains_key(name) && self.workshop.has_meta(name) {
            meta.out(name);
        }
        meta.bring(name);
    }

    fn asked_for_otherwise(&self, kept: &Kept<'_>) -> Result<Vec<u8>, UpdateError> {
        let failed = |source| UpdateError::Record {
            package: kept.installed.dist(),
            source,
        };
        let path = self.workshop.meta(&kept.installed.file_name);
        let bytes = read_control_file(&path, MAX_RECORD, Links::Refuse)?;
        let mut record: Value =
            serde_json::from_slice(&bytes).map_err(|error| failed(RecordError::Json(error)))?;
        let specs = &kept.wanted.requested_specs;
        record["requested_specs"] = specs.as_slice().into();
        match (specs.first(), record.as_object_mut()) {
            (Some(first), Some(record)) => {
                record.insert("requested_spec".into(), first.as_str().into());
            }
            (None, Some(record)) => drop(record.shift_remove("requested_spec")),
            _ => {}
        }
        serde_json::to_vec(&record).map_err(|error| failed(RecordError::Json(error)))
    }

    fn stage_state(&self, meta: &mut Meta) -> Result<(), UpdateError> {
        let wanted = &self.options.variables;
        if state::state_variables(&self.options.prefix)? == *wanted {
            return Ok(());
        }
        match state::state(wanted) {
            Some(text) => {
                let path = self.workshop.new_root().join("conda-meta/state");
                write_new(&path, text.as_bytes())?;
                self.bring(meta, "state");
            }
            None => meta.out("state"),
        }
        Ok(())
    }

    fn block(&self) -> Result<String, UpdateError> {
        let mut changes = Changes::default();
        let unlinked = &self.difference.unlink;
        unlinked.iter().for_each(|package| changes.unlink(package));
        self.plan
            .packages()
            .for_each(|package| changes.link(&package));
        let block = block(changes, self.options);
        Ok(match self.workshop.history_ends_a_line()? {
            true => block,
            false => format!("\n{block}"),
        })
    }
}
