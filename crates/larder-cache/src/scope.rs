//! Scopes: who may read and write which entries, by what the services' variables say of a run.
//!
//! Azure documents its scopes as tables (main and master are exactly these branches, whatever the default
//! branch is), GitHub in prose, GitLab as a suffix of keys. A remote of one's own enforces nothing: what
//! is here is enforced by whoever uses [`Scopes`] to read and write. A pull request never writes where
//! main reads. Scopes are searched in the order of the tables.

use serde::Serialize;

/// Whom entries belong to: a branch of a pipeline, or all of a machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Scope(String);

impl Scope {
    /// A scope by its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The one of a service that has scopes of its own, whichever it takes.
    pub fn of_service() -> Self {
        Self::new("service")
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a run may read, in the order in which it looks, and where it may write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scopes {
    /// Whose rules.
    pub service: Service,
    /// Searched first to last.
    pub read: Vec<Scope>,
    /// None where a run may only read.
    pub write: Option<Scope>,
}

/// The service that runs the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Azure Pipelines.
    Azure,
    /// GitHub Actions.
    Github,
    /// GitLab.
    Gitlab,
    /// None that is known: one scope for all.
    Local,
}

/// A variable by its name, if it is set and not empty.
pub type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Scopes {
    /// One scope for everything.
    pub fn only(scope: Scope) -> Self {
        Self {
            service: Service::Local,
            read: vec![scope.clone()],
            write: Some(scope),
        }
    }

    /// On a service that has scopes of its own: it decides, but for what the run forbids itself.
    pub fn of_service(variable: Variable<'_>) -> Self {
        let (may_read, may_write) = cache_mode(variable);
        Self {
            service: Service::Github,
            read: may_read.then(Scope::of_service).into_iter().collect(),
            write: may_write.unwrap_or(true).then(Scope::of_service),
        }
    }

    /// What the variables say. `default_branch` is the repository's for GitHub, whose variables do not name
    /// it (the event's payload does); without it only the run's own branches count.
    pub fn of_run(variable: Variable<'_>, default_branch: Option<&str>) -> Self {
        let is =
            |name: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if is("TF_BUILD") {
            azure(variable)
        } else if is("GITHUB_ACTIONS") {
            github(variable, default_branch)
        } else if is("GITLAB_CI") {
            gitlab(variable)
        } else {
            Self::only(Scope::new("local"))
        }
    }
}

fn text(variable: Variable<'_>, name: &str) -> String {
    variable(name).unwrap_or_default()
}

/// A branch's full name; pull requests may give it short.
fn full_ref(branch: &str) -> String {
    if branch.starts_with("refs/") {
        branch.to_owned()
    } else {
        format!("refs/heads/{branch}")
    }
}

/// The scopes of some refs, without empty ones and repetitions.
fn scopes_of(refs: Vec<String>, scope: &dyn Fn(&str) -> Scope) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = Vec::new();
    for name in refs.iter().filter(|name| !name.is_empty()) {
        let scope = scope(name);
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
}

const MAIN: [&str; 2] = ["refs/heads/main", "refs/heads/master"];

fn azure(variable: Variable<'_>) -> Scopes {
    let parts = [
        "SYSTEM_TEAMPROJECTID",
        "SYSTEM_DEFINITIONID",
        "BUILD_REPOSITORY_ID",
    ];
    let [project, pipeline, repository] = parts.map(|name| text(variable, name));
    let scope = |name: &str| Scope::new(format!("azure;{project};{pipeline};{repository};{name}"));
    let own = text(variable, "BUILD_SOURCEBRANCH");
    let branch = |name: &str| {
        variable(name)
            .map(|branch| full_ref(&branch))
            .unwrap_or_default()
    };
    let mut refs = Vec::new();
    if text(variable, "BUILD_REASON") == "PullRequest" {
        let fork = text(variable, "SYSTEM_PULLREQUEST_ISFORK");
        if !fork.eq_ignore_ascii_case("true") {
            refs.push(branch("SYSTEM_PULLREQUEST_SOURCEBRANCH"));
        }
        refs.push(branch("SYSTEM_PULLREQUEST_TARGETBRANCH"));
    }
    refs.push(own.clone());
    refs.extend(MAIN.map(str::to_owned));
    Scopes {
        service: Service::Azure,
        read: scopes_of(refs, &scope),
        write: (!own.is_empty()).then(|| scope(&own)),
    }
}

/// The events whose runs may write where the default branch reads (changelog of 2026-06-26); pull
/// requests and merge groups have refs of their own.
const WRITERS: &[&str] = &[
    "push",
    "schedule",
    "workflow_dispatch",
    "repository_dispatch",
    "delete",
    "registry_package",
    "page_build",
    "pull_request",
    "merge_group",
];

/// Whether a run may read, and write if the mode says that.
fn cache_mode(variable: Variable<'_>) -> (bool, Option<bool>) {
    match &text(variable, "ACTIONS_CACHE_MODE")[..] {
        "none" => (false, Some(false)),
        "read" => (true, Some(false)),
        "write" => (true, Some(true)),
        "write-only" => (false, Some(true)),
        _ => (true, None),
    }
}

fn github(variable: Variable<'_>, default_branch: Option<&str>) -> Scopes {
    let repository = text(variable, "GITHUB_REPOSITORY");
    let scope = |name: &str| Scope::new(format!("github;{repository};{name}"));
    let event = text(variable, "GITHUB_EVENT_NAME");
    let own = text(variable, "GITHUB_REF");
    let mut refs = vec![own.clone()];
    if event == "pull_request" {
        for name in ["GITHUB_HEAD_REF", "GITHUB_BASE_REF"] {
            refs.extend(variable(name).map(|branch| full_ref(&branch)));
        }
    }
    refs.extend(default_branch.map(full_ref));
    let (may_read, may_write) = cache_mode(variable);
    let may_write = may_write.unwrap_or_else(|| WRITERS.contains(&&event[..]));
    Scopes {
        service: Service::Github,
        read: if may_read {
            scopes_of(refs, &scope)
        } else {
            Vec::new()
        },
        write: (may_write && !own.is_empty()).then(|| scope(&own)),
    }
}

fn gitlab(variable: Variable<'_>) -> Scopes {
    let project = text(variable, "CI_PROJECT_PATH");
    let suffix = match &text(variable, "CI_COMMIT_REF_PROTECTED")[..] {
        "true" => "protected",
        _ => "non_protected",
    };
    let scope = Scope::new(format!("gitlab;{project};{suffix}"));
    Scopes {
        service: Service::Gitlab,
        ..Scopes::only(scope)
    }
}
