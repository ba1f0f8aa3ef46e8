//! The front end as an ONNX graph: samples in, finished examples out, for clips of any length.
//!
//! The graph computes what [`Extractor`](crate::Extractor) computes, to the rounding of float32: frames, spectrum, bands, level, examples,
//! deltas and scale. What it does not do is decode or resample, and it does not refuse samples that are no numbers.

mod finish;
mod framing;
mod level;
mod spectrum;
mod tiles;

use crate::{error::ConfigError, front_end::FrontEnd};
use earmark_onnx::{Builder, Value};

/// The examples of a batch of clips, as values of a graph.
#[derive(Clone, Debug)]
pub struct OnnxExamples {
    /// Finished features `[batch x examples, channels, bands, frames]`: all examples of the first clip, then those of the next.
    pub features: Value,
    /// Examples of each clip, `[1]`.
    pub count: Value,
    /// Channels of the features.
    pub channels: usize,
    /// Bands of the features.
    pub bands: usize,
    /// Frames of an example; `None` where clips are examples of their own length, or equal pieces of that.
    pub frames: Option<usize>,
}

/// What a value holds of each frame: `[batch, frames, channels x bands]`, at least one frame, of which the first `count` are the clip's.
struct Levels {
    value: Value,
    count: Value,
    channels: usize,
    bands: usize,
}

impl FrontEnd {
    /// Adds the whole front end to a graph, behind `waveform`: `[batch, samples]` at [`FrontEnd::sample_rate_hz`]. Where the front end cuts
    /// no examples, a clip of more than `longest` frames is cut into equal pieces, as few as cover it.
    ///
    /// # Errors
    /// What [`FrontEnd::check`] refuses, `level.pcen`, whose average runs from frame to frame, `summary` and `trim`.
    pub fn add_to_onnx(
        &self,
        g: &mut Builder,
        waveform: &Value,
        longest: usize,
    ) -> Result<OnnxExamples, ConfigError> {
        let checked = self.checked()?;
        level::check(&self.level)?;
        if self.summary {
            return Err(ConfigError::new(
                "summary",
                true,
                "cannot be exported to ONNX, as these features are no spectrogram",
                "use `earmark predict` for such a model",
            ));
        }
        if self.trim.is_some() {
            return Err(ConfigError::new(
                "trim",
                "(set)",
                "cannot be exported to ONNX, as what is cut depends on the loudest frame of the clip",
                "train without it where the model shall leave earmark",
            ));
        }
        g.scope("front-end");
        let waveform = match self.pre_emphasis {
            Some(c) => framing::emphasise(g, waveform, c),
            None => waveform.clone(),
        };
        let mut frames = framing::frames(g, &waveform, &checked.framing, self.stft.phase);
        if checked.cutting.is_none() {
            // What stands for a clip without a frame is a frame of silence.
            frames.silence_where_none(g);
        }
        let spectrum = spectrum::spectrum(g, &frames.samples, &checked.framing, &self.stft);
        let bands = match &self.mel {
            Some(mel) => spectrum.mel(g, &mel.matrix(self.sample_rate_hz, checked.framing.fft)?),
            None => spectrum.bins(g),
        };
        let mut levels = Levels {
            value: level::level(g, &bands, &self.level, self.stft.value),
            count: frames.count,
            channels: 1,
            bands: self
                .mel
                .as_ref()
                .map_or(checked.framing.bins(), |mel| mel.bands as usize),
        };
        if self.stft.phase {
            let angles = spectrum.angles(g);
            levels.value = g.concat(&[&levels.value, &angles], 2);
            levels.channels = 2;
        }
        let examples = tiles::cut(g, &levels, checked.cutting.as_ref(), longest);
        g.scope("finish");
        Ok(finish::finish(g, examples, &self.finish))
    }
}
