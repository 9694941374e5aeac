//! What a step is told: options, and in GitHub Actions the inputs of the action, by the names that users of
//! setup-micromamba know.

use std::path::{Path, PathBuf};

use crate::{
    args::{CiCacheMode, CiCleanup, CiFinishArgs, CiService, CiSetupArgs},
    environment::Environment,
    failure::Failure,
};

use super::{service, words::words};

/// What a step is told.
#[derive(Debug)]
pub(super) struct Inputs {
    /// Manifests or locks, as they were named.
    pub(super) files: Vec<PathBuf>,
    pub(super) name: Option<String>,
    pub(super) prefix: Option<PathBuf>,
    /// More arguments of `larder create`.
    pub(super) create: Vec<String>,
    /// The spec of a Python that is added to what is asked for.
    pub(super) python: Option<String>,
    pub(super) cache: Wish,
    pub(super) cache_mode: CiCacheMode,
    /// What keys begin with.
    pub(super) cache_key: String,
    pub(super) condarc: Option<PathBuf>,
    pub(super) is_activated: bool,
    pub(super) has_run_shell: bool,
    pub(super) has_summary: bool,
    pub(super) cleanup: CiCleanup,
}

/// Where the store is to be kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Nowhere,
    /// Wherever this service has a cache.
    Service,
    Url(String),
}

impl Inputs {
    pub(super) fn of(
        args: &CiSetupArgs,
        (service, directory): (CiService, &Path),
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let inputs = Given {
            service,
            environment,
        };
        let lines = |text: String| {
            text.lines()
                .map(|line| PathBuf::from(line.trim()))
                .collect()
        };
        let files = inputs.text("environment-file").map(lines);
        let is_named = args.target.name.is_some() || args.target.prefix.is_some();
        let of_input = |name: &str| inputs.text(name).filter(|_| !is_named);
        let cleanup = inputs.text("post-cleanup");
        let cleanup = cleanup.map(|text| cleanup_of(&text)).transpose()?;
        let mode = inputs.text("cache-mode");
        let mode = mode.map(|text| mode_of(&text)).transpose()?;
        let create = inputs.text("create-args").map(|text| words(&text));
        let mut create = given(&args.create, create);
        let categories = inputs.text("category").map(|text| vec![text]);
        let categories = given(&args.categories, categories);
        create.extend(options_of_categories(&categories));
        let python = args.python_version.clone();
        let python = python.or_else(|| inputs.text("python-version"));
        Ok(Self {
            files: given(&args.files, files),
            name: args
                .target
                .name
                .clone()
                .or_else(|| of_input("environment-name")),
            prefix: args
                .target
                .prefix
                .clone()
                .or_else(|| of_input("environment-path").map(PathBuf::from)),
            create,
            python: python
                .and_then(|text| python_spec(&text).transpose())
                .transpose()?,
            cache: wish(args.cache.clone().or_else(|| inputs.text("cache")), service),
            cache_mode: args.cache_mode.or(mode).unwrap_or_default(),
            cache_key: args
                .cache_key
                .clone()
                .or_else(|| inputs.text("cache-key"))
                .unwrap_or_else(|| "larder".to_owned()),
            condarc: condarc(args, &inputs, directory)?,
            is_activated: !args.no_activate && inputs.flag("activate")?.unwrap_or(true),
            has_run_shell: args.run_shell || inputs.flag("generate-run-shell")?.unwrap_or(false),
            has_summary: inputs.flag("summary")?.unwrap_or(true),
            cleanup: args.post_cleanup.or(cleanup).unwrap_or_default(),
        })
    }
}

impl Inputs {
    /// Every argument of `larder create` by which one environment differs from another.
    pub(super) fn arguments(&self) -> Vec<String> {
        self.create.iter().chain(&self.python).cloned().collect()
    }
}

/// `--category=NAME` for each name, between white space or commas.
fn options_of_categories(texts: &[String]) -> Vec<String> {
    let names = texts
        .iter()
        .flat_map(|text| text.split(|letter: char| letter == ',' || letter.is_whitespace()));
    names
        .filter(|name| !name.is_empty())
        .map(|name| format!("--category={name}"))
        .collect()
}

/// The spec of a Python version such as `3.12` or `3.12.*`; `None` if none is asked for.
fn python_spec(text: &str) -> Result<Option<String>, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let version = text.strip_suffix(".*").unwrap_or(text);
    let parts: Vec<&str> = version.split('.').collect();
    let is_number = |part: &&str| {
        !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if parts.len() > 3 || !parts.iter().all(is_number) {
        let expected = "a version like 3.12 or 3.12.1";
        return Err(wrong("python-version", text, expected));
    }
    // YAML reads 3.10 as the number 3.1, and there is no Python of that version.
    if version == "3.1" {
        let expected = "a version like '3.10', in quotes: without them YAML makes 3.1 of it";
        return Err(wrong("python-version", text, expected));
    }
    Ok(Some(format!("python={version}.*")))
}

/// How a job went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobStatus {
    /// So far, or as far as is known.
    Succeeded,
    /// It failed, or was cancelled.
    Failed,
}

impl JobStatus {
    /// As the option says, else as the service does: GitHub tells the action by an input, as the runner evaluates it
    /// again for the post step.
    pub(super) fn of(args: &CiFinishArgs, service: CiService, environment: &Environment) -> Self {
        let inputs = Given {
            service,
            environment,
        };
        let of_service = || match service {
            CiService::Github => inputs.text("job-status"),
            CiService::Azure => environment.text("AGENT_JOBSTATUS"),
            CiService::Gitlab => environment.text("CI_JOB_STATUS"),
            CiService::None => None,
        };
        let status = args.job_status.clone().or_else(of_service);
        let status = status.unwrap_or_default().to_lowercase();
        // `failure`, `Failed`, `failed`; `cancelled`, `Canceled`, `canceled`.
        match status.contains("fail") || status.contains("cancel") {
            true => Self::Failed,
            false => Self::Succeeded,
        }
    }
}

/// What the options say, else what the inputs do.
fn given<T: Clone>(options: &[T], inputs: Option<Vec<T>>) -> Vec<T> {
    match options {
        [] => inputs.unwrap_or_default(),
        options => options.to_vec(),
    }
}

fn wish(text: Option<String>, service: CiService) -> Wish {
    match text.as_deref().map(str::trim) {
        Some("true") => Wish::Service,
        Some("false") => Wish::Nowhere,
        Some(url) => Wish::Url(url.to_owned()),
        None if service == CiService::Github => Wish::Service,
        None => Wish::Nowhere,
    }
}

fn mode_of(text: &str) -> Result<CiCacheMode, Failure> {
    match text.trim() {
        "tar" => Ok(CiCacheMode::Tar),
        "objects" => Ok(CiCacheMode::Objects),
        other => Err(wrong("cache-mode", other, "tar or objects")),
    }
}

fn cleanup_of(text: &str) -> Result<CiCleanup, Failure> {
    match text.trim() {
        "none" | "shell-init" => Ok(CiCleanup::None),
        "environment" => Ok(CiCleanup::Environment),
        "all" => Ok(CiCleanup::All),
        other => Err(wrong("post-cleanup", other, "none, environment or all")),
    }
}

/// The file that was named, or one with the text of the input.
fn condarc(
    args: &CiSetupArgs,
    inputs: &Given<'_>,
    directory: &Path,
) -> Result<Option<PathBuf>, Failure> {
    let named = args.condarc.clone();
    if let Some(file) = named.or_else(|| inputs.text("condarc-file").map(PathBuf::from)) {
        return Ok(Some(inputs.environment.working_directory.join(file)));
    }
    let Some(text) = inputs.text("condarc") else {
        return Ok(None);
    };
    let file = directory.join("condarc.yml");
    service::write(&file, &text)?;
    Ok(Some(file))
}

/// The inputs of the action.
struct Given<'a> {
    service: CiService,
    environment: &'a Environment,
}

impl Given<'_> {
    fn text(&self, name: &str) -> Option<String> {
        if self.service != CiService::Github {
            return None;
        }
        let text = self
            .environment
            .text(&format!("INPUT_{}", name.to_uppercase()))?;
        (!text.trim().is_empty()).then_some(text)
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        let text = self.text(name);
        let flag = text.map(|text| match &text.trim().to_lowercase()[..] {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(wrong(name, other, "true or false")),
        });
        flag.transpose()
    }
}

fn wrong(name: &str, found: &str, expected: &str) -> Failure {
    let text = format!("the input `{name}` is `{found}`, expected {expected}");
    Failure::refused("ci::input", text)
}
