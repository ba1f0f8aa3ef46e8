//! Windows that overlap: to the last bit the features of each window alone.

use crate::common::{argus, dcase, mobilenet, signal, starter};
use crate::in_blocks::front_ends;
use earmark_features::{Extractor, FrontEnd, Trimming};
use proptest::prelude::*;

/// Front ends of the recipes, at 8 kHz and with several windows.
fn all() -> Vec<FrontEnd> {
    let mut several = argus();
    several.stft.more_window_samples = vec![512, 4_096];
    let trimmed = FrontEnd {
        trim: Some(Trimming {
            top_db: 6.0,
            frame_samples: 64,
            hop_samples: 16,
            ..Trimming::default()
        }),
        ..front_ends()[3].clone()
    };
    let mut all = front_ends();
    all.extend([several, trimmed, argus(), dcase(), mobilenet(), starter()]);
    all
}

/// All windows over a recording, one after the other, and the last, which is shorter.
fn check(front_end: &FrontEnd, samples: &[f32], window: usize, hop: usize) -> Result<(), TestCaseError> {
    let extractor = Extractor::new(front_end).unwrap();
    let mut scratch = extractor.scratch();
    let mut overlapping = extractor.overlapping_windows(hop);
    for start in (0..samples.len()).step_by(hop) {
        let window = &samples[start..samples.len().min(start + window)];
        let window = extractor.trim(window);
        let found = overlapping.log_mel(&window, &mut scratch).unwrap();
        let alone = extractor.log_mel(&window, &mut scratch).unwrap();
        prop_assert_eq!((found.channels, found.frames), (alone.channels, alone.frames));
        prop_assert!(
            found.data == alone.data,
            "window at {} of {:?}",
            start,
            front_end.stft
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// Windows of any length, by whole numbers of frames and by others.
    #[test]
    fn shared_frames_are_those_of_each_window(
        samples in 0_usize..3_000,
        window in 1_usize..1_500,
        frames in 1_usize..20,
        more in prop_oneof![Just(0_usize), 1_usize..50],
    ) {
        for front_end in all() {
            let own = Extractor::new(&front_end).unwrap();
            let per_frame = (f64::from(front_end.sample_rate_hz) / own.frames_per_second()).round() as usize;
            // Recordings of other rates are longer.
            let scale = front_end.sample_rate_hz as usize / 8_000;
            let samples = signal(front_end.sample_rate_hz, samples * scale + 8);
            check(&front_end, &samples, window * scale, frames * per_frame + more)?;
        }
    }
}

#[test]
fn windows_of_other_samples_are_not_mixed_up() {
    let extractor = Extractor::new(&argus()).unwrap();
    let mut scratch = extractor.scratch();
    let samples = signal(44_100, 60_000);
    let mut overlapping = extractor.overlapping_windows(22_050);
    let first = overlapping.log_mel(&samples[..44_100], &mut scratch);
    assert!(first.is_ok());
    // One that is refused ends the sequence: what comes next is computed as a whole.
    assert!(overlapping.log_mel(&[f32::NAN; 44_100], &mut scratch).is_err());
    let next = overlapping.log_mel(&samples[..44_100], &mut scratch).unwrap();
    assert!(next.data == first.unwrap().data);
}
