//! Mean and spread of the log amplitude per frequency bin, clip by clip, in bounded memory.

use earmark_core::ConfigError;
use earmark_features::{
    AmplitudeScale, BinValue, Centre, Extractor, ExtractorScratch, Features, FrontEnd, Stft, WindowFunction,
};

use super::curve::Curve;
use super::options::StatisticsOptions;
use super::report::MeanSpectrum;

/// `ln(1 + |X|)` of a periodic-Hann STFT without centring, transform length the next power of two, as
/// TensorFlow's `signal.stft(x, window, hop)`.
pub(super) struct Analyser {
    extractor: Extractor,
    window: usize,
    hop: usize,
}

/// Smallest number of samples to transform at a time.
const CHUNK: usize = 1 << 16;

impl Analyser {
    pub fn new(options: &StatisticsOptions) -> Result<Self, ConfigError> {
        let front_end = FrontEnd {
            sample_rate_hz: options.sample_rate_hz,
            pre_emphasis: None,
            stft: Stft {
                window_seconds: None,
                window_samples: Some(options.window_samples),
                hop_seconds: None,
                hop_samples: Some(options.hop_samples),
                fft_samples: None,
                more_window_samples: Vec::new(),
                window: WindowFunction::Hann,
                centre: Centre::None,
                value: BinValue::Magnitude,
                phase: false,
            },
            mel: None,
            amplitude: AmplitudeScale::Log { offset: 1.0 },
            segments: None,
            ..FrontEnd::default()
        };
        let extractor = Extractor::new(&front_end)?;
        let (window, hop) = (options.window_samples as usize, options.hop_samples as usize);
        Ok(Self {
            extractor,
            window,
            hop,
        })
    }

    pub fn sample_rate_hz(&self) -> u32 {
        self.extractor.front_end().sample_rate_hz
    }

    /// Starts a clip.
    pub fn start(&self) -> Running<'_> {
        let bins = self.extractor.bands();
        Running {
            analyser: self,
            scratch: self.extractor.scratch(),
            waiting: Vec::new(),
            skip: 0,
            frames: 0,
            sums: vec![(0.0, 0.0); bins],
        }
    }

    /// The average over clips; `None` without any.
    pub fn average<'a>(&self, clips: impl Iterator<Item = &'a Curve>) -> Option<MeanSpectrum> {
        let (Curve { mean, std }, clips) = Curve::average(clips)?;
        let bins = mean.len();
        let width = f64::from(self.sample_rate_hz()) / 2.0 / (bins - 1).max(1) as f64;
        Some(MeanSpectrum {
            hz: (0..bins).map(|bin| bin as f64 * width).collect(),
            mean,
            std,
            clips,
        })
    }
}

/// A clip that is being analysed.
pub(super) struct Running<'a> {
    analyser: &'a Analyser,
    scratch: ExtractorScratch,
    /// Samples from the start of the next frame on.
    waiting: Vec<f32>,
    /// Samples still to skip before that start (a hop may be longer than a window).
    skip: usize,
    frames: u64,
    /// Sum and sum of squares of each bin.
    sums: Vec<(f64, f64)>,
}

impl Running<'_> {
    pub fn push(&mut self, block: &[f32]) {
        let passed = self.skip.min(block.len());
        self.skip -= passed;
        self.waiting.extend_from_slice(&block[passed..]);
        if self.waiting.len() >= CHUNK.max(self.analyser.window) {
            self.transform();
        }
    }

    /// Transforms all whole windows that are waiting and keeps what the next one needs.
    fn transform(&mut self) {
        // The only possible error is a sample that is not a number, which the decoder refuses first.
        let Ok(Features { frames, data, .. }) =
            self.analyser.extractor.log_mel(&self.waiting, &mut self.scratch)
        else {
            return;
        };
        if frames == 0 {
            return;
        }
        for ((sum, squares), row) in self.sums.iter_mut().zip(data.chunks_exact(frames)) {
            for x in row.iter().map(|&x| f64::from(x)) {
                *sum += x;
                *squares += x * x;
            }
        }
        self.frames += frames as u64;
        let next = frames * self.analyser.hop;
        self.skip = next.saturating_sub(self.waiting.len());
        self.waiting.drain(..next.min(self.waiting.len()));
    }

    /// Mean and spread over all frames; `None` for a clip shorter than a window.
    pub fn finish(mut self) -> Option<Curve> {
        self.transform();
        let n = self.frames as f64;
        if self.frames == 0 {
            return None;
        }
        let mean: Vec<f64> = self.sums.iter().map(|(sum, _)| sum / n).collect();
        // Rounding may leave a tiny negative variance where nothing changes.
        let variance = |(&(_, squares), mean): (&(f64, f64), &f64)| (squares / n - mean * mean).max(0.0);
        let std = self.sums.iter().zip(&mean).map(variance).map(f64::sqrt).collect();
        Some(Curve { mean, std })
    }
}
