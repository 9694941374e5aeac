//! Unit tests: names, URLs, kept indexes and what arrives from channels.

mod cache;
mod channels;
mod local;
mod log;
mod memo;
mod mend;
mod pool;
mod suggestions;
mod tidy;
mod unfit;
