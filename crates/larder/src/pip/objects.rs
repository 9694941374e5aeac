//! The files of pip packages in the store: wheels and sources, by their sha256, found there or fetched.

use std::{collections::BTreeMap, time::Instant};

use larder_digest::Checksum;
use larder_event::Reporter;
use larder_fetch::{FetchPlan, MissingPackage, PresentPackage, split_credentials};
use larder_lock::PipPackage;
use larder_store::{NeededObject, Object, ObjectId, ObjectKind, ObjectOrigin, Pin, Store};
use url::Url;

use super::PipError;
use crate::{Settings, Sources, gather::Gatherer, network::LazyNetwork};

/// Files in the store, by the names of the packages.
pub(crate) type PipObjects = BTreeMap<String, Object>;

/// What fetching came to.
#[derive(Debug)]
pub(crate) struct PipFetched {
    pub(crate) objects: PipObjects,
    pub(crate) sources: Sources,
    /// How long fetching took.
    pub(crate) milliseconds: u64,
}

/// The name of a package's file.
pub(crate) fn file_name(package: &PipPackage) -> String {
    let path = package.url.split(['#', '?']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    name.replace("%2B", "+")
        .replace("%2b", "+")
        .replace("%21", "!")
}

/// `name-version`.
pub(super) fn dist(package: &PipPackage) -> String {
    format!("{}-{}", package.name, package.version)
}

fn kind(package: &PipPackage) -> ObjectKind {
    match file_name(package).ends_with(".whl") {
        true => ObjectKind::Wheel,
        false => ObjectKind::Source,
    }
}

fn id(package: &PipPackage) -> Option<ObjectId> {
    let sha256 = package.sha256?;
    let kind = kind(package);
    Some(ObjectId { kind, sha256 })
}

/// Keeps the files of packages from being collected while this is held.
pub(crate) fn pin(store: &Store, packages: &[PipPackage], reporter: &dyn Reporter) -> Option<Pin> {
    if packages.is_empty() {
        return None;
    }
    let checksums = packages
        .iter()
        .filter_map(|package| package.sha256.map(Checksum::Sha256));
    match store.pin(checksums) {
        Ok(pin) => Some(pin),
        Err(error) => {
            reporter.note(format!("nothing is pinned in the store: {error}"));
            None
        }
    }
}

/// What packages need of the store, for roots.
pub(crate) fn needed<'p>(
    packages: impl IntoIterator<Item = &'p PipPackage>,
) -> impl Iterator<Item = NeededObject> {
    packages.into_iter().filter_map(|package| {
        let origin = ObjectOrigin {
            name: Some(file_name(package)),
            url: Some(package.url.clone()),
        };
        Some(NeededObject {
            id: id(package)?,
            origin: Some(origin),
        })
    })
}

/// What fetching needs of a run.
pub(crate) struct PipFetch<'f> {
    pub(crate) settings: &'f Settings,
    pub(crate) store: &'f Store,
    pub(crate) reporter: &'f dyn Reporter,
}

impl PipFetch<'_> {
    /// What is there and what is not.
    pub(crate) fn plan(&self, packages: &[PipPackage]) -> Result<FetchPlan, PipError> {
        let mut plan = FetchPlan {
            present: Vec::new(),
            missing: Vec::new(),
        };
        for package in packages {
            let missing = missing(package)?;
            let checksum = missing.checksum;
            let found = checksum.map(|checksum| self.store.find(missing.kind, &checksum));
            match found {
                Some(Ok(Some(object))) => plan.present.push(PresentPackage {
                    name: missing.name,
                    package: missing.package,
                    object,
                }),
                // What cannot be looked for is fetched, which tells why.
                _ => plan.missing.push(missing),
            }
        }
        Ok(plan)
    }

    /// Every file in the store. `indexes` may have credentials, which are sent to their hosts alone.
    pub(crate) async fn fetch(
        &self,
        packages: &[PipPackage],
        indexes: &[Url],
    ) -> Result<PipFetched, PipError> {
        let begun = Instant::now();
        let plan = self.plan(packages)?;
        let mut sources = Sources::of(&plan);
        let network = LazyNetwork::new(self.settings, index_credentials(indexes, self.settings));
        let gatherer = Gatherer {
            settings: self.settings,
            store: self.store,
            network: &network,
            reporter: self.reporter,
        };
        let summary = gatherer.fetch(&plan).await?;
        sources.add(&summary);
        let objects = summary.objects;
        Ok(PipFetched {
            objects,
            sources,
            milliseconds: crate::elapsed_milliseconds(begun),
        })
    }
}

/// What opens the indexes of a section and of the user's environment. An index's own host may have its files
/// anywhere.
pub(crate) fn index_credentials(
    indexes: &[Url],
    settings: &Settings,
) -> Vec<(Url, larder_fetch::Credential)> {
    let variables = [
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "UV_DEFAULT_INDEX",
        "UV_INDEX_URL",
        "UV_EXTRA_INDEX_URL",
    ];
    let named = variables
        .iter()
        .filter_map(|name| settings.variables.get(*name));
    let named = named.flat_map(|value| value.split_whitespace());
    let named: Vec<Url> = named.filter_map(|url| url.parse().ok()).collect();
    let mut found = Vec::new();
    for index in indexes.iter().chain(&named) {
        let (mut host, credentials) = split_credentials(index);
        host.set_path("/");
        host.set_query(None);
        found.extend(
            credentials
                .into_iter()
                .map(|credential| (host.clone(), credential)),
        );
    }
    found
}

fn missing(package: &PipPackage) -> Result<MissingPackage, PipError> {
    let sha256 = package.sha256.ok_or_else(|| PipError::NoDigest {
        package: dist(package),
    })?;
    let url = Url::parse(&package.url).ok();
    let url = url.filter(|url| ["http", "https", "file"].contains(&url.scheme()));
    let mut url = url.ok_or_else(|| PipError::Address {
        package: dist(package),
        url: package.url.clone(),
    })?;
    url.set_fragment(None);
    Ok(MissingPackage {
        name: package.name.clone(),
        package: dist(package),
        kind: kind(package),
        urls: vec![url],
        size: None,
        checksum: Some(Checksum::Sha256(sha256)),
    })
}
