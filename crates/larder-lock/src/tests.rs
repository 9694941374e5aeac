//! Tests of the lock as a whole, through the public interface.

mod cep37;
mod fuzz;
mod refusals;
mod round_trip;
mod satisfy;
mod support;
