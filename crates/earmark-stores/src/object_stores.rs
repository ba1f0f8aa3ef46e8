//! The stores as the other crates know them.

use crate::address::{Address, StoreKind};
use crate::aws_profile::Variables;
use crate::failure::{explain, failed};
use crate::opened_stores::{OpenedStores, wait_for};
use crate::part_reader::PartReader;
use crate::parts::{PartSource, ask_stamp, source, stamp_of};
use crate::retrying_client::{RetryLimits, RetryingClient};
use crate::upload::{try_upload, upload};
use bytes::Bytes;
use earmark_core::remote::{FillRemote, RemoteEntry, RemoteFiles, RemoteReader, RemoteStamp};
use futures_util::TryStreamExt as _;
use object_store::{Error, ObjectMeta, ObjectStore as _, ObjectStoreExt as _};
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Reads, lists and writes files in object stores, and reads those of web servers.
pub struct ObjectStores {
    stores: OpenedStores,
    /// What listings and earlier questions said.
    stamps: Arc<Mutex<HashMap<String, RemoteStamp>>>,
}

/// A file whose stamp is forgotten when it fails: it may be another one by now.
struct Watched {
    source: Box<dyn PartSource>,
    address: String,
    stamps: Arc<Mutex<HashMap<String, RemoteStamp>>>,
}

impl PartSource for Watched {
    fn fetch(&self, range: Range<u64>) -> io::Result<Bytes> {
        self.source.fetch(range).inspect_err(|_| {
            let mut stamps = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
            stamps.remove(&self.address);
        })
    }
}

impl ObjectStores {
    /// Stores with credentials from variables of the environment; `wait` passes the time before a request is sent
    /// again.
    pub fn new(
        variables: impl IntoIterator<Item = (String, String)>,
        limits: RetryLimits,
        wait: fn(Duration),
    ) -> Self {
        let variables: Variables = variables.into_iter().collect();
        Self {
            stores: OpenedStores::new(RetryingClient::new(limits, wait), variables),
            stamps: Arc::default(),
        }
    }

    fn stamps(&self) -> MutexGuard<'_, HashMap<String, RemoteStamp>> {
        self.stamps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An address that may be written to.
    fn writable(&self, address: &str) -> io::Result<Address> {
        let parsed = parse(address)?;
        if parsed.kind == StoreKind::Web {
            return Err(failed(
                ErrorKind::Unsupported,
                "web servers take no results",
                "write to s3://, gs://, az:// or a file",
            ));
        }
        if parsed.key.is_empty() {
            return Err(failed(
                ErrorKind::InvalidInput,
                "names a bucket, not an object in it",
                "add the name of the object",
            ));
        }
        Ok(parsed)
    }
}

fn parse(address: &str) -> io::Result<Address> {
    Address::parse(address).map_err(|failure| failure.into_io(ErrorKind::InvalidInput))
}

impl RemoteFiles for ObjectStores {
    fn known(&self, address: &str) -> Option<RemoteStamp> {
        self.stamps().get(address).cloned()
    }

    fn stamp(&self, address: &str) -> io::Result<RemoteStamp> {
        if let Some(known) = self.known(address) {
            return Ok(known);
        }
        let stamp = ask_stamp(&self.stores, &parse(address)?)?;
        self.stamps().insert(address.to_owned(), stamp.clone());
        Ok(stamp)
    }

    fn open(&self, address: &str) -> io::Result<Box<dyn RemoteReader>> {
        let stamp = self.stamp(address)?;
        let watched = Watched {
            source: source(&self.stores, parse(address)?, &stamp)?,
            address: address.to_owned(),
            stamps: self.stamps.clone(),
        };
        Ok(Box::new(PartReader::new(Box::new(watched), stamp.size)))
    }

    fn list(&self, address: &str) -> io::Result<Vec<RemoteEntry>> {
        let parsed = parse(address)?;
        if parsed.kind == StoreKind::Web {
            return Err(failed(
                ErrorKind::Unsupported,
                "web servers have no folders that can be listed",
                "give a table of the addresses of its files with --from",
            ));
        }
        let (bucket, prefix) = self.stores.bucket(&parsed)?;
        let listed: Result<Vec<ObjectMeta>, Error> = wait_for(async {
            // Of the whole bucket, there is no prefix.
            let prefix = Some(&prefix).filter(|_| !parsed.key.is_empty());
            bucket.list(prefix).try_collect().await
        })?;
        let listed = listed.map_err(|error| explain(&parsed, &error))?;
        let mut stamps = self.stamps();
        let mut found = Vec::new();
        for meta in &listed {
            let key: &str = meta.location.as_ref();
            let below = key
                .strip_prefix(parsed.key.as_str())
                .unwrap_or(key)
                .trim_start_matches('/');
            if below.is_empty() || below.split('/').any(|name| name.starts_with('.')) {
                continue;
            }
            let entry = RemoteEntry {
                address: parsed.of_key(key),
                below: below.to_owned(),
            };
            stamps.insert(entry.address.clone(), stamp_of(meta));
            found.push(entry);
        }
        drop(stamps);
        // By the names of a path from its front, as folders are listed one in the other.
        found.sort_by(|a, b| Path::new(&a.below).cmp(Path::new(&b.below)));
        Ok(found)
    }

    fn check_writable(&self, address: &str) -> io::Result<()> {
        let parsed = self.writable(address)?;
        let (bucket, path) = self.stores.bucket(&parsed)?;
        try_upload(&bucket, &path, &parsed)
    }

    fn write(&self, address: &str, fill: FillRemote) -> io::Result<()> {
        let parsed = self.writable(address)?;
        let (bucket, path) = self.stores.bucket(&parsed)?;
        self.stamps().remove(address);
        upload(bucket, path, &parsed, fill)
    }

    fn remove(&self, address: &str) -> io::Result<()> {
        let parsed = self.writable(address)?;
        let (bucket, path) = self.stores.bucket(&parsed)?;
        self.stamps().remove(address);
        match wait_for(bucket.delete(&path))? {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(explain(&parsed, &error)),
        }
    }
}
