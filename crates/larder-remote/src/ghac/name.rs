//! How objects' names are keys of entries, and back.
//!
//! A key may have 512 characters and no comma, and any read of a key finds what only begins with it too.
//! So commas become `;`, which no name has, and a `~` says where a name ends. A name that is too long is
//! known by its hash alone: it is found whole and in no other way.

use larder_digest::Hasher;

use crate::ObjectName;

/// What the service takes.
const MAX_KEY: usize = 512;
const END: char = '~';
/// In front of a hash. No name begins like this.
const HASHED: char = '#';

/// The key of an object.
pub(super) fn key(name: &ObjectName) -> String {
    let key = format!("{}{END}", beginning(name.as_str()));
    if key.len() <= MAX_KEY {
        return key;
    }
    let mut hasher = Hasher::sha256();
    hasher.update(name.as_str().as_bytes());
    format!("{HASHED}{}{END}", hasher.finish().sha256.to_hex())
}

/// What the keys of all objects begin with whose names begin with this text.
pub(super) fn beginning(prefix: &str) -> String {
    prefix.replace(',', ";")
}

/// The object of a key; `None` if it is not one of ours, or was too long.
pub(super) fn name(key: &str) -> Option<ObjectName> {
    let name = key.strip_suffix(END)?;
    ObjectName::new(name.replace(';', ",")).ok()
}

#[cfg(test)]
mod tests;
