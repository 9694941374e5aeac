#![doc = include_str!("../../PACKS.md")]

mod collect;
mod error;
mod group;
mod index;
mod look;
mod member;
mod name;
mod put;
mod rules;
mod save_plan;
mod scopes;
mod send;
mod shelf;
mod table;
mod view;

pub use error::FormatError;
pub use index::{Index, PackEntry, Root};
pub use member::Member;
pub use name::{PackId, ParsePackIdError, ScopeId};
pub use rules::Rules;
pub use save_plan::{SavePlan, Wanted};
pub use scopes::PackScopes;
pub use shelf::{Packs, PacksOptions};
pub use table::Table;
pub use view::{Read, RestorePlan, View};

#[cfg(test)]
mod tests;
