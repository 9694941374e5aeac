//! How often tests repeat what chance decides: few times by themselves, as often as asked for by hand.

/// `LARDER_TEST_ROUNDS`, if that is set to a number, else `few`.
#[expect(
    clippy::disallowed_methods,
    reason = "test support is told by the environment"
)]
pub fn rounds(few: usize) -> usize {
    let asked = std::env::var("LARDER_TEST_ROUNDS").ok();
    asked.and_then(|rounds| rounds.parse().ok()).unwrap_or(few)
}
