//! Which distributions of PyPI conda packages bring: for pip they are installed already.
//!
//! By the purls of a record where it has some, else by its name: conda packages of Python mostly have that
//! of their distribution. A package that does not depend on Python brings none.

use larder_lock::{Closure, LockedPackage, is_distribution_name};

use crate::normalize;

/// A distribution that a conda package brings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Provided {
    /// Normalized.
    pub name: String,
    /// As PEP 440 has it; conda's where that cannot be said so.
    pub version: String,
    /// The name of the conda package.
    pub package: String,
}

/// Where the names differ: conda's, then that of the distribution.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("argon2-cffi-bindings", "argon2-cffi-bindings"),
    ("brotli-python", "brotli"),
    ("dask-core", "dask"),
    ("gdal", "gdal"),
    ("matplotlib-base", "matplotlib"),
    ("msgpack-python", "msgpack"),
    ("opencv", "opencv-python"),
    ("prompt_toolkit", "prompt-toolkit"),
    ("py-opencv", "opencv-python"),
    ("py-xgboost", "xgboost"),
    ("pyqt", "pyqt5"),
    ("python-build", "build"),
    ("python-duckdb", "duckdb"),
    ("python-flatbuffers", "flatbuffers"),
    ("python-graphviz", "graphviz"),
    ("python-kaleido", "kaleido"),
    ("python-tzdata", "tzdata"),
    ("pytables", "tables"),
    ("pytorch", "torch"),
    ("pytorch-cpu", "torch"),
    ("pytorch-gpu", "torch"),
    ("tensorflow-base", "tensorflow"),
    ("typing_extensions", "typing-extensions"),
];

/// Every distribution that the packages of a closure bring, sorted by name.
pub fn provided(closure: &Closure) -> Vec<Provided> {
    let mut provided: Vec<Provided> = closure.packages().iter().flat_map(of_package).collect();
    provided.sort();
    provided.dedup_by(|next, first| next.name == first.name);
    provided
}

fn of_package(package: &LockedPackage) -> Vec<Provided> {
    let record = &package.record.package_record;
    let distribution = |name: &str, version: &str| Provided {
        name: normalize(name),
        version: version.to_owned(),
        package: package.name().to_owned(),
    };
    let conda = record.version.as_str();
    if let Some(purls) = &record.purls {
        // A purl is text of whoever made the package: its decoded name can be a path or several lines.
        let named = purls
            .iter()
            .filter(|purl| purl.package_type() == "pypi" && is_distribution_name(purl.name()));
        return named
            .map(|purl| distribution(purl.name(), purl.version().unwrap_or(&conda)))
            .collect();
    }
    let of_python = |spec: &String| {
        let name = spec.split([' ', '=', '<', '>', '[', '!', '~']).next();
        matches!(name, Some("python" | "python_abi" | "pypy"))
    };
    let is_python = record.noarch.is_python() || record.depends.iter().any(of_python);
    if !is_python
        || matches!(
            package.name(),
            "python" | "python_abi" | "pypy" | "python-gil"
        )
    {
        return Vec::new();
    }
    let others = OTHER_NAMES.iter();
    let mut others = others.filter(|(name, _)| *name == package.name());
    let name = others.next().map_or(package.name(), |(_, other)| other);
    vec![distribution(name, &conda)]
}
