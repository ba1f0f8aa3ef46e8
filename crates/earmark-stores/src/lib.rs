//! Recordings and results in object stores: `s3://`, `gs://` and `az://`, and recordings of web servers.
//!
//! ```no_run
//! earmark_stores::enable();
//! ```
//!
//! After [`enable`], a path such as `s3://bucket/night.flac` opens as a recording, and a result can be written to one.
//! The other crates know the seam alone, [`earmark_core::remote`].
//!
//! A recording is read in parts, of which at most 12 MiB are in memory. An object that is written appears when all of
//! it was uploaded. Requests that fail in passing (no answer, a part of one, one that comes too slowly, a server that fails
//! or is busy) are sent again, up to [`RetryLimits`]; a server that says how long to wait is waited for. One that gave no
//! answer is asked once the next time. A recording whose content changes
//! while it is read fails as a whole, by the store's mark of the content.
//!
//! Credentials are those of the environment, under the names that each store's own tools give them, of the profile in
//! `~/.aws`, and of the machine, in a cloud.

mod address;
mod aws_profile;
mod connector;
mod failure;
mod object_stores;
mod one_attempt;
mod opened_stores;
mod part_reader;
mod parts;
mod retrying_client;
mod upload;

pub use object_stores::ObjectStores;
pub use retrying_client::RetryLimits;

use std::sync::OnceLock;

static STORES: OnceLock<ObjectStores> = OnceLock::new();

/// Lets this program reach object stores and web servers. For programs, once, at their start.
pub fn enable() {
    let of_environment = || {
        let variables = std::env::vars_os();
        let texts =
            variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        ObjectStores::new(texts, RetryLimits::default(), std::thread::sleep)
    };
    earmark_core::remote::enable(STORES.get_or_init(of_environment));
}
