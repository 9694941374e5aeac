//! `azblob://CONTAINER/PREFIX`: Azure Blob Storage.
//!
//! The account comes from the URL, else from `AZURE_STORAGE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME` or
//! `AZURE_STORAGE_CONNECTION_STRING`. Credentials, in this order: `AZURE_STORAGE_KEY` (or `_ACCOUNT_KEY`),
//! `AZURE_STORAGE_SAS_TOKEN`, those of the connection string; Entra's client secret or certificate, a
//! service connection of Azure Pipelines or a workload identity, from `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`
//! and `AZURE_CLIENT_SECRET`, `AZURE_CLIENT_CERTIFICATE_PATH`, `AZURESUBSCRIPTION_*` or
//! `AZURE_FEDERATED_TOKEN_FILE` (ask Entra); the machine's managed identity (asks 169.254.169.254, once,
//! for two seconds).

use std::collections::BTreeMap;

use opendal::services::Azblob;
use reqsign_azure_storage::{DefaultCredentialProvider, ImdsCredentialProvider};
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
    example: "azblob://CONTAINER/PREFIX?account=ACCOUNT, with endpoint=URL for a place of its own, \
              anonymous=true to read a public container",
    host: "container",
    options: &["account", "endpoint", "anonymous"],
};

/// The remote of such a URL.
pub(crate) fn open(
    url: &Url,
    variables: &BTreeMap<String, String>,
    means: &Means,
) -> Result<Cloud, RemoteError> {
    let address = Address::parse(url, &FORM)?;
    let variables = Variables::new(variables);
    let connection = connection(&variables, &address)?;
    let account = address
        .option("account")
        .or_else(|| variables.first(&ACCOUNT));
    let account = account.or(connection.account.as_deref());
    let place = match (address.endpoint()?, &connection.place, account) {
        (Some(place), ..) => place,
        (None, Some(place), _) => place.clone(),
        (None, None, Some(account)) => format!("https://{account}.blob.core.windows.net"),
        (None, None, None) => {
            let text = "neither it nor AZURE_STORAGE_ACCOUNT says an account";
            return Err(address.refused(text));
        }
    };
    let named = named(&variables, &connection, account);
    let builder = Azblob::default()
        .container(&address.host)
        .root(&address.prefix)
        .endpoint(&place)
        .credential_provider_chain(credentials(&named));
    let builder = match address.is_on("anonymous")? {
        true => builder.skip_signature(),
        false => builder,
    };
    Cloud::of_bucket(builder, &address, means)
}

/// The names that Azure's tools have, and last the one that the library that signs has.
const ACCOUNT: [&str; 2] = ["AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME"];
const KEY: [&str; 2] = ["AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_KEY"];
const SIGNATURE: [&str; 1] = ["AZURE_STORAGE_SAS_TOKEN"];

/// What a connection string says.
#[derive(Default)]
struct Connection {
    account: Option<String>,
    key: Option<String>,
    signature: Option<String>,
    place: Option<String>,
}

/// The variables by the names that the library knows, and what they do not say from the connection string.
fn named(variables: &Variables, connection: &Connection, account: Option<&str>) -> Variables {
    let key = variables.first(&KEY).or(connection.key.as_deref());
    let signature = variables
        .first(&SIGNATURE)
        .or(connection.signature.as_deref());
    let signature = signature.map(|signature| signature.trim_start_matches('?'));
    let all = [
        (ACCOUNT[1], account),
        (KEY[1], key),
        (SIGNATURE[0], signature),
    ];
    let set = all
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    set.fold(variables.clone(), |variables, (name, value)| {
        variables.with(name, value)
    })
}

fn connection(variables: &Variables, address: &Address) -> Result<Connection, RemoteError> {
    let Some(text) = variables.first(&["AZURE_STORAGE_CONNECTION_STRING"]) else {
        return Ok(Connection::default());
    };
    let refused = || address.refused("AZURE_STORAGE_CONNECTION_STRING is not NAME=VALUE;...");
    let mut parts = BTreeMap::new();
    for part in text.split(';').filter(|part| !part.trim().is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(refused)?;
        parts.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    let account = parts.remove("AccountName");
    if address
        .option("account")
        .is_some_and(|named| Some(named) != account.as_deref())
    {
        // It is of another account.
        return Ok(Connection::default());
    }
    let place = match (
        parts.get("BlobEndpoint"),
        &account,
        parts.get("EndpointSuffix"),
    ) {
        (Some(place), ..) => Some(endpoint(place).ok_or_else(refused)?),
        (None, Some(account), Some(suffix)) => Some(format!("https://{account}.blob.{suffix}")),
        _ => None,
    };
    Ok(Connection {
        account,
        key: parts.remove("AccountKey"),
        signature: parts.remove("SharedAccessSignature"),
        place,
    })
}

fn credentials(variables: &Variables) -> ProvideCredentialChain<reqsign_azure_storage::Credential> {
    let known = DefaultCredentialProvider::builder()
        .no_azure_cli()
        .no_imds()
        .build();
    let machine = ImdsCredentialProvider::new();
    ProvideCredentialChain::new()
        .push(Told::new(known, variables))
        .push(Told::of_machine(machine, variables))
}
