//! From a URL to the [`Shelf`] that it names: `layout=objects` or `layout=packs` in its query says how objects are
//! kept, and is taken off before larder-remote sees it.

use std::{sync::Arc, time::SystemTime};

use larder_remote::{OpenOptions, open};

use crate::{
    ShareError, Shelf,
    objects::Objects,
    packs::{PackScopes, Packs, PacksOptions, Rules},
};

/// How objects are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One object of the remote for each.
    Objects,
    /// Many in one, for services that take few uploads.
    Packs,
}

/// The shelf that a URL or a path names, of packs those in these scopes.
///
/// # Errors
/// If it names none.
pub fn shelf_in(
    url: &str,
    options: &OpenOptions,
    scopes: &PackScopes,
) -> Result<Arc<dyn Shelf>, ShareError> {
    let (rest, layout) = layout_of(url)?;
    let remote = open(&rest, options)?;
    match layout {
        Layout::Objects => Ok(Arc::new(Objects::new(remote))),
        Layout::Packs => {
            let options = PacksOptions {
                scopes: scopes.clone(),
                rules: Rules::default(),
                clock: SystemTime::now,
            };
            Ok(Arc::new(Packs::new(remote, options)))
        }
    }
}

/// A URL without its `layout`, and the layout: packs for GitHub's cache service, objects for all others.
///
/// # Errors
/// If there is no such layout.
pub(crate) fn layout_of(url: &str) -> Result<(String, Layout), ShareError> {
    let is_ghac = url == "ghac:" || url.starts_with("ghac:");
    let default = if is_ghac {
        Layout::Packs
    } else {
        Layout::Objects
    };
    let query = match url.split_once('?') {
        Some((base, query)) if is_ghac || url.contains("://") => Some((base, query)),
        Some((_, query)) if query.starts_with("layout=") => {
            return Err(ShareError::Url {
                url: url.to_owned(),
                problem: "a path has no `layout`; expected file:///PATH?layout=packs".to_owned(),
            });
        }
        // The name of a directory may have a question mark.
        _ => None,
    };
    let Some((base, query)) = query else {
        return Ok((url.to_owned(), default));
    };
    let mut layout = default;
    let mut others = Vec::new();
    for part in query.split('&') {
        match part.strip_prefix("layout=") {
            Some("objects") => layout = Layout::Objects,
            Some("packs") => layout = Layout::Packs,
            Some(_) => {
                return Err(ShareError::Url {
                    url: base.split('@').next_back().unwrap_or_default().to_owned(),
                    problem: "its layout must be `objects` or `packs`".to_owned(),
                });
            }
            None => others.push(part),
        }
    }
    let rest = match others.is_empty() {
        true => base.to_owned(),
        false => format!("{base}?{}", others.join("&")),
    };
    Ok((rest, layout))
}

#[cfg(test)]
mod tests;
