//! `conda-lock.yml` as its text has it: keys and types of CEP 37, with positions, nothing checked.
//!
//! Every key is optional here, so that the reader can say itself what is missing.

use std::{collections::BTreeMap, fmt};

use indexmap::IndexMap;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use serde_saphyr::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLock {
    /// Read beforehand, see `read`.
    #[serde(rename = "version")]
    pub(crate) _version: Option<IgnoredAny>,
    pub(crate) metadata: Option<Spanned<RawMetadata>>,
    /// The outer option is for the key, the inner one for its value.
    #[serde(default, deserialize_with = "present")]
    pub(crate) package: Option<Option<Vec<Spanned<RawPackage>>>>,
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMetadata {
    pub(crate) content_hash: Option<Spanned<BTreeMap<String, Option<String>>>>,
    pub(crate) channels: Option<Vec<Spanned<RawChannelEntry>>>,
    pub(crate) platforms: Option<Vec<Spanned<String>>>,
    pub(crate) sources: Option<Vec<Spanned<String>>>,
    #[serde(rename = "time_metadata")]
    pub(crate) _time_metadata: Option<RawTime>,
    #[serde(rename = "git_metadata")]
    pub(crate) _git_metadata: Option<RawGit>,
    pub(crate) inputs_metadata: Option<BTreeMap<String, Spanned<RawInput>>>,
    pub(crate) custom_metadata: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTime {
    #[serde(rename = "created_at")]
    _created_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGit {
    #[serde(rename = "git_user_name")]
    _user_name: Option<String>,
    #[serde(rename = "git_user_email")]
    _user_email: Option<String>,
    #[serde(rename = "git_sha")]
    _sha: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawChannel {
    pub(crate) url: Option<String>,
    pub(crate) used_env_vars: Option<Vec<String>>,
}

/// A map in CEP 37, a plain name in files of other tools.
pub(crate) struct RawChannelEntry(pub(crate) RawChannel);

impl<'de> Deserialize<'de> for RawChannelEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapOrName;
        impl<'de> Visitor<'de> for MapOrName {
            type Value = RawChannelEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a channel: a map with `url` and `used_env_vars`, or a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(RawChannelEntry(RawChannel {
                    url: Some(name.to_owned()),
                    used_env_vars: Some(Vec::new()),
                }))
            }

            fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
                let access = serde::de::value::MapAccessDeserializer::new(access);
                RawChannel::deserialize(access).map(RawChannelEntry)
            }
        }
        deserializer.deserialize_any(MapOrName)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawInput {
    pub(crate) md5: Option<String>,
    pub(crate) sha256: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPackage {
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) version: Option<Spanned<String>>,
    pub(crate) manager: Option<Spanned<String>>,
    pub(crate) platform: Option<Spanned<String>>,
    pub(crate) dependencies: Option<RawDependencies>,
    pub(crate) url: Option<Spanned<String>>,
    pub(crate) hash: Option<Spanned<RawHash>>,
    pub(crate) source: Option<Spanned<RawSource>>,
    pub(crate) build: Option<Spanned<String>>,
    pub(crate) category: Option<Spanned<String>>,
    pub(crate) optional: Option<Spanned<Flag>>,
    // What pixi (lock version 1) and micromamba added to the format.
    pub(crate) build_number: Option<u64>,
    pub(crate) constrains: Option<RawDependencies>,
    #[serde(rename = "arch")]
    _arch: Option<IgnoredAny>,
    #[serde(rename = "subdir")]
    _subdir: Option<IgnoredAny>,
    #[serde(rename = "license")]
    _license: Option<IgnoredAny>,
    #[serde(rename = "license_family")]
    _license_family: Option<IgnoredAny>,
    #[serde(rename = "noarch")]
    _noarch: Option<IgnoredAny>,
    #[serde(rename = "size")]
    _size: Option<IgnoredAny>,
    #[serde(rename = "timestamp")]
    _timestamp: Option<IgnoredAny>,
    #[serde(rename = "track_features")]
    _track_features: Option<IgnoredAny>,
}

/// A boolean and nothing that is read as one, such as `"no"`.
pub(crate) struct Flag(pub(crate) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Boolean;
        impl Visitor<'_> for Boolean {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(value))
            }
        }
        deserializer.deserialize_any(Boolean)
    }
}

/// A map in CEP 37, a list of MatchSpecs in pixi's version of the format.
pub(crate) enum RawDependencies {
    Map(IndexMap<String, Option<String>>),
    List(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHash {
    pub(crate) md5: Option<String>,
    pub(crate) sha256: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSource {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) url: Option<String>,
}

impl<'de> Deserialize<'de> for RawDependencies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapOrList;
        impl<'de> Visitor<'de> for MapOrList {
            type Value = RawDependencies;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from package name to constraint")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut map = IndexMap::new();
                while let Some((name, constraint)) = access.next_entry()? {
                    map.insert(name, constraint);
                }
                Ok(RawDependencies::Map(map))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(spec) = access.next_element()? {
                    list.push(spec);
                }
                Ok(RawDependencies::List(list))
            }
        }
        deserializer.deserialize_any(MapOrList)
    }
}

impl RawDependencies {
    /// As MatchSpecs.
    pub(crate) fn specs(self) -> Vec<String> {
        match self {
            Self::Map(map) => crate::dependencies::from_map(
                &map.into_iter()
                    .map(|(name, constraint)| (name, constraint.unwrap_or_default()))
                    .collect(),
            ),
            Self::List(list) => list,
        }
    }

    /// The specs as the value that a record has for them.
    pub(crate) fn value(self) -> Value {
        self.specs().into()
    }
}
