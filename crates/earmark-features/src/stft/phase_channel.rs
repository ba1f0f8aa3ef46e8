//! `front-end.stft.phase`: the angle of each bin as a second channel.

use super::spectrum::{FrameBuffer, FrameSpectrum};
use std::f32::consts::PI;

impl FrameSpectrum {
    /// Writes the angles of bins 0 to `n / 2`, as shares of pi: -1 to 1, after [`Self::split`].
    pub fn read_angles(&self, frame: &FrameBuffer, angles: &mut [f32]) {
        self.read(frame, angles, |re, im| im.atan2(re) / PI);
    }
}
