//! Worlds in which one operation can be disturbed again and again: each attempt starts from the same
//! bytes at the same paths.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use larder_testkit::{
    BuiltPackage, ChannelBuilder, Disturb, Format, PackageBuilder, Run, Sandbox, Server, Traced,
    Tracer,
};

use super::operations::Operation;
use crate::support::{conda, lib, program, sandbox};

/// A sandbox that can be set back, and the server of its channel.
pub(super) struct World {
    sandbox: Sandbox,
    _server: Server,
    tracer: Tracer,
    pub(super) operation: &'static Operation,
}

/// What the sandbox consists of.
pub(super) const PARTS: [&str; 4] = ["home", "store", "trees", "work"];

impl World {
    pub(super) fn new(operation: &'static Operation, tracer: &Tracer) -> Self {
        let sandbox = sandbox();
        let root = sandbox.work().parent().unwrap().to_owned();
        let served = root.join("served");
        ChannelBuilder::new()
            .packages(packages(operation.has_scripts))
            .write(&served);
        let server = Server::serve(&served);
        manifest(&sandbox, &server, "app =1");
        for arguments in operation.before {
            sandbox.larder(arguments).success();
        }
        // What is there from before has app 1; what is made has app 2.
        manifest(&sandbox, &server, "app =2");
        for arguments in operation.then {
            sandbox.larder(arguments).success();
        }
        let world = Self {
            tracer: tracer.watching(&root),
            sandbox,
            operation,
            _server: server,
        };
        if operation.is_forgotten {
            fs::remove_dir_all(world.sandbox.path("env")).unwrap();
            world.age();
        }
        fs::create_dir(root.join("saved")).unwrap();
        for part in PARTS {
            copy(&root.join(part), &root.join("saved"));
        }
        world
    }

    /// Everything as before the operation.
    pub(super) fn reset(&self) {
        let root = self.root();
        for part in PARTS {
            fs::remove_dir_all(root.join(part)).unwrap();
            copy(&root.join("saved").join(part), &root);
        }
    }

    pub(super) fn disturbed(&self, disturb: Option<Disturb<'_>>) -> Traced {
        self.tracer.run(&self.command(), disturb)
    }

    pub(super) fn undisturbed(&self) -> Run {
        Run::of(&mut self.command())
    }

    /// Everything two days older than it is.
    pub(super) fn age(&self) {
        let mut command = Command::new("find");
        command.args(PARTS.map(|part| self.root().join(part)));
        command.args(["-exec", "touch", "-h", "-d", "2 days ago", "{}", "+"]);
        Run::of(&mut command).success();
    }

    pub(super) fn root(&self) -> PathBuf {
        self.sandbox.work().parent().unwrap().to_owned()
    }

    pub(super) fn store(&self) -> PathBuf {
        self.sandbox.store()
    }

    /// What the operation makes.
    pub(super) fn made(&self) -> PathBuf {
        self.sandbox.path(self.operation.makes)
    }

    fn command(&self) -> Command {
        let mut command = self.sandbox.command(self.operation.arguments);
        command.env_remove("LARDER_DURABLE");
        command
    }
}

fn manifest(sandbox: &Sandbox, server: &Server, spec: &str) {
    let channel = server.url();
    let text = format!("name: work\nchannels: [\"{channel}\"]\ndependencies: [\"{spec}\"]\n");
    sandbox.write("environment.yml", &text);
}

/// `app` 1 and 2 with a text prefix, which need `lib` (.tar.bz2) and `tool` (binary prefix, a link, and
/// perhaps a script).
fn packages(has_scripts: bool) -> Vec<BuiltPackage> {
    let tool = PackageBuilder::new("tool", "3.0", "h2_0")
        .noarch_generic()
        .binary_prefix("bin/tool", b"\0{{PREFIX}}/share\0\0".to_vec())
        .symlink("bin/tool3", "tool");
    let tool = match has_scripts {
        true => tool.link_script("post-link", "echo done > \"$PREFIX/made-by-script\"\n"),
        false => tool,
    };
    let app = |version| program("app", version).depends("lib").depends("tool");
    vec![
        conda(app("1.0")),
        conda(app("2.0")),
        lib().build(Format::TarBz2),
        conda(tool),
    ]
}

/// With hard links, modes and times.
fn copy(from: &Path, into: &Path) {
    let mut command = Command::new("cp");
    Run::of(command.arg("-a").arg(from).arg(into)).success();
}
