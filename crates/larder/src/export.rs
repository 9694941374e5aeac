//! `larder export`: a lock in another format.

use std::path::{Path, PathBuf};

use larder_event::Reporter;
use larder_fs::{Durability, PathError, write_atomic};
use larder_lock::{
    ExplicitHash, ExportError, ExportOptions as Format, ExportedText, LockFile, LockFormat,
};
use serde::Serialize;

use crate::{
    Explain, InputError, Kind, PlatformError, Settings,
    choose::{describe_left_out, selection_of_lock},
    inputs::{DEFAULT_LOCK, read_lock, refuse_unknown_category},
    platforms::parse_all,
};

/// What an output path may hold for the platform of each text.
const PLATFORM: &str = "{platform}";

/// What to export, and how.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// The lock; none means conda-lock.yml.
    pub lock: Option<PathBuf>,
    /// The format to write.
    pub format: LockFormat,
    /// The hash in an `@EXPLICIT` list.
    pub hash: ExplicitHash,
    /// Only these platforms; none means all.
    pub platforms: Vec<String>,
    /// The wanted categories; none means all for a format that has them, else `main`.
    pub categories: Vec<String>,
    /// Where to write, with `{platform}` where there are several texts; none means to give them back.
    pub output: Option<PathBuf>,
}

/// What was exported.
#[derive(Debug, Clone, Serialize)]
pub struct ExportReport {
    /// The files that were written.
    pub written: Vec<PathBuf>,
    /// The text, where no output was named.
    pub text: Option<String>,
    /// What the format cannot say.
    pub losses: Vec<String>,
}

/// Why a lock was not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportOperationError {
    /// The lock cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// There is none.
    #[error("there is no lock at `{}`", path.display())]
    NoLock {
        /// Where it should be.
        path: PathBuf,
    },
    /// A platform is none, or is not locked.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// A platform is not in the lock.
    #[error("`{}` is not for {platform}, but for {locked}", path.display())]
    NotLocked {
        /// The lock.
        path: PathBuf,
        /// What was asked for.
        platform: String,
        /// What there is.
        locked: String,
    },
    /// The format cannot hold the lock.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Several texts for one file.
    #[error(
        "{format} has one file for each platform, and there are {count}: name them with `-o NAME-{{platform}}.txt`, or one with `--platform`"
    )]
    OneFileEach {
        /// The format.
        format: LockFormat,
        /// How many.
        count: usize,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] PathError),
}

impl Explain for ExportOperationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Input(error) => error.kind(),
            Self::Write(_) => Kind::World,
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Input(error) => error.code(),
            Self::NoLock { .. } => "lock::missing",
            Self::Platform(_) | Self::NotLocked { .. } => "input::platform",
            Self::Export(_) | Self::OneFileEach { .. } => "lock::format",
            Self::Write(_) => "export::write",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.hint(),
            Self::NoLock { .. } => {
                Some("`larder lock` writes it; `--lock FILE` names another".into())
            }
            _ => None,
        }
    }
}

/// Writes a lock in another format, or gives its text back. What that format cannot say is told.
///
/// # Errors
/// See [`ExportOperationError`].
pub fn export(
    options: &ExportOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<ExportReport, ExportOperationError> {
    let path = settings.absolute(options.lock.clone().unwrap_or_else(|| DEFAULT_LOCK.into()));
    let lock = read_lock(&path, settings)?
        .ok_or_else(|| ExportOperationError::NoLock { path: path.clone() })?;
    let known = lock.categories().into_iter().map(str::to_owned).collect();
    refuse_unknown_category(&options.categories, &known, std::slice::from_ref(&path))?;
    let lock = match (options.categories.as_slice(), options.format) {
        ([], LockFormat::CondaLock) => lock,
        (categories, _) => {
            let selection = selection_of_lock(categories);
            if categories.is_empty() {
                let mut platforms = lock.platforms().iter();
                let left_out = platforms
                    .find_map(|subdir| describe_left_out(&lock, &path, *subdir, &selection));
                left_out
                    .into_iter()
                    .for_each(|text| reporter.warn("lock::categories", text));
            }
            lock.with_selection(&selection)
        }
    };
    let format = Format {
        hash: options.hash,
        ..Format::default()
    };
    let exported = lock.export(options.format, &format)?;
    let texts = wanted(exported.texts, options, &lock, &path)?;
    let losses: Vec<String> = exported.losses.iter().map(ToString::to_string).collect();
    for loss in &losses {
        reporter.warn("lock::loss", format!("{}: {loss}", options.format));
    }
    let mut report = ExportReport {
        written: Vec::new(),
        text: None,
        losses,
    };
    match &options.output {
        None => {
            let mut texts = texts.into_iter();
            report.text = texts.next().map(|text| text.text);
        }
        Some(output) => {
            for text in texts {
                let path = settings.absolute(named(output, &text));
                write_atomic(&path, text.text.as_bytes(), Durability::Flush)?;
                report.written.push(path);
            }
        }
    }
    Ok(report)
}

fn wanted(
    mut texts: Vec<ExportedText>,
    options: &ExportOptions,
    lock: &LockFile,
    path: &Path,
) -> Result<Vec<ExportedText>, ExportOperationError> {
    let platforms = parse_all(&options.platforms)?;
    if let Some(missing) = platforms
        .iter()
        .find(|platform| !lock.platforms().contains(platform))
    {
        let locked: Vec<_> = lock
            .platforms()
            .iter()
            .map(|platform| platform.as_str())
            .collect();
        return Err(ExportOperationError::NotLocked {
            path: path.to_owned(),
            platform: missing.to_string(),
            locked: locked.join(", "),
        });
    }
    texts.retain(|text| {
        platforms.is_empty()
            || text
                .platform
                .is_none_or(|platform| platforms.contains(&platform))
    });
    let is_template = options
        .output
        .as_ref()
        .is_some_and(|output| output.to_string_lossy().contains(PLATFORM));
    if texts.len() > 1 && !is_template {
        return Err(ExportOperationError::OneFileEach {
            format: options.format,
            count: texts.len(),
        });
    }
    Ok(texts)
}

fn named(output: &Path, text: &ExportedText) -> PathBuf {
    match text.platform {
        Some(platform) => output
            .to_string_lossy()
            .replace(PLATFORM, platform.as_str())
            .into(),
        None => output.to_owned(),
    }
}
