//! Published data sets: which there are, their archives downloaded, checked and unpacked.

mod archive;
mod error;
mod get;
mod origin;
mod published_data;
mod remote_files;

pub use archive::{ArchiveError, Unpacked, unpack_archive};
pub use error::GetDataError;
pub use get::{DataProgress, GetData};
pub use origin::{ArchiveOrigin, DataOrigin};
pub use published_data::{PublishedData, published_data};
