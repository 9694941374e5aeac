//! The way of one new environment from an empty staging directory to its final place, and back if
//! something fails. The states are those of the crash table (`crash.rs`).

use std::{
    borrow::Cow,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use larder_event::Reporter;
use larder_fs::{
    Durability, PathContext as _, PathError, exchange, remove_tree, rename_noreplace, sync_dir,
};
use rattler_conda_types::Subdir;

use crate::{
    ApplyError, Replace, ScriptHost,
    apply::{Site, durable::Fresh},
    control_files::{MAX_SMALL, is_environment, read_control_file},
    crash,
    place::{check_place, frozen, is_unfinished, is_updating},
    seal::Sealed,
    unlink_scripts::run_unlink_scripts,
};

/// An environment being made.
pub(crate) struct Build {
    pub(crate) site: Site,
    staged: PathBuf,
    state: State,
    was_empty_directory: bool,
    /// As it has to be done on the prefix's file system.
    durability: Durability,
    /// What was put into it.
    pub(super) fresh: Fresh,
    /// How scripts of an environment that is replaced run before, if they do.
    pub(crate) unlinks: Option<UnlinkScripts>,
}

/// How pre-unlink scripts of a whole environment run.
pub(crate) struct UnlinkScripts {
    pub(crate) subdir: Subdir,
    pub(crate) host: Option<Arc<dyn ScriptHost>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody sees it.
    Staged,
    /// At its final place, with the marker.
    InPlace,
}

/// What is at the prefix before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occupant {
    Nothing,
    EmptyDirectory,
    Environment,
}

impl Build {
    /// Makes the staging directory, if the prefix may be taken.
    pub(crate) fn start(
        site: Site,
        replace: Replace,
        durability: Durability,
    ) -> Result<Self, ApplyError> {
        let was_empty_directory = occupant(&site, replace)? == Occupant::EmptyDirectory;
        let staged = site
            .create_staging()
            .map_err(|source| place_error(&site, source))?;
        let durability = durability.on(&site.parent);
        Ok(Self {
            site,
            staged,
            state: State::Staged,
            was_empty_directory,
            durability,
            fresh: Fresh::default(),
            unlinks: None,
        })
    }

    /// Where the environment's files are now.
    pub(crate) fn root(&self) -> &Path {
        match self.state {
            State::Staged => &self.staged,
            State::InPlace => &self.site.prefix,
        }
    }

    pub(crate) fn is_in_place(&self) -> bool {
        self.state == State::InPlace
    }

    /// Writes the marker and moves the environment to its place, so that scripts can run.
    pub(crate) fn move_unfinished(
        &mut self,
        replace: Replace,
        reporter: &dyn Reporter,
    ) -> Result<(), ApplyError> {
        self.write_marker()
            .map_err(|source| place_error(&self.site, source))?;
        self.move_into_place(replace, reporter)?;
        self.state = State::InPlace;
        Ok(())
    }

    fn write_marker(&self) -> Result<(), PathError> {
        let marker = crash::marker_path(&self.staged);
        let directory = self.staged.join("conda-meta");
        match fs::create_dir(&directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error).at("create directory", directory);
            }
            _ => {}
        }
        let mut file = fs::File::create(&marker).at("create file", &marker)?;
        let text = crash::seal_name(&self.site, Sealed::Marker, &self.staged_name());
        file.write_all(text.as_bytes()).at("write file", &marker)?;
        // Without its text nobody would know where the old environment is.
        self.durability.before_naming(&file).at("flush", &marker)?;
        if self.durability == Durability::Flush {
            sync_dir(&directory)?;
            sync_dir(&self.staged)?;
        }
        Ok(())
    }

    /// Everything that was written until now is there after a power loss, if what comes next is.
    fn flush(&self) -> Result<(), ApplyError> {
        let flushed = self.fresh.flush(self.root(), self.durability);
        flushed.map_err(|source| place_error(&self.site, source))
    }

    /// Before the history is written: at its place that is the commit. Gives how it is to be written.
    pub(crate) fn flush_before_history(&self) -> Result<Durability, ApplyError> {
        match self.state {
            State::Staged => Ok(Durability::Lazy),
            State::InPlace => self.flush().map(|()| self.durability),
        }
    }

    fn staged_name(&self) -> Cow<'_, str> {
        let name = self.staged.file_name().unwrap_or_default();
        name.to_string_lossy()
    }

    /// Where locks prove nothing, somebody may have thought this run dead and put back what was there
    /// before it: records must not be written into that.
    pub(crate) fn check_still_ours(&self) -> Result<(), ApplyError> {
        if self.state == State::Staged || self.is_ours() {
            return Ok(());
        }
        let source = PathError {
            operation: "find the marker of this run in",
            path: self.site.prefix.clone(),
            source: io::ErrorKind::NotFound.into(),
        };
        Err(place_error(&self.site, source))
    }

    fn is_ours(&self) -> bool {
        let marker = read_control_file(&self.site.prefix, crash::MARKER, MAX_SMALL);
        let name = self.staged_name();
        let names_us =
            |text: &[u8]| text.split(|byte| *byte == b'\n').next() == Some(name.as_bytes());
        marker.is_ok_and(|text| text.is_some_and(|text| names_us(&text)))
    }

    /// The commit of an environment without scripts, and the tidying of one with them. The environment
    /// is there: from here on trouble is only worth a warning.
    pub(crate) fn finish(
        mut self,
        replace: Replace,
        reporter: &dyn Reporter,
    ) -> Result<(), ApplyError> {
        match self.state {
            State::Staged => {
                let flushed = self.flush();
                if let Err(error) = flushed.and_then(|()| self.move_into_place(replace, reporter)) {
                    self.abandon(reporter);
                    return Err(error);
                }
                self.state = State::InPlace;
                self.flush_place(reporter);
            }
            State::InPlace => {
                let marker = crash::marker_path(&self.site.prefix);
                warn_of(reporter, crash::remove_marker(&marker));
            }
        }
        warn_of(reporter, remove_tree(&self.staged));
        warn_of(reporter, remove_tree(&crash::old_path(&self.staged)));
        Ok(())
    }

    /// Puts everything back as it was.
    pub(crate) fn abandon(self, reporter: &dyn Reporter) {
        let result = match self.state {
            State::Staged => remove_tree(&self.staged),
            State::InPlace if self.is_ours() => crash::put_back(&self.site, &self.staged).map(drop),
            State::InPlace => Ok(()),
        };
        warn_of(reporter, result);
        let prefix = &self.site.prefix;
        if self.was_empty_directory && !crash::exists(prefix) {
            warn_of(
                reporter,
                fs::create_dir(prefix).at("create directory", prefix),
            );
        }
    }

    fn move_into_place(&self, replace: Replace, reporter: &dyn Reporter) -> Result<(), ApplyError> {
        let prefix = &self.site.prefix;
        let result = match occupant(&self.site, replace)? {
            Occupant::Nothing => rename_noreplace(&self.staged, prefix),
            Occupant::EmptyDirectory => fs::remove_dir(prefix)
                .at("replace directory", prefix)
                .and_then(|()| rename_noreplace(&self.staged, prefix)),
            Occupant::Environment => {
                // CEP 34: before a package is removed, with its environment too.
                if let Some(UnlinkScripts { subdir, host }) = &self.unlinks {
                    run_unlink_scripts(prefix, *subdir, host.as_deref(), reporter);
                }
                self.swap()
            }
        };
        result.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => {
                ApplyError::AlreadyExists {
                    prefix: prefix.clone(),
                }
            }
            _ => place_error(&self.site, source),
        })
    }

    /// The new environment must not be lost to a power cut that the old one's removal survives.
    fn flush_place(&self, reporter: &dyn Reporter) {
        if self.durability == Durability::Flush
            && let Err(error) = sync_dir(&self.site.parent)
        {
            let text = format!(
                "{error}: {}; until the system has written it, a power loss takes the environment away",
                error.source
            );
            reporter.warn("link::not-flushed", text);
        }
    }

    fn swap(&self) -> Result<(), PathError> {
        let prefix = &self.site.prefix;
        match exchange(&self.staged, prefix) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
            other => return other,
        }
        self.swap_by_renames()
    }

    /// Where the file system cannot exchange two directories: for a moment there is none.
    fn swap_by_renames(&self) -> Result<(), PathError> {
        let prefix = &self.site.prefix;
        let old = crash::old_path(&self.staged);
        // By this the next run knows it for the environment that was here.
        crash::write_replaced_note(&self.site, &self.staged_name())?;
        rename_noreplace(prefix, &old)?;
        rename_noreplace(&self.staged, prefix).inspect_err(|_| {
            // If this fails too, the next run does it.
            if rename_noreplace(&old, prefix).is_ok() {
                crash::remove_replaced_note(&self.site);
            }
        })
    }
}

fn occupant(site: &Site, replace: Replace) -> Result<Occupant, ApplyError> {
    let prefix = &site.prefix;
    let metadata = match prefix.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Occupant::Nothing),
        Err(source) => {
            let source = PathError {
                operation: "read metadata of",
                path: prefix.clone(),
                source,
            };
            return Err(place_error(site, source));
        }
    };
    check_place(prefix)?;
    if metadata.is_dir() && is_empty(prefix).map_err(|source| place_error(site, source))? {
        return Ok(Occupant::EmptyDirectory);
    }
    if is_unfinished(prefix) || is_updating(prefix) {
        return Err(ApplyError::Unfinished {
            prefix: prefix.clone(),
        });
    }
    match replace {
        Replace::Never => Err(ApplyError::AlreadyExists {
            prefix: prefix.clone(),
        }),
        Replace::Existing | Replace::EvenFrozen if metadata.is_dir() && is_environment(prefix) => {
            match frozen(prefix).map_err(|source| place_error(site, source))? {
                Some(message) if replace == Replace::Existing => Err(ApplyError::Frozen {
                    prefix: prefix.clone(),
                    message,
                }),
                _ => Ok(Occupant::Environment),
            }
        }
        Replace::Existing | Replace::EvenFrozen => Err(ApplyError::NotAnEnvironment {
            prefix: prefix.clone(),
        }),
    }
}

fn is_empty(directory: &Path) -> Result<bool, PathError> {
    let mut entries = fs::read_dir(directory).at("read directory", directory)?;
    Ok(entries.next().is_none())
}

pub(crate) fn place_error(site: &Site, source: PathError) -> ApplyError {
    ApplyError::Place {
        prefix: site.prefix.clone(),
        source,
    }
}

fn warn_of(reporter: &dyn Reporter, result: Result<(), PathError>) {
    if let Err(error) = result {
        let text = format!("{error}: {}; the next run tries again", error.source);
        reporter.warn("link::left-behind", text);
    }
}

#[cfg(test)]
mod tests;
