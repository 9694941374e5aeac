//! The same answers as rattler's own solver, on records of conda-forge.

use larder_lock::Closure;
use larder_solve::{
    CutOffs, Priority, Requested, SolveRequest, Solver, SolverOptions, Strategy,
    virtual_packages::{Host, Overrides, detect},
};
use larder_testkit::{Server, shared_data};
use rattler_conda_types::{GenericVirtualPackage, MatchSpec, RepoDataRecord, Subdir};
use rattler_repodata_gateway::Gateway;
use rattler_solve::{SolverImpl as _, SolverTask, resolvo};

use crate::support::{Lab, SILENT, block_on, channel, spec};

const WANTED: [&str; 6] = [
    "python=3.11",
    "numpy",
    "pandas",
    "scikit-learn",
    "matplotlib",
    "jupyter",
];

/// Varied wishes: bounds, builds, globs, old and new versions, languages.
const MANIFESTS: [&[&str]; 10] = [
    &["python=3.12", "numpy"],
    &["python >=3.10,<3.12", "pandas <3", "scipy"],
    &["python=3.11", "scikit-learn", "lightgbm"],
    &["polars", "pyarrow"],
    &["python", "requests", "flask", "click"],
    &["python=3.10", "jupyterlab", "ipython"],
    &["python=3.11", "geopandas", "plotly"],
    &["nodejs"],
    &["python=3.12", "pytest", "ruff", "mypy", "rich", "tqdm"],
    &["python=3.11", "pillow", "networkx", "sympy", "fastapi"],
];

/// The records that rattler's gateway and solver choose, sorted by package name, if there are any.
async fn rattler_s_choice(
    url: &str,
    wanted: &[&str],
    subdir: Subdir,
    virtual_packages: &[GenericVirtualPackage],
) -> Option<Vec<RepoDataRecord>> {
    let scratch = tempfile::TempDir::new().unwrap();
    let gateway = Gateway::builder().with_cache_dir(scratch.path()).finish();
    let specs: Vec<MatchSpec> = wanted.iter().map(|text| spec(text)).collect();
    let repodata = gateway
        .query([channel(url)], [subdir, Subdir::NoArch], specs.clone())
        .recursive(true)
        .await
        .unwrap();
    let task = SolverTask {
        specs,
        virtual_packages: virtual_packages.to_vec(),
        ..repodata.iter().collect::<SolverTask<'_, Vec<_>>>()
    };
    let mut records = resolvo::Solver.solve(task).ok()?.records;
    records.sort_by(|a, b| a.package_record.name.cmp(&b.package_record.name));
    Some(records)
}

#[test]
fn conda_forge_solves_as_with_rattler_itself() {
    let Some(data) = shared_data() else {
        println!("skipped: no shared data");
        return;
    };
    let server = Server::serve(&data.join("conda-forge-records"));
    let lab = Lab::new();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let solver = Solver::new(SolverOptions::new(client.into(), lab.cache()));
    let on_disk = url::Url::from_file_path(data.join("conda-forge-records")).unwrap();
    let channels = [channel(&server.url()), channel(on_disk.as_str())];
    let specs = WANTED.map(|text| Requested {
        spec: spec(text),
        text: text.to_owned(),
        location: None,
        is_implied: false,
    });
    for subdir in [Subdir::Linux64, Subdir::OsxArm64, Subdir::Win64] {
        let provided = detect(subdir, &Overrides::default(), &Host::default()).packages;
        let request = SolveRequest {
            subdir,
            channels: &channels[..1],
            priority: Priority::Strict,
            specs: &specs,
            pinned: &[],
            only_tar_bz2: false,
            virtual_packages: &provided,
            preferred: &[],
            strategy: Strategy::Highest,
            exclude_newer: CutOffs::default(),
        };
        let local = SolveRequest {
            channels: &channels[1..],
            ..request.clone()
        };
        let (ours, from_disk, theirs) = block_on(async {
            let ours = solver.solve(&request, &SILENT).await.unwrap();
            let from_disk = solver.solve(&local, &SILENT).await.unwrap();
            (
                ours,
                from_disk,
                rattler_s_choice(&server.url(), &WANTED, subdir, &provided)
                    .await
                    .unwrap(),
            )
        });
        let dists = |closure: &Closure| -> Vec<String> {
            closure.packages().iter().map(|p| p.dist()).collect()
        };
        assert_eq!(dists(&ours), dists(&from_disk), "{subdir}");
        let ours: Vec<_> = ours
            .packages()
            .iter()
            .map(|package| &package.record)
            .collect();
        assert_eq!(ours.len(), theirs.len(), "{subdir}");
        assert!(ours.len() > 80, "{subdir}: {}", ours.len());
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            assert_eq!(ours.url, theirs.url, "{subdir}");
            assert_eq!(ours.package_record, theirs.package_record, "{subdir}");
        }
    }
}

#[test]
fn ten_varied_manifests_solve_as_with_rattler_itself_on_three_platforms() {
    let Some(data) = shared_data() else {
        println!("skipped: no shared data");
        return;
    };
    let server = Server::serve(&data.join("conda-forge-records"));
    let lab = Lab::new();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let solver = Solver::new(SolverOptions::new(client.into(), lab.cache()));
    let channels = [channel(&server.url())];
    let mut solved = 0;
    for wanted in MANIFESTS {
        let requested = |text: &&str| Requested {
            spec: spec(text),
            text: (*text).to_owned(),
            location: None,
            is_implied: false,
        };
        let specs: Vec<Requested> = wanted.iter().map(requested).collect();
        for subdir in [Subdir::Linux64, Subdir::OsxArm64, Subdir::Win64] {
            let provided = detect(subdir, &Overrides::default(), &Host::default()).packages;
            let request = SolveRequest {
                subdir,
                channels: &channels,
                priority: Priority::Strict,
                specs: &specs,
                pinned: &[],
                only_tar_bz2: false,
                virtual_packages: &provided,
                preferred: &[],
                strategy: Strategy::Highest,
                exclude_newer: CutOffs::default(),
            };
            let (ours, theirs) = block_on(async {
                let ours = solver.solve(&request, &SILENT).await;
                let theirs = rattler_s_choice(&server.url(), wanted, subdir, &provided).await;
                (ours, theirs)
            });
            let urls = |closure: Closure| -> Vec<String> {
                let packages = closure.packages().iter();
                packages
                    .map(|package| package.record.url.to_string())
                    .collect()
            };
            let theirs: Option<Vec<String>> =
                theirs.map(|records| records.iter().map(|r| r.url.to_string()).collect());
            solved += usize::from(theirs.is_some());
            assert_eq!(ours.ok().map(urls), theirs, "{wanted:?} on {subdir}");
        }
    }
    assert!(solved >= 20, "most of the thirty have an answer: {solved}");
}
