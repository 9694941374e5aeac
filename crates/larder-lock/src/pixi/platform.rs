//! The platforms of an environment. pixi may call them as it likes; larder knows them by the subdir.

use rattler_conda_types::{GenericVirtualPackage, Subdir};
use rattler_lock::{Environment, Platform};

use crate::{LockError, Note, Problem};

/// The platforms, one for each subdir, sorted by subdir.
pub(super) fn platforms<'lock>(
    file: &str,
    environment: &Environment<'lock>,
    notes: &mut Vec<Note>,
) -> Result<Vec<Platform<'lock>>, LockError> {
    let mut all: Vec<Platform<'lock>> = environment.platforms().collect();
    all.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut chosen: Vec<Platform<'lock>> = Vec::new();
    for of_one in all.chunk_by(|a, b| a.subdir() == b.subdir()) {
        let Some(first) = of_one.first() else {
            continue;
        };
        let subdir = first.subdir();
        let plain = of_one
            .iter()
            .find(|platform| platform.name().as_str() == subdir.as_str());
        match (plain, of_one) {
            (Some(plain), others) => {
                for other in others.iter().filter(|other| other.name() != plain.name()) {
                    notes.push(note(
                        file,
                        other,
                        "is not read, as there is one of that name",
                    ));
                }
                chosen.push(*plain);
            }
            (None, [only]) => {
                notes.push(note(file, only, "is read as that"));
                chosen.push(*only);
            }
            (None, several) => return Err(refuse(file, subdir, several)),
        }
    }
    Ok(chosen)
}

fn order<'a>(platform: &'a Platform<'_>) -> (Subdir, &'a str) {
    (platform.subdir(), platform.name().as_str())
}

fn note(file: &str, platform: &Platform<'_>, what: &str) -> Note {
    let (name, subdir) = (platform.name(), platform.subdir());
    Note {
        file: file.to_owned(),
        line: 1,
        text: format!("the platform `{name}` is one of {subdir} and {what}"),
    }
}

fn refuse(file: &str, subdir: Subdir, platforms: &[Platform<'_>]) -> LockError {
    let names: Vec<&str> = platforms
        .iter()
        .map(|platform| platform.name().as_str())
        .collect();
    LockError::Line {
        file: file.to_owned(),
        line: 1,
        problem: Box::new(Problem::SeveralPlatforms {
            names: names.join(", "),
            subdir,
        }),
    }
}

/// The virtual packages of a platform that say a version, as larder writes them.
pub(super) fn virtual_packages(platform: &Platform<'_>) -> Vec<String> {
    platform
        .virtual_packages()
        .iter()
        .filter_map(|text| {
            let value = serde_json::Value::from(text.as_str());
            serde_json::from_value::<GenericVirtualPackage>(value).ok()
        })
        .map(|package| package.to_string())
        .collect()
}
