//! `s3://BUCKET/PREFIX`: Amazon S3 and what speaks like it.
//!
//! Region and endpoint come from the URL, else from `AWS_REGION` or `AWS_DEFAULT_REGION` and
//! `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`. Credentials, in this order: `AWS_ACCESS_KEY_ID`,
//! `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; the profile `AWS_PROFILE` of `~/.aws` or of
//! `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE`; a web identity (`AWS_ROLE_ARN`,
//! `AWS_WEB_IDENTITY_TOKEN_FILE`: asks STS); a container's (`AWS_CONTAINER_CREDENTIALS_*`); the instance's
//! role (asks 169.254.169.254, once, for two seconds; not with `AWS_EC2_METADATA_DISABLED=true`).

use std::collections::BTreeMap;

use opendal::services::S3;
use reqsign_aws_v4::{DefaultCredentialProvider, IMDSv2CredentialProvider};
use reqsign_core::ProvideCredentialChain;
use url::Url;

use super::{
    Cloud, Means,
    credentials::{Told, Variables},
};
use crate::{
    RemoteError,
    address::{Address, Form, endpoint},
};

const FORM: Form = Form {
    example: "s3://BUCKET/PREFIX?region=REGION, with endpoint=URL for another service than Amazon's, \
              anonymous=true to read a public bucket, virtual_host=true if the bucket is part of the host",
    host: "bucket",
    options: &["region", "endpoint", "anonymous", "virtual_host"],
};

/// The remote of such a URL.
pub(crate) fn open(
    url: &Url,
    variables: &BTreeMap<String, String>,
    means: &Means,
) -> Result<Cloud, RemoteError> {
    let address = Address::parse(url, &FORM)?;
    let variables = Variables::new(variables);
    let builder = S3::default()
        .bucket(&address.host)
        .root(&address.prefix)
        .disable_config_load()
        .credential_provider_chain(credentials(&variables));
    let place = service(&address, &variables)?;
    let region = region(&address, &variables, place.is_some())?;
    let builder = builder.region(&region);
    let builder = match &place {
        Some(place) => builder.endpoint(place),
        None => builder,
    };
    let builder = match address.is_on("anonymous")? {
        true => builder.skip_signature(),
        false => builder,
    };
    let builder = match address.is_on("virtual_host")? {
        true => builder.enable_virtual_host_style(),
        false => builder,
    };
    Cloud::of_bucket(builder, &address, means)
}

fn service(address: &Address, variables: &Variables) -> Result<Option<String>, RemoteError> {
    if let Some(given) = address.endpoint()? {
        return Ok(Some(given));
    }
    let Some(text) = variables.first(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]) else {
        return Ok(None);
    };
    match endpoint(text) {
        Some(endpoint) => Ok(Some(endpoint)),
        None => Err(address.refused("AWS_ENDPOINT_URL is no http:// or https:// URL")),
    }
}

fn region(
    address: &Address,
    variables: &Variables,
    is_elsewhere: bool,
) -> Result<String, RemoteError> {
    let named = address.option("region");
    let named = named.or_else(|| variables.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]));
    match named {
        Some(region) => Ok(region.to_owned()),
        // Services that are not Amazon's mostly take this.
        None if is_elsewhere => Ok("us-east-1".to_owned()),
        None => Err(address.refused("neither it nor AWS_REGION says a region")),
    }
}

fn credentials(variables: &Variables) -> ProvideCredentialChain<reqsign_aws_v4::Credential> {
    let known = DefaultCredentialProvider::builder()
        .no_imds()
        .no_process()
        .build();
    let chain = ProvideCredentialChain::new().push(Told::new(known, variables));
    if variables.is_true("AWS_EC2_METADATA_DISABLED") {
        return chain;
    }
    let role = IMDSv2CredentialProvider::default();
    chain.push(Told::of_machine(role, variables))
}
