//! Checks of sample rates, channel counts and lengths of silence.

use crate::error::{AudioError, Fault};
use crate::limits::{MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};

/// Longer gaps, in seconds, are closed; shorter ones become silence, so that what follows keeps its time.
pub(crate) const LONGEST_SILENCE_SECONDS: u64 = 600;

/// The sparsest recordings have some times as many bytes in a second.
const LEAST_BYTES_PER_SECOND: u64 = 100;

/// How much longer than its sound, in seconds, all silence in a file of this many bytes may be: a few wrong bytes could
/// ask for any length.
pub(crate) fn most_silence_seconds(file_bytes: u64) -> u64 {
    LONGEST_SILENCE_SECONDS.min(1 + file_bytes / LEAST_BYTES_PER_SECOND)
}

/// Refuses a requested rate out of range.
pub(crate) fn check_rate(sample_rate_hz: u32) -> Result<(), AudioError> {
    match (MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&sample_rate_hz) {
        true => Ok(()),
        false => Err(AudioError::BadSampleRate { sample_rate_hz }),
    }
}

/// Refuses a file whose header gives an implausible rate or channel count.
pub(crate) fn check_shape(sample_rate_hz: u32, channels: u64) -> Result<(), Fault> {
    let problem = if check_rate(sample_rate_hz).is_err() {
        format!(
            "a sample rate of {sample_rate_hz} Hz, outside {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ} Hz"
        )
    } else if channels == 0 || channels > u64::from(MAX_CHANNELS) {
        format!("{channels} channels, outside 1 to {MAX_CHANNELS}")
    } else {
        return Ok(());
    };
    Err(Fault::Unsupported(format!("its header gives {problem}")))
}
