//! Channels, servers and solves in few words.

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr as _,
    time::Duration,
};

use larder_event::{EventRecorder, SilentReporter};
use larder_lock::Closure;
use larder_solve::{
    CutOffs, MachineRecords, Priority, Requested, SolveError, SolveRequest, Solved, Solver,
    SolverOptions, Strategy,
};
use larder_testkit::{BuiltPackage, ChannelBuilder, Format, LocalChannel, PackageBuilder, Server};
use rattler_conda_types::{
    Channel, GenericVirtualPackage, MatchSpec, ParseMatchSpecError, ParseMatchSpecOptions,
    RepoDataRecord, RepodataRevision, Subdir, package::BuildString,
};
use rattler_networking::LazyClient;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

/// A directory for channels and cache, and how to solve.
pub(crate) struct Lab {
    pub(crate) directory: TempDir,
    pub(crate) recorder: EventRecorder,
    pub(crate) subdir: Subdir,
    pub(crate) priority: Priority,
    pub(crate) virtual_packages: Vec<GenericVirtualPackage>,
    pub(crate) preferred: Vec<RepoDataRecord>,
    pub(crate) exclude_newer: CutOffs,
    pub(crate) offline: bool,
    pub(crate) sharded: bool,
    pub(crate) depth: usize,
    pub(crate) refresh: bool,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            recorder: EventRecorder::default(),
            subdir: Subdir::Linux64,
            priority: Priority::Strict,
            virtual_packages: Vec::new(),
            preferred: Vec::new(),
            exclude_newer: CutOffs::default(),
            offline: false,
            sharded: true,
            depth: 10,
            refresh: false,
        }
    }

    pub(crate) fn plain() -> Self {
        Self {
            sharded: false,
            ..Self::new()
        }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    pub(crate) fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Writes `www/<name>`, which [`Lab::serve`] serves.
    pub(crate) fn channel(&self, name: &str, channel: ChannelBuilder) -> LocalChannel {
        channel.write(&self.path("www").join(name))
    }

    pub(crate) fn serve(&self) -> Server {
        fs::create_dir_all(self.path("www")).unwrap();
        Server::serve(&self.path("www"))
    }

    pub(crate) fn options(&self) -> SolverOptions {
        // Certificates take longer to load than most solves here take, and local channels need none.
        let client = LazyClient::new(|| {
            let client = reqwest::Client::builder().no_proxy().build();
            client.unwrap().into()
        });
        SolverOptions {
            offline: self.offline,
            use_sharded: self.sharded,
            max_relations_depth: self.depth,
            retry_delay: Duration::ZERO,
            records: MachineRecords::new(Some(self.path("machine"))),
            ..SolverOptions::new(client, self.cache())
        }
    }

    pub(crate) fn solve(&self, channels: &[String], specs: &[&str]) -> Result<Closure, SolveError> {
        self.solve_with(&Solver::new(self.options()), channels, specs)
    }

    pub(crate) fn solve_with(
        &self,
        solver: &Solver,
        channels: &[String],
        specs: &[&str],
    ) -> Result<Closure, SolveError> {
        self.request(channels, specs, |request| {
            block_on(solver.solve(request, &self.recorder))
        })
    }

    /// Solves anew or recalls, remembering in `solves`, with a solver of its own.
    pub(crate) fn recall(&self, channels: &[String], specs: &[&str]) -> Result<Solved, SolveError> {
        let solver = Solver::new(SolverOptions {
            memos: Some(self.path("solves")),
            refresh: self.refresh,
            ..self.options()
        });
        self.request(channels, specs, |request| {
            block_on(solver.recall_or_solve(request, &self.recorder))
        })
    }

    pub(crate) fn request<T>(
        &self,
        channels: &[String],
        specs: &[&str],
        work: impl FnOnce(&SolveRequest<'_>) -> T,
    ) -> T {
        let channels: Vec<Channel> = channels.iter().map(|url| channel(url)).collect();
        let specs: Vec<Requested> = specs.iter().enumerate().map(requested).collect();
        work(&SolveRequest {
            subdir: self.subdir,
            channels: &channels,
            priority: self.priority,
            specs: &specs,
            pinned: &[],
            only_tar_bz2: false,
            virtual_packages: &self.virtual_packages,
            preferred: &self.preferred,
            strategy: Strategy::Highest,
            exclude_newer: self.exclude_newer.clone(),
        })
    }

    /// Solves and lists `name-version-build`, or fails the test with the whole error.
    pub(crate) fn dists(&self, channels: &[String], specs: &[&str]) -> Vec<String> {
        match self.solve(channels, specs) {
            Ok(closure) => dists(&closure),
            Err(error) => panic!("{}", text_of(&error)),
        }
    }

    /// The whole text of the error that this must end in.
    pub(crate) fn error(&self, channels: &[String], specs: &[&str]) -> String {
        match self.solve(channels, specs) {
            Ok(closure) => panic!("solved: {:?}", dists(&closure)),
            Err(error) => text_of(&error),
        }
    }
}

pub(crate) fn dists(closure: &Closure) -> Vec<String> {
    closure
        .packages()
        .iter()
        .map(|package| package.dist())
        .collect()
}

/// An error with all its causes.
pub(crate) fn text_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

pub(crate) fn channel(url: &str) -> Channel {
    Channel::from_url(Url::parse(url).unwrap())
}

pub(crate) fn spec(text: &str) -> MatchSpec {
    parse(text).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the text is the test's own")]
pub(crate) fn parse(text: &str) -> Result<MatchSpec, ParseMatchSpecError> {
    let options = ParseMatchSpecOptions::lenient().with_repodata_revision(RepodataRevision::V3);
    MatchSpec::from_str(text, options)
}

fn requested((line, text): (usize, &&str)) -> Requested {
    Requested {
        spec: spec(text),
        text: (*text).to_owned(),
        location: Some(format!("environment.yml:{}:5", line + 4)),
        is_implied: false,
    }
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

pub(crate) fn package(name: &str, version: &str) -> PackageBuilder {
    PackageBuilder::new(name, version, "0")
}

pub(crate) fn conda(package: PackageBuilder) -> BuiltPackage {
    package.build(Format::Conda)
}

pub(crate) fn channel_of(packages: impl IntoIterator<Item = PackageBuilder>) -> ChannelBuilder {
    ChannelBuilder::new().packages(packages.into_iter().map(conda))
}

pub(crate) fn provides(name: &str, version: &str, build: &str) -> GenericVirtualPackage {
    GenericVirtualPackage {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        build_string: BuildString::from_str(build).unwrap(),
    }
}

/// A record as an index has it, without anything that is optional.
pub(crate) fn record(name: &str, version: &str) -> Value {
    json!({
        "name": name, "version": version, "build": "0", "build_number": 0, "depends": [],
        "sha256": "0".repeat(64), "md5": "0".repeat(32), "size": 1, "subdir": "linux-64",
    })
}

/// `record` with more keys.
pub(crate) fn record_with(name: &str, version: &str, more: Value) -> Value {
    let mut record = record(name, version);
    for (key, value) in more.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

/// Lists every file of a directory that is not a directory, with its size.
pub(crate) fn files_in(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push(path.display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// Nobody listens.
pub(crate) const SILENT: SilentReporter = SilentReporter;
