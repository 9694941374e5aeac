//! Whether pip packages are still what a `pip:` section means; `larder-pypi` decides it.

use larder_lock::{Closure, LockFile, LockWriter, PipLock, Reason};
use larder_pypi::{Indexes, PipCheck, Section, WheelDependencies, check_pip_lock};

use crate::{Settings, solving::Want};

/// Every reason why the pip packages of a lock are not what `section` asks for on the wanted platform.
pub(crate) fn check_lock(
    section: Option<&Section>,
    lock: &LockFile,
    closure: &Closure,
    want: &Want,
    settings: &Settings,
) -> Vec<Reason> {
    let mut locked = lock.pip(want.subdir, &want.selection);
    let is_of_selection = |category: &&str| want.selection.contains(category);
    if let (Some(section), Some(request)) = (section, &mut locked.request)
        && !lock.categories().iter().all(is_of_selection)
    {
        // What other categories asked for is no reason; that nothing more is locked is checked all the same.
        let lines = section.requirements();
        request.requirements.retain(|line| lines.contains(line));
    }
    check_pip_lock(&PipCheck {
        section,
        locked: &locked,
        closure,
        virtual_packages: &want.virtual_packages,
        indexes: &Indexes::new(&settings.variables, settings.child_variables.clone()),
        dependencies: match lock.writer() {
            LockWriter::Larder | LockWriter::Edited | LockWriter::NewerLarder => {
                WheelDependencies::Recorded
            }
            LockWriter::OlderLarder => WheelDependencies::NotRecorded,
            LockWriter::Other => WheelDependencies::Listed,
        },
    })
}

/// Every reason why what is installed is not what `section` asks for.
pub(crate) fn check_installed(
    section: &Section,
    installed: &PipLock,
    closure: &Closure,
) -> Vec<Reason> {
    check_pip_lock(&PipCheck {
        section: Some(section),
        locked: installed,
        closure,
        virtual_packages: &[],
        indexes: &Indexes::default(),
        dependencies: WheelDependencies::Installed,
    })
}
