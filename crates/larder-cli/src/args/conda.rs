//! conda's flags that larder has for conda's sake: those that it accepts and explains, and for those that it refuses
//! what to use instead. `CONDA.md` has the whole table; a test holds it against this.

use clap::Args;

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
        notes
    }
}

/// conda's flags that are refused, with what does the same or why nothing does.
const REFUSED: [(&str, &str); 25] = [
    (
        "--all",
        "`--yes` alone solves anew with `--refresh`; a lock is upgraded by `larder lock --upgrade`",
    ),
    (
        "--update-all",
        "`larder lock --upgrade`, then `larder env update`",
    ),
    (
        "--auth",
        "credentials are never written down: larder has them from its settings",
    ),
    (
        "--clone",
        "`larder env export -p OLD --format explicit -f explicit.txt`, then `larder create -p NEW -f explicit.txt`",
    ),
    ("--debug", "use -vv"),
    ("--trace", "use -vvv"),
    (
        "--debug-wrapper-scripts",
        "no wrapper script is made: the command runs in place of larder",
    ),
    ("--fields", "`--json` has every field"),
    ("--force", "`--yes` replaces an environment"),
    (
        "--force-reinstall",
        "`larder sync` links anew what has changed",
    ),
    (
        "--freeze-installed",
        "what is installed is not moved without need",
    ),
    (
        "--no-update-deps",
        "what is installed is not moved without need",
    ),
    (
        "--update-deps",
        "`larder lock --upgrade`, then `larder env update`",
    ),
    (
        "--update-specs",
        "what the file asks for is updated where it has to be",
    ),
    (
        "--satisfied-skip-solve",
        "nothing is solved where what is there is right already",
    ),
    (
        "--no-deps",
        "an environment without its dependencies does not work; an @EXPLICIT list (`create -f`) is taken as it is",
    ),
    ("--only-deps", "name the dependencies in environment.yml"),
    (
        "--no-pin",
        "remove `pinned_packages` from the configuration, or give another file by CONDARC",
    ),
    (
        "--override-platforms",
        "`--platform` alone says for which platforms",
    ),
    (
        "--platform",
        "an export says what is there; `larder lock --platform` solves for other subdirs",
    ),
    (
        "--subdir",
        "an export says what is there; `larder lock --platform` solves for other subdirs",
    ),
    (
        "--shortcuts-only",
        "`--shortcuts` makes those of all packages",
    ),
    (
        "--size",
        "`larder store list` and `larder store info` know sizes",
    ),
    (
        "--use-local",
        "name the directory of your builds: `-c file:///opt/conda/conda-bld`",
    ),
    ("--console", "how things look is larder's own"),
];

/// What to do without a flag of conda's.
pub(crate) fn hint_for(flag: &str) -> Option<&'static str> {
    let flag = match flag {
        "-S" => "--satisfied-skip-solve",
        flag => flag,
    };
    let known = REFUSED.iter().find(|(name, _)| *name == flag);
    known.map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests;
