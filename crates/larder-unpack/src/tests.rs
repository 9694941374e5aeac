//! Unit tests of what decides over names and framing, without archives on disk.

mod identity;
mod links;
mod metadata;
mod rel_path;
mod tar_stream;
