//! What a lock knows of a manifest's `pip:` section beside its wheels: what was asked for, what could not
//! be locked to bytes, and which index a wheel is from.
//!
//! CEP 37 has no key for it, so it stands as JSON text under `custom_metadata`, `larder-pip:<platform>`.
//! Holds no credentials. Resolves nothing.

use std::collections::BTreeMap;

use rattler_conda_types::Subdir;
use serde::{Deserialize, Serialize};

use crate::{
    DEFAULT_CATEGORY, LockFile, PipPackage, Selection, address,
    file::{Content, LockEntry},
    write::order,
};

const KEY: &str = "larder-pip:";

/// What a `pip:` section asked for when its lock was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PipRequest {
    /// Requirements and options, those of files that were named with `-r` and `-c` included, sorted.
    pub requirements: Vec<String>,
    /// Lines for pip that no digest can stand for: editable ones, repositories, local directories. Paths
    /// are relative to the manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_on: Vec<String>,
    /// Major and minor version of the Python that this was resolved for.
    pub python: String,
    /// The index of each wheel that names one, by package name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    indexes: BTreeMap<String, String>,
}

/// The `pip:` section of one environment on one platform, locked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PipLock {
    /// Wheels and sources, by name.
    pub packages: Vec<PipPackage>,
    /// What was asked for; nothing in locks that other tools made.
    pub request: Option<PipRequest>,
}

impl PipRequest {
    /// What was asked of a Python of this `major.minor` version.
    pub fn new(requirements: Vec<String>, passed_on: Vec<String>, python: String) -> Self {
        Self {
            requirements,
            passed_on,
            python,
            indexes: BTreeMap::new(),
        }
    }
}

impl PipLock {
    /// Whether there is nothing to install.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.passed_on().is_empty()
    }

    /// The lines that no digest can stand for.
    pub fn passed_on(&self) -> &[String] {
        self.request
            .as_ref()
            .map_or(&[], |request| request.passed_on.as_slice())
    }
}

impl LockFile {
    /// The lock with the pip packages of one platform; credentials in their addresses are left out.
    #[must_use]
    pub fn with_pip(mut self, subdir: Subdir, pip: &PipLock, category: &str) -> Self {
        let entries = pip.packages.iter().map(|package| LockEntry {
            platform: subdir,
            category: category.to_owned(),
            optional: category != DEFAULT_CATEGORY,
            content: Content::Pip(Box::new(PipPackage {
                url: address::clean(&package.url).url,
                ..package.clone()
            })),
        });
        self.packages.extend(entries);
        self.packages.sort_by(|a, b| order(a).cmp(&order(b)));
        if let Some(request) = &pip.request {
            let indexes = pip.packages.iter();
            let indexes = indexes.filter_map(|package| {
                let index = address::clean(package.index.as_ref()?).url;
                Some((package.name.clone(), index))
            });
            let request = PipRequest {
                indexes: indexes.collect(),
                ..request.clone()
            };
            // Texts and maps of texts.
            let text = serde_json::to_string(&request).unwrap_or_default();
            self.custom_metadata.insert(format!("{KEY}{subdir}"), text);
        }
        self
    }

    /// The selected pip packages of one platform, and what they were asked for with.
    pub fn pip(&self, subdir: Subdir, selection: &Selection) -> PipLock {
        let text = self.custom_metadata.get(&format!("{KEY}{subdir}"));
        let request: Option<PipRequest> = text.and_then(|text| serde_json::from_str(text).ok());
        let indexes = request.as_ref().map(|request| &request.indexes);
        let packages = self.pip_packages(subdir, selection).into_iter();
        let packages = packages.map(|package| PipPackage {
            index: package
                .index
                .clone()
                .or_else(|| indexes?.get(&package.name).cloned()),
            ..package.clone()
        });
        PipLock {
            packages: packages.collect(),
            request,
        }
    }
}
