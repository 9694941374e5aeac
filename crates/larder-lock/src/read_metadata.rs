//! `metadata` of a lock: platforms, channels, sources and digests, each held against CEP 37.
//!
//! Never opens a source and never compares a hash.

use std::collections::BTreeMap;

use larder_digest::{Md5, Sha256};
use rattler_conda_types::Subdir;
use serde_saphyr::Spanned;

use crate::{
    InputDigests, LockChannel, LockError, Problem, address,
    raw::{RawChannelEntry, RawInput, RawMetadata},
    read::{Reader, is_hex},
    write::OUR_KEYS,
};

impl Reader<'_> {
    fn refuse<T>(&self, line: u64, problem: Problem) -> Result<T, LockError> {
        Err(LockError::Metadata {
            file: self.file.to_owned(),
            line,
            problem: Box::new(problem),
        })
    }

    pub(crate) fn require<T>(
        &self,
        value: Option<T>,
        line: u64,
        key: &'static str,
        expected: &'static str,
    ) -> Result<T, LockError> {
        match value {
            Some(value) => Ok(value),
            None => self.refuse(line, Problem::Missing { key, expected }),
        }
    }

    pub(crate) fn read_platforms(
        &mut self,
        metadata: &RawMetadata,
        line: u64,
    ) -> Result<(), LockError> {
        let list = self.require(
            metadata.platforms.as_ref(),
            line,
            "platforms",
            "a list of subdirs such as linux-64",
        )?;
        for name in list {
            match name.value.parse::<Subdir>() {
                Ok(platform) if platform != Subdir::NoArch => {
                    if !self.platforms.contains(&platform) {
                        self.platforms.push(platform);
                    }
                }
                _ => {
                    return self.refuse(
                        name.referenced.line(),
                        Problem::Value {
                            key: "platforms",
                            found: name.value.clone(),
                            expected: "a subdir such as linux-64, and not noarch".to_owned(),
                        },
                    );
                }
            }
        }
        Ok(())
    }

    /// `content_hash` must be there; what is in it decides nothing.
    pub(crate) fn check_content_hash(
        &mut self,
        metadata: &RawMetadata,
        line: u64,
    ) -> Result<(), LockError> {
        let hashes = self.require(
            metadata.content_hash.as_ref(),
            line,
            "content_hash",
            "a sha256 for each platform",
        )?;
        let line = hashes.referenced.line();
        let (mut odd, mut missing) = (Vec::new(), Vec::new());
        for platform in &self.platforms {
            match hashes.value.get(platform.as_str()) {
                Some(Some(hash)) if is_hex(hash, 64) => {}
                Some(_) => odd.push(platform.as_str()),
                // micromamba adds platforms without one. Nothing is decided by it.
                None => missing.push(platform.as_str()),
            }
        }
        if !missing.is_empty() {
            let platforms = missing.join(", ");
            self.note(line, format!("`content_hash` has nothing for {platforms}"));
        }
        if !odd.is_empty() {
            let platforms = odd.join(", ");
            self.note(
                line,
                format!("`content_hash` of {platforms} is no sha256: nothing is decided by it"),
            );
        }
        Ok(())
    }

    pub(crate) fn read_channels(
        &self,
        channels: Option<Vec<Spanned<RawChannelEntry>>>,
        line: u64,
    ) -> Result<Vec<LockChannel>, LockError> {
        let channels = self.require(channels, line, "channels", "a list of channels")?;
        let read = |channel: Spanned<RawChannelEntry>| {
            let line = channel.referenced.line();
            let channel = channel.value.0;
            let url = channel.url.filter(|url| !url.is_empty());
            let url = self.require(url, line, "url", "the channel's URL")?;
            let variables = self.require(
                channel.used_env_vars,
                line,
                "used_env_vars",
                "a list of variable names, mostly []",
            )?;
            let clean = address::clean(&url);
            if clean.secret {
                return self.refuse(line, Problem::Credentials { key: "url" });
            }
            Ok(LockChannel {
                url: clean.url,
                used_env_vars: variables,
            })
        };
        channels.into_iter().map(read).collect()
    }

    pub(crate) fn read_sources(
        &mut self,
        sources: Option<Vec<Spanned<String>>>,
        line: u64,
    ) -> Result<Vec<String>, LockError> {
        let sources = self.require(sources, line, "sources", "a list of relative paths")?;
        for source in &sources {
            let path = &source.value;
            if path.starts_with(['/', '\\']) || path.get(1..2) == Some(":") {
                let text = format!("`sources` has the absolute path {path}: it is not opened");
                self.note(source.referenced.line(), text);
            }
        }
        Ok(sources.into_iter().map(|source| source.value).collect())
    }

    pub(crate) fn read_inputs(
        &self,
        inputs: Option<BTreeMap<String, Spanned<RawInput>>>,
    ) -> Result<BTreeMap<String, InputDigests>, LockError> {
        let mut read = BTreeMap::new();
        for (source, input) in inputs.unwrap_or_default() {
            let line = input.referenced.line();
            let md5 = self.require(input.value.md5, line, "md5", "the file's MD5")?;
            let sha256 = self.require(input.value.sha256, line, "sha256", "the file's SHA-256")?;
            match (md5.parse::<Md5>(), sha256.parse::<Sha256>()) {
                (Ok(md5), Ok(sha256)) => read.insert(source, InputDigests { md5, sha256 }),
                _ => {
                    return self.refuse(
                        line,
                        Problem::Value {
                            key: "inputs_metadata",
                            found: format!("md5 {md5}, sha256 {sha256}"),
                            expected: "32 and 64 hexadecimal digits".to_owned(),
                        },
                    );
                }
            };
        }
        Ok(read)
    }

    pub(crate) fn take_virtual_packages(&mut self) -> BTreeMap<Subdir, Vec<String>> {
        let mut found = BTreeMap::new();
        for platform in &self.platforms {
            let Some(text) = self
                .custom_metadata
                .remove(&format!("{OUR_KEYS}{platform}"))
            else {
                continue;
            };
            let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            let names = value["virtual_packages"].as_array().into_iter().flatten();
            found.insert(
                *platform,
                names
                    .filter_map(|name| name.as_str().map(ToOwned::to_owned))
                    .collect(),
            );
        }
        found
    }
}
