//! The one place that knows where secrets stand in URLs and texts.
//!
//! Three doors: [`ChildVariables`] says which environment variables a process gets that larder starts for
//! its own work; of URLs, [`split_credentials`] takes secrets off a URL that will be used, [`redact`] and
//! [`redact_text`] make what may be shown of one. Everybody else asks here instead of looking for `@`
//! and `/t/`, so that what one crate takes off no other crate leaves on.
//!
//! Pure: nothing here sends, logs or keeps a secret, and what a secret says is in no `Debug`.
#![forbid(unsafe_code)]

mod credential;
mod shown;
mod text;
mod token;
mod variables;

pub use credential::{Credential, split_credentials};
pub use shown::{clean, redact};
pub use text::{LINE_BYTES, redact_text, split_userinfo};
pub use token::{PathToken, is_local_path, split_tokens, with_token};
pub use variables::{
    ChildVariables, SERVICE_CREDENTIALS, is_service_credential, value_for_script, withhold,
};
