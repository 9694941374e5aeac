//! Flags of conda and micromamba that larder has for their users' sake: those that it accepts and explains, and for
//! those that it refuses what to use instead. `CONDA.md` has the whole table; a test compares it with this.

use clap::Args;

mod accepted;

use accepted::AcceptedArgs;

/// conda's flags that change little or nothing here. A word on stderr says why.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "For conda's sake")]
pub(crate) struct CondaArgs {
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
    /// Indexes are revalidated, which costs one small request each; `--offline` does without
    #[arg(short = 'C', long, hide_short_help = true)]
    use_index_cache: bool,
    /// Let any server pass for any other: certificates are not checked
    #[arg(short = 'k', long, hide_short_help = true)]
    pub(crate) insecure: bool,
    /// The full index is always used
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    repodata_fn: Vec<String>,
    /// Shards and compressed indexes are used where a channel has them
    #[arg(long, value_name = "FEATURE", hide_short_help = true)]
    experimental: Vec<String>,
    /// See --experimental
    #[arg(long, hide_short_help = true)]
    repodata_use_zst: bool,
    /// See --experimental
    #[arg(long, hide_short_help = true)]
    no_repodata_use_zst: bool,
    /// See --experimental
    #[arg(long, hide_short_help = true)]
    repodata_use_shards: bool,
    /// See --experimental
    #[arg(long, hide_short_help = true)]
    no_repodata_use_shards: bool,
    /// What a file is, its contents say
    #[arg(long, visible_aliases = ["env-spec", "environment-specifier"], value_name = "FORMAT", hide_short_help = true)]
    format: Option<String>,
    /// Nothing of larder's runs in Python
    #[arg(long, hide_short_help = true)]
    dev: bool,
    /// Make the packages' menu entries (CEP 11)
    #[arg(long, overrides_with = "no_shortcuts", hide_short_help = true)]
    pub(crate) shortcuts: bool,
    /// Make no menu entries [default]
    #[arg(long, hide_short_help = true)]
    no_shortcuts: bool,
    /// How things look is larder's own
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    console: Option<String>,
    #[command(flatten)]
    accepted: AcceptedArgs,
}

/// `--solver`, which conda has for every command.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SolverArgs {
    /// There is one solver, resolvo
    #[arg(
        long,
        value_name = "NAME",
        hide_short_help = true,
        help_heading = "For conda's sake"
    )]
    solver: Option<String>,
}

impl SolverArgs {
    /// What to say of the flags that were given.
    pub(crate) fn notes(&self) -> Vec<String> {
        let solver = self.solver.iter();
        solver
            .map(|name| format!("--solver {name}: larder has one solver, resolvo, and uses it"))
            .collect()
    }
}

impl CondaArgs {
    /// What to say of the flags that were given, a line each.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = self.solver.notes();
        let mut say = |is_given: bool, text: &str| {
            if is_given {
                notes.push(text.to_owned());
            }
        };
        let zst = self.repodata_use_zst || self.no_repodata_use_zst;
        let shards = self.repodata_use_shards || self.no_repodata_use_shards;
        say(
            self.insecure,
            "--insecure: any server can pass for any other, as certificates are not checked",
        );
        say(
            self.use_index_cache,
            "--use-index-cache: indexes are revalidated, which costs one small request each; `--offline` does without",
        );
        say(
            !self.repodata_fn.is_empty(),
            "--repodata-fn: the full index is used",
        );
        say(
            !self.experimental.is_empty() || zst || shards,
            "shards and compressed indexes are used where a channel has them",
        );
        say(
            self.format.is_some(),
            "--format: what a file is, its contents say",
        );
        say(self.dev, "--dev: nothing of larder's runs in Python");
        say(
            self.console.is_some(),
            "--console: how things look is larder's own",
        );
        notes.extend(self.accepted.notes());
        notes
    }
}

/// What to use instead of flags that larder does not have: commands, flags and a hint in each line.
const REFUSED: &str = include_str!("conda/refused.tsv");
/// What to use instead of commands that larder does not have: their names and a hint in each line.
const COMMANDS: &str = include_str!("conda/commands.tsv");

/// The rows of one of the tables above, without its comments.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect())
}

/// What to do without a flag of conda's or micromamba's that `command` (`env create`) does not have. A row for
/// the command counts before one for every command.
pub(crate) fn hint_for_flag(command: &str, flag: &str) -> Option<&'static str> {
    let find = |command: &str| {
        rows(REFUSED).find_map(|row| {
            let [commands, flags, hint] = row[..] else {
                return None;
            };
            let is_meant = commands.split(',').any(|name| name == command)
                && flags.split(' ').any(|name| name == flag);
            is_meant.then_some(hint)
        })
    };
    find(command).or_else(|| find("*"))
}

/// What larder has for a command of conda's or micromamba's.
pub(crate) fn hint_for_command(command: &str) -> Option<&'static str> {
    rows(COMMANDS).find_map(|row| {
        let [commands, hint] = row[..] else {
            return None;
        };
        commands
            .split(' ')
            .any(|name| name == command)
            .then_some(hint)
    })
}

#[cfg(test)]
mod tests;
