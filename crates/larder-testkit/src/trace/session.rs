//! One traced run: a shell waits for a line, is seized, and becomes the program.

use std::{
    collections::{BTreeSet, HashSet},
    io::{Read as _, Seek as _, Write as _},
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use nix::{
    errno::Errno as Error,
    libc,
    sys::{
        ptrace::{self, Options},
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use super::{Action, Call, Disturb, Errno, Traced, calls::changing};
use crate::{must, sandbox::Run};

const SYSCALL_ENTRY: u8 = 1;
const SYSCALL_EXIT: u8 = 2;

pub(super) fn is_allowed() -> Result<(), String> {
    let mut child = waiting_shell(&Command::new("true"), Stdio::null(), Stdio::null());
    let seized = seize(&child);
    // Without a line on its input the shell ends, traced or not.
    drop(child.stdin.take());
    let ended = match seized {
        Ok(()) => ptrace::detach(pid(&child), None),
        Err(error) => Err(error),
    };
    let _ = child.wait();
    ended.map_err(|error| format!("processes cannot be traced here (ptrace: {error})"))
}

#[expect(
    clippy::zombie_processes,
    reason = "`Session::follow` waits for all of them"
)]
pub(super) fn run(command: &Command, watched: &Path, disturb: Option<Disturb<'_>>) -> Traced {
    let mut stdout = must(tempfile::tempfile(), "make a file for the output");
    let mut stderr = must(tempfile::tempfile(), "make a file for the errors");
    let handles = [&stdout, &stderr].map(|file| must(file.try_clone(), "share a file"));
    let [for_stdout, for_stderr] = handles.map(Stdio::from);
    let mut child = waiting_shell(command, for_stdout, for_stderr);
    must(seize(&child), "seize a process");
    let mut input = child.stdin.take().expect("the input is a pipe");
    must(input.write_all(b"\n"), "start the program");
    drop(input);
    let mut session = Session {
        main: pid(&child),
        watched,
        disturb,
        disturbed: None,
        calls: Vec::new(),
        failing: HashSet::new(),
        processes: BTreeSet::from([pid(&child)]),
        status: None,
    };
    session.follow();
    let read = |file: &mut std::fs::File| {
        let mut bytes = Vec::new();
        must(file.rewind(), "rewind the output");
        must(file.read_to_end(&mut bytes), "read the output");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let status = session.status.expect("the program ended");
    let run = Run {
        status: status.code().unwrap_or(-1),
        stdout: read(&mut stdout),
        stderr: read(&mut stderr),
    };
    Traced {
        run,
        calls: session.calls,
        disturbed: session.disturbed,
    }
}

/// A shell that becomes the command when it has read a line.
fn waiting_shell(command: &Command, stdout: Stdio, stderr: Stdio) -> Child {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", "read line && exec \"$@\" </dev/null", "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(stdout)
        .stderr(stderr);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        shell.current_dir(directory);
    }
    must(shell.spawn(), "start a shell")
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32)
}

/// Stops the process and makes this thread its tracer.
fn seize(child: &Child) -> Result<(), Error> {
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(pid(child), options)?;
    ptrace::interrupt(pid(child))?;
    waitpid(pid(child), Some(WaitPidFlag::__WALL)).map(drop)
}

struct Session<'a, 'd> {
    main: Pid,
    watched: &'a Path,
    disturb: Option<Disturb<'d>>,
    disturbed: Option<usize>,
    calls: Vec<Call>,
    /// Threads in a call that was taken from them.
    failing: HashSet<Pid>,
    processes: BTreeSet<Pid>,
    status: Option<ExitStatus>,
}

impl Session<'_, '_> {
    /// Until no traced thread is left. Only this thread's children are waited for: others run tests too.
    fn follow(&mut self) {
        resume(self.main, None);
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            match waitpid(None, Some(flags)) {
                Ok(WaitStatus::PtraceSyscall(thread)) => {
                    self.at_call(thread);
                    resume(thread, None);
                }
                Ok(WaitStatus::PtraceEvent(thread, _, event)) => {
                    self.note_child(thread, event);
                    resume(thread, None);
                }
                Ok(WaitStatus::Stopped(thread, signal)) => resume(thread, Some(signal)),
                Ok(WaitStatus::Exited(thread, code)) => {
                    self.ended(thread, ExitStatus::from_raw(code << 8));
                }
                Ok(WaitStatus::Signaled(thread, signal, _)) => {
                    self.ended(thread, ExitStatus::from_raw(signal as i32));
                }
                Ok(_) | Err(Error::EINTR) => {}
                Err(Error::ECHILD) => return,
                Err(error) => panic!("testkit cannot wait for a traced program: {error}"),
            }
        }
    }

    fn ended(&mut self, thread: Pid, status: ExitStatus) {
        if thread == self.main {
            self.status = Some(status);
        }
        self.processes.remove(&thread);
    }

    fn note_child(&mut self, thread: Pid, event: i32) {
        let is_process = [libc::PTRACE_EVENT_FORK, libc::PTRACE_EVENT_VFORK].contains(&event);
        if is_process && let Ok(child) = ptrace::getevent(thread) {
            self.processes.insert(Pid::from_raw(child as i32));
        }
    }

    fn at_call(&mut self, thread: Pid) {
        // A thread that was killed meanwhile has no registers any more.
        let Ok(info) = ptrace::syscall_info(thread) else {
            return;
        };
        match info.op {
            SYSCALL_ENTRY => self.at_entry(thread),
            SYSCALL_EXIT if self.failing.remove(&thread) => self.at_exit(thread),
            _ => {}
        }
    }

    fn at_entry(&mut self, thread: Pid) {
        let Ok(mut regs) = ptrace::getregs(thread) else {
            return;
        };
        let Some(call) = changing(thread, &regs, self.watched) else {
            return;
        };
        let action = self.action(&call);
        self.calls.push(call);
        match action {
            Some(Action::Kill) => {
                for process in &self.processes {
                    let _ = kill(*process, Signal::SIGKILL);
                }
            }
            Some(Action::FailOnce(_) | Action::FailFromHere(_)) => {
                // No call has this number: the kernel does nothing.
                regs.orig_rax = u64::MAX;
                if ptrace::setregs(thread, regs).is_ok() {
                    self.failing.insert(thread);
                }
            }
            None => {}
        }
    }

    /// What happens instead of the next call, if anything.
    fn action(&mut self, call: &Call) -> Option<Action> {
        let disturb = self.disturb.as_mut()?;
        if self.disturbed.is_none() {
            if !(disturb.before)(call) {
                return None;
            }
            self.disturbed = Some(self.calls.len());
        } else if let Action::FailOnce(_) = disturb.action {
            return None;
        }
        match disturb.action {
            Action::FailFromHere(Errno::NoSpace) if needs_no_space(call) => None,
            action => Some(action),
        }
    }

    fn at_exit(&self, thread: Pid) {
        let action = self.disturb.as_ref().map(|disturb| disturb.action);
        let Some(Action::FailOnce(error) | Action::FailFromHere(error)) = action else {
            return;
        };
        if let Ok(mut regs) = ptrace::getregs(thread) {
            regs.rax = i64::from(-code(error)).cast_unsigned();
            let _ = ptrace::setregs(thread, regs);
        }
    }
}

fn needs_no_space(call: &Call) -> bool {
    matches!(
        call.name,
        "unlink" | "rename" | "flush" | "flock" | "chmod" | "utime"
    )
}

fn code(error: Errno) -> i32 {
    match error {
        Errno::NoSpace => libc::ENOSPC,
        Errno::Io => libc::EIO,
        Errno::Access => libc::EACCES,
        Errno::ReadOnly => libc::EROFS,
    }
}

/// A thread that is gone needs no resuming.
fn resume(thread: Pid, signal: Option<Signal>) {
    let _ = ptrace::syscall(thread, signal);
}
