//! The wheels of the `pip:` section for a pack: in the store, each with the file name that pip expects.

use larder_lock::{PipLock, PipPackage};
use larder_store::Pin;

use super::{PackOperationError, PackReport, layout::StoredWheel};
use crate::{
    locked_source::Sourced,
    pip::{self, PipFetch, file_name},
};

/// The pip packages that go into a pack.
pub(super) struct Wheels<'a> {
    pub(super) source: &'a Sourced,
    pub(super) fetch: PipFetch<'a>,
}

impl Wheels<'_> {
    /// Keeps them from being collected; a dry run needs none of them.
    pub(super) fn pin(&self, dry_run: bool) -> Vec<Option<Pin>> {
        let pips = self.source.pips.iter().filter(|_| !dry_run);
        let (store, reporter) = (self.fetch.store, self.fetch.reporter);
        pips.map(|pip| pip::pin(store, &pip.packages, reporter))
            .collect()
    }

    /// What is there and what is not.
    pub(super) fn plan(&self, report: &mut PackReport) -> Result<(), PackOperationError> {
        for pip in &self.source.pips {
            report.plan(&self.fetch.plan(&pip.packages)?);
        }
        Ok(())
    }

    fn tell_of_sources(&self, pip: &PipLock) {
        let is_source = |package: &&PipPackage| !file_name(package).ends_with(".whl");
        let sources = pip.packages.iter().filter(is_source);
        let sources: Vec<String> = sources.map(file_name).collect();
        if !sources.is_empty() {
            let text = format!(
                "no wheels, but sources: they are built where the pack is unpacked, with what builds need from the packed environment: {}",
                sources.join(", ")
            );
            self.fetch.reporter.warn("pack::sources", text);
        }
    }

    /// Every wheel of every platform.
    pub(super) async fn fetch(
        &self,
        report: &mut PackReport,
    ) -> Result<Vec<StoredWheel>, PackOperationError> {
        let mut wheels = Vec::new();
        for pip in &self.source.pips {
            self.tell_of_sources(pip);
            let indexes = &self.source.indexes;
            let mut fetched = self.fetch.fetch(&pip.packages, indexes).await?;
            let came = fetched.sources.fetched();
            report.fetched += came.objects;
            report.fetched_bytes += came.bytes;
            let stored = pip.packages.iter().filter_map(|package| {
                Some(StoredWheel {
                    package: format!("{}-{}", package.name, package.version),
                    file_name: file_name(package),
                    object: fetched.objects.remove(&package.name)?,
                })
            });
            wheels.extend(stored);
        }
        Ok(wheels)
    }
}
