//! A damaged archive: out of the way, and fetched again from where it came from.

use larder_event::Reporter;
use larder_fetch::{Elsewhere, FetchError, FetchOptions, FetchPlan, MissingPackage};
use larder_store::{Checksum, DamagedObject, ObjectId, Store};
use url::Url;

use super::{Finding, FindingState, Names, VerifyError};
use crate::{Settings, network, network::LazyNetwork};

/// What mending needs.
pub(super) struct Context<'a> {
    pub(super) store: &'a Store,
    pub(super) names: &'a Names,
    pub(super) network: LazyNetwork<'a>,
    pub(super) settings: &'a Settings,
    pub(super) reporter: &'a dyn Reporter,
}

impl Context<'_> {
    /// Sees to it that the archive is not used; with `repair` that there is a whole one.
    pub(super) async fn settle(
        &self,
        damage: &DamagedObject,
        repair: bool,
    ) -> Result<Finding, VerifyError> {
        let name = self.names.file_name(damage.id);
        let mut finding = Finding::archive(name, &damage.path, damage.fault.to_string());
        if self.store.set_aside(damage).is_some() {
            finding.state = FindingState::MovedAside;
        }
        if !repair {
            return Ok(finding);
        }
        match self.names.url(damage.id).map(str::parse) {
            Some(Ok(url)) => match self.fetch(damage.id, url).await? {
                Ok(()) => finding.state = FindingState::Healed,
                Err(error) => finding.fail(&error),
            },
            // Nobody is known to need it; who does knows where it is.
            _ if finding.state == FindingState::MovedAside => {}
            _ => {
                finding.state = FindingState::Unmended;
                finding.reason = Some("no environment and no lock tells where it came from".into());
            }
        }
        Ok(finding)
    }

    /// Fetches what was damaged and moved aside by an earlier run. Where nobody tells where it came from,
    /// nobody is known to need it.
    pub(super) async fn fetch_lost(&self) -> Result<Vec<Finding>, VerifyError> {
        let mut findings = Vec::new();
        for id in self.store.lost_objects()? {
            let Some(Ok(url)) = self.names.url(id).map(str::parse) else {
                continue;
            };
            let name = self.names.file_name(id);
            let fault = "it was damaged and moved aside".to_owned();
            let mut finding = Finding::archive(name, &self.store.object_path(id), fault);
            match self.fetch(id, url).await? {
                Ok(()) => finding.state = FindingState::Healed,
                Err(error) => finding.fail(&error),
            }
            findings.push(finding);
        }
        Ok(findings)
    }

    /// Into the writable store, which is searched first.
    async fn fetch(&self, id: ObjectId, url: Url) -> Result<Result<(), FetchError>, VerifyError> {
        let package = self.names.shown(id);
        let mirrors = network::mirrors(self.settings);
        let plan = FetchPlan {
            present: Vec::new(),
            missing: vec![MissingPackage {
                name: package.clone(),
                package,
                kind: id.kind,
                urls: mirrors.urls(&url),
                size: None,
                checksum: Some(Checksum::Sha256(id.sha256)),
            }],
        };
        let share = self
            .settings
            .share
            .as_ref()
            .filter(|_| !self.settings.offline);
        let asked = share.map(|share| share.asked_by(self.reporter));
        let options = FetchOptions {
            elsewhere: asked.as_ref().map(|asked| asked as &dyn Elsewhere),
            offline: self.settings.offline,
            mirrors,
            ..FetchOptions::new(self.network.get()?)
        };
        let fetched = larder_fetch::run(&plan, self.store, &options, self.reporter).await;
        Ok(fetched.map(drop))
    }
}
