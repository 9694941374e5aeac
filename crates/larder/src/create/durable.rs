//! What outlives a run, and what of it survives a power loss: a caller's wishes, made decisions.

use larder_fs::Durability;

use super::CreateOptions;

/// Whether trees outlive the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ephemeral {
    /// Trees are kept and used by the next run on this machine.
    #[default]
    No,
    /// The machine is thrown away after the job: nothing but the environment and the store is left.
    Yes,
}

/// Whether an environment is whole, the old or the new one, whenever the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durable {
    /// [`Durable::Whole`], unless the machine is thrown away.
    #[default]
    Auto,
    /// It is; where the file system keeps order, the old one may be back right after the run as well.
    Whole,
    /// It is, and is the new one when the run has ended: its file system is flushed.
    Yes,
    /// It may hold empty files then.
    No,
}

impl Durable {
    /// The same, whatever becomes of `ephemeral` later.
    pub(crate) fn decided(self, ephemeral: Ephemeral) -> Self {
        match (self, ephemeral) {
            (Self::Auto, Ephemeral::Yes) => Self::No,
            (Self::Auto, Ephemeral::No) => Self::Whole,
            _ => self,
        }
    }
}

impl CreateOptions {
    /// How environments are made.
    pub(crate) fn durability(&self) -> Durability {
        match self.durable.decided(self.ephemeral) {
            Durable::No => Durability::Lazy,
            Durable::Auto | Durable::Whole => Durability::Ordered,
            Durable::Yes => Durability::Flush,
        }
    }
}

impl Ephemeral {
    /// How the store is written: on a machine that is thrown away nothing has to survive a power loss.
    pub(crate) fn durability(self) -> Durability {
        match self {
            Self::Yes => Durability::Lazy,
            Self::No => Durability::Flush,
        }
    }
}
