//! Which packages a run is about.

use larder_manifest::Manifest;

use crate::{
    choose::{Chooser, Chosen},
    inputs::{Input, ManifestInput},
    solving::Want,
    virtual_file::VirtualPackages,
};

use super::{CreateError, Run};

impl Run<'_> {
    /// What the input says, on this subdir.
    pub(crate) async fn choose(&self, input: &Input) -> Result<Chosen, CreateError> {
        Ok(match input {
            Input::Manifest(input) => {
                let want = self.want(&input.manifest)?;
                let chosen = self.choose_for(input, &want).await?;
                self.with_pip(input, &want, chosen).await?
            }
            Input::Lock { path, lock, .. } => {
                let lock_use = self.options.lock_use;
                self.chooser().for_lock(lock, path, self.subdir, lock_use)?
            }
        })
    }

    /// What the manifest wants on this subdir.
    pub(crate) fn want(&self, manifest: &Manifest) -> Result<Want, CreateError> {
        let file = VirtualPackages::read(self.options.policy.virtual_packages.as_deref())?;
        let context = (self.settings, self.reporter);
        Ok(Want::new(
            manifest,
            self.subdir,
            &self.channels,
            &file,
            context,
        ))
    }

    pub(crate) async fn choose_for(
        &self,
        input: &ManifestInput,
        want: &Want,
    ) -> Result<Chosen, CreateError> {
        let chooser = self.chooser();
        let lock_use = self.options.lock_use;
        Ok(chooser.for_manifest(input, want, lock_use).await?)
    }

    fn chooser(&self) -> Chooser<'_> {
        Chooser {
            settings: self.settings,
            network: &self.network,
            store: &self.store,
            policy: &self.options.policy,
            categories: &self.options.categories,
            with_default_packages: !self.options.no_default_packages,
            reporter: self.reporter,
        }
    }
}
