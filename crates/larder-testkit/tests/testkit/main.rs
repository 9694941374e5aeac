//! Tests of the kit itself: if it told other tests lies, they would prove nothing.
#![expect(clippy::unwrap_used, reason = "tests")]

mod archives;
mod channels;
mod client;
mod fixtures;
mod gateway;
mod hostile;
mod sandbox;
mod server;

fn hex(digest: impl AsRef<[u8]>) -> String {
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
