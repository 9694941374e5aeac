//! `larder store verify`.

use std::process::ExitCode;

use larder::{
    FindingState, Kind, StoreFinding, StoreVerifyOptions, StoreVerifyReport, What, verify_store,
};

use crate::{
    args::{GlobalArgs, StoreVerifyArgs},
    commands::{
        context::settings_with_store,
        frame::{self, awaited, exit_code},
    },
    environment::Environment,
    failure::Failure,
    output,
};

pub(super) fn verify(
    args: &StoreVerifyArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let mut settings = settings_with_store(global, environment)?;
    args.remote.open(&mut settings, environment)?;
    let options = StoreVerifyOptions {
        packages: args.packages.clone(),
        trees: args.trees,
        repair: args.repair,
    };
    let report = awaited(global, async |reporter| {
        verify_store(&options, &settings, reporter).await
    })?;
    frame::report(&report, global, |report| {
        for finding in &report.findings {
            output::lines(described(finding));
        }
        summary(report, args.repair, global.quiet);
    });
    Ok(exit_code(report.success, Kind::Damage))
}

fn described(finding: &StoreFinding) -> Vec<String> {
    let state = match finding.state {
        FindingState::Found => "damaged",
        FindingState::MovedAside => "moved aside",
        FindingState::Unmended => "NOT MENDED",
        FindingState::Healed => "healed",
    };
    let what = match finding.what {
        What::Archive => "archive",
        What::Permissions => "permissions of archive",
        What::Md5 => "entry of the MD5 index",
        What::Root => "record of an environment or lock",
        What::Stray => "stray file",
        What::Memo => "remembered solve",
        What::Index => "channel index",
        What::BuiltWheel => "built wheel",
        What::Tree => "tree",
        What::Format => "format of the store",
    };
    let name = finding.name.as_ref().map(|name| format!(" {name}"));
    let name = name.unwrap_or_default();
    let path = finding.path.display();
    let reason = finding.reason.as_ref();
    let mut lines = vec![format!("{state}: {what}{name} ({path}): {}", finding.fault)];
    lines.extend(reason.map(|reason| format!("  because: {reason}")));
    lines
}

fn summary(report: &StoreVerifyReport, repair: bool, is_quiet: bool) {
    let archives = usize::try_from(report.archives).unwrap_or(usize::MAX);
    let found = match report.findings.len() {
        0 => "nothing is damaged".to_owned(),
        number if report.success => format!("{} mended", output::count(number, "thing")),
        number => format!("{} not as they should be", output::count(number, "thing")),
    };
    let trees = match report.trees {
        0 => String::new(),
        number => format!(", {}", output::count(number, "tree")),
    };
    if !is_quiet {
        output::tell(format!(
            "read {} ({} whole), {} of indexes and solves{trees}: {found}",
            output::count(archives, "archive"),
            output::bytes(report.bytes),
            output::count(report.beside, "file"),
        ));
    }
    if !report.success && !repair {
        output::tell("`larder store verify --repair` fetches them again and sets the rest right");
    }
}
