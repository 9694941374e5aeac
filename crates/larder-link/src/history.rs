//! `conda-meta/history`: one action block (CEP 32), in the form that conda reads back.

use std::fmt::Write as _;

use crate::{Installed, LinkOptions, LinkPackage, LinkPlan, channel};

/// What one operation did, for its block.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// `channel/subdir::name-version-build`.
    pub(crate) linked: Vec<String>,
    pub(crate) unlinked: Vec<String>,
}

impl Changes {
    pub(crate) fn link(&mut self, package: &LinkPackage<'_>) {
        let (channel, subdir) = (channel::name(package), &package.record().subdir);
        self.linked
            .push(format!("{channel}/{subdir}::{}", package.dist()));
    }

    pub(crate) fn unlink(&mut self, package: &Installed) {
        let channel = channel::name_of_installed(package);
        let dist = package.dist();
        self.unlinked
            .push(format!("{channel}/{}::{dist}", package.subdir));
    }
}

/// The block of a new environment.
pub(crate) fn history(plan: &LinkPlan<'_>, options: &LinkOptions) -> String {
    let mut changes = Changes::default();
    plan.packages().for_each(|package| changes.link(&package));
    block(changes, options)
}

/// One block: conda reads the packages that go before those that come.
pub(crate) fn block(mut changes: Changes, options: &LinkOptions) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("==> {} <==", options.timestamp));
    line(
        &mut text,
        format_args!("# cmd: {}", one_line(&options.command_line)),
    );
    line(
        &mut text,
        format_args!("# {} version: {}", options.tool, options.version),
    );
    changes.unlinked.sort();
    changes.linked.sort();
    for package in changes.unlinked {
        line(&mut text, format_args!("-{package}"));
    }
    for package in changes.linked {
        line(&mut text, format_args!("+{package}"));
    }
    if !options.update_specs.is_empty() {
        let specs: Vec<String> = options
            .update_specs
            .iter()
            .map(|spec| quoted(spec))
            .collect();
        line(
            &mut text,
            format_args!("# update specs: [{}]", specs.join(", ")),
        );
    }
    text
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{arguments}");
}

/// A command may have line breaks in its arguments; a comment must not.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// A Python string literal: conda reads the list of specs as one.
pub(crate) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut literal = String::from(quote);
    for character in text.chars() {
        match character {
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\\' => literal.push_str("\\\\"),
            character => {
                if character == quote {
                    literal.push('\\');
                }
                literal.push(character);
            }
        }
    }
    literal.push(quote);
    literal
}
