//! `gs://BUCKET/PREFIX`: Google Cloud Storage.
//!
//! Credentials, in this order: the file that `GOOGLE_APPLICATION_CREDENTIALS` names (a service account, or
//! an external account as workload identity federation writes it); gcloud's application default ones below
//! `XDG_CONFIG_HOME` or `HOME`; the machine's service account (asks metadata.google.internal, once, for two
//! seconds; not with `NO_GCE_CHECK=true`).

use std::collections::BTreeMap;

use opendal::services::Gcs;
use reqsign_core::ProvideCredentialChain;
use reqsign_google::{DefaultCredentialProvider, VmMetadataCredentialProvider};
use url::Url;

use super::{
    Cloud, Means,
    credentials::{Told, Variables},
};
use crate::{
    RemoteError,
    address::{Address, Form},
};

const FORM: Form = Form {
    example: "gs://BUCKET/PREFIX, with endpoint=URL for another service than Google's, anonymous=true \
              to read a public bucket",
    host: "bucket",
    options: &["endpoint", "anonymous"],
};
/// What a token may be used for.
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_write";

/// The remote of such a URL.
pub(crate) fn open(
    url: &Url,
    variables: &BTreeMap<String, String>,
    means: &Means,
) -> Result<Cloud, RemoteError> {
    let address = Address::parse(url, &FORM)?;
    let variables = Variables::new(variables).with("GOOGLE_SCOPE", SCOPE);
    let builder = Gcs::default()
        .bucket(&address.host)
        .root(&address.prefix)
        .disable_config_load()
        .disable_vm_metadata()
        .scope(SCOPE)
        .credential_provider_chain(credentials(&variables));
    let builder = match address.endpoint()? {
        Some(endpoint) => builder.endpoint(&endpoint),
        None => builder,
    };
    let builder = match address.is_on("anonymous")? {
        true => builder.skip_signature(),
        false => builder,
    };
    Cloud::of_bucket(builder, &address, means)
}

fn credentials(variables: &Variables) -> ProvideCredentialChain<reqsign_google::Credential> {
    let known = DefaultCredentialProvider::builder()
        .no_vm_metadata()
        .build();
    let chain = ProvideCredentialChain::new().push(Told::new(known, variables));
    if variables.is_true("NO_GCE_CHECK") {
        return chain;
    }
    let machine = VmMetadataCredentialProvider::new().with_scope(SCOPE);
    chain.push(Told::of_machine(machine, variables))
}
