//! Checks of sample rates and channel counts.

use crate::error::{AudioError, Fault};
use crate::limits::{MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};

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
