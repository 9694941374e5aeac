//! The same answers as rattler's own solver, on records of conda-forge.

use larder_lock::Closure;
use larder_solve::{
    Priority, Requested, SolveRequest, Solver, SolverOptions, Strategy,
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

/// The URLs of what rattler's gateway and solver choose, sorted by package name.
async fn rattler_s_choice(
    url: &str,
    subdir: Subdir,
    virtual_packages: &[GenericVirtualPackage],
) -> Vec<RepoDataRecord> {
    let scratch = tempfile::TempDir::new().unwrap();
    let gateway = Gateway::builder().with_cache_dir(scratch.path()).finish();
    let specs: Vec<MatchSpec> = WANTED.iter().map(|text| spec(text)).collect();
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
    let mut records = resolvo::Solver.solve(task).unwrap().records;
    records.sort_by(|a, b| a.package_record.name.cmp(&b.package_record.name));
    records
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
    });
    for subdir in [Subdir::Linux64, Subdir::OsxArm64, Subdir::Win64] {
        let provided = detect(subdir, &Overrides::default(), &Host::default()).packages;
        let request = SolveRequest {
            subdir,
            channels: &channels[..1],
            priority: Priority::Strict,
            specs: &specs,
            virtual_packages: &provided,
            preferred: &[],
            strategy: Strategy::Highest,
            exclude_newer: None,
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
                rattler_s_choice(&server.url(), subdir, &provided).await,
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
