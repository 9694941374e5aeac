//! `larder ci`, the action and the templates: the shipped text is what is run, with the services' variables set,
//! on a machine that is new each time.

mod action;
mod github;
mod inputs;
mod install;
mod readme;
mod runner;
mod several;
mod templates;
mod yaml;

pub(crate) use runner::pairs;
