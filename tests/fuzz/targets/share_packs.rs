//! Tables and indexes of packs on a remote, and the plan that is made from what they say.
#![no_main]

use larder_fuzz::packs::{Index, Rules, ScopeId, Table, View};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // As if it had the right digest: whoever may write can give it that.
    let length = u32::try_from(bytes.len()).expect("short").to_le_bytes();
    let pack = [b"larder-packs-1\n\0".as_slice(), &length, bytes].concat();
    if let Ok(table) = Table::parse(&larder_fuzz::sha256(bytes), &pack) {
        assert!(table.places(pack.len() as u64).count() == table.members().len());
        let _ = table.to_bytes().expect("a table");
    }
    let packed = zstd::bulk::compress(bytes, 1).expect("compressed");
    for inside in [bytes, &packed] {
        let index = [b"larder-index-1\n\0".as_slice(), inside].concat();
        if let Ok(index) = Index::parse(&larder_fuzz::sha256(&index), &index) {
            use_index(index);
        }
    }
});

fn use_index(mut index: Index) {
    let names: Vec<String> = index
        .packs()
        .iter()
        .flat_map(|pack| &pack.members)
        .map(|member| member.name.clone())
        .collect();
    let view = View::of([&index]);
    let plan = view.restore(names.iter().map(String::as_str), &Rules::default());
    for read in plan.reads {
        assert!(read.range.start <= read.range.end);
        let inside = |place: &std::ops::Range<u64>| read.range.start <= place.start && place.end <= read.range.end;
        assert!(read.members.iter().all(|(_, place)| inside(place)));
    }
    index.forget(u64::MAX, 1);
    index.advance();
    let (name, bytes) = index.to_bytes(ScopeId::of("fuzz")).expect("an index");
    let digest = name.rsplit('-').next().expect("a digest").parse().expect("a digest");
    assert_eq!(Index::parse(&digest, &bytes).expect("what was written"), index);
}
