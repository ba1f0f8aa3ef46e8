//! What the rest of a front end must be where a network takes the samples themselves.

use super::{FrontEnd, no_spectrogram::NoSpectrogram};
use crate::{postprocess::Postprocess, stft::Framing, stft::Stft};
use earmark_core::ConfigError;

/// A frame per sample, so that lengths in frames are lengths in samples.
pub(super) fn stft() -> Stft {
    Stft {
        fft_samples: Some(2),
        ..Stft::in_samples(Some(1), Some(1), None)
    }
}

/// Refuses every key that would change samples or count them differently.
pub(super) fn check(front_end: &FrontEnd, framing: &Framing) -> Result<(), ConfigError> {
    let rest = NoSpectrogram {
        front_end,
        framing,
        reason: "can't be combined with front-end.waveform, which passes samples on as they are",
    };
    let own = "give { window-samples = 1, hop-samples = 1, fft-samples = 2 }";
    rest.check_steps(&stft(), own)?;
    let remedy = "leave out one of the two";
    rest.unless(!front_end.handcrafted, "handcrafted", "true", remedy)?;
    rest.unless(
        front_end.clip_features.is_none(),
        "clip-features",
        "(set)",
        remedy,
    )?;
    let remedy = "leave out front-end.postprocess";
    rest.unless(
        front_end.postprocess == Postprocess::default(),
        "postprocess",
        "(set)",
        remedy,
    )?;
    let remedy = "give the length of a window that the network takes";
    rest.unless(front_end.segments.is_some(), "segments", "(missing)", remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amplitude::AmplitudeScale;
    use crate::stft::BinValue;
    use crate::{Extractor, FeatureError};
    use earmark_core::Check;

    /// Samples come out as they went in, cut into windows, the last one filled with zeros.
    #[test]
    fn samples_pass_as_they_are() -> Result<(), FeatureError> {
        let extractor = Extractor::new(&FrontEnd::of_waveform(8000, 100)).unwrap();
        let shape = extractor.front_end().input_shape().unwrap();
        assert_eq!((shape.channels, shape.bands, shape.frames), (1, 1, Some(100)));
        assert_eq!((extractor.channels(), extractor.bands()), (1, 1));
        assert_eq!(extractor.frames_per_second(), 8000.0);
        assert_eq!([0, 1, 250].map(|samples| extractor.frames(samples)), [0, 1, 250]);
        let samples: Vec<f32> = (0..250).map(|i| (i as f32 * 0.1).sin()).collect();
        let features = extractor.log_mel(&samples, &mut extractor.scratch())?;
        assert_eq!(features.data, samples);
        assert_eq!(extractor.segment_starts(250), [0, 100, 200]);
        let last = extractor.postprocess(&extractor.segment(&features, 2)?)?;
        assert_eq!(last.data[..50], samples[200..]);
        assert!(last.data[50..].iter().all(|x| *x == 0.0));
        let silence = extractor.log_mel(&[], &mut extractor.scratch())?;
        assert_eq!(extractor.segment(&silence, 0)?.data, [0.0; 100]);
        let message = extractor
            .log_mel(&[f32::NAN], &mut extractor.scratch())
            .unwrap_err();
        assert!(message.to_string().starts_with("sample 0 is NaN"), "{message}");
        Ok(())
    }

    #[test]
    fn what_would_change_samples_is_refused() {
        let refused = |change: fn(&mut FrontEnd)| {
            let mut front_end = FrontEnd::of_waveform(44_100, 100);
            front_end.check().unwrap();
            change(&mut front_end);
            front_end.check().unwrap_err().to_string()
        };
        for (message, key) in [
            (refused(|f| f.stft = Stft::default()), "stft = "),
            (refused(|f| f.stft.value = BinValue::Power), "stft = Stft {"),
            (refused(|f| f.mel = Some(crate::Mel::default())), "mel = "),
            (
                refused(|f| f.amplitude = AmplitudeScale::default()),
                "amplitude = ",
            ),
            (refused(|f| f.pre_emphasis = Some(0.97)), "pre-emphasis = "),
            (refused(|f| f.segments = None), "segments = "),
        ] {
            assert!(message.starts_with(key), "{message}");
        }
        assert_ne!(
            FrontEnd::of_waveform(8000, 100).fingerprint().unwrap(),
            FrontEnd {
                waveform: false,
                ..FrontEnd::of_waveform(8000, 100)
            }
            .fingerprint()
            .unwrap()
        );
    }
}
