//! The channels that package specs name (`conda-forge::numpy`, `numpy[channel=defaults]`).
//!
//! They follow the same rules as the entries of `channels:`: aliases, `custom_channels`, `default_channels` and
//! `custom_multichannels` of the configuration. A name that stands for several channels is met by any of them.

use std::sync::Arc;

use larder_lock::spec_channel;
use larder_manifest::{
    ChannelContext, ChannelError, Manifest, ResolvedChannel, anaconda_defaults, resolve_channel,
    spec_channel_text,
};
use larder_solve::Requested;
use rattler_conda_types::{MatchSpec, Subdir};

use crate::{
    Settings,
    channels::{ChannelsError, alias},
};

/// The channels that the spec names, in order; none if it names no channel.
fn resolve_spec_channel(
    spec: &MatchSpec,
    context: &ChannelContext<'_>,
    settings: &Settings,
) -> Result<Vec<ResolvedChannel>, ChannelError> {
    let Some(text) = spec_channel_text(spec) else {
        return Ok(Vec::new());
    };
    let mut resolved = Vec::new();
    for text in settings.channel_rules.expand(&text) {
        resolved.extend(resolve_channel(&text, context)?);
    }
    Ok(resolved)
}

/// Every channel that a dependency of `manifest` names for `subdir`.
///
/// # Errors
/// The first channel that cannot be resolved, with the position of its spec.
pub(crate) fn channels_of_specs(
    manifest: &Manifest,
    subdir: Subdir,
    context: &ChannelContext<'_>,
    settings: &Settings,
) -> Result<Vec<ResolvedChannel>, ChannelsError> {
    let mut all = Vec::new();
    for dependency in manifest.specs_for(subdir) {
        let resolved = resolve_spec_channel(&dependency.spec, context, settings);
        all.extend(resolved.map_err(|source| ChannelsError::Manifest {
            position: dependency.position.clone(),
            source,
        })?);
    }
    Ok(all)
}

/// The spec with its channel resolved by the configuration. A channel that cannot be resolved stays as it was
/// parsed: [`channels_of_specs`] has reported those of manifests, and the solve names the others.
pub(crate) fn with_resolved_channel(
    spec: &MatchSpec,
    subdir: Subdir,
    settings: &Settings,
) -> MatchSpec {
    let mut spec = spec.clone();
    if spec.channel.is_none() {
        return spec;
    }
    let Ok(alias) = alias(settings) else {
        return spec;
    };
    let context = ChannelContext {
        alias: &alias,
        root_dir: &settings.working_directory,
        home: settings.home.as_deref(),
        default_channels: &anaconda_defaults(subdir.is_windows()),
    };
    if let Ok(resolved) = resolve_spec_channel(&spec, &context, settings) {
        let urls: Vec<_> = resolved.into_iter().map(|channel| channel.url).collect();
        spec.channel = spec_channel(&urls).map(Arc::new).or(spec.channel);
    }
    spec
}

/// The same for a spec that the configuration asks for (`pinned_packages`, `create_default_packages`).
pub(crate) fn request_with_resolved_channel(
    requested: &Requested,
    subdir: Subdir,
    settings: &Settings,
) -> Requested {
    Requested {
        spec: with_resolved_channel(&requested.spec, subdir, settings),
        ..requested.clone()
    }
}
