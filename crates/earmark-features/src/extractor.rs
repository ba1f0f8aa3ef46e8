//! A front end made ready to run.

use crate::{
    error::{ConfigError, FeatureError},
    features::Features,
    front_end::{Checked, FrontEnd},
    lanes::{LANES, Lanes, turn, vectorised},
    mel::Bank,
    spectrum::{Frame, Spectrum},
    stft::Value,
    summary::Summariser,
};
use earmark_audio::Clip;
use pulp::Arch;
use std::{borrow::Cow, f32::consts::PI, ops::Range};

/// A [`FrontEnd`] with its window, FFT plan and mel bank. Share one between threads, each with its own [`Scratch`].
pub struct Extractor {
    front_end: FrontEnd,
    checked: Checked,
    spectrum: Spectrum,
    bank: Option<Bank>,
    summariser: Option<Summariser>,
    fingerprint: String,
    arch: Arch,
}

/// Working memory of [`Extractor::base`] for one thread; any clip may follow any other.
#[derive(Debug, Clone)]
pub struct Scratch {
    frame: Frame,
    /// The clip after pre-emphasis.
    emphasised: Vec<f32>,
    /// Window of a frame that reaches beyond the clip.
    edge: Vec<f32>,
    /// Spectra of eight frames, `[channels, LANES, stride]`, with zeros between the last bin and the stride.
    spectra: Vec<f32>,
    /// One channel of them turned: `[stride, LANES]`.
    turned: Vec<Lanes>,
}

/// Samples beyond this are no sound (it is 120 dB over full scale), and their powers would overflow.
const LOUDEST: f32 = 1e6;

impl Extractor {
    /// Checks the front end and computes its tables, in double precision.
    pub fn new(front_end: &FrontEnd) -> Result<Self, ConfigError> {
        let checked = front_end.checked()?;
        let framing = &checked.framing;
        let window = front_end.stft.window.coefficients(framing.window);
        let bank = match &front_end.mel {
            Some(mel) => Some(Bank::new(&mel.matrix(front_end.sample_rate_hz, framing.fft)?)),
            None => None,
        };
        Ok(Self {
            spectrum: Spectrum::new(framing, &window),
            bank,
            summariser: front_end.summary.then(Summariser::new),
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

    /// Channels of base features: one for each summary feature; else 2 with angles, else 1.
    pub fn base_channels(&self) -> usize {
        if self.summariser.is_some() {
            return Summariser::COUNT;
        }
        if self.front_end.stft.phase { 2 } else { 1 }
    }

    /// Channels of finished features: what a network takes.
    pub fn channels(&self) -> usize {
        self.front_end.finish.channels(self.base_channels())
    }

    /// Mel bands, or bins of the spectrum.
    pub fn bands(&self) -> usize {
        if self.summariser.is_some() {
            return 1;
        }
        self.front_end
            .mel
            .as_ref()
            .map_or(self.checked.framing.bins(), |mel| mel.bands as usize)
    }

    /// Frames that a clip of `samples` has; see [`Centre`](crate::Centre) for short ones. Summary features are one frame.
    pub fn frames(&self, samples: usize) -> usize {
        if self.front_end.summary {
            return 1;
        }
        let lost = usize::from(self.front_end.pre_emphasis.is_some());
        self.checked.framing.frames(samples.saturating_sub(lost))
    }

    /// Frames in a second, a fraction in general.
    pub fn frames_per_second(&self) -> f64 {
        self.checked.frames_per_second
    }

    /// Mel bands that no bin falls into and that therefore carry nothing, counted from 0. Published systems have some; more
    /// `fft-samples` or fewer `bands` avoid them.
    pub fn empty_bands(&self) -> Vec<usize> {
        self.bank.as_ref().map(Bank::empty_bands).unwrap_or_default()
    }

    /// What determines base features, as one line: the key to keep them under, together with the audio's own.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Working memory for [`Self::base`].
    pub fn scratch(&self) -> Scratch {
        let framing = &self.checked.framing;
        let stride = framing.bins().next_multiple_of(LANES);
        let channels = if self.front_end.stft.phase { 2 } else { 1 };
        Scratch {
            frame: self.spectrum.frame(),
            emphasised: Vec::new(),
            edge: vec![0.0; framing.window],
            spectra: vec![0.0; channels * LANES * stride],
            turned: vec![[0.0; LANES]; stride],
        }
    }

    /// The samples of a whole clip without the silence that `front-end.trim` cuts; all of them without that key.
    pub fn trim<'a>(&self, samples: &'a [f32]) -> Cow<'a, [f32]> {
        match &self.front_end.trim {
            None => Cow::Borrowed(samples),
            Some(trim) => trim.apply(samples, self.front_end.sample_rate_hz),
        }
    }

    /// [`Self::base`] of a whole clip, trimmed, after a look at its rate.
    pub fn base_of_clip(&self, clip: &Clip, scratch: &mut Scratch) -> Result<Features, FeatureError> {
        let (clip_hz, front_end_hz) = (clip.sample_rate_hz, self.front_end.sample_rate_hz);
        if clip_hz != front_end_hz {
            return Err(FeatureError::SampleRate {
                clip_hz,
                front_end_hz,
            });
        }
        check_samples(self.arch, &clip.samples)?;
        self.base(&self.trim(&clip.samples), scratch)
    }

    /// Samples (-1 to 1, at the front end's rate) to levels, untrimmed: `[base_channels, bands, frames]`. A clip shorter than a window,
    /// or an empty one, gives no frames, and then one example of filling. An error for samples that are no numbers, and for clips
    /// too long to be summarised.
    pub fn base(&self, samples: &[f32], scratch: &mut Scratch) -> Result<Features, FeatureError> {
        check_samples(self.arch, samples)?;
        if let Some(summariser) = &self.summariser {
            return Features::new(Summariser::COUNT, 1, 1, summariser.of_samples(samples)?);
        }
        let (channels, bands, frames) = (self.base_channels(), self.bands(), self.frames(samples.len()));
        let mut emphasised = std::mem::take(&mut scratch.emphasised);
        let samples = match self.front_end.pre_emphasis {
            Some(c) => {
                emphasise(samples, c as f32, &mut emphasised);
                &emphasised
            }
            None => samples,
        };
        let mut data = vec![0.0; channels * bands * frames];
        for start in (0..frames).step_by(LANES) {
            let group = start..frames.min(start + LANES);
            self.spectra(samples, group.clone(), scratch);
            // Writes the group's frames into one row of the output.
            let mut write = |row: usize, lanes: &Lanes| {
                data[row * frames..][group.clone()].copy_from_slice(&lanes[..group.len()]);
            };
            let turned = &mut scratch.turned;
            let spectra = scratch.spectra.chunks_exact(LANES * turned.len());
            for (channel, spectra) in spectra.enumerate() {
                vectorised(
                    self.arch,
                    #[inline(always)]
                    || turn(spectra, turned),
                );
                match &self.bank {
                    Some(bank) => vectorised(
                        self.arch,
                        #[inline(always)]
                        || bank.apply(turned, &mut write),
                    ),
                    None => (0..bands).for_each(|bin| write(channel * bands + bin, &turned[bin])),
                }
            }
        }
        scratch.emphasised = emphasised;
        let levels = &mut data[..bands * frames];
        vectorised(
            self.arch,
            #[inline(always)]
            || {
                let value = self.front_end.stft.value;
                self.front_end
                    .level
                    .apply(levels, frames, value, self.checked.frames_per_second);
            },
        );
        Ok(Features {
            channels,
            bands,
            frames,
            data,
            side: Vec::new(),
        })
    }

    /// The spectra of up to eight frames, each channel apart. Where there are fewer, old ones stay in the last places.
    fn spectra(&self, samples: &[f32], frames: Range<usize>, scratch: &mut Scratch) {
        let Scratch {
            frame,
            edge,
            spectra,
            turned,
            ..
        } = scratch;
        let (values, angles) = spectra.split_at_mut(LANES * turned.len());
        for (i, k) in frames.enumerate() {
            let window = self.checked.framing.window_of(samples, k, edge);
            vectorised(
                self.arch,
                #[inline(always)]
                || self.spectrum.load(window, frame),
            );
            self.spectrum.transform(frame);
            let values = &mut values[i * turned.len()..][..turned.len()];
            vectorised(
                self.arch,
                #[inline(always)]
                || {
                    self.spectrum.split(frame);
                    match self.front_end.stft.value {
                        Value::Power => self.spectrum.read(frame, values, |re, im| re * re + im * im),
                        Value::Magnitude => self
                            .spectrum
                            .read(frame, values, |re, im| (re * re + im * im).sqrt()),
                    }
                },
            );
            if self.front_end.stft.phase {
                let angles = &mut angles[i * turned.len()..][..turned.len()];
                self.spectrum.read(frame, angles, |re, im| im.atan2(re) / PI);
            }
        }
    }

    /// Deltas and scale: base features (or an example of them, augmented or not) to what a network takes,
    /// `[channels, bands, frames]`. An error where there are too few frames for deltas.
    pub fn finish(&self, features: &Features) -> Result<Features, FeatureError> {
        vectorised(
            self.arch,
            #[inline(always)]
            || self.front_end.finish.apply(features),
        )
    }

    /// Frames of an example, `None` where each clip is one example of its own length.
    pub fn example_frames(&self) -> Option<usize> {
        self.checked.cutting.as_ref().map(|cutting| cutting.length)
    }

    /// Examples that these features make, at least one: a clip without frames is one example of filling.
    pub fn examples(&self, features: &Features) -> usize {
        self.example_count(features.frames)
    }

    /// Examples that features of so many frames make.
    pub fn example_count(&self, frames: usize) -> usize {
        self.checked
            .cutting
            .as_ref()
            .map_or(1, |cutting| cutting.count(frames))
    }

    /// Writes example `index` into `out`: `[channels, bands, example_frames]`, row-major. Errors for an index that there is
    /// not and a buffer that does not fit.
    pub fn slice_example(
        &self,
        features: &Features,
        index: usize,
        out: &mut [f32],
    ) -> Result<(), FeatureError> {
        match &self.checked.cutting {
            Some(cutting) => cutting.slice(features, index, out),
            None if index > 0 => Err(FeatureError::NoSuchExample { index, count: 1 }),
            None => {
                let Features {
                    channels,
                    bands,
                    frames,
                    ..
                } = *features;
                Features::check_length("the example's buffer", out.len(), channels, bands, frames)?;
                out.copy_from_slice(&features.data);
                Ok(())
            }
        }
    }

    /// Example `index` as features of its own; errors as [`Self::slice_example`].
    pub fn example(&self, features: &Features, index: usize) -> Result<Features, FeatureError> {
        let frames = self.example_frames().unwrap_or(features.frames);
        let mut data = vec![0.0; features.channels * features.bands * frames];
        self.slice_example(features, index, &mut data)?;
        Ok(Features {
            frames,
            data,
            side: Vec::new(),
            ..*features
        })
    }
}

impl std::fmt::Debug for Extractor {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Extractor")
            .field("front_end", &self.front_end)
            .finish_non_exhaustive()
    }
}

/// Refuses samples that no sound has.
fn check_samples(arch: Arch, samples: &[f32]) -> Result<(), FeatureError> {
    let bad = vectorised(
        arch,
        #[inline(always)]
        || first_bad(samples),
    );
    bad.map_or(Ok(()), |(index, value)| {
        Err(FeatureError::Sample { index, value })
    })
}

/// `y[t] = x[t + 1] - c x[t]`.
fn emphasise(x: &[f32], c: f32, y: &mut Vec<f32>) {
    y.clear();
    y.extend(x.iter().zip(x.iter().skip(1)).map(|(now, next)| next - c * now));
}

/// The first sample that is no number, infinite or far too large. Chunks are looked at as a whole: a search that may stop at
/// any sample would look at one at a time.
#[inline(always)]
pub(crate) fn first_bad(samples: &[f32]) -> Option<(usize, f32)> {
    const CHUNK: usize = 1024;
    let good = |x: &f32| x.abs() <= LOUDEST;
    samples.chunks(CHUNK).enumerate().find_map(|(chunk, samples)| {
        if samples.iter().fold(true, |all, x| all & good(x)) {
            return None;
        }
        samples
            .iter()
            .position(|x| !good(x))
            .map(|i| (chunk * CHUNK + i, samples[i]))
    })
}
