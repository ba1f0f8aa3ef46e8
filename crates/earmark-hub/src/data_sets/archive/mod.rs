//! Zip archives of data sets, whole or in parts: stored and deflated files, zip64.

mod directory;
mod error;
mod parts;
mod unpack;

pub use error::ArchiveError;
pub use unpack::{Unpacked, unpack_archive};
