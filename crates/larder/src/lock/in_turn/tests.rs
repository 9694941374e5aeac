//! Words in the order of their turns, progress at once.

use larder_event::{Event, EventRecorder, Phase, Reporter};

use super::InTurn;

#[test]
fn words_wait_for_their_turn_and_progress_does_not() {
    let recorder = EventRecorder::default();
    let (first, second) = (InTurn::new(&recorder), InTurn::new(&recorder));
    let finished = Event::PhaseFinished {
        phase: Phase::Solve,
        milliseconds: 1,
    };
    second.warn("test::second", "2".to_owned());
    second.event(&finished);
    first.note("1".to_owned());
    first.warn("test::first", "1".to_owned());
    assert_eq!(recorder.events(), std::slice::from_ref(&finished));
    first.tell();
    second.tell();
    assert_eq!(recorder.warnings(), ["test::first: 1", "test::second: 2"]);
    assert!(matches!(&recorder.events()[1], Event::Noted { text } if text == "1"));
}
