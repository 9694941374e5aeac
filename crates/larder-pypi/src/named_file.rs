//! Files and variables that lines of a `pip:` section name. A section may come with a pull request, so neither may
//! bring what is the user's alone before anybody's eyes.

use std::{io, path::Path};

use crate::REQUIREMENTS_BYTES;

/// Reads a file that a line names. The kernel's files look regular, and have variables and command lines of processes in
/// them: they are refused, through links as well.
///
/// # Errors
/// If it cannot be read, is no regular file, or is larger than [`REQUIREMENTS_BYTES`].
pub(crate) fn read_named_file(path: &Path) -> io::Result<Vec<u8>> {
    const KERNEL: [&str; 3] = ["/proc", "/sys", "/dev"];
    match path.canonicalize() {
        Ok(real) if KERNEL.iter().any(|place| real.starts_with(place)) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a file of the kernel",
        )),
        _ => larder_fs::read_user_file(path, REQUIREMENTS_BYTES),
    }
}

/// Whether a file is none of those beside or below the manifest, wherever links lead.
pub(crate) fn is_outside(path: &Path, directory: &Path) -> bool {
    match (path.canonicalize(), directory.canonicalize()) {
        (Ok(path), Ok(directory)) => !path.starts_with(directory),
        _ => true,
    }
}

/// A variable that uv and pip would expand (`${NAME}`) in a URL elsewhere than in its user and password: its value
/// would be sent, as a name to look up even, and be shown. Nor may one be there that is a credential of a service.
pub(crate) fn sent_variable(line: &str) -> Option<&str> {
    let mut from = 0;
    while let Some(found) = line[from..].find("${") {
        let start = from + found;
        let end = start + line[start..].find('}')?;
        let (name, before) = (&line[start + 2..end], &line[..start]);
        let word = &before[before.rfind(char::is_whitespace).map_or(0, |at| at + 1)..];
        // A variable in front may bring the scheme: `${GITHUB_SERVER_URL}.evil.test/${MY_TOKEN}`.
        if word.contains("${") && !word.contains("://") {
            return Some(name);
        }
        if let Some((scheme, authority)) = word.split_once("://")
            && !scheme.ends_with("file")
        {
            let is_user = !authority.contains(['/', '?', '#', '@'])
                && line[end..]
                    .split(['/', '?', '#', ' '])
                    .next()
                    .is_some_and(|rest| rest.contains('@'));
            if !is_user || larder_redact::is_service_credential(name) {
                return Some(name);
            }
        }
        from = end;
    }
    None
}
