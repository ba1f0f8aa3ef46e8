//! Sample rates and channel counts that are accepted.

/// Lowest sample rate, of a file or requested, that makes sense for audio tagging.
pub const MIN_SAMPLE_RATE_HZ: u32 = 1_000;
/// Highest sample rate accepted, of a file or requested.
pub const MAX_SAMPLE_RATE_HZ: u32 = 1_536_000;
/// Most channels accepted: an ambisonic recording of 15th order has 256.
pub const MAX_CHANNELS: u16 = 256;
