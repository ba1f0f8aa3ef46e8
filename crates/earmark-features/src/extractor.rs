//! A front end that is ready to run.

use crate::{
    amplitude::{loudest, raise_to},
    clip_features::HandcraftedFeatures,
    error::FeatureError,
    features::Features,
    front_end::{CheckedFrontEnd, FrontEnd},
    mel::MelBank,
    pre_emphasis::pre_emphasise,
    sample_check::check_samples,
    segments::SegmentPlacement,
    simd::{LANES, Lanes, transpose, vectorise},
    stft::{BinValue, FrameBuffer, FrameSpectrum},
};
use earmark_audio::Clip;
use earmark_core::{ConfigError, Within};
use pulp::Arch;
use std::{borrow::Cow, ops::Range};

/// A [`FrontEnd`] with its window, FFT plan and mel bank. Share one between threads, each with its own
/// [`ExtractorScratch`].
pub struct Extractor {
    front_end: FrontEnd,
    pub(crate) checked: CheckedFrontEnd,
    spectrum: FrameSpectrum,
    mel_bank: Option<MelBank>,
    handcrafted: Option<HandcraftedFeatures>,
    /// One for each further window.
    more_windows: Vec<Self>,
    fingerprint: String,
    pub(crate) arch: Arch,
}

/// Working memory of [`Extractor::log_mel`] for one thread; clips may follow one another in any order.
#[derive(Debug, Clone)]
pub struct ExtractorScratch {
    frame: FrameBuffer,
    /// The clip after pre-emphasis.
    pub(crate) emphasised: Vec<f32>,
    /// Window of a frame that reaches beyond the clip.
    edge: Vec<f32>,
    /// Spectra of eight frames, `[channels, LANES, stride]`, with zeros between the last bin and the stride.
    spectra: Vec<f32>,
    /// One channel of them, transposed: `[stride, LANES]`.
    transposed: Vec<Lanes>,
    /// That of each further window.
    more_windows: Vec<Self>,
}

/// Computes the energies of all frames of a signal.
pub(crate) type EnergiesOfSignal<'a> =
    &'a mut dyn FnMut(&Extractor, &[f32], usize, &mut ExtractorScratch) -> Vec<f32>;

impl Extractor {
    /// Checks the front end and computes its tables, in double precision.
    ///
    /// # Errors
    ///
    /// What [`Check::check`](earmark_core::Check::check) of the front end refuses, with keys as in a recipe
    /// (`front-end.stft.hop-samples`).
    pub fn new(front_end: &FrontEnd) -> Result<Self, ConfigError> {
        let checked = front_end.checked().within("front-end")?;
        let framing = &checked.framing;
        let window = front_end.stft.window.coefficients(framing.window);
        let more_windows = front_end.of_more_windows(framing);
        let bank = |mel: &crate::Mel| Ok(MelBank::new(&mel.matrix(front_end.sample_rate_hz, framing.fft)?));
        Ok(Self {
            spectrum: FrameSpectrum::new(framing, &window),
            mel_bank: front_end.mel.as_ref().map(bank).transpose()?,
            handcrafted: front_end.handcrafted.then(HandcraftedFeatures::new),
            more_windows: more_windows.iter().map(Self::new).collect::<Result<_, _>>()?,
            fingerprint: front_end.fingerprint()?,
            front_end: front_end.clone(),
            checked,
            arch: Arch::new(),
        })
    }

    /// The front end this was made from.
    pub fn front_end(&self) -> &FrontEnd {
        &self.front_end
    }

    /// Channels of [`log_mel`](Self::log_mel): one per handcrafted feature; else 2 with angles, else one per window.
    pub fn log_mel_channels(&self) -> usize {
        match self.handcrafted {
            Some(_) => HandcraftedFeatures::COUNT,
            None => self.front_end.spectrogram_channels(),
        }
    }

    /// Channels after [`postprocess`](Self::postprocess): a network's input channels.
    pub fn channels(&self) -> usize {
        self.front_end.postprocess.channels(self.log_mel_channels())
    }

    /// Mel bands, or bins of the spectrum; 1 for handcrafted features and samples.
    pub fn bands(&self) -> usize {
        match self.handcrafted {
            Some(_) => 1,
            None => self.front_end.bands(&self.checked.framing),
        }
    }

    /// Frames of a clip of `samples`; see [`Centre`](crate::Centre) for short ones. Handcrafted features are one frame.
    pub fn frames(&self, samples: usize) -> usize {
        if self.front_end.handcrafted {
            return 1;
        }
        let lost = usize::from(self.front_end.pre_emphasis.is_some());
        self.checked.framing.frames(samples.saturating_sub(lost))
    }

    /// Frames per second, in general a fraction.
    pub fn frames_per_second(&self) -> f64 {
        self.checked.frames_per_second
    }

    /// Samples of a frame: those of the longest window of the spectrogram; 1 for networks that take samples.
    pub fn frame_samples(&self) -> usize {
        let more = self.front_end.stft.more_window_samples.iter();
        let longest = more.map(|samples| *samples as usize).max();
        self.checked.framing.window.max(longest.unwrap_or(0))
    }

    /// Mel bands that no bin falls into and that are therefore constant, counted from 0. Published systems have some;
    /// more `fft-samples` or fewer `bands` avoid them.
    pub fn empty_bands(&self) -> Vec<usize> {
        let bank = self.mel_bank.as_ref();
        bank.map_or(Vec::new(), MelBank::empty_bands)
    }

    /// What determines the log-mel, as one line: the key to cache it under, together with the audio's own.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Working memory for [`log_mel`](Self::log_mel).
    pub fn scratch(&self) -> ExtractorScratch {
        let framing = &self.checked.framing;
        let stride = framing.bins().next_multiple_of(LANES);
        ExtractorScratch {
            frame: self.spectrum.buffer(),
            emphasised: Vec::new(),
            edge: vec![0.0; framing.window],
            spectra: vec![0.0; self.front_end.first_window_channels() * LANES * stride],
            transposed: vec![[0.0; LANES]; stride],
            more_windows: self.more_windows.iter().map(Self::scratch).collect(),
        }
    }

    /// The samples of a whole clip without the silence that `front-end.trim` cuts off; all of them without that key.
    pub fn trim<'a>(&self, samples: &'a [f32]) -> Cow<'a, [f32]> {
        match &self.front_end.trim {
            None => Cow::Borrowed(samples),
            Some(trim) => trim.apply(samples, self.front_end.sample_rate_hz),
        }
    }

    /// [`log_mel`](Self::log_mel) of a whole clip, trimmed.
    ///
    /// # Errors
    ///
    /// When the clip's sample rate is not the front end's, and as [`log_mel`](Self::log_mel).
    pub fn log_mel_of_clip(
        &self,
        clip: &Clip,
        scratch: &mut ExtractorScratch,
    ) -> Result<Features, FeatureError> {
        let (clip_hz, front_end_hz) = (clip.sample_rate_hz, self.front_end.sample_rate_hz);
        if clip_hz != front_end_hz {
            return Err(FeatureError::SampleRate {
                clip_hz,
                front_end_hz,
            });
        }
        check_samples(self.arch, &clip.samples)?;
        self.log_mel(&self.trim(&clip.samples), scratch)
    }

    /// Samples (-1 to 1, at the front end's rate, untrimmed) to a log-mel spectrogram, or what the front end has in
    /// its place: `[log_mel_channels, bands, frames]`. A clip shorter than a window, or an empty one, has no frames,
    /// and then one segment of padding.
    ///
    /// # Errors
    ///
    /// When a sample is not a number or far too large, or a clip is too long for handcrafted features.
    pub fn log_mel(&self, samples: &[f32], scratch: &mut ExtractorScratch) -> Result<Features, FeatureError> {
        self.log_mel_by(samples, scratch, &mut |extractor, signal, frames, scratch| {
            extractor.energies(signal, 0..frames, scratch)
        })
    }

    /// [`log_mel`](Self::log_mel) of energies that `energies` computes, from the extractor of each length of frame in
    /// their order, its signal and the number of its frames.
    pub(crate) fn log_mel_by(
        &self,
        samples: &[f32],
        scratch: &mut ExtractorScratch,
        energies: EnergiesOfSignal<'_>,
    ) -> Result<Features, FeatureError> {
        check_samples(self.arch, samples)?;
        if let Some(handcrafted) = &self.handcrafted {
            return Features::new(HandcraftedFeatures::COUNT, 1, 1, handcrafted.of_samples(samples)?);
        }
        let frames = self.frames(samples.len());
        let mut emphasised = std::mem::take(&mut scratch.emphasised);
        let mut data = energies(self, self.emphasise(samples, &mut emphasised), frames, scratch);
        scratch.emphasised = emphasised;
        let (bands, amplitude) = (self.bands(), &self.front_end.amplitude);
        let levels = &mut data[..bands * frames];
        self.scale(levels, frames, &mut amplitude.first_averages(bands));
        if let Some(top_db) = amplitude.top_db() {
            let floor = self.loudest(levels) - top_db;
            self.raise_to(floor, levels);
        }
        for (window, scratch) in self.more_windows.iter().zip(&mut scratch.more_windows) {
            data.extend(window.log_mel_by(samples, scratch, energies)?.data);
        }
        Features::new(self.log_mel_channels(), bands, frames, data)
    }

    /// The signal that frames are cut from, written to `buffer` where it is not the samples themselves.
    pub(crate) fn emphasise<'s>(&self, samples: &'s [f32], buffer: &'s mut Vec<f32>) -> &'s [f32] {
        match self.front_end.pre_emphasis {
            Some(c) => {
                pre_emphasise(samples, c as f32, buffer);
                buffer
            }
            None => samples,
        }
    }

    /// Energies of bands, and angles, of some frames of a signal, or its samples where a frame is one of them:
    /// `[channels, bands, frames]` row-major, of the first window alone.
    pub(crate) fn energies(
        &self,
        signal: &[f32],
        frames: Range<usize>,
        scratch: &mut ExtractorScratch,
    ) -> Vec<f32> {
        if self.front_end.waveform {
            return signal[frames].to_vec();
        }
        let count = frames.len();
        let mut data = vec![0.0; self.front_end.first_window_channels() * self.bands() * count];
        for start in (0..count).step_by(LANES) {
            let group = start..count.min(start + LANES);
            self.spectra(
                signal,
                frames.start + group.start..frames.start + group.end,
                scratch,
            );
            self.write_bands(scratch, |row, lanes| {
                data[row * count..][group.clone()].copy_from_slice(&lanes[..group.len()]);
            });
        }
        data
    }

    /// Energies to levels, without `top-db`. The averages continue those of the frames before.
    pub(crate) fn scale(&self, energies: &mut [f32], frames: usize, averages: &mut [f64]) {
        let (amplitude, value) = (&self.front_end.amplitude, self.front_end.stft.value);
        let frames_per_second = self.checked.frames_per_second;
        vectorise!(
            self.arch,
            amplitude.apply(energies, frames, value, frames_per_second, averages)
        );
    }

    /// The largest level; negative infinity without any.
    pub(crate) fn loudest(&self, levels: &[f32]) -> f32 {
        vectorise!(self.arch, loudest(levels))
    }

    /// Raises levels to a floor.
    pub(crate) fn raise_to(&self, floor: f32, levels: &mut [f32]) {
        vectorise!(self.arch, raise_to(floor, levels));
    }

    /// The spectra of up to eight frames, one channel after the other. With fewer, old spectra stay in the last rows.
    fn spectra(&self, samples: &[f32], frames: Range<usize>, scratch: &mut ExtractorScratch) {
        let (frame, stride) = (&mut scratch.frame, scratch.transposed.len());
        let (values, angles) = scratch.spectra.split_at_mut(LANES * stride);
        for (i, k) in frames.enumerate() {
            let window = self.checked.framing.window_of(samples, k, &mut scratch.edge);
            vectorise!(self.arch, self.spectrum.load(window, frame));
            self.spectrum.transform(frame);
            let values = &mut values[i * stride..][..stride];
            let power = |re: f32, im: f32| re * re + im * im;
            vectorise!(self.arch, {
                self.spectrum.split(frame);
                match self.front_end.stft.value {
                    BinValue::Power => self.spectrum.read(frame, values, power),
                    BinValue::Magnitude => self.spectrum.read(frame, values, |re, im| power(re, im).sqrt()),
                }
            });
            if self.front_end.stft.phase {
                let angles = &mut angles[i * stride..][..stride];
                self.spectrum.read_angles(frame, angles);
            }
        }
    }

    /// Sums the spectra of eight frames into bands and passes `(row of the output, one number per frame)` on.
    fn write_bands(&self, scratch: &mut ExtractorScratch, mut write: impl FnMut(usize, &Lanes)) {
        let (transposed, bands) = (&mut scratch.transposed, self.bands());
        let spectra = scratch.spectra.chunks_exact(LANES * transposed.len());
        for (channel, spectra) in spectra.enumerate() {
            vectorise!(self.arch, transpose(spectra, transposed));
            match &self.mel_bank {
                Some(bank) => vectorise!(self.arch, bank.apply(transposed, &mut write)),
                None => (0..bands).for_each(|bin| write(channel * bands + bin, &transposed[bin])),
            }
        }
    }

    /// Deltas and scaling: a log-mel (or a segment of it, augmented or not) to a network's input,
    /// `[channels, bands, frames]`.
    ///
    /// # Errors
    ///
    /// When there are too few frames for deltas.
    pub fn postprocess(&self, features: &Features) -> Result<Features, FeatureError> {
        vectorise!(self.arch, self.front_end.postprocess.apply(features))
    }

    /// Frames of a segment; `None` where each clip is one segment of its own length.
    pub fn segment_frames(&self) -> Option<usize> {
        self.checked.segmenter.as_ref().map(|segmenter| segmenter.length)
    }

    /// Number of segments of features with `frames` frames, at least one: a clip without frames is one segment of
    /// padding.
    pub fn segment_count(&self, frames: usize) -> usize {
        let segmenter = self.checked.segmenter.as_ref();
        segmenter.map_or(1, |segmenter| segmenter.count(frames))
    }

    /// The frames of a clip of `frames` frames at which its segments start; below 0 in the padding before the clip.
    pub fn segment_starts(&self, frames: usize) -> Vec<i64> {
        let Some(segmenter) = &self.checked.segmenter else {
            return vec![0];
        };
        let starts = 0..segmenter.count(frames);
        starts.map(|index| segmenter.start(frames, index)).collect()
    }

    /// Frames from the start of a segment to that of the next one; `None` where each clip is one segment.
    pub fn segment_hop(&self) -> Option<usize> {
        let segmenter = self.checked.segmenter.as_ref()?;
        Some(match segmenter.place {
            SegmentPlacement::Start | SegmentPlacement::Centre => segmenter.hop,
            SegmentPlacement::Middle => segmenter.length,
        })
    }

    /// Writes segment `index` into `out`: `[channels, bands, segment_frames]`, row-major.
    ///
    /// # Errors
    ///
    /// When the segment does not exist, or `out` has another length.
    pub fn write_segment(
        &self,
        features: &Features,
        index: usize,
        out: &mut [f32],
    ) -> Result<(), FeatureError> {
        match &self.checked.segmenter {
            Some(segmenter) => segmenter.write(features, index, out),
            None if index > 0 => Err(FeatureError::NoSuchSegment { index, count: 1 }),
            None => {
                let shape = [features.channels, features.bands, features.frames];
                Features::check_length("the segment's buffer", out.len(), shape)?;
                out.copy_from_slice(&features.data);
                Ok(())
            }
        }
    }

    /// Segment `index` as features of its own, without clip-level features.
    ///
    /// # Errors
    ///
    /// When the segment does not exist.
    pub fn segment(&self, features: &Features, index: usize) -> Result<Features, FeatureError> {
        let frames = self.segment_frames().unwrap_or(features.frames);
        let mut data = vec![0.0; features.channels * features.bands * frames];
        self.write_segment(features, index, &mut data)?;
        Features::new(features.channels, features.bands, frames, data)
    }
}

impl std::fmt::Debug for Extractor {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Extractor")
            .field("front_end", &self.front_end)
            .finish_non_exhaustive()
    }
}
