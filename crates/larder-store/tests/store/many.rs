//! Collection of many objects: time and memory grow with their number. Measured, never asserted on.

use std::{fs, time::Instant};

use larder_event::SilentReporter;
use larder_store::{CollectPolicy, ObjectKind, RootKind};

use crate::support::{Fixture, collecting, id};

/// Makes a store with so many objects (their bytes are not read) of which a root needs every second.
fn fill(fixture: &Fixture, count: u32) {
    let mut needed = Vec::new();
    for number in 0..count {
        let id = id(ObjectKind::Conda, &number.to_le_bytes());
        let path = fixture.store.object_path(id);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"object").unwrap();
        if number.is_multiple_of(2) {
            needed.push(id);
        }
    }
    let lock = fixture.beside("lock");
    fs::write(&lock, "").unwrap();
    let store = &fixture.store;
    store.record_root(RootKind::Lock, &lock, needed).unwrap();
}

/// The most memory that this process has used, in KB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

#[test]
#[ignore = "takes a minute; prints time and memory for 10,000 to 100,000 objects"]
fn collecting_many_objects() {
    println!("| objects | plan ms | collect ms | us per object | peak MB |");
    println!("|---|---|---|---|---|");
    for count in [10_000, 20_000, 50_000, 100_000] {
        let fixture = Fixture::new();
        fill(&fixture, count);
        let options = collecting(CollectPolicy::Needed);
        let begun = Instant::now();
        let plan = fixture.store.plan_collection(&options).unwrap();
        let planned = begun.elapsed();
        let report = fixture
            .store
            .collect(&plan, options.now, &SilentReporter)
            .unwrap();
        let all = begun.elapsed();
        assert_eq!(report.objects, plan.objects.len());
        println!(
            "| {count} | {} | {} | {:.1} | {} |",
            planned.as_millis(),
            (all - planned).as_millis(),
            all.as_secs_f64() * 1e6 / f64::from(count),
            peak() / 1000
        );
    }
}
