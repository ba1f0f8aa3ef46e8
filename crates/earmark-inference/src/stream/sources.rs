//! What a stream is read from: a file, or raw samples of a pipe.

use super::feed::Feed;
use super::pcm::{LOUDEST, PcmFormat, PcmReader};
use super::player::{BLOCK_SECONDS, Playback, Player};
use crate::PipelineError;
use earmark_audio::{AudioStream, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use std::io::Read;
use std::path::Path;

/// A pipe is played this much faster than real time, so that it keeps up with a writer whose clock is faster.
const PIPE_SPEED: f64 = 1.02;

impl Feed {
    /// A file, decoded while it is played.
    ///
    /// # Errors
    ///
    /// When it is missing or not audio.
    pub fn file(path: &Path, playback: Playback) -> Result<Self, PipelineError> {
        let mut stream = AudioStream::open_native(path)?;
        let rate_hz = stream.sample_rate_hz();
        let (sender, feed) = Self::open(rate_hz, playback == Playback::RealTime);
        let player = Player::new(sender, rate_hz, playback, 1.0);
        std::thread::spawn(move || player.play(|samples| Ok(stream.next_block(samples)?)));
        Ok(feed)
    }

    /// Raw samples from `input`, called `place` in messages. In real time, samples that come faster are held back.
    ///
    /// # Errors
    ///
    /// For a rate or number of channels that can't be.
    pub fn pcm(
        input: impl Read + Send + 'static,
        place: &str,
        format: PcmFormat,
        playback: Playback,
    ) -> Result<Self, PipelineError> {
        let rate_hz = format.rate_hz;
        if !(MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&rate_hz) {
            return Err(PipelineError::Request(format!(
                "--rate {rate_hz}: is outside {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ}; most recorders use 16000 to 48000"
            )));
        }
        if format.channels == 0 {
            return Err(PipelineError::Request("--channels 0: choose 1 or more".into()));
        }
        let (sender, feed) = Self::open(rate_hz, playback == Playback::RealTime);
        let player = Player::new(sender, rate_hz, playback, PIPE_SPEED);
        let frames = (BLOCK_SECONDS * f64::from(rate_hz)) as usize;
        let mut reader = PcmReader::new(input, format, frames);
        let place = place.to_owned();
        let read = move |samples: &mut Vec<f32>| {
            samples.clear();
            let problem = match reader.read(samples) {
                Ok(more) if samples.iter().all(|s| s.abs() <= LOUDEST) => return Ok(more),
                Ok(_) => "its samples are not audio (not numbers, or far too large); check --encoding and --channels".into(),
                Err(e) => format!("can't be read: {e}; check the source"),
            };
            Err(PipelineError::Request(format!("{place}: {problem}")))
        };
        std::thread::spawn(move || player.play(read));
        Ok(feed)
    }
}
