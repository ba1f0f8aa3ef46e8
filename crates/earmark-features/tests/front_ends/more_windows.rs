//! Spectrograms with several windows: each channel is what a front end with that window alone computes.

use crate::common::{argus, dcase, front_end, log_mel, signal};
use earmark_core::Check;
use earmark_features::{BandScale, Extractor, FeaturePass, FrontEnd};

fn with_windows(mut front_end: FrontEnd, windows: &[u32]) -> FrontEnd {
    front_end.stft.more_window_samples = windows.to_vec();
    front_end
}

/// The front end of one window, spelled out.
fn with_window(front_end: &FrontEnd, window: u32, fft: u32) -> FrontEnd {
    let mut alone = front_end.clone();
    (alone.stft.window_seconds, alone.stft.window_samples) = (None, Some(window));
    alone.stft.fft_samples = Some(fft);
    alone
}

#[test]
fn each_channel_is_that_of_its_window_alone() {
    let zeros = front_end(
        r#"
        sample-rate-hz = 8000
        pre-emphasis = 0.97
        stft = { window-seconds = 0.025, hop-seconds = 0.01, centre = "zero", window = "hamming" }
        mel = { bands = 20, min-hz = 50, max-hz = 4000 }
        amplitude = { pcen = {} }
        segments = { length-frames = 20, hop-frames = 10 }
        "#,
    );
    // Zero, one and few samples, less than a window, and several segments.
    let lengths = [0, 1, 700, 3_000, 60_000];
    for (one, windows) in [
        // Window and transform: as short as the first transform, and a longer one.
        (argus(), [(512, 2560), (1024, 2560), (8192, 8192)]),
        (zeros, [(100, 256), (300, 512), (1000, 1024)]),
    ] {
        let several = with_windows(one.clone(), &windows.map(|(window, _)| window));
        several.check().unwrap();
        let extractor = Extractor::new(&several).unwrap();
        assert_eq!(extractor.log_mel_channels(), 4);
        let deltas = if one.postprocess.deltas.is_some() { 3 } else { 1 };
        assert_eq!(extractor.channels(), 4 * deltas);
        assert_eq!(several.input_shape().unwrap().channels, 4 * deltas);
        let alone = windows.map(|(window, fft)| with_window(&one, window, fft));
        let mut scratch = extractor.scratch();
        for samples in lengths {
            let samples = signal(one.sample_rate_hz, samples.max(8))[..samples].to_vec();
            let got = extractor.log_mel(&samples, &mut scratch).unwrap();
            assert_eq!((got.channels, got.frames), (4, extractor.frames(samples.len())));
            let plane = got.bands * got.frames;
            for (channel, alone) in [&one].into_iter().chain(&alone).enumerate() {
                let wanted = log_mel(alone, &samples);
                assert_eq!(wanted.frames, got.frames);
                assert!(
                    got.data[channel * plane..][..plane] == wanted.data,
                    "channel {channel} of {} samples",
                    samples.len()
                );
            }
        }
    }
}

#[test]
fn several_windows_have_another_fingerprint_and_no_blocks() {
    let several = with_windows(argus(), &[512]);
    let fingerprints = [argus(), several.clone(), with_windows(argus(), &[1024])];
    let [one, two, three] = fingerprints.map(|front_end| front_end.fingerprint().unwrap());
    assert!(one != two && two != three, "{two}");
    assert!(
        !one.contains("more windows"),
        "what was cached before stays valid: {one}"
    );
    assert!(FeaturePass::new(&Extractor::new(&several).unwrap(), None).is_none());
}

#[test]
fn windows_that_can_be_no_channel_are_refused() {
    let refused = |front_end: FrontEnd, windows: &[u32]| {
        let refused = with_windows(front_end, windows).check().unwrap_err();
        assert_eq!(refused.key, "stft.more-window-samples");
        refused.message()
    };
    let mut odd = argus();
    odd.stft.fft_samples = Some(2561);
    let mut bins = argus();
    bins.mel = None;
    let mut scaled = argus();
    scaled.postprocess.bands = Some(BandScale {
        subtract: vec![0.0; 128],
        divide: None,
    });
    for (message, start) in [
        (
            refused(dcase(), &[512]),
            "needs frames that are centred at the same samples",
        ),
        (refused(odd, &[512]), "needs a transform of even length"),
        (refused(bins, &[512]), "needs bands"),
        (
            refused(scaled, &[512]),
            "can't be combined with front-end.postprocess.bands",
        ),
        (
            refused(FrontEnd::of_waveform(8000, 100), &[512]),
            "can't be combined with front-end.handcrafted and front-end.waveform",
        ),
        (
            refused(argus(), &[2560]),
            "would add the channel of 2560 samples twice",
        ),
        (
            refused(argus(), &[512, 1024, 512]),
            "would add the channel of 512 samples twice",
        ),
        (refused(argus(), &[0]), "0 samples are no window"),
        (refused(argus(), &[1 << 21]), "2097152 samples are no window"),
        (
            refused(argus(), &[3, 4, 5, 6, 7, 8, 9, 10]),
            "makes too many channels; give at most 7",
        ),
        (
            refused(argus(), &[1 << 20]),
            "one of these windows is too long; give at most",
        ),
    ] {
        assert!(message.starts_with(start), "{message}");
    }
}
