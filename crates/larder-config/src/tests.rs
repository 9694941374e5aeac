//! The table against conda's own, files and variables through the whole of [`load`](crate::load()).

mod fixture;
mod merging;
mod places;
mod table;
