//! Which recorded menu entries may be removed.
//!
//! A record is hostile input, and menuinst removes whatever a tracker names: files, and whole directories
//! (`remove_dir_all` of the parent of each of `registered_mime_files`). So a tracker counts only if it names
//! nothing but what making an entry creates: a file directly in one of the few directories that entries go
//! to, or, for MIME types, in a directory of its own directly below `Menu/registered-mimetypes` of the
//! environment. Anything else is a damaged record: it is said so, and nothing of it is removed.

use std::path::{Path, PathBuf};

use larder_fs::Dir;
use rattler_conda_types::menuinst::{
    LinuxTracker, MacOsTracker, MenuMode, Tracker, WindowsTracker,
};

use crate::Settings;

const MIME_DIRECTORY: &str = "Menu/registered-mimetypes";
/// No package has so many entries.
const MOST: usize = 1000;

/// The directories in which entries of this user are made, as menuinst finds them.
#[derive(Debug)]
pub(super) struct MenuPlaces {
    data: Option<PathBuf>,
    config: Option<PathBuf>,
    home: Option<PathBuf>,
    roaming: Option<PathBuf>,
    local: Option<PathBuf>,
}

impl MenuPlaces {
    pub(super) fn new(settings: &Settings) -> Self {
        let home = settings.home.clone();
        // As `dirs`: a relative path in such a variable does not count.
        let variable = |name: &str| {
            let path = settings.variables.get(name).map(PathBuf::from);
            path.filter(|path| path.is_absolute())
        };
        let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
        Self {
            data: variable("XDG_DATA_HOME").or_else(|| below_home(".local/share")),
            config: variable("XDG_CONFIG_HOME").or_else(|| below_home(".config")),
            roaming: variable("APPDATA"),
            local: variable("LOCALAPPDATA"),
            home,
        }
    }

    /// Checks that a tracker of a package in `prefix` names nothing but menu entries.
    ///
    /// # Errors
    /// What it names besides.
    pub(super) fn check(&self, tracker: &Tracker, prefix: &Path) -> Result<(), String> {
        match tracker {
            Tracker::Linux(tracker) => self.check_linux(tracker, prefix),
            Tracker::MacOs(tracker) => self.check_macos(tracker),
            Tracker::Windows(tracker) => self.check_windows(tracker),
        }
    }

    fn check_linux(&self, tracker: &LinuxTracker, prefix: &Path) -> Result<(), String> {
        check_mode(tracker.install_mode)?;
        check_count(tracker.paths.len() + tracker.registered_mime_files.len())?;
        let is_entry = |path: &&PathBuf| {
            is_directly_in(path, self.data.as_deref(), "applications", "desktop")
                || is_directly_in(path, self.data.as_deref(), "mime/packages", "xml")
        };
        check_all(&tracker.paths, |path| is_entry(&path))?;
        check_all(&tracker.registered_mime_files, |path| {
            is_mime_file(path, prefix)
        })?;
        let Some(mime) = &tracker.mime_types else {
            return Ok(());
        };
        let is = |path: &Path, directory: Option<&PathBuf>, name: &str| {
            directory.is_some_and(|directory| path == directory.join(name))
        };
        check_all([&mime.config_file], |path| {
            is(path, self.config.as_ref(), "mimeapps.list")
        })?;
        check_all([&mime.database_path], |path| {
            is(path, self.data.as_ref(), "mime")
        })?;
        let is_text = |text: &String| !text.is_empty() && !text.chars().any(char::is_control);
        match mime
            .mime_types
            .iter()
            .chain([&mime.application])
            .all(is_text)
        {
            true => Ok(()),
            false => Err("a MIME type or application with a control character".into()),
        }
    }

    fn check_macos(&self, tracker: &MacOsTracker) -> Result<(), String> {
        let is_app =
            |path: &PathBuf| is_directly_in(path, self.home.as_deref(), "Applications", "app");
        let is_link = tracker.app_folder.is_symlink();
        check_all([&tracker.app_folder], |path| is_app(path) && !is_link)?;
        check_all(&tracker.lsregister, |path| is_app(path))
    }

    fn check_windows(&self, tracker: &WindowsTracker) -> Result<(), String> {
        check_mode(tracker.menu_mode)?;
        check_count(tracker.shortcuts.len())?;
        const PROGRAMS: &str = "Microsoft/Windows/Start Menu/Programs";
        let roaming = self.roaming.as_deref();
        let programs = roaming.map(|roaming| roaming.join(PROGRAMS));
        let menu = tracker.start_menu_subdir_path.as_deref();
        let is_below = |path: &Path| path.parent() == programs.as_deref() && programs.is_some();
        check_all(&tracker.start_menu_subdir_path, |path| {
            is_below(path) && has_plain_name(path) && !path.is_symlink()
        })?;
        check_all(&tracker.shortcuts, |path| {
            is_directly_in(path, roaming, PROGRAMS, "lnk")
                || is_directly_in(path, menu, "", "lnk")
                || is_directly_in(path, self.home.as_deref(), "Desktop", "lnk")
                || is_directly_in(
                    path,
                    roaming,
                    "Microsoft/Internet Explorer/Quick Launch",
                    "lnk",
                )
        })?;
        // These are names of keys below the user's classes in the registry.
        let extensions = tracker.file_extensions.iter();
        let extensions = extensions.flat_map(|known| [&known.extension, &known.identifier]);
        let protocols = tracker.url_protocols.iter();
        let protocols = protocols.flat_map(|known| [&known.protocol, &known.identifier]);
        let is_key = |text: &&String| !text.is_empty() && !text.contains(['\\', '/', '*', '\0']);
        if !extensions.chain(protocols).all(|text| is_key(&text)) {
            return Err("a key of the registry that is no file type or protocol".into());
        }
        let profiles = tracker.terminal_profiles.iter();
        let files: Vec<&PathBuf> = profiles.map(|known| &known.configuration_file).collect();
        check_all(files, |path| {
            let local = self.local.as_deref();
            let is_settings = path.file_name().is_some_and(|name| name == "settings.json");
            is_settings && has_no_way_up(path) && local.is_some_and(|local| path.starts_with(local))
        })
    }
}

/// larder makes entries of a user alone, and removing those of the system needs its administrator.
fn check_mode(mode: MenuMode) -> Result<(), String> {
    match mode {
        MenuMode::User => Ok(()),
        MenuMode::System => Err("entries of the whole system".into()),
    }
}

fn check_count(count: usize) -> Result<(), String> {
    match count {
        0..=MOST => Ok(()),
        count => Err(format!("{count} files, more than {MOST}")),
    }
}

fn check_all<'p>(
    paths: impl IntoIterator<Item = &'p PathBuf>,
    is_right: impl Fn(&PathBuf) -> bool,
) -> Result<(), String> {
    match paths.into_iter().find(|path| !is_right(path)) {
        Some(path) => Err(format!("`{}`", path.display().to_string().escape_debug())),
        None => Ok(()),
    }
}

/// Whether a path is a file directly in a directory, by its text: without `..`, and with this extension.
fn is_directly_in(path: &Path, base: Option<&Path>, below: &str, extension: &str) -> bool {
    let Some(base) = base else {
        return false;
    };
    let directory = match below {
        "" => base.to_owned(),
        below => base.join(below),
    };
    path.parent() == Some(&directory)
        && has_plain_name(path)
        && path.extension().is_some_and(|found| found == extension)
}

fn has_plain_name(path: &Path) -> bool {
    let is_plain = |name: &std::ffi::OsStr| {
        let name = name.to_string_lossy();
        !name.chars().any(char::is_control)
    };
    // Of a path that ends with `..` there is no name.
    path.file_name().is_some_and(is_plain) && has_no_way_up(path)
}

fn has_no_way_up(path: &Path) -> bool {
    !path
        .components()
        .any(|component| component == std::path::Component::ParentDir)
}

/// Whether a path is `PREFIX/Menu/registered-mimetypes/NAME/FILE.xml`, with no link on the way: its parent is
/// removed with all that is in it. One that is gone with its environment harms nobody.
fn is_mime_file(path: &Path, prefix: &Path) -> bool {
    let Some(directory) = path.parent() else {
        return false;
    };
    let root = prefix.join(MIME_DIRECTORY);
    if directory.parent() != Some(&root)
        || !has_plain_name(path)
        || !has_plain_name(directory)
        || path.extension().is_none_or(|extension| extension != "xml")
    {
        return false;
    }
    let Some(name) = directory.file_name() else {
        return false;
    };
    let open = Dir::open(prefix)
        .and_then(|prefix| prefix.open_below(MIME_DIRECTORY))
        .and_then(|root| root.open_dir(name));
    match open {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use rattler_conda_types::menuinst::LinuxRegisteredMimeFile;

    use super::*;

    fn is_accepted(tracker: LinuxTracker, home: &Path, prefix: &Path) -> bool {
        let settings = Settings {
            home: Some(home.to_owned()),
            ..Settings::default()
        };
        let places = MenuPlaces::new(&settings);
        places.check(&Tracker::Linux(tracker), prefix).is_ok()
    }

    #[test]
    fn only_files_directly_in_the_directories_of_entries_are_accepted() {
        let place = tempfile::tempdir().unwrap();
        let (home, prefix) = (place.path().join("home"), place.path().join("env"));
        let own = prefix.join("Menu/registered-mimetypes/.tmp1");
        fs::create_dir_all(&own).unwrap();
        std::os::unix::fs::symlink(&home, prefix.join("Menu/registered-mimetypes/out")).unwrap();
        let path = |text: &str| {
            let text = text.replace("HOME", &home.to_string_lossy());
            PathBuf::from(text.replace("PREFIX", &prefix.to_string_lossy()))
        };
        let of_path = |text: &str| LinuxTracker {
            paths: vec![path(text)],
            ..LinuxTracker::default()
        };
        let of_mime = |text: &str| LinuxTracker {
            registered_mime_files: vec![path(text)],
            ..LinuxTracker::default()
        };
        for right in [
            "HOME/.local/share/applications/a_b.desktop",
            "HOME/.local/share/mime/packages/a.xml",
        ] {
            assert!(is_accepted(of_path(right), &home, &prefix), "{right}");
            assert!(!is_accepted(of_mime(right), &home, &prefix), "{right}");
        }
        assert!(is_accepted(
            of_mime("PREFIX/Menu/registered-mimetypes/.tmp1/a.xml"),
            &home,
            &prefix
        ));
        for wrong in [
            "HOME/precious",
            "HOME/.bashrc",
            "HOME/.local/share/applications",
            "HOME/.local/share/applications/../../../x.desktop",
            "HOME/.local/share/applications/deep/x.desktop",
            "HOME/.local/share/applications/x.sh",
            "HOME/.local/share/applications/..",
            ".local/share/applications/x.desktop",
            "/x.desktop",
            "",
            "PREFIX/Menu/registered-mimetypes/a.xml",
            "PREFIX/Menu/registered-mimetypes/../a.xml",
            "PREFIX/Menu/registered-mimetypes/../../a.xml",
            "PREFIX/Menu/registered-mimetypes/out/a.xml",
            "PREFIX/Menu/registered-mimetypes/.tmp1/deep/a.xml",
            "PREFIX/Menu/registered-mimetypes/.tmp1/..",
            "PREFIX/bin/x.xml",
        ] {
            assert!(!is_accepted(of_path(wrong), &home, &prefix), "{wrong}");
            assert!(!is_accepted(of_mime(wrong), &home, &prefix), "{wrong}");
        }
        let mime = |config: &str, database: &str| LinuxTracker {
            mime_types: Some(LinuxRegisteredMimeFile {
                application: "a".into(),
                database_path: path(database),
                config_file: path(config),
                mime_types: vec!["text/x".into()],
            }),
            ..LinuxTracker::default()
        };
        let (config, database) = ("HOME/.config/mimeapps.list", "HOME/.local/share/mime");
        assert!(is_accepted(mime(config, database), &home, &prefix));
        assert!(!is_accepted(mime("HOME/.bashrc", database), &home, &prefix));
        assert!(!is_accepted(mime(config, "HOME/precious"), &home, &prefix));
        let system = LinuxTracker {
            install_mode: MenuMode::System,
            ..LinuxTracker::default()
        };
        assert!(!is_accepted(system, &home, &prefix));
    }
}
