//! The front end as an ONNX graph: samples in, network input out, for clips of any length. One file per stage.
//!
//! The graph computes what [`Extractor`](crate::Extractor) computes, up to float32 rounding: frames, spectrum, bands,
//! amplitude scale, segments, deltas and scaling. It does not decode or resample, and does not refuse samples that
//! are not numbers.

mod amplitude;
mod export_refusals;
mod fourier_plan;
mod framing;
mod lengths;
mod postprocess;
mod pre_emphasis;
mod segments;
mod spectrum;
mod values;

pub use values::OnnxSegments;

use crate::front_end::FrontEnd;
use crate::stft::Framing;
use earmark_core::{ConfigError, Within};
use earmark_onnx::{Builder, Value};
use values::OnnxLogMel;

impl FrontEnd {
    /// Adds the whole front end to a graph, after `waveform`: `[batch, samples]` at [`FrontEnd::sample_rate_hz`].
    /// Where the front end has no segments, a clip of more than `longest` frames is cut into equal pieces, as few as
    /// possible.
    ///
    /// # Errors
    ///
    /// What [`Check::check`](earmark_core::Check::check) refuses, and what has no graph: PCEN, whose average runs
    /// from frame to frame, handcrafted features, and trimming. Keys are as in a recipe.
    pub fn add_to_onnx(
        &self,
        g: &mut Builder,
        waveform: &Value,
        longest: usize,
    ) -> Result<OnnxSegments, ConfigError> {
        let checked = self.checked().within("front-end")?;
        self.check_exportable().within("front-end")?;
        g.set_prefix("front-end");
        let waveform = match self.pre_emphasis {
            Some(c) => pre_emphasis::pre_emphasis(g, waveform, c),
            None => waveform.clone(),
        };
        let is_whole = checked.segmenter.is_none();
        let mut log_mel = self.add_log_mel(g, &waveform, &checked.framing, is_whole)?;
        for (nth, window) in self.of_more_windows(&checked.framing).iter().enumerate() {
            g.set_prefix(format!("front-end-window-{}", nth + 2));
            let framing = window.checked().within("front-end")?.framing;
            let channel = window.add_log_mel(g, &waveform, &framing, is_whole)?;
            log_mel.value = g.concat(&[&log_mel.value, &channel.value], 2);
            log_mel.channels += channel.channels;
        }
        g.set_prefix("front-end");
        let segments = segments::segments(g, &log_mel, checked.segmenter.as_ref(), longest);
        g.set_prefix("postprocess");
        Ok(postprocess::postprocess(g, segments, &self.postprocess))
    }

    /// Adds the log-mel of the first window, and its angles. A clip without frames is one frame of silence where
    /// `is_whole`, when nothing pads it.
    fn add_log_mel(
        &self,
        g: &mut Builder,
        waveform: &Value,
        framing: &Framing,
        is_whole: bool,
    ) -> Result<OnnxLogMel, ConfigError> {
        let (mut samples, count) = framing::frames(g, waveform, framing, self.stft.phase);
        if is_whole {
            samples = framing::silence_where_none(g, &samples, &count);
        }
        let spectrum = spectrum::spectrum(g, &samples, framing, &self.stft);
        let energies = match &self.mel {
            Some(mel) => spectrum.mel(g, &mel.matrix(self.sample_rate_hz, framing.fft)?),
            None => spectrum.bins(g),
        };
        let mut log_mel = OnnxLogMel {
            value: amplitude::amplitude(g, &energies, &self.amplitude, self.stft.value),
            count,
            channels: self.first_window_channels(),
            bands: self.bands(framing),
        };
        if self.stft.phase {
            let angles = spectrum.angles(g);
            log_mel.value = g.concat(&[&log_mel.value, &angles], 2);
        }
        Ok(log_mel)
    }
}
