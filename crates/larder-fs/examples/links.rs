//! The linking floor: directories made and files linked relative to directory handles, and nothing else.
//! Nothing is looked at, recorded, rewritten or flushed; what the benches hold a warm create against.
//!
//! `links THREADS SOURCE TARGET` links the tree of SOURCE to TARGET, which must not be there, and prints
//! the seconds that making directories and links took, without reading SOURCE.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring program"
)]

#[cfg(unix)]
fn main() {
    unix::main();
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod unix {
    use std::{
        ffi::OsString,
        fs,
        os::fd::{AsFd, OwnedFd},
        path::{Path, PathBuf},
        sync::atomic::{AtomicUsize, Ordering},
        time::Instant,
    };

    use rustix::fs::{AtFlags, Mode, OFlags, linkat, open};

    /// A directory and the files and links in it.
    struct Listed {
        path: PathBuf,
        names: Vec<OsString>,
    }

    pub(super) fn main() {
        let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        let threads: usize = arguments[0].to_string_lossy().parse().unwrap();
        let (source, target) = (Path::new(&arguments[1]), Path::new(&arguments[2]));
        let mut listed = Vec::new();
        list(source, PathBuf::new(), &mut listed);
        let start = Instant::now();
        for directory in &listed {
            fs::create_dir(target.join(&directory.path)).unwrap();
        }
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(directory) = listed.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let (from, to) =
                            (source.join(&directory.path), target.join(&directory.path));
                        link_all(opened(&from), opened(&to), &directory.names);
                    }
                });
            }
        });
        println!("{:.6}", start.elapsed().as_secs_f64());
    }

    fn list(root: &Path, path: PathBuf, listed: &mut Vec<Listed>) {
        let (mut names, mut below) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(root.join(&path)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                below.push(path.join(entry.file_name()));
            } else {
                names.push(entry.file_name());
            }
        }
        listed.push(Listed { path, names });
        for directory in below {
            list(root, directory, listed);
        }
    }

    fn opened(path: &Path) -> OwnedFd {
        open(
            path,
            OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .unwrap()
    }

    fn link_all(from: impl AsFd, to: impl AsFd, names: &[OsString]) {
        for name in names {
            linkat(&from, name, &to, name, AtFlags::empty()).unwrap();
        }
    }
}
