use larder_store::ObjectKind;
use proptest::prelude::*;

use super::{Begun, Queue};
use crate::{FetchOptions, FetchPlan, MissingPackage, Network, NetworkOptions};

const MIB: u64 = 1 << 20;

fn plan(sizes: &[Option<u64>]) -> FetchPlan {
    let missing = |(index, size): (usize, &Option<u64>)| MissingPackage {
        name: format!("p{index}"),
        package: format!("p{index}-1-0"),
        kind: ObjectKind::Conda,
        urls: Vec::new(),
        size: *size,
        checksum: None,
    };
    FetchPlan {
        present: Vec::new(),
        missing: sizes.iter().enumerate().map(missing).collect(),
    }
}

fn begun(queue: &mut Queue<'_>) -> Vec<Begun> {
    std::iter::from_fn(|| queue.begin()).collect()
}

fn indexes(begun: &[Begun]) -> Vec<usize> {
    begun.iter().map(|begun| begun.index).collect()
}

#[test]
fn a_few_large_ones_come_in_order_and_small_ones_beside_them() {
    let network = Network::new(&NetworkOptions::default()).unwrap();
    let options = FetchOptions {
        concurrency: 8,
        bytes_in_flight: 16 * MIB,
        ..FetchOptions::new(&network)
    };
    let sizes = [50, 40, 30, 20, 10].map(|size| Some(size * MIB));
    let small = [Some(9), Some(8), Some(7), Some(6), Some(5), Some(4)];
    let plan = plan(&[&sizes[..], &small].concat());
    let mut queue = Queue::new(&plan, &options);
    let first = begun(&mut queue);
    assert_eq!(indexes(&first), [0, 1, 2, 10, 9, 8, 7]);
    queue.end(first[3]);
    assert_eq!(indexes(&begun(&mut queue)), [6]);
    queue.end(first[0]);
    assert_eq!(indexes(&begun(&mut queue)), [3]);
}

#[test]
fn where_all_are_small_or_of_unknown_size_as_many_come_as_may() {
    let network = Network::new(&NetworkOptions::default()).unwrap();
    let options = FetchOptions::new(&network);
    for size in [Some(1000), None] {
        let plan = plan(&vec![size; 40]);
        let mut queue = Queue::new(&plan, &options);
        assert_eq!(indexes(&begun(&mut queue)), (0..16).collect::<Vec<_>>());
    }
}

proptest! {
    // Each case makes a client, which reads the system's certificates.
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn each_comes_once_and_never_too_many(
        mut sizes in prop::collection::vec(prop::option::of(0..40 * MIB), 0..40),
        concurrency in 0_usize..20,
        ends in prop::collection::vec(any::<prop::sample::Index>(), 40),
    ) {
        let network = Network::new(&NetworkOptions::default()).unwrap();
        let options = FetchOptions { concurrency, ..FetchOptions::new(&network) };
        sizes.sort_by_key(|size| std::cmp::Reverse(size.unwrap_or(u64::MAX)));
        let plan = plan(&sizes);
        let mut queue = Queue::new(&plan, &options);
        let mut running = begun(&mut queue);
        let mut seen = Vec::new();
        for end in ends {
            prop_assert!(running.len() <= concurrency.max(1));
            if running.is_empty() {
                break;
            }
            let ended = running.swap_remove(end.index(running.len()));
            seen.push(ended.index);
            queue.end(ended);
            running.extend(begun(&mut queue));
        }
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..sizes.len()).collect::<Vec<_>>());
    }
}
