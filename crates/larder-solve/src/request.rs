//! What is asked of the solver: options that hold for all solves, and one request per subdir.
//!
//! Plain data; nothing here does anything.

use std::{path::PathBuf, time::Duration};

use rattler_conda_types::{Channel, GenericVirtualPackage, MatchSpec, RepoDataRecord, Subdir};
use rattler_networking::LazyClient;

use crate::{CutOffs, MachineRecords, Pause};

/// What holds for every solve of one [`crate::Solver`].
#[derive(Debug, Clone)]
pub struct SolverOptions {
    /// Sends the requests: proxies, certificates, credentials and mirrors are its business.
    pub client: LazyClient,
    /// Where indexes and shards are kept between runs (`repodata/` of the store); made when needed.
    pub repodata_cache: PathBuf,
    /// What this machine has seen itself of what is kept in `repodata_cache` and `memos`. Only that is used.
    pub records: MachineRecords,
    /// Where the shards of a run may lie unpacked while it lasts, a directory on a file system in memory. `None`, or
    /// without room: they lie in the cache.
    pub memory: Option<PathBuf>,
    /// Never send a request; what the cache lacks is an error.
    pub offline: bool,
    /// Read sharded repodata (CEP 16) where a channel has it.
    pub use_sharded: bool,
    /// How many steps to follow from a listed channel over channel relations (CEP 42,
    /// `channel_relations_max_depth`); 0 switches relations off.
    pub max_relations_depth: usize,
    /// How many requests at a time, at least 1.
    pub concurrency: usize,
    /// How many threads unpack and parse what came, at least 1.
    pub threads: usize,
    /// How often to try a request before giving up, at least 1.
    pub tries: u32,
    /// How long to wait before the second try; doubled for each further one. A server's `Retry-After`
    /// makes it longer, up to 60 seconds.
    pub retry_delay: Duration,
    /// How to wait.
    pub pause: Pause,
    /// Where solves are remembered (`solves/` of the store), see `MEMO.md`; made when needed. `None`:
    /// nothing is remembered.
    pub memos: Option<PathBuf>,
    /// Solve even if a remembered solve would do, and remember the answer.
    pub refresh: bool,
}

impl SolverOptions {
    /// The defaults: online, sharded, relations up to ten steps, 50 requests at a time, three tries,
    /// nothing remembered.
    pub fn new(client: LazyClient, repodata_cache: PathBuf) -> Self {
        Self {
            client,
            repodata_cache,
            records: MachineRecords::new(None),
            memory: None,
            offline: false,
            use_sharded: true,
            max_relations_depth: 10,
            concurrency: 50,
            threads: 4,
            tries: 3,
            retry_delay: Duration::from_millis(500),
            pause: Pause::default(),
            memos: None,
            refresh: false,
        }
    }
}

/// One environment on one subdir.
#[derive(Debug, Clone)]
pub struct SolveRequest<'a> {
    /// The subdir that the environment is for.
    pub subdir: Subdir,
    /// The channels, without credentials, the most important one first.
    pub channels: &'a [Channel],
    /// What the order of the channels means.
    pub priority: Priority,
    /// What the user wants.
    pub specs: &'a [Requested],
    /// What every package must keep to that is in the environment, whatever asks for it.
    pub pinned: &'a [Requested],
    /// Choose among archives of the older format alone, `.tar.bz2`.
    pub only_tar_bz2: bool,
    /// What the target system provides, see [`crate::virtual_packages::detect`].
    pub virtual_packages: &'a [GenericVirtualPackage],
    /// Records to prefer over better ones, such as those of an earlier lock; each is dropped where
    /// it does not fit.
    pub preferred: &'a [RepoDataRecord],
    /// Which of several fitting versions to take.
    pub strategy: Strategy,
    /// Ignore records that were published later. Judged by `indexed_timestamp` (CEP 47), else by
    /// `timestamp`; a record without either is ignored as well, where a cut-off is for it.
    pub exclude_newer: CutOffs,
}

/// A spec and where the user wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Requested {
    /// The spec. Its name must be exact.
    pub spec: MatchSpec,
    /// As the user wrote it; becomes `requested_specs` (CEP 32).
    pub text: String,
    /// Where, for messages, such as `environment.yml:4:5`.
    pub location: Option<String>,
    /// Whether the user did not write it: it follows from another package, as `pip` does from `python`. It is left out
    /// where no channel has the package, is never recorded as requested, and a lock without it is complete.
    pub is_implied: bool,
}

/// What the order of channels means for a package that several of them have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Only the first channel that has the name counts.
    #[default]
    Strict,
    /// Candidates of an earlier channel come first whatever their version; later channels are a
    /// fallback.
    Flexible,
    /// The best version wins; the order only decides between equals.
    Disabled,
}

/// Which of several fitting versions to take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// The highest.
    #[default]
    Highest,
    /// The lowest, of every package.
    Lowest,
    /// The lowest of the packages that were asked for, the highest of their dependencies.
    LowestDirect,
}
