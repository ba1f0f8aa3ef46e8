//! Reading, listing and writing, against a store on the loopback address that fails in all the ways that stores do.

mod reading;
mod server;
mod writing;

use earmark_core::remote::RemoteFiles;
use earmark_stores::{ObjectStores, RetryLimits};
use server::Server;
use std::cell::RefCell;
use std::io::Read;
use std::time::Duration;

/// How often a request is sent in these tests.
const ATTEMPTS: u32 = 4;

thread_local! {
    /// The times that this test's requests would have waited.
    static WAITS: RefCell<Vec<Duration>> = const { RefCell::new(Vec::new()) };
}

/// Stores that find `server` where Amazon's would be.
fn stores(server: &Server) -> ObjectStores {
    let limits = RetryLimits {
        attempts: ATTEMPTS,
        ..RetryLimits::default()
    };
    stores_with(server, limits)
}

/// The same with other limits.
fn stores_with(server: &Server, limits: RetryLimits) -> ObjectStores {
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    let variables = [
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
    ];
    let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    ObjectStores::new(owned, limits, |wait| {
        WAITS.with_borrow_mut(|waits| waits.push(wait))
    })
}

/// Bytes in which each place differs from its neighbours.
fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|i| (i % 251) as u8 ^ (i / 65_536) as u8)
        .collect()
}

fn read_all(stores: &ObjectStores, address: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stores.open(address)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}
