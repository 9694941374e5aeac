//! One disturbed run, what it left, and whether the next one needs no help.

use std::collections::BTreeMap;

use larder_testkit::{Action, Call, Disturb, Errno, Tracer};

use super::{
    operations::{Operation, step},
    state::{Expected, State, content, leftovers, state, unsound},
    world::World,
};

/// What the next run does not sweep, though it is old (CRASHES.md).
const STAYS: &[&str] = &[
    // Its age is that of its last change of any kind, which no test can set back.
    ".scratch", " tmp/", ".tmp ",
];

/// An operation, what it makes, and how often each of its steps occurs.
pub(super) struct Subject {
    pub(super) world: World,
    pub(super) steps: BTreeMap<String, usize>,
    expected: Expected,
}

/// What was found after a disturbed run, and what must not be.
pub(super) struct Outcome {
    /// The call that was disturbed; none if the run came to no such call this time.
    pub(super) call: Option<Call>,
    pub(super) status: i32,
    pub(super) state: Option<State>,
    pub(super) problems: Vec<String>,
}

impl Subject {
    pub(super) fn new(operation: &'static Operation, tracer: &Tracer) -> Self {
        let world = World::new(operation, tracer);
        let made = world.made();
        let old = made.exists().then(|| content(&made));
        let traced = world.disturbed(None);
        traced.run.success();
        let expected = Expected {
            old,
            new: content(&made),
        };
        assert_eq!(
            leftovers(&world),
            Vec::<String>::new(),
            "{}",
            operation.name
        );
        let mut steps = BTreeMap::new();
        for call in &traced.calls {
            *steps.entry(step(call)).or_default() += 1;
        }
        Self {
            world,
            steps,
            expected,
        }
    }

    /// Disturbs the `occurrence`th time (from 0) that a step comes.
    pub(super) fn attempt(&self, wanted: &str, occurrence: usize, action: Action) -> Outcome {
        self.world.reset();
        let mut seen = 0;
        let mut before = |call: &Call| {
            let is_it = step(call) == wanted;
            seen += usize::from(is_it);
            is_it && seen == occurrence + 1
        };
        let traced = self.world.disturbed(Some(Disturb {
            before: &mut before,
            action,
        }));
        let found = state(&self.world, &self.expected);
        let mut outcome = Outcome {
            call: traced.disturbed.map(|number| traced.calls[number].clone()),
            status: traced.run.status,
            state: found.as_ref().ok().copied(),
            problems: found.err().into_iter().collect(),
        };
        outcome.problems.extend(unsound(&self.world.store()));
        if action != Action::Kill {
            self.judge_failure(&mut outcome, &traced.run.stderr, action);
        }
        self.judge_next_run(&mut outcome);
        outcome
    }

    /// A run whose call failed says so and leaves nothing, or did without.
    fn judge_failure(&self, outcome: &mut Outcome, stderr: &str, action: Action) {
        // What a collection removes is not all that it has to do, and a result that cannot be flushed may
        // not survive a power loss.
        let has_nothing_left_to_do =
            !self.world.operation.is_forgotten && !stderr.contains("cannot flush");
        let mut wrong = |what: &str| outcome.problems.push(format!("{what}: {stderr}"));
        let is_new = outcome.state == Some(State::New);
        match outcome.status {
            0 if !is_new => wrong("success without a result"),
            // A failure after the commit is a warning; an environment that is there is no failure.
            3 if is_new && has_nothing_left_to_do => {
                wrong("failure with a result");
            }
            0 | 3 => {}
            // A script whose calls fail has failed.
            1 if stderr.contains("-post-link.sh` of tool-3.0-h2_0 failed") => {}
            status => wrong(&format!("exit code {status}")),
        }
        let root = self.world.root();
        if outcome.status == 3 && !stderr.contains(&*root.to_string_lossy()) {
            wrong("no path is named");
        }
        // What helps against an I/O error is not ours to say.
        if outcome.status == 3
            && action != Action::FailOnce(Errno::Io)
            && !stderr.contains("help: ")
        {
            wrong("nothing is said about what to do");
        }
        let can_clean_up = match action {
            Action::FailFromHere(error) => error == Errno::NoSpace,
            _ => outcome
                .call
                .as_ref()
                .is_some_and(|call| call.name != "unlink"),
        };
        if can_clean_up {
            let left = leftovers(&self.world);
            let is_half_done = [State::Unfinished, State::Updating]
                .map(Some)
                .contains(&outcome.state);
            if !left.is_empty() || is_half_done {
                wrong(&format!("left {left:?}"));
            }
        }
    }

    /// The same command again succeeds, and nothing of the disturbed run stays for ever.
    fn judge_next_run(&self, outcome: &mut Outcome) {
        self.world.age();
        let again = self.world.undisturbed();
        let has_nothing_to_do =
            again.stderr.contains("--yes") || again.stderr.contains(": up to date");
        let exists = outcome.state == Some(State::New) && has_nothing_to_do;
        if again.status != 0 && !(again.status == 1 && exists) {
            outcome.problems.push(format!(
                "the next run: exit code {}: {}",
                again.status, again.stderr
            ));
        }
        let found = state(&self.world, &self.expected);
        if found != Ok(State::New) {
            outcome
                .problems
                .push(format!("after the next run: {found:?}"));
        }
        let wrong = unsound(&self.world.store());
        outcome.problems.extend(wrong);
        let mut left = leftovers(&self.world);
        left.retain(|line| !STAYS.iter().any(|known| line.contains(known)));
        if !left.is_empty() && !exists {
            outcome.problems.push(format!("stays for ever: {left:#?}"));
        }
    }
}
