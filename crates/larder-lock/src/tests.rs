//! Tests of the lock as a whole, through the public interface.

mod cep37_metadata;
mod cep37_package;
mod edited;
mod fuzz;
mod other_ceps;
mod refusals;
mod round_trip;
mod satisfy;
pub(crate) mod support;
