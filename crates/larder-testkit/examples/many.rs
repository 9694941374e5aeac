//! Writes a channel of generated packages, for benches of growth: `many DIRECTORY PACKAGES FILES BYTES`.
//!
//! Packages `p0`, `p1`... with so many files of so many bytes each, and `all`, which depends on every one.
//! Contents differ from file to file and do not compress to nothing.
#![expect(clippy::unwrap_used, reason = "a measuring program")]

use std::{env, path::Path};

use larder_testkit::{ChannelBuilder, Format, PackageBuilder};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |index: usize| arguments[index].parse::<usize>().unwrap();
    let (packages, files, bytes) = (number(1), number(2), number(3));
    let mut all = PackageBuilder::new("all", "1", "0").noarch_generic();
    let mut built = Vec::new();
    for package in 0..packages {
        let name = format!("p{package}");
        all = all.depends(&name);
        let mut builder = PackageBuilder::new(&name, "1", "0").noarch_generic();
        for file in 0..files {
            let content = content(package * files + file, bytes);
            builder = builder.file(&format!("lib/{name}/{}/{file}", file / 50), content);
        }
        built.push(builder.build(Format::Conda));
    }
    built.push(all.build(Format::Conda));
    let channel = ChannelBuilder::new().packages(built);
    channel.write(Path::new(&arguments[0]));
}

/// Letters of a small generator, so that compression has some work and little success.
fn content(seed: usize, bytes: usize) -> String {
    let mut state = seed as u64 + 1;
    let letter = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'a' + (state >> 59) as u8 % 26)
    };
    (0..bytes).map(letter).collect()
}
