//! The `pip:` section of a run: what no lock says of it, its files, and what installs them.

use std::{path::Path, sync::Arc};

use larder_fetch::FetchPlan;
use larder_link::PipInstalled;
use larder_lock::PipLock;
use url::Url;

use crate::{
    Origin, PipError, Sources,
    choose::Chosen,
    inputs::{Input, ManifestInput},
    pip::{PipAddition, PipFetch, PipFetched, PipRun, installed_for, section},
    solving::Want,
};

use super::{CreateError, CreateReport, Run};

impl Run<'_> {
    /// What was chosen, with the pip packages that its lock has, or that it needs.
    pub(crate) async fn with_pip(
        &self,
        input: &ManifestInput,
        want: &Want,
        chosen: Chosen,
    ) -> Result<Chosen, CreateError> {
        // A solve from the pins of a lock may have left the lock's wheels valid.
        if matches!(chosen.origin, Origin::Lock | Origin::Frozen) || !chosen.pip.is_empty() {
            return Ok(chosen);
        }
        let Some(section) = section(input, self.subdir, self.settings)? else {
            return Ok(chosen);
        };
        let run = PipRun {
            settings: self.settings,
            store: &self.store,
            channels: want.channels.lock_urls(),
            cut_offs: &self.options.policy.exclude_newer,
            reporter: self.reporter,
        };
        let closure = &chosen.closure;
        let pip = run.lock(&section, closure, &want.virtual_packages).await?;
        Ok(Chosen { pip, ..chosen })
    }

    /// What installs pip packages into a new environment; nothing if there are none.
    pub(super) async fn addition(
        &self,
        input: &Input,
        pip: PipLock,
    ) -> Result<Option<Arc<PipAddition>>, CreateError> {
        if pip.is_empty() {
            return Ok(None);
        }
        let addition = self.addition_to(input, pip, (Vec::new(), true)).await?;
        Ok(Some(addition))
    }

    /// What installs pip packages beside `kept` ones; their files are in the store then.
    pub(crate) async fn addition_to(
        &self,
        input: &Input,
        pip: PipLock,
        kept: (Vec<PipInstalled>, bool),
    ) -> Result<Arc<PipAddition>, CreateError> {
        let fetched = self.fetch_pip(input, &pip).await?;
        let directory = match input {
            Input::Manifest(input) => Some(input.directory(self.settings)),
            Input::Lock { path, .. } => path.parent(),
        };
        let directory: &Path = directory.unwrap_or(&self.settings.working_directory);
        // A lock in a pack has a name, and no directory.
        let directory = self.settings.absolute(directory);
        let context = (self.settings, &self.store);
        let addition = installed_for(self.subdir, (pip, fetched), kept, &directory, context);
        Ok(addition?)
    }

    /// Where nothing more is wanted, fetches everything or, in a dry run, nothing.
    pub(super) async fn download(
        &self,
        input: &Input,
        (plan, pip): (&FetchPlan, &PipLock),
        report: &mut CreateReport,
    ) -> Result<(), CreateError> {
        if self.options.dry_run {
            // What cannot be fetched is told by the run that fetches.
            if let Ok(files) = self.pip_fetch().plan(&pip.packages) {
                report.sources.join(&Sources::of(&files));
            }
        } else if self.options.download_only {
            self.fetch(plan, report).await?;
            let fetched = self.fetch_pip(input, pip).await?;
            report.sources.join(&fetched.sources);
        }
        Ok(())
    }

    /// The files of pip packages, in the store.
    async fn fetch_pip(&self, input: &Input, pip: &PipLock) -> Result<PipFetched, PipError> {
        let indexes: Vec<Url> = match input {
            Input::Manifest(input) => section(input, self.subdir, self.settings)?
                .map(|section| section.indexes().to_vec())
                .unwrap_or_default(),
            Input::Lock { .. } => Vec::new(),
        };
        self.pip_fetch().fetch(&pip.packages, &indexes).await
    }

    fn pip_fetch(&self) -> PipFetch<'_> {
        PipFetch {
            settings: self.settings,
            store: &self.store,
            reporter: self.reporter,
        }
    }
}
