//! The buckets in use, each opened once, with the credentials that the environment gives.

use crate::address::{Address, StoreKind};
use crate::aws_profile::{Variables, of_profile};
use crate::connector::Connector;
use crate::failure::explain;
use crate::retrying_client::RetryingClient;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{ObjectStore, RetryConfig};
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// A bucket.
pub(crate) type Bucket = Arc<dyn ObjectStore>;

/// The buckets that are open.
pub(crate) struct OpenedStores {
    pub client: Arc<RetryingClient>,
    variables: Variables,
    open: Mutex<HashMap<(StoreKind, String), Bucket>>,
}

impl OpenedStores {
    pub fn new(client: RetryingClient, mut variables: Variables) -> Self {
        let profile = of_profile(&variables);
        variables.extend(profile);
        Self {
            client: Arc::new(client),
            variables,
            open: Mutex::default(),
        }
    }

    /// The bucket of an address, and the path in it.
    pub fn bucket(&self, address: &Address) -> io::Result<(Bucket, object_store::path::Path)> {
        let path = object_store::path::Path::parse(&address.key);
        let path = path.map_err(|error| explain(address, &error.into()))?;
        let key = (address.kind, address.bucket.clone());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = open.get(&key) {
            return Ok((bucket.clone(), path));
        }
        let bucket = self.build(address).map_err(|error| explain(address, &error))?;
        open.insert(key, bucket.clone());
        Ok((bucket, path))
    }

    fn build(&self, address: &Address) -> object_store::Result<Bucket> {
        let connector = Connector(self.client.clone());
        // Our client sends again.
        let retry = RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        };
        match address.kind {
            StoreKind::Google => {
                let mut builder = GoogleCloudStorageBuilder::new();
                for (name, value) in self.named(&["google_", "service_account"]) {
                    if let Ok(key) = name.parse() {
                        builder = builder.with_config(key, value);
                    }
                }
                let builder = builder.with_bucket_name(&address.bucket).with_retry(retry);
                Ok(Arc::new(builder.with_http_connector(connector).build()?))
            }
            StoreKind::Azure => {
                let mut builder = MicrosoftAzureBuilder::new();
                for (name, value) in self.named(&["azure_", "msi_endpoint", "identity_"]) {
                    if let Ok(key) = as_azure_cli(&name).parse() {
                        builder = builder.with_config(key, value);
                    }
                }
                let builder = builder.with_container_name(&address.bucket).with_retry(retry);
                Ok(Arc::new(builder.with_http_connector(connector).build()?))
            }
            StoreKind::S3 | StoreKind::Web => {
                let mut builder = AmazonS3Builder::new();
                for (name, value) in self.named(&["aws_"]) {
                    let is_plain = name.starts_with("aws_endpoint") && value.starts_with("http://");
                    if let Ok(key) = as_s3(&name).parse() {
                        builder = builder.with_config(key, value);
                    }
                    if is_plain {
                        builder = builder.with_allow_http(true);
                    }
                }
                let builder = builder.with_bucket_name(&address.bucket).with_retry(retry);
                Ok(Arc::new(builder.with_http_connector(connector).build()?))
            }
        }
    }

    /// Variables whose names, in small letters, begin so; in order, so that of two names of one thing always the same
    /// one counts.
    fn named<'a>(&'a self, beginnings: &'a [&str]) -> Vec<(String, &'a str)> {
        let mut found: Vec<(String, &str)> = self
            .variables
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
            .filter(|(name, value)| !value.is_empty() && beginnings.iter().any(|b| name.starts_with(*b)))
            .collect();
        found.sort_unstable();
        found
    }
}

/// Names of Amazon's own tools that object_store has others for.
fn as_s3(name: &str) -> &str {
    match name {
        "aws_endpoint_url_s3" => "aws_endpoint_url",
        other => other,
    }
}

/// The same of Azure's command line.
fn as_azure_cli(name: &str) -> &str {
    match name {
        "azure_storage_account" => "azure_storage_account_name",
        "azure_storage_key" => "azure_storage_account_key",
        "azure_storage_auth_mode" | "azure_storage_connection_string" => "",
        other => other,
    }
}

/// Waits for what a store does. Its requests are sent on this thread.
pub(crate) fn wait_for<T>(work: impl Future<Output = T>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    Ok(runtime.block_on(work))
}
