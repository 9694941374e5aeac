use super::*;

fn small(locks: &Locks) -> Vec<Job> {
    let assumed = Assumptions {
        jobs_a_day: 30,
        branches: 5,
        ..month(locks)
    };
    traffic::jobs(assumed, locks)
}

#[test]
fn the_same_jobs_cost_the_same() {
    let locks = Locks::read(&fixture());
    let (one, other) = (columns(&small(&locks)), columns(&small(&locks)));
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one.counts, other.counts, "{}", one.name);
        assert!(one.counts.jobs > 700 && one.counts.down > 0);
    }
}

#[test]
fn packs_share_what_archives_repeat() {
    let locks = Locks::read(&fixture());
    let [objects, packs, tars] = columns(&small(&locks)).map(|column| column.counts);
    assert_eq!(objects.jobs, packs.jobs);
    assert!(packs.up * 2 < tars.up, "{packs:?} {tars:?}");
    assert!(packs.channel < tars.channel);
    assert_eq!(packs.evicted, 0);
    assert!(packs.uploads_a_minute < 200);
}

#[test]
fn the_rule_bounds_how_many_packs_a_job_reads() {
    let locks = Locks::read(&fixture());
    let assumed = Assumptions {
        first_day: 0,
        days: 90,
        jobs_a_day: 20,
        branches: 3,
        seed: 1,
    };
    let jobs = traffic::jobs(assumed, &locks);
    let never = Rules {
        packs: usize::MAX,
        dead_percent: 100,
        ..Rules::default()
    };
    let (without, with) = (
        with_rules(never, &jobs),
        with_rules(Rules::default(), &jobs),
    );
    assert_eq!(without.rewritten, 0);
    assert!(without.packs_most > 12, "{without:?}");
    assert!(with.packs_most < without.packs_most, "{with:?}");
    assert!(with.packs < without.packs);
}
