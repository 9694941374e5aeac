//! Flags that change nothing here and have no use but to be accepted: a table makes them, so that each is one line.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// Flags, the name of their value (`-`: none) and why they change nothing, in each line.
const ACCEPTED: &str = include_str!("accepted.tsv");

/// Which flags of the table were given.
#[derive(Debug, Clone, Default)]
pub(crate) struct AcceptedArgs {
    given: Vec<AcceptedFlag>,
}

/// A flag of the table.
#[derive(Debug, Clone, Copy)]
struct AcceptedFlag {
    /// With its two dashes.
    name: &'static str,
    value: Option<&'static str>,
    text: &'static str,
}

/// Every flag of the table.
fn accepted_flags() -> impl Iterator<Item = AcceptedFlag> {
    let lines = ACCEPTED.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| {
        let mut columns = line.split('\t');
        let names = columns.next().unwrap_or_default().split(' ');
        let value = columns.next().filter(|value| *value != "-");
        let text = columns.next().unwrap_or_default();
        names.map(move |name| AcceptedFlag { name, value, text })
    })
}

impl AcceptedArgs {
    /// What to say of the flags that were given, a line each.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        let given = self.given.iter();
        given.map(|flag| format!("{}: {}", flag.name, flag.text))
    }
}

impl FromArgMatches for AcceptedArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_given = |flag: &AcceptedFlag| {
            let source = matches.value_source(flag.name);
            source == Some(clap::parser::ValueSource::CommandLine)
        };
        let given = accepted_flags().filter(is_given).collect();
        Ok(Self { given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for AcceptedArgs {
    fn augment_args(command: Command) -> Command {
        let arguments = accepted_flags().map(|flag| {
            let long = flag.name.trim_start_matches('-');
            let argument = Arg::new(flag.name).long(long).help(flag.text).hide(true);
            match flag.value {
                Some(value) => argument.value_name(value).action(ArgAction::Append),
                None => argument
                    .action(ArgAction::SetTrue)
                    .overrides_with(flag.name),
            }
        });
        command.args(arguments)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
