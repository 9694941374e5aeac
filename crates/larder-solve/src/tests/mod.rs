//! Unit tests: names, URLs, kept indexes and what arrives from channels.

mod cache;
mod channels;
mod mend;
mod suggestions;
mod tidy;
mod unfit;
