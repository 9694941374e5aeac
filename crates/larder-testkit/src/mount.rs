//! Small file systems for one test: memory or a file, mounted, filled, made read-only, or without power.
//!
//! Linux, as root, with `mount`, `mkfs.*` and `python3`. Where one of these is missing, making a [`Mount`]
//! gives the reason, for a message that says why a test was skipped; it never panics for that.

use std::{fs, path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::must;

/// Room for a file system of each kind, xfs having the largest least size. The image is sparse.
const SIZE: u64 = 320 << 20;

/// What a power loss takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerLoss {
    /// All that was not flushed.
    Unflushed,
    /// The bytes that were not flushed; the names stay, as after the journal's next commit.
    BytesOnly,
}

/// A file system that is there until this is dropped.
#[derive(Debug)]
pub struct Mount {
    at: TempDir,
    device: String,
    arguments: Vec<String>,
    _image: Option<TempDir>,
}

impl Mount {
    /// Memory with room for so many bytes.
    ///
    /// # Errors
    /// Why nothing can be mounted here.
    pub fn memory(bytes: u64) -> Result<Self, String> {
        let arguments = vec![
            "-t".to_owned(),
            "tmpfs".to_owned(),
            "-o".to_owned(),
            format!("size={bytes},mode=0777"),
        ];
        Self::new("tmpfs", arguments, None)
    }

    /// A new file system in a file, made by this command with the file as its last argument:
    /// `["mkfs.ext4", "-q"]`.
    ///
    /// # Errors
    /// Why it cannot be made or mounted here.
    pub fn made_by(mkfs: &[&str]) -> Result<Self, String> {
        let directory = must(tempfile::tempdir(), "make a directory");
        let image = directory.path().join("image");
        let file = must(fs::File::create(&image), "make an image");
        must(file.set_len(SIZE), "make room for a file system");
        let (program, options) = mkfs.split_first().ok_or("no command")?;
        tried(Command::new(program).args(options).arg(&image))?;
        let arguments = vec!["-o".to_owned(), "loop".to_owned()];
        Self::new(&image.to_string_lossy(), arguments, Some(directory))
    }

    fn new(device: &str, arguments: Vec<String>, image: Option<TempDir>) -> Result<Self, String> {
        let base = must(std::env::temp_dir().canonicalize(), "find a directory");
        let at = tempfile::Builder::new()
            .prefix("larder-mount-")
            .tempdir_in(base);
        let mount = Self {
            at: must(at, "make a directory"),
            device: device.to_owned(),
            arguments,
            _image: image,
        };
        mount.mount()?;
        Ok(mount)
    }

    fn mount(&self) -> Result<(), String> {
        let mut command = Command::new("mount");
        command.args(&self.arguments).arg(&self.device);
        tried(command.arg(self.path()))
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.at.path().to_owned()
    }

    /// Lets nobody write, or everybody again.
    pub fn set_read_only(&self, read_only: bool) {
        let option = match read_only {
            true => "remount,ro",
            false => "remount,rw",
        };
        let mut command = Command::new("mount");
        let done = tried(command.args(["-o", option]).arg(self.path()));
        must(done, option);
    }

    /// Gives memory room for so many bytes in all.
    pub fn resize(&self, bytes: u64) {
        let option = format!("remount,size={bytes}");
        let mut command = Command::new("mount");
        must(
            tried(command.args(["-o", &option]).arg(self.path())),
            option,
        );
    }

    /// Writes everything to the device.
    pub fn flush(&self) {
        must(
            tried(Command::new("sync").arg("-f").arg(self.path())),
            "flush",
        );
    }

    /// Takes the power away and gives it back: the file system stops at once, is unmounted, and mounted again
    /// as after a start of the machine.
    ///
    /// # Errors
    /// If the file system cannot be stopped.
    pub fn lose_power(&self, loss: PowerLoss) -> Result<(), String> {
        // FS_IOC_SHUTDOWN with FS_SHUTDOWN_FLAGS_NOLOGFLUSH or _LOGFLUSH.
        let flag = match loss {
            PowerLoss::Unflushed => 2,
            PowerLoss::BytesOnly => 1,
        };
        let script = format!(
            "import fcntl, os, struct, sys\n\
             fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', {flag}))\n"
        );
        let mut python = Command::new("python3");
        tried(python.args(["-c", &script]).arg(self.path()))?;
        tried(Command::new("umount").arg(self.path()))?;
        self.mount()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a process that still has a file there must not keep the test from ending.
        let _ = tried(Command::new("umount").arg("-l").arg(self.path()));
    }
}

/// Runs a command, or says why it failed.
fn tried(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.env("LC_ALL", "C").output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let text = String::from_utf8_lossy(&output.stderr);
            Err(format!("{program}: {}", text.trim()))
        }
    }
}
