//! The unpacking floor: archives decompressed and written by some threads, and nothing else. Nothing is
//! hashed, checked, rewritten or recorded; what the benches hold larder against.
//!
//! `floor THREADS DIRECTORY ARCHIVE...` writes each archive below a directory of its own.
#![expect(
    clippy::unwrap_used,
    reason = "a measuring program on archives that are known to be good"
)]

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

const BUFFER: usize = 256 << 10;

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let threads: usize = arguments.next().unwrap().to_string_lossy().parse().unwrap();
    let target = PathBuf::from(arguments.next().unwrap());
    let mut archives: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    archives.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).unwrap().len()));
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(archive) = archives.get(index) else {
                        return;
                    };
                    unpack(archive, &target.join(index.to_string()));
                }
            });
        }
    });
}

fn unpack(archive: &Path, target: &Path) {
    let file = BufReader::with_capacity(BUFFER, File::open(archive).unwrap());
    if archive
        .extension()
        .is_some_and(|extension| extension == "bz2")
    {
        return write(bzip2::bufread::MultiBzDecoder::new(file), target);
    }
    let mut zip = zip::ZipArchive::new(file).unwrap();
    for index in 0..zip.len() {
        let member = zip.by_index(index).unwrap();
        if member.name().unwrap().ends_with(".tar.zst") {
            let bytes = BufReader::with_capacity(BUFFER, member);
            write(zstd::Decoder::with_buffer(bytes).unwrap(), target);
        }
    }
}

fn write(stream: impl Read, target: &Path) {
    let mut made = HashSet::new();
    let mut archive = tar::Archive::new(BufReader::with_capacity(BUFFER, stream));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = target.join(entry.path().unwrap());
        let parent = path.parent().unwrap();
        if made.insert(parent.to_owned()) {
            fs::create_dir_all(parent).unwrap();
        }
        let kind = entry.header().entry_type();
        if kind.is_file() {
            io::copy(&mut entry, &mut File::create_new(&path).unwrap()).unwrap();
        } else if kind.is_symlink() {
            make_link(&entry.link_name().unwrap().unwrap(), &path);
        }
    }
}

#[cfg(unix)]
fn make_link(target: &Path, path: &Path) {
    std::os::unix::fs::symlink(target, path).unwrap();
}

#[cfg(not(unix))]
fn make_link(_target: &Path, path: &Path) {
    File::create_new(path).unwrap();
}
