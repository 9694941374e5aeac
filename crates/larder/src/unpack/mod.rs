//! `larder unpack`: an environment from a pack, without a network (PACK.md of larder-pack).
//!
//! Archives go from the pack into the store by its write protocol, each held against index and lock; then
//! an ordinary create, offline, from the lock of the pack.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Instant,
};

use larder_digest::Sha256;
use larder_event::Reporter;
use larder_fs::PathContext as _;
use larder_link::ScratchDir;
use larder_pack::{Handled, PackError, PackIndex, PackReader};
use larder_store::Store;
use serde::Serialize;

use crate::{
    CreateOptions, CreateReport, Ephemeral, Settings, Target, TargetError,
    create::create_from,
    inputs::Input,
    platforms,
    target::{check_free, new_prefix},
};

mod contents;
mod error;
mod pinned;
mod receive;

use contents::Contents;
pub use error::UnpackOperationError;
use pinned::PinnedReader;
use receive::Receiver;

/// The name of a pack that is read from standard input.
const STANDARD_INPUT: &str = "-";

/// What to unpack, and how.
#[derive(Debug, Clone)]
pub struct UnpackOptions {
    /// The pack; `-` for standard input.
    pub pack: PathBuf,
    /// What the whole pack's digest has to be.
    pub sha256: Option<Sha256>,
    /// A lock that is trusted: the packages have to be those that it names.
    pub lock: Option<PathBuf>,
    /// The categories of `lock` that were packed; none means all, or `main`.
    pub categories: Vec<String>,
    /// Whether the archives stay.
    pub keep: KeepObjects,
    /// How to make the environment. Files, specs and channels do not count; a target that is not named is
    /// the pack's name.
    pub create: CreateOptions,
}

/// Whether a pack's archives stay in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepObjects {
    /// The next environment can use them.
    #[default]
    Yes,
    /// Nothing but the environment is left.
    No,
}

/// What was unpacked.
#[derive(Debug, Clone, Serialize)]
pub struct UnpackReport {
    /// The pack.
    pub pack: PathBuf,
    /// The pack's name for the environment, if it has one.
    pub name: Option<String>,
    /// The platforms that it is for.
    pub platforms: Vec<String>,
    /// How many archives it holds for the environment.
    pub archives: usize,
    /// What they weigh together, in bytes.
    pub archive_bytes: u64,
    /// How many of them came into the store.
    pub added: usize,
    /// The environment that was made, or would be.
    #[serde(flatten)]
    pub environment: CreateReport,
}

/// Makes an environment from a pack. Uses no network, whatever the settings say.
///
/// # Errors
/// See [`UnpackOperationError`]. There is no new environment then; archives that were whole stay in the
/// store unless they are not to be kept.
pub async fn unpack(
    options: &UnpackOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<UnpackReport, UnpackOperationError> {
    let begun = Instant::now();
    let subdir = platforms::given_or_default(options.create.platform.as_deref(), settings)?;
    let mut source = PinnedReader::new(open(&options.pack, settings)?, options.sha256);
    let reader = PackReader::new(&mut source)?;
    let mut contents = Contents::read(&reader, &options.pack, subdir, settings)?;
    if let Some(lock) = &options.lock {
        contents.pin(&settings.absolute(lock), &options.categories, settings)?;
        if options.sha256.is_none() {
            leave_variables(&mut contents, reporter);
        }
    }
    // Until the environment is recorded.
    let mut pins = Vec::new();
    let place = Place::find(options, &contents.index, settings)?;
    let added = if place.create.dry_run {
        if options.sha256.is_some() {
            reader.for_each(|_, _| Ok::<_, PackError>(Handled::Unread))?;
        }
        0
    } else {
        let store = place.open_store(reporter)?;
        pins.push(crate::store::pin(&store, contents.closure(), reporter));
        pins.push(crate::pip::pin(&store, contents.pip_packages(), reporter));
        Receiver {
            contents: &contents,
            store: &store,
            reporter,
        }
        .receive(reader)?
    };
    source.check()?;
    let (index, archives, archive_bytes) = (
        contents.index.clone(),
        contents.needed.len(),
        contents.bytes(),
    );
    let mut environment = place.create(contents, reporter).await?;
    drop(pins);
    environment.milliseconds = crate::elapsed_milliseconds(begun);
    Ok(UnpackReport {
        pack: options.pack.clone(),
        name: index.name,
        platforms: index.platforms,
        archives,
        archive_bytes,
        added,
        environment,
    })
}

/// Variables can make any program do anything, and no lock vouches for them.
fn leave_variables(contents: &mut Contents, reporter: &dyn Reporter) {
    let variables = std::mem::take(&mut contents.index.variables);
    if !variables.is_empty() {
        let names: Vec<_> = variables
            .keys()
            .map(|name| name.escape_debug().to_string())
            .collect();
        let text = format!(
            "the lock does not vouch for the variables of the pack, they are left out: {} (`--sha256` vouches for all)",
            names.join(", ")
        );
        reporter.warn("unpack::variables", text);
    }
}

fn open(pack: &Path, settings: &Settings) -> Result<Box<dyn Read>, UnpackOperationError> {
    if pack == Path::new(STANDARD_INPUT) {
        return Ok(Box::new(io::stdin()));
    }
    let path = settings.absolute(pack);
    let file = File::open(&path).at("open", &path);
    Ok(Box::new(file.map_err(UnpackOperationError::Open)?))
}

/// Where the environment and, while it is made, the archives go.
struct Place {
    create: CreateOptions,
    settings: Settings,
    /// Holds the store where archives are not to be kept; removed when this is dropped.
    scratch: Option<ScratchDir>,
}

impl Place {
    /// Checks everything about the place that can be checked before the archives come.
    fn find(
        options: &UnpackOptions,
        index: &PackIndex,
        settings: &Settings,
    ) -> Result<Self, UnpackOperationError> {
        let mut place = Self {
            create: options.create.clone(),
            settings: Settings {
                offline: true,
                ..settings.clone()
            },
            scratch: None,
        };
        if place.create.target == Target::default() {
            place.create.target.name.clone_from(&index.name);
        }
        let prefix = new_prefix(&place.create.target, None, settings)?;
        match check_free(&prefix, options.create.replacing()) {
            // What a killed run left is cleared away, and another run waited for, once the archives are there.
            Ok(()) | Err(TargetError::Unfinished { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if options.keep == KeepObjects::No && !options.create.dry_run {
            let scratch =
                larder_link::scratch_beside(&prefix).map_err(UnpackOperationError::Place)?;
            let lasting = &mut place.settings.store;
            place.settings.recorded_store = Some(lasting.clone());
            *lasting = scratch.path().join("store");
            place.scratch = Some(scratch);
            // The archives go, the environment stays.
            place.create.durable = options.create.durable.decided(options.create.ephemeral);
            place.create.ephemeral = Ephemeral::Yes;
        }
        Ok(place)
    }

    fn open_store(&self, reporter: &dyn Reporter) -> Result<Store, UnpackOperationError> {
        let durability = self.create.ephemeral.durability();
        Ok(crate::store::open(&self.settings, durability, reporter)?)
    }

    async fn create(
        &self,
        contents: Contents,
        reporter: &dyn Reporter,
    ) -> Result<CreateReport, UnpackOperationError> {
        let input = Input::Lock {
            path: contents.lock_path,
            lock: Box::new(contents.lock),
            variables: contents.index.variables,
        };
        let created = create_from((&input, None), &self.create, &self.settings, reporter).await;
        created.map_err(|error| UnpackOperationError::Create(Box::new(error)))
    }
}
