//! The modules of larder-share that read what a remote says, and not their crate: that one stands on network
//! clients, which take minutes to build.
#![allow(dead_code, reason = "parts of a crate")]

#[path = "../../../crates/larder-share/src/packs/error.rs"]
mod error;
#[path = "../../../crates/larder-share/src/packs/index.rs"]
mod index;
#[path = "../../../crates/larder-share/src/packs/member.rs"]
mod member;
#[path = "../../../crates/larder-share/src/packs/name.rs"]
mod name;
#[path = "../../../crates/larder-share/src/packs/rules.rs"]
mod rules;
#[path = "../../../crates/larder-share/src/packs/table.rs"]
mod table;
#[path = "../../../crates/larder-share/src/packs/view.rs"]
mod view;

pub use error::FormatError;
pub use index::{Index, PackEntry, Root};
pub use member::Member;
pub use name::{PackId, ScopeId};
pub use rules::Rules;
pub use table::Table;
pub use view::View;
