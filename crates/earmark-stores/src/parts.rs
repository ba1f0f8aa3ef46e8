//! Parts of a file, as stores and web servers give them.

use crate::address::{Address, StoreKind};
use crate::failure::{by_status, changed, explain, failed};
use crate::one_attempt::{SendFailure, range_of};
use crate::opened_stores::{Bucket, OpenedStores, wait_for};
use crate::retrying_client::RetryingClient;
use bytes::Bytes;
use earmark_core::remote::RemoteStamp;
use object_store::{GetOptions, GetRange, ObjectStore as _};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;
use ureq::http::header::{ACCEPT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, LAST_MODIFIED, RANGE};
use ureq::http::{Method, Request, Response};

/// The most of a file that is fetched at once; a server that gives no parts serves files up to this length.
pub(crate) const MOST_AT_ONCE: u64 = 4 << 20;

/// What gives parts of one file, all of them of the same content.
pub(crate) trait PartSource: Send + Sync {
    /// Exactly these bytes, which are in the file.
    fn fetch(&self, range: Range<u64>) -> io::Result<Bytes>;
}

/// Opens a file of this stamp.
pub(crate) fn source(
    stores: &OpenedStores,
    address: Address,
    stamp: &RemoteStamp,
) -> io::Result<Box<dyn PartSource>> {
    if address.kind == StoreKind::Web {
        return Ok(Box::new(WebFile {
            client: stores.client.clone(),
            address,
            stamp: stamp.clone(),
        }));
    }
    let (bucket, path) = stores.bucket(&address)?;
    Ok(Box::new(StoredObject {
        bucket,
        path,
        address,
        stamp: stamp.clone(),
        mark: OnceLock::new(),
    }))
}

/// Asks what is known of a file.
pub(crate) fn ask_stamp(stores: &OpenedStores, address: &Address) -> io::Result<RemoteStamp> {
    if address.kind == StoreKind::Web {
        return stamp_of_web(&stores.client, address);
    }
    let (bucket, path) = stores.bucket(address)?;
    let options = GetOptions {
        head: true,
        ..GetOptions::default()
    };
    let found = wait_for(bucket.get_opts(&path, options))?;
    Ok(stamp_of(&found.map_err(|error| explain(address, &error))?.meta))
}

/// What a store says of an object.
pub(crate) fn stamp_of(meta: &object_store::ObjectMeta) -> RemoteStamp {
    RemoteStamp {
        size: meta.size,
        changed: Some(SystemTime::from(meta.last_modified)),
        tag: meta.e_tag.as_deref().map(bare),
    }
}

/// A mark of content without its quotes: stores give it with them in some answers and without in others.
fn bare(mark: &str) -> String {
    mark.trim_matches('"').to_owned()
}

/// An object of a store.
struct StoredObject {
    bucket: Bucket,
    path: object_store::path::Path,
    address: Address,
    stamp: RemoteStamp,
    /// The mark as the first answer had it.
    mark: OnceLock<String>,
}

impl PartSource for StoredObject {
    fn fetch(&self, range: Range<u64>) -> io::Result<Bytes> {
        let wanted = range.end - range.start;
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            if_match: self.mark.get().cloned(),
            ..GetOptions::default()
        };
        let fetched: object_store::Result<_> = wait_for(async {
            let answer = self.bucket.get_opts(&self.path, options).await?;
            let meta = answer.meta.clone();
            Ok((meta, answer.bytes().await?))
        })?;
        let (meta, bytes) = fetched.map_err(|error| explain(&self.address, &error))?;
        let mark = meta.e_tag.as_deref().map(bare);
        let is_other = self.stamp.tag.is_some() && mark.is_some() && mark != self.stamp.tag;
        if is_other || meta.size != self.stamp.size {
            return Err(changed());
        }
        if let Some(mark) = meta.e_tag {
            let _ = self.mark.set(mark);
        }
        whole(bytes, wanted)
    }
}

/// A file of a web server.
struct WebFile {
    client: Arc<RetryingClient>,
    address: Address,
    stamp: RemoteStamp,
}

impl PartSource for WebFile {
    fn fetch(&self, range: Range<u64>) -> io::Result<Bytes> {
        let wanted = range.end - range.start;
        let answer = ask_web(&self.client, &self.address, &range)?;
        let now = stamp_of_answer(answer.headers(), self.stamp.size);
        if self.stamp.tag.is_some() && now.tag != self.stamp.tag {
            return Err(changed());
        }
        match answer.status().as_u16() {
            206 if range_of(answer.headers()) == Some((range.start, range.end - 1)) => {
                whole(answer.into_body(), wanted)
            }
            // All of it, of a server that gives no parts.
            200 if answer.body().len() as u64 == self.stamp.size => {
                let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
                Ok(answer.body().slice(place(range.start)..place(range.end)))
            }
            200 | 206 => Err(changed()),
            416 => Err(changed()),
            status => Err(by_status(&self.address, status)),
        }
    }
}

fn whole(bytes: Bytes, wanted: u64) -> io::Result<Bytes> {
    match bytes.len() as u64 == wanted {
        true => Ok(bytes),
        false => Err(failed(
            ErrorKind::Other,
            format!("its store gave {} of {wanted} bytes", bytes.len()),
            "run the same command again",
        )),
    }
}

fn stamp_of_web(client: &RetryingClient, address: &Address) -> io::Result<RemoteStamp> {
    let answer = ask_web(client, address, &(0..1))?;
    let size = match answer.status().as_u16() {
        206 => total_of(answer.headers()),
        200 => Some(answer.body().len() as u64),
        // There is no first byte.
        416 => Some(0),
        status => return Err(by_status(address, status)),
    };
    let size = size.ok_or_else(|| {
        failed(
            ErrorKind::Other,
            "its server does not say how long it is",
            "download it first, and give the file",
        )
    })?;
    Ok(stamp_of_answer(answer.headers(), size))
}

fn ask_web(client: &RetryingClient, address: &Address, range: &Range<u64>) -> io::Result<Response<Bytes>> {
    let request = Request::builder()
        .method(Method::GET)
        .uri(address.bucket.as_str())
        // Of compressed content, parts would be others.
        .header(ACCEPT_ENCODING, "identity")
        .header(RANGE, format!("bytes={}-{}", range.start, range.end - 1))
        .body(Bytes::new());
    let request = request.map_err(|error| {
        failed(
            ErrorKind::InvalidInput,
            format!("is not an address of the web ({error})"),
            "write odd characters as %20 and the like",
        )
    })?;
    client
        .send_to_web(&request, MOST_AT_ONCE)
        .map_err(|failure| match failure {
            SendFailure::TooLong => failed(
                ErrorKind::Other,
                "its server gives no parts of files, and it is long",
                "download it first, and give the file",
            ),
            other => failed(
                ErrorKind::Other,
                format!("its server can't be reached or used: {other}"),
                "check the address and the network, then run the same command again",
            ),
        })
}

fn stamp_of_answer(headers: &HeaderMap, size: u64) -> RemoteStamp {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    RemoteStamp {
        size,
        changed: None,
        tag: text(ETAG).or(text(LAST_MODIFIED)).map(bare),
    }
}

/// The length of all of which an answer is a part.
fn total_of(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    range.rsplit_once('/')?.1.trim().parse().ok()
}
