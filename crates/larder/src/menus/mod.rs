//! Menu entries of packages (CEP 11), made by rattler's menuinst: `Menu/NAME.json` of the package NAME.
//!
//! What was made stands in the package's record, so that any tool that reads records takes it away again with
//! the package. An entry that cannot be made is a warning, and nothing of it stays: the environment is whole
//! without it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use larder_event::{Reporter, SilentReporter};
use larder_fs::{Durability, Links, PathError, read_control_file, write_atomic};
use larder_link::MAX_SMALL;
use rattler_conda_types::{
    Subdir,
    menuinst::{MenuMode, Tracker},
};
use serde_json::Value;

use crate::{Settings, roots::roots};

mod document;
mod trackers;

use document::Document;
use trackers::MenuPlaces;

/// The key of records that has what was made.
const KEY: &str = "installed_system_menus";

/// Whether menu entries are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shortcuts {
    /// A warning names the packages that would have some.
    #[default]
    Leave,
    /// They are made for this user.
    Make,
}

/// The entries that records name, by the records' file names.
#[derive(Debug, Default)]
pub(crate) struct Recorded(BTreeMap<String, Vec<Tracker>>);

/// What the records of the environment at `prefix` say; one that is not there has none. Records that cannot be
/// read are reported by what lists them; one that names something else than menu entries is reported here, and
/// nothing of it is ever removed.
pub(crate) fn recorded(prefix: &Path, settings: &Settings, reporter: &dyn Reporter) -> Recorded {
    let mut recorded = Recorded::default();
    for (name, bytes) in records(prefix).unwrap_or_default() {
        let has_key = memchr::memmem::find(&bytes, KEY.as_bytes()).is_some();
        if !has_key {
            continue;
        }
        let record: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let trackers = record.get(KEY).cloned().unwrap_or_default();
        let Ok(trackers) = serde_json::from_value::<Vec<Tracker>>(trackers) else {
            report_damaged(&name, "what no tool writes", reporter);
            continue;
        };
        if !trackers.is_empty() && is_accepted(&trackers, &name, prefix, (settings, reporter)) {
            recorded.0.insert(name, trackers);
        }
    }
    recorded
}

/// Whether trackers name nothing but menu entries; if not, the user is told.
fn is_accepted(
    trackers: &[Tracker],
    record: &str,
    prefix: &Path,
    (settings, reporter): (&Settings, &dyn Reporter),
) -> bool {
    let places = MenuPlaces::new(settings);
    let mut checks = trackers.iter().map(|tracker| places.check(tracker, prefix));
    match checks.find_map(Result::err) {
        Some(named) => {
            report_damaged(record, &named, reporter);
            false
        }
        None => true,
    }
}

fn report_damaged(record: &str, named: &str, reporter: &dyn Reporter) {
    let text = format!(
        "the record conda-meta/{record} is damaged: as a menu entry it names {named}; nothing is removed \
         because of it"
    );
    reporter.warn("menus::damaged", text);
}

/// The records in `conda-meta`, by name; those that are no files of a sane size are left out.
fn records(prefix: &Path) -> Result<Vec<(String, Vec<u8>)>, PathError> {
    let Some(meta) = larder_link::open_conda_meta(prefix)? else {
        return Ok(Vec::new());
    };
    let mut records = Vec::new();
    for name in larder_link::record_names(prefix)? {
        if let Ok(bytes) = meta.read_regular(&name, larder_link::MAX_RECORD) {
            records.push((name, bytes));
        }
    }
    Ok(records)
}

impl Recorded {
    /// After a change of the environment at `prefix`: takes the entries of packages that went away.
    pub(crate) fn remove_gone(self, prefix: &Path, settings: &Settings, reporter: &dyn Reporter) {
        if self.0.is_empty() {
            return;
        }
        let after = recorded(prefix, settings, &SilentReporter);
        for (name, trackers) in self.0 {
            if after.0.contains_key(&name) {
                continue;
            }
            // Once more: what stood at these paths may have been replaced meanwhile.
            if !is_accepted(&trackers, &name, prefix, (settings, reporter)) {
                continue;
            }
            if let Err(error) = rattler_menuinst::remove_menu_items(&trackers) {
                let text = format!("menu entries of {name} are still there: {error}");
                reporter.warn("menus::remove", text);
            }
        }
    }
}

/// Makes the entries of packages in the environment at `prefix` that have none yet, and records them.
pub(crate) fn make(prefix: &Path, subdir: Subdir, settings: &Settings, reporter: &dyn Reporter) {
    if Subdir::current() != Some(subdir) {
        return;
    }
    let maker = Maker {
        prefix,
        subdir,
        settings,
    };
    for (file_name, bytes) in records(prefix).unwrap_or_default() {
        let Ok(record) = serde_json::from_slice::<Value>(&bytes) else {
            continue;
        };
        if let Err(problem) = maker.make(&file_name, record, reporter) {
            reporter.warn("menus::make", problem);
        }
    }
}

/// Makes entries of one environment.
struct Maker<'a> {
    prefix: &'a Path,
    subdir: Subdir,
    settings: &'a Settings,
}

impl Maker<'_> {
    fn make(
        &self,
        file_name: &str,
        mut record: Value,
        reporter: &dyn Reporter,
    ) -> Result<(), String> {
        let name = record
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let file = self.prefix.join("Menu").join(format!("{name}.json"));
        let has_some = record.get(KEY).and_then(Value::as_array);
        if has_some.is_some_and(|made| !made.is_empty()) || !file.is_file() {
            return Ok(());
        }
        let text = read_control_file(&file, MAX_SMALL, Links::Refuse);
        let text = text.map_err(|error| format!("{error}: {}", error.source))?;
        let text = String::from_utf8(text);
        let text = text.map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let shown = file.display();
        let Some(document) = Document::parse(&text).map_err(|error| format!("{shown}: {error}"))?
        else {
            reporter.note(format!("{shown} is of menuinst 1, for Windows alone"));
            return Ok(());
        };
        let base = roots(self.settings).into_iter().next();
        let base = base.unwrap_or_else(|| self.prefix.to_owned());
        let rendered = document.rendered(self.prefix, &base);
        let trackers = self
            .install(&rendered, &base)
            .map_err(|error| format!("no menu entries are made for {shown}: {error}"))?;
        if trackers.is_empty() {
            return Ok(());
        }
        let path = self.prefix.join("conda-meta").join(file_name);
        record[KEY] = serde_json::to_value(&trackers).map_err(|error| error.to_string())?;
        let written = write_atomic(&path, format!("{record:#}").as_bytes(), Durability::Flush);
        written.map_err(|error| {
            let _ = rattler_menuinst::remove_menu_items(&trackers);
            format!("no menu entries are made for {shown}: {error}")
        })
    }

    /// All of them or none.
    fn install(&self, text: &str, base: &Path) -> Result<Vec<Tracker>, String> {
        let file = self.prefix.join("conda-meta").join(".larder-menu");
        write_atomic(&file, text.as_bytes(), Durability::Lazy)
            .map_err(|error| error.to_string())?;
        let before = self.entries();
        let made = rattler_menuinst::install_menuitems(
            &file,
            self.prefix,
            base,
            self.subdir,
            MenuMode::User,
        );
        let _ = fs::remove_file(&file);
        made.map_err(|error| {
            for half_made in self.entries() {
                if !before.contains(&half_made) {
                    let _ = fs::remove_file(half_made);
                }
            }
            error.to_string()
        })
    }

    /// Where Linux keeps the entries of a user.
    fn entries(&self) -> Vec<PathBuf> {
        let data = self.settings.variables.get("XDG_DATA_HOME");
        let home = self.settings.home.as_ref();
        let data = match data.filter(|data| !data.is_empty()) {
            Some(data) => Some(PathBuf::from(data)),
            None => home.map(|home| home.join(".local/share")),
        };
        let entries = data.and_then(|data| fs::read_dir(data.join("applications")).ok());
        let entries = entries.into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }
}
