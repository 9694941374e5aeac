//! `info/link.json` (CEP 34): the kind of noarch and the entry points.

use rattler_conda_types::{NoArchType, package::EntryPoint};
use serde::Deserialize;

use crate::{InfoFiles, MetadataProblem, RelPath};

/// What the file says; nothing if there is none.
#[derive(Default)]
pub(super) struct Link {
    pub(super) noarch: NoArchType,
    pub(super) entry_points: Vec<EntryPoint>,
}

#[derive(Deserialize)]
struct LinkJson {
    package_metadata_version: i64,
    noarch: Option<NoarchJson>,
}

#[derive(Deserialize)]
struct NoarchJson {
    r#type: NoarchKind,
    entry_points: Option<Vec<String>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum NoarchKind {
    Generic,
    Python,
}

pub(super) fn parse(files: &InfoFiles) -> Result<Link, MetadataProblem> {
    let Some(bytes) = files.get("info/link.json") else {
        return Ok(Link::default());
    };
    let json: LinkJson = serde_json::from_slice(bytes).map_err(MetadataProblem::Json)?;
    if json.package_metadata_version != 1 {
        return Err(MetadataProblem::Version {
            key: "package_metadata_version",
            found: json.package_metadata_version,
        });
    }
    let Some(noarch) = json.noarch else {
        return Ok(Link::default());
    };
    let texts = noarch.entry_points.unwrap_or_default();
    let (noarch, texts) = match noarch.r#type {
        NoarchKind::Generic => (NoArchType::generic(), Vec::new()),
        NoarchKind::Python => (NoArchType::python(), texts),
    };
    let entry_points = texts
        .iter()
        .map(|text| entry_point(text))
        .collect::<Result<_, _>>()?;
    Ok(Link {
        noarch,
        entry_points,
    })
}

/// `{executable}={dotted.path}:{function}`; the executable becomes the name of a file.
fn entry_point(text: &str) -> Result<EntryPoint, MetadataProblem> {
    let refused = |source| MetadataProblem::EntryPoint {
        text: text.escape_debug().to_string(),
        source,
    };
    let point: EntryPoint = text.parse().map_err(refused)?;
    match RelPath::try_from(point.command.as_str()) {
        Ok(_) => Ok(point),
        Err(problem) => Err(MetadataProblem::Path {
            path: point.command.escape_debug().to_string(),
            problem: crate::EntryProblem::Name(problem),
        }),
    }
}
