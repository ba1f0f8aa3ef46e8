//! What a stream is read from: a file, or raw samples of a pipe.

use super::feed::Feed;
use super::pcm::{LOUDEST, PcmFormat, PcmReader};
use super::player::{BLOCK_SECONDS, Playback, Player};
use crate::PipelineError;
use earmark_audio::{AudioStream, Damaged, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ, ReadOptions};
use earmark_core::caught_panics::catch_panic;
use earmark_data::{ClipDamage, ClipRemarks};
use std::io::Read;
use std::path::Path;
use std::sync::PoisonError;

/// A pipe is played this much faster than real time, so that it keeps up with a writer whose clock is faster.
const PIPE_SPEED: f64 = 1.02;

impl Feed {
    /// A file, decoded while it is played; of a damaged one what is whole.
    ///
    /// # Errors
    ///
    /// When it is missing or not audio.
    pub fn file(path: &Path, playback: Playback) -> Result<Self, PipelineError> {
        Self::file_with(path, playback, Damaged::Salvage)
    }

    /// The same, with what becomes of a damaged file. What is missing of it is in [`remarks`](Self::remarks) at its
    /// end.
    ///
    /// # Errors
    ///
    /// When it is missing, not audio, or damaged and refused: then the stream ends with that error.
    pub fn file_with(path: &Path, playback: Playback, damaged: Damaged) -> Result<Self, PipelineError> {
        let options = ReadOptions {
            sample_rate_hz: None,
            damaged,
        };
        let mut stream = AudioStream::open_with(path, &options)?;
        let rate_hz = stream.sample_rate_hz();
        let (sender, feed) = Self::open(rate_hz, playback == Playback::RealTime);
        let player = Player::new(sender, rate_hz, playback, 1.0);
        let place = feed.place_for_remarks();
        let file = path.display().to_string();
        let mut next = move |samples: &mut Vec<f32>| -> Result<bool, PipelineError> {
            let more = stream.next_block(samples)?;
            if !more {
                let seconds = stream.frames_read() as f64 / f64::from(rate_hz);
                let damage = ClipDamage::of(seconds, stream.losses());
                let remarks = ClipRemarks::of(&stream.notes(), damage.as_ref());
                *place.lock().unwrap_or_else(PoisonError::into_inner) = remarks;
            }
            Ok(more)
        };
        let caught = move |samples: &mut Vec<f32>| {
            catch_panic(|| next(samples))
                .unwrap_or_else(|what| Err(PipelineError::Request(format!("{file}: {what}"))))
        };
        start(move || player.play(caught))?;
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
                "--rate {rate_hz}: is outside {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ}; most recorders use \
                 16000 to 48000"
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
                Ok(_) => "its samples are not audio (not numbers, or far too large); check --encoding and \
                          --channels"
                    .into(),
                Err(e) => format!("can't be read: {e}; check the source"),
            };
            Err(PipelineError::Request(format!("{place}: {problem}")))
        };
        start(move || player.play(read))?;
        Ok(feed)
    }
}

/// Plays in a thread of its own.
fn start(play: impl FnOnce() + Send + 'static) -> Result<(), PipelineError> {
    let started = std::thread::Builder::new().spawn(play);
    started.map(drop).map_err(|e| {
        PipelineError::Request(format!(
            "the stream needs a thread, which can't be started: {e}; end other programs, or use fewer --threads"
        ))
    })
}
