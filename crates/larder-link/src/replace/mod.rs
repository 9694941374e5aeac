//! Writing the prefix into a file in place of the placeholder that it was built with (CEP 34,
//! `prefix_placeholder`; the details are conda's, which the CEP leaves open).
//!
//! Pure functions from bytes to bytes. They never open a file and never fail on strange content.

mod binary;
mod encoding;
mod shebang;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use binary::{PrefixTooLong, replace_binary};
pub(crate) use text::{GrowsTooMuch, replace_text};
pub use text::{TEXT_GROWTH, TEXT_GROWTH_FLOOR};
