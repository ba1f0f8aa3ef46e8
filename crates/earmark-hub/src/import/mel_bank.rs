//! The mel bank that a checkpoint holds must be the one that our front end computes.

use super::tensors::Checkpoint;
use earmark_core::ConfigError;
use earmark_features::FrontEnd;

/// Whether `checkpoint` holds no mel bank of that name (`[bins, bands]`), or the front end's, within 1e-4.
pub(super) fn mel_bank_fits(
    name: &str,
    front_end: &FrontEnd,
    checkpoint: &Checkpoint,
) -> Result<bool, ConfigError> {
    let (Some(bank), Some(mel)) = (checkpoint.get(name), &front_end.mel) else {
        return Ok(true);
    };
    let stft = &front_end.stft;
    let fft = stft.fft_samples.or(stft.window_samples).unwrap_or(0);
    let ours = mel.matrix(front_end.sample_rate_hz, fft as usize)?;
    let (bands, bins) = (ours.len(), ours[0].len());
    let values = bank.values.as_ref().filter(|_| bank.shape == [bins, bands]);
    Ok(values.is_some_and(|values| {
        let near = |(i, v): (usize, &f32)| (f64::from(*v) - ours[i % bands][i / bands]).abs() <= 1e-4;
        values.iter().enumerate().all(near)
    }))
}
