//! Archives of the store straight into the environment, where no trees are kept: all that are there,
//! or each as it comes.

use std::collections::HashMap;

use larder_link::{Archives, LinkOptions, OpenedArchive, Streamed};
use larder_lock::LockedPackage;
use larder_store::Store;
use larder_unpack::Trees;

use crate::{
    MaterializeError, Settings,
    confirmed::Confirmed,
    materialize::{self, Stored},
};

use super::{CreateError, Run, Wanted, arrivals::Arrivals};

/// The archives of a closure's packages.
struct Arriving<'a> {
    packages: &'a [&'a LockedPackage],
    index_of: HashMap<&'a str, usize>,
    arrivals: &'a Arrivals,
    store: &'a Store,
    confirmed: Confirmed,
    /// Where trees would be, and archives would stay.
    settings: &'a Settings,
}

impl Archives for Arriving<'_> {
    type Error = CreateError;

    fn next(&self) -> Option<usize> {
        let (name, _) = self.arrivals.next()?;
        self.index_of.get(name.as_str()).copied()
    }

    fn open(&self, index: usize) -> Result<OpenedArchive, CreateError> {
        let package = self.packages[index];
        let object = self.arrivals.get(package.name());
        let object = object.ok_or_else(|| MaterializeError::NotFetched {
            package: package.dist(),
        })?;
        let stored = Stored { package, object };
        let (archive, expected) = materialize::open(&stored, self.store)?;
        Ok(OpenedArchive {
            recorded_root: Trees::place(&self.settings.trees, &stored.object.id.sha256, &expected),
            archive,
            expected,
            is_confirmed: self.confirmed.has(&stored.object.id.sha256),
            archive_path: self.settings.recorded_archive(&stored.object.path),
        })
    }

    fn confirmed(&self, index: usize) {
        if let Some(object) = self.arrivals.get(self.packages[index].name()) {
            self.confirmed.add(object.id.sha256);
        }
    }
}

/// Makes the environment without trees, if its packages allow that.
pub(super) fn stream(
    run: &Run<'_>,
    wanted: &Wanted<'_>,
    arrivals: &Arrivals,
) -> Result<Streamed, CreateError> {
    let packages: Vec<&LockedPackage> = wanted.closure.packages().iter().collect();
    let names = packages.iter().map(|package| package.name());
    let archives = Arriving {
        packages: &packages,
        index_of: names.zip(0..).collect(),
        arrivals,
        store: &run.store,
        confirmed: Confirmed::of(&run.store),
        settings: run.settings,
    };
    // Beside the environment, so that it can be linked; gone with its last use here.
    let scratch = run.scratch_for_bytecode(&wanted.prefix)?;
    let options = LinkOptions {
        bytecode: scratch
            .as_ref()
            .and_then(|scratch| run.bytecodes(scratch.path())),
        ..run.link_options(wanted)
    };
    let streamed = larder_link::stream(&packages, &archives, &options, run.reporter);
    archives.confirmed.save_or_tell(run.reporter);
    streamed
}
