//! Audio files, packets of Opus, and the change of rates.

mod decode;
mod ogg_pages;
mod opus;
mod resample;
mod stream;

pub use decode::decode;
pub use opus::opus;
pub use resample::resample;
pub use stream::stream;
