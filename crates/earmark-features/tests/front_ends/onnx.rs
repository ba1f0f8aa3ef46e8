//! The front end as an ONNX graph, evaluated by definition, against the extractor.

use crate::against_torch::efficientat;
use crate::common::{Noise, argus, dcase, front_end, mobilenet, signal, starter};
use earmark_features::{BandScale, Extractor, FrontEnd};
use earmark_onnx::{Builder, Dim, Graph, Tensor};

/// The graph of a front end, with its features as output.
fn graph(front_end: &FrontEnd, longest: usize) -> Graph {
    let mut g = Builder::default();
    let x = g.input("waveform", &[Dim::Named("batch"), Dim::Named("samples")]);
    let segments = front_end.add_to_onnx(&mut g, &x, longest).unwrap();
    let e = Extractor::new(front_end).unwrap();
    assert_eq!((segments.channels, segments.bands), (e.channels(), e.bands()));
    assert_eq!(segments.frames, e.segment_frames());
    let frames = segments.frames.map_or(Dim::Named("frames"), Dim::Fixed);
    let shape = [
        Dim::Named("segments"),
        Dim::Fixed(segments.channels),
        Dim::Fixed(segments.bands),
        frames,
    ];
    g.output("features", &segments.features, &shape);
    let graph = g.finish();
    graph.check().unwrap();
    graph
}

/// A clip of even loudness, so that single precision is equally exact for all bins.
fn clip(rate: u32, samples: usize, seed: u32) -> Vec<f32> {
    let mut noise = Noise(seed);
    let tones = signal(rate, samples.max(8));
    tones[..samples]
        .iter()
        .map(|x| 0.5 * x + 0.05 * noise.next() as f32)
        .collect()
}

/// All postprocessed segments of a clip, one after the other.
fn extracted(front_end: &FrontEnd, samples: &[f32]) -> (usize, Vec<f32>) {
    let e = Extractor::new(front_end).unwrap();
    let log_mel = e.log_mel(samples, &mut e.scratch()).unwrap();
    let segments = e.segment_count(log_mel.frames);
    let mut all = Vec::new();
    for i in 0..segments {
        all.extend(e.postprocess(&e.segment(&log_mel, i).unwrap()).unwrap().data);
    }
    (segments, all)
}

/// Compares two clips of each length in one batch, and prints the largest difference.
fn compare(name: &str, front_end: &FrontEnd, lengths: &[usize], tolerance: f32) {
    let graph = graph(front_end, 6_000);
    let mut worst = 0.0_f32;
    for n in lengths {
        let clips = [1, 2].map(|seed| clip(front_end.sample_rate_hz, *n, seed));
        let batch = Tensor::floats(&[2, *n], clips.concat());
        let out = graph
            .run(&[("waveform", batch)])
            .unwrap_or_else(|e| panic!("{name}, {n} samples: {e}"));
        let wanted = clips.map(|clip| extracted(front_end, &clip));
        assert_eq!(out[0].shape[0], wanted[0].0 + wanted[1].0, "{name}, {n} samples");
        let got = out[0].as_floats().unwrap();
        let wanted = [&wanted[0].1[..], &wanted[1].1[..]].concat();
        assert_eq!(got.len(), wanted.len(), "{name}, {n} samples: {:?}", out[0].shape);
        for (i, (got, want)) in got.iter().zip(&wanted).enumerate() {
            let mut off = (got - want).abs();
            if front_end.stft.phase {
                off = off.min(2.0 - off); // angles wrap around at -1 and 1
            }
            assert!(
                off <= tolerance,
                "{name}, {n} samples: number {i} is {got} instead of {want}"
            );
            worst = worst.max(off);
        }
    }
    println!("{name}: off by at most {worst:e}");
}

#[test]
fn published_front_ends() {
    // No frame, one, a bit more than one segment, several.
    compare(
        "dcase",
        &dcase(),
        &[0, 1, 1101, 1102, 13_230, 44_100, 70_001],
        1e-3,
    );
    // Mirrored again and again, shorter than the transform, one segment and several.
    compare(
        "argus",
        &argus(),
        &[0, 1, 2, 700, 1281, 13_230, 44_101, 180_000],
        1e-3,
    );
    compare("mobilenet", &mobilenet(), &[1, 219, 220, 1764, 22_050], 1e-3);
    compare("starter", &starter(), &[400, 559, 560, 16_000], 2e-2);
    compare(
        "efficientat",
        &efficientat(),
        &[2, 3, 320, 321, 1025, 32_000, 40_001],
        1e-3,
    );
}

/// Channels of several windows, cut into padded segments and whole.
#[test]
fn several_windows() {
    let mut several = argus();
    several.stft.more_window_samples = vec![512, 4096];
    compare(
        "argus, three windows",
        &several,
        &[0, 1, 700, 44_101, 180_000],
        1e-3,
    );
    let mut whole = mobilenet();
    whole.stft.more_window_samples = vec![512];
    compare("mobilenet, two windows", &whole, &[1, 220, 22_050], 1e-3);
}

/// Every key that the published ones leave out, and edge cases: odd and prime transforms, windows much shorter than the
/// transform, a hop longer than the window, adjacent segments.
#[test]
fn other_front_ends() {
    let small = |stft: &str, rest: &str| front_end(&format!("sample-rate-hz = 8000\nstft = {stft}\n{rest}"));
    let lengths = [0, 1, 2, 63, 64, 96, 97, 200, 201, 777, 2_000];
    for (name, stft, rest) in [
        (
            "prime, zeros around",
            "{ window-samples = 64, hop-samples = 40, fft-samples = 97, centre = \"zero\", window = \"hamming\" }",
            "amplitude.log = { offset = 0.01 }\nsegments = { length-frames = 5, hop-frames = 5, pad = { value = -1.5 } }",
        ),
        (
            "odd, mirrored, power, minimum",
            "{ window-samples = 50, hop-samples = 33, fft-samples = 75, centre = \"reflect\", value = \"power\" }",
            "amplitude.db = { reference = 2, amin = 1e-5 }\nsegments = { length-frames = 6, hop-frames = 4, pad = \"minimum\" }",
        ),
        (
            "odd window in an even transform",
            "{ window-samples = 33, hop-samples = 50, fft-samples = 96, centre = \"reflect\" }",
            "amplitude = \"linear\"\nsegments = { length-frames = 4, hop-frames = 1, pad = { value = 1 }, place = \"centre\" }",
        ),
        (
            "the middle",
            "{ window-samples = 64, hop-samples = 32 }",
            "amplitude.log = { offset = 1 }\nsegments = { length-frames = 7, hop-frames = 7, pad = \"minimum\", place = \"middle\" }",
        ),
        (
            "the middle, filled with a number",
            "{ window-samples = 64, hop-samples = 32 }",
            "amplitude.log = { offset = 1 }\nsegments = { length-frames = 8, hop-frames = 1, pad = { value = 2 }, place = \"middle\" }",
        ),
        (
            "decibels of magnitudes",
            "{ window-seconds = 0.008, hop-seconds = 0.005 }",
            "mel = { bands = 7, min-hz = 10, max-hz = 4000 }\namplitude.db = { top-db = 20 }\n\
             segments = { length-frames = 9, hop-frames = 3, pad = \"minimum\", place = \"centre\" }\n\
             postprocess = { bands = { subtract = [1, 2, 3, 4, 5, 6, 7], divide = [7, 6, 5, 4, 3, 2, 1] }, deltas = { width-frames = 5 }, scale = { subtract = 3, divide = -7 } }",
        ),
    ] {
        compare(name, &small(stft, rest), &lengths, 1e-3);
    }
}

/// The window is centred in the transform, which changes all angles.
#[test]
fn angles_of_centred_windows() {
    let centred = front_end(
        "sample-rate-hz = 8000\namplitude.log = { offset = 1 }\n\
         stft = { window-samples = 50, hop-samples = 30, fft-samples = 81, centre = \"reflect\", phase = true }\n\
         segments = { length-frames = 8, hop-frames = 8, pad = \"minimum\" }\npostprocess.deltas = { width-frames = 3 }",
    );
    let mut plain = centred.clone();
    plain.postprocess = Default::default();
    let subtract = (0..41).map(f64::from).collect();
    plain.postprocess.bands = Some(BandScale {
        subtract,
        divide: None,
    });
    compare("centred angles", &plain, &[49, 81, 500], 2e-3);
    // Deltas of angles jump where angles wrap around: only their shape is checked.
    let out = graph(&centred, 6_000).run(&[("waveform", Tensor::floats(&[1, 500], clip(8000, 500, 1)))]);
    assert_eq!(out.unwrap()[0].shape, [3, 6, 41, 8]);
}

#[test]
fn stages_without_a_graph_are_refused() {
    let refused = |front_end: &FrontEnd| {
        let mut g = Builder::default();
        let x = g.input("waveform", &[Dim::Named("batch"), Dim::Named("samples")]);
        front_end.add_to_onnx(&mut g, &x, 6_000).unwrap_err().to_string()
    };
    let small = "sample-rate-hz = 8000\nstft = { window-samples = 64, hop-samples = 40 }";
    let message = refused(&front_end(&format!("{small}\namplitude.pcen = {{}}")));
    assert!(
        message.starts_with("front-end.amplitude = pcen: can't be exported to ONNX"),
        "{message}"
    );
    let trimming = front_end(
        "sample-rate-hz = 8000\nstft = { window-samples = 64, hop-samples = 40 }\namplitude = \"linear\"\ntrim = {}",
    );
    let message = refused(&trimming);
    assert!(
        message.starts_with("front-end.trim = (set): can't be exported"),
        "{message}"
    );
    // The extractor's refusals apply here as well.
    let message = refused(&front_end(&format!(
        "{small}\namplitude = \"linear\"\npre-emphasis = 2"
    )));
    assert!(message.starts_with("front-end.pre-emphasis = 2: "), "{message}");
}

/// Clips longer than the limit are cut into equal pieces, as few as cover them.
#[test]
fn whole_clips_are_cut_where_they_are_too_long() {
    let whole = front_end(
        "sample-rate-hz = 8000\nstft = { window-samples = 64, hop-samples = 40 }\namplitude.log = { offset = 1 }",
    );
    let graph = graph(&whole, 30);
    let e = Extractor::new(&whole).unwrap();
    for frames in [1, 2, 29, 30, 31, 59, 60, 61, 100, 301] {
        let samples = clip(8000, 64 + 40 * (frames - 1), 3);
        let log_mel = e.log_mel(&samples, &mut e.scratch()).unwrap();
        let count = log_mel.frames.div_ceil(30);
        let length = log_mel.frames.div_ceil(count);
        let out = graph
            .run(&[("waveform", Tensor::floats(&[1, samples.len()], samples))])
            .unwrap();
        assert_eq!(out[0].shape, [count, 1, 33, length], "{frames} frames");
        let got = out[0].as_floats().unwrap();
        for k in 0..count {
            let start = k * (log_mel.frames - length) / (count - 1).max(1);
            for band in 0..33 {
                let got = &got[(k * 33 + band) * length..][..length];
                let want = &log_mel.data[band * log_mel.frames + start..][..length];
                assert!(
                    got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-4),
                    "{frames} frames, piece {k}"
                );
            }
        }
    }
    // Too short for a frame: one frame of silence, ln 1 in every bin.
    for n in [0, 1, 63] {
        let out = graph
            .run(&[("waveform", Tensor::floats(&[1, n], clip(8000, n, 3)))])
            .unwrap();
        assert_eq!(
            out[0],
            Tensor::floats(&[1, 1, 33, 1], vec![0.0; 33]),
            "{n} samples"
        );
    }
}
