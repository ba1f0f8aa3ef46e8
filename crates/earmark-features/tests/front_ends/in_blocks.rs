//! Recordings that come in blocks: their features and segments are, to the last bit, those of the whole.

use crate::common::{argus, dcase, front_end, mobilenet, signal, starter};
use earmark_features::{Extractor, FeaturePass, Features, FirstPass, FrontEnd, SegmentCutter, equal_pieces};
use proptest::prelude::*;

/// Front ends with each way of framing, scaling and cutting, at 8 kHz, so that tests are quick.
pub fn front_ends() -> Vec<FrontEnd> {
    let small = [
        // Odd and even transforms, windows shorter than they are, hops longer than a window.
        (
            "window-samples = 101, hop-samples = 40, fft-samples = 129",
            "linear",
            r#"{ length-frames = 9, hop-frames = 4 }"#,
        ),
        (
            "window-samples = 64, hop-samples = 100",
            "linear",
            r#"{ length-frames = 5, hop-frames = 5, place = "middle" }"#,
        ),
        (
            r#"window-samples = 101, hop-samples = 33, fft-samples = 129, centre = "reflect", phase = true"#,
            "linear",
            r#"{ length-frames = 9, hop-frames = 2, pad = "minimum" }"#,
        ),
        (
            r#"window-samples = 90, hop-samples = 33, fft-samples = 128, centre = "reflect""#,
            "{ db = { top-db = 40 } }",
            r#"{ length-frames = 12, hop-frames = 5, pad = "minimum", place = "centre" }"#,
        ),
        (
            r#"window-samples = 96, hop-samples = 120, centre = "zero""#,
            "{ pcen = {} }",
            r#"{ length-frames = 7, hop-frames = 3, pad = { value = -1 }, place = "centre" }"#,
        ),
        (
            r#"window-samples = 3, hop-samples = 2, centre = "reflect", phase = true"#,
            "{ db = { top-db = 30 } }",
            r#"{ length-frames = 30, hop-frames = 30, pad = "minimum", place = "middle" }"#,
        ),
    ];
    let of = |(stft, amplitude, segments): (&str, &str, &str)| {
        let quoted = format!("{amplitude:?}");
        let amplitude = if amplitude.starts_with('{') {
            amplitude
        } else {
            quoted.as_str()
        };
        let text = format!(
            "sample-rate-hz = 8000\nstft = {{ {stft} }}\namplitude = {amplitude}\nsegments = {segments}\n"
        );
        front_end(&text)
    };
    let emphasised = FrontEnd {
        pre_emphasis: Some(0.97),
        ..of(small[3])
    };
    small.into_iter().map(of).chain([emphasised]).collect()
}

/// The features of a recording that is read once or twice in blocks of these sizes, and its segments with their starts.
fn in_blocks(
    extractor: &Extractor,
    samples: &[f32],
    sizes: &[usize],
) -> (Vec<Vec<f32>>, Vec<(i64, Features)>) {
    let blocks = || {
        let (mut blocks, mut rest, mut sizes) = (Vec::new(), samples, sizes.iter().cycle());
        while !rest.is_empty() {
            let size = (*sizes.next().expect("endless")).clamp(1, rest.len());
            let (block, later) = rest.split_at(size);
            blocks.push(block);
            rest = later;
        }
        blocks
    };
    let whole = (extractor.first_pass() != FirstPass::Nothing).then(|| {
        let mut pass = FeaturePass::new(extractor, None).expect("a spectrogram");
        blocks()
            .into_iter()
            .for_each(|block| drop(pass.push(block).unwrap()));
        pass.finish().unwrap();
        pass.whole()
    });
    let mut pass = FeaturePass::new(extractor, whole.and_then(|whole| whole.floor)).expect("a spectrogram");
    let mut cutter = SegmentCutter::segments(extractor, whole.as_ref()).expect("segments");
    let mut rows = vec![Vec::new(); extractor.log_mel_channels() * extractor.bands()];
    let mut segments = Vec::new();
    let mut keep = |start: i64, segment: Features| -> Result<(), ()> {
        segments.push((start, segment));
        Ok(())
    };
    let mut add = |features: &Features| {
        rows.iter_mut()
            .zip(features.rows())
            .for_each(|(all, row)| all.extend_from_slice(row));
    };
    for block in blocks() {
        let features = pass.push(block).unwrap();
        add(&features);
        cutter.push(&features, &mut keep).unwrap();
    }
    let last = pass.finish().unwrap();
    add(&last);
    cutter.push(&last, &mut keep).unwrap();
    assert!(cutter.is_whole());
    cutter.finish(&mut keep).unwrap();
    (rows, segments)
}

fn compare(front_end: &FrontEnd, samples: &[f32], sizes: &[usize]) {
    let extractor = Extractor::new(front_end).unwrap();
    let whole = extractor.log_mel(samples, &mut extractor.scratch()).unwrap();
    let (rows, segments) = in_blocks(&extractor, samples, sizes);
    let what = format!("{} samples in blocks of {sizes:?}, {front_end:?}", samples.len());
    let wanted: Vec<Vec<f32>> = whole.rows().map(<[f32]>::to_vec).collect();
    assert!(rows == wanted, "{what}");
    let starts: Vec<i64> = segments.iter().map(|(start, _)| *start).collect();
    assert_eq!(starts, extractor.segment_starts(whole.frames), "{what}");
    for (k, (_, segment)) in segments.into_iter().enumerate() {
        assert!(
            segment == extractor.segment(&whole, k).unwrap(),
            "segment {k}, {what}"
        );
    }
}

#[test]
fn published_front_ends() {
    let samples = signal(44_100, 100_000);
    for mut front_end in [dcase(), argus(), mobilenet(), starter()] {
        let segments = front_end.segments.take();
        front_end.segments = Some(segments.unwrap_or_default());
        compare(&front_end, &samples, &[10_007]);
    }
}

/// Shorter than a window, than half of one, than a block of frames; or with nothing in them.
#[test]
fn short_recordings() {
    let samples = signal(8000, 400);
    for front_end in front_ends() {
        for len in (0..140).chain([399]) {
            compare(&front_end, &samples[..len], &[1, 50]);
        }
    }
}

#[test]
fn samples_as_they_are() {
    let samples = signal(8000, 1000);
    compare(&FrontEnd::of_waveform(8000, 64), &samples, &[7, 300]);
}

#[test]
fn a_bad_sample_is_named_by_its_place_in_the_recording() {
    let extractor = Extractor::new(&dcase()).unwrap();
    let mut pass = FeaturePass::new(&extractor, None).expect("a spectrogram");
    for _ in 0..30 {
        pass.push(&[0.1; 1000]).unwrap();
    }
    let message = pass.push(&[0.1, f32::NAN]).unwrap_err().to_string();
    assert!(message.starts_with("sample 30001 is NaN"), "{message}");
}

#[test]
fn handcrafted_features_are_of_whole_clips() {
    let front_end = FrontEnd {
        clip_features: Some(earmark_features::ClipFeatures::Handcrafted),
        ..dcase()
    };
    let handcrafted = front_end.for_clip_features().expect("clip features");
    let extractor = Extractor::new(&handcrafted).unwrap();
    assert!(FeaturePass::new(&extractor, None).is_none());
}

/// What segments need of the whole is asked for before they are cut.
#[test]
fn segments_that_need_the_whole_are_not_cut_without_it() {
    let extractor = Extractor::new(&argus()).unwrap();
    assert_eq!(extractor.first_pass(), FirstPass::Values);
    assert!(SegmentCutter::segments(&extractor, None).is_none());
    let extractor = Extractor::new(&dcase()).unwrap();
    assert_eq!(extractor.first_pass(), FirstPass::Nothing);
    assert!(SegmentCutter::segments(&extractor, None).is_some());
}

/// Equal pieces of a recording, with the frames of the whole.
#[test]
fn pieces_are_cut() {
    let front_end = front_end(
        "sample-rate-hz = 8000\nstft = { window-samples = 80, hop-samples = 80 }\namplitude = \"linear\"\n",
    );
    let extractor = Extractor::new(&front_end).unwrap();
    let samples = signal(8000, 8000);
    let whole = extractor.log_mel(&samples, &mut extractor.scratch()).unwrap();
    let (length, starts) = equal_pieces(whole.frames, 30);
    assert_eq!((length, starts.as_slice()), (25, &[0, 25, 50, 75][..]));
    let mut pass = FeaturePass::new(&extractor, None).expect("a spectrogram");
    let mut cutter = SegmentCutter::pieces(&extractor, whole.frames, length, starts);
    let mut pieces = 0;
    let mut check = |start: i64, piece: Features| -> Result<(), ()> {
        let start = usize::try_from(start).unwrap();
        assert_eq!(start, 25 * pieces);
        for (row, of_whole) in piece.rows().zip(whole.rows()) {
            assert_eq!(row, &of_whole[start..start + 25]);
        }
        pieces += 1;
        Ok(())
    };
    for block in samples.chunks(999) {
        cutter.push(&pass.push(block).unwrap(), &mut check).unwrap();
    }
    cutter.push(&pass.finish().unwrap(), &mut check).unwrap();
    cutter.finish(&mut check).unwrap();
    assert_eq!(pieces, 4);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        rng_seed: proptest::test_runner::RngSeed::Fixed(5),
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn blocks_of_any_sizes(
        which in 0_usize..7, len in 0_usize..6000, sizes in proptest::collection::vec(1_usize..2000, 1..6),
    ) {
        compare(&front_ends()[which], &signal(8000, 6000)[..len], &sizes);
    }
}
