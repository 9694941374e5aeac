use rattler_conda_types::Subdir;

use super::WheelName;
use crate::Target;

fn best<'w>(subdir: Subdir, wheels: &[&'w str]) -> Option<&'w str> {
    let target = Target::for_python(11, subdir);
    let rank = |name: &str| WheelName::parse(name).and_then(|name| name.rank(&target));
    let fitting = wheels.iter().filter(|name| rank(name).is_some());
    fitting.max_by_key(|name| rank(name)).copied()
}

const NUMPY: &[&str] = &[
    "numpy-2.0.0-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "numpy-2.0.0-cp311-cp311-macosx_10_9_x86_64.whl",
    "numpy-2.0.0-cp311-cp311-macosx_11_0_arm64.whl",
    "numpy-2.0.0-cp311-cp311-macosx_14_0_arm64.whl",
    "numpy-2.0.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "numpy-2.0.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    "numpy-2.0.0-cp311-cp311-manylinux_2_34_x86_64.whl",
    "numpy-2.0.0-cp311-cp311-manylinux_2_17_aarch64.whl",
    "numpy-2.0.0-cp311-cp311-musllinux_1_2_x86_64.whl",
    "numpy-2.0.0-cp311-cp311-win32.whl",
    "numpy-2.0.0-cp311-cp311-win_amd64.whl",
    "numpy-2.0.0-pp311-pypy311_pp73-win_amd64.whl",
];

#[test]
fn each_platform_has_its_own() {
    for (subdir, wheel) in [
        (Subdir::Linux64, NUMPY[5]),
        (Subdir::LinuxAarch64, NUMPY[7]),
        (Subdir::Osx64, NUMPY[1]),
        (Subdir::OsxArm64, NUMPY[2]),
        (Subdir::Win64, NUMPY[10]),
    ] {
        assert_eq!(best(subdir, NUMPY), Some(wheel), "{subdir}");
    }
    assert_eq!(best(Subdir::WinArm64, NUMPY), None);
}

#[test]
fn the_closest_fits_best() {
    let wheels = [
        "x-1-py2.py3-none-any.whl",
        "x-1-cp37-abi3-manylinux_2_17_x86_64.whl",
        "x-1-cp39-abi3-manylinux_2_17_x86_64.whl",
        "x-1-cp312-abi3-manylinux_2_17_x86_64.whl",
        "x-1-py3-none-manylinux_2_17_x86_64.whl",
    ];
    assert_eq!(best(Subdir::Linux64, &wheels), Some(wheels[2]));
    assert_eq!(best(Subdir::Win64, &wheels), Some(wheels[0]));
    let own = "x-1-7-cp311-cp311-linux_x86_64.whl";
    assert_eq!(best(Subdir::Linux64, &[wheels[2], own]), Some(own));
    assert_eq!(
        best(
            Subdir::Linux64,
            &["x-1-cp311-cp311t-linux_x86_64.whl", "x-1-py2-none-any.whl"]
        ),
        None
    );
}

#[test]
fn what_is_no_wheel_is_none() {
    for name in [
        "x-1.tar.gz",
        "x-1-py3-none.whl",
        "x--py3-none-any.whl",
        ".x-1-py3-none-any.whl",
        ".whl",
        "x-1-a-b-c-d-e.whl",
    ] {
        assert_eq!(WheelName::parse(name), None, "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn any_name_is_read_or_refused(name in "[a-z0-9._-]{0,40}(\\.whl)?") {
        if let Some(wheel) = WheelName::parse(&name) {
            let _ = wheel.rank(&Target::for_python(11, Subdir::Linux64));
        }
    }
}
