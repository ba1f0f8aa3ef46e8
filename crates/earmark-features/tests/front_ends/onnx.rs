//! The front end as an ONNX graph, evaluated by definition, against the extractor.

use crate::against_torch::efficientat;
use crate::common::{Noise, argus, dcase, front_end, mobilenet, signal, starter};
use earmark_features::{Extractor, FrontEnd};
use earmark_onnx::{Builder, Dim, Graph, Tensor};

/// The graph of a front end: features, and how many examples a clip has (as a float; 1 without examples).
fn graph(front_end: &FrontEnd) -> Graph {
    let mut g = Builder::default();
    let x = g.input("waveform", &[Dim::Named("batch"), Dim::Named("samples")]);
    let examples = front_end.add_to_onnx(&mut g, &x).unwrap();
    let e = Extractor::new(front_end).unwrap();
    assert_eq!((examples.channels, examples.bands), (e.channels(), e.bands()));
    assert_eq!(examples.frames, e.example_frames());
    let frames = examples.frames.map_or(Dim::Named("frames"), Dim::Fixed);
    let shape = [
        Dim::Named("examples"),
        Dim::Fixed(examples.channels),
        Dim::Fixed(examples.bands),
        frames,
    ];
    g.output("features", &examples.features, &shape);
    let graph = g.finish();
    graph.check().unwrap();
    graph
}

/// A clip that is nowhere much softer than elsewhere, so that single precision says the same of all bins.
fn clip(rate: u32, samples: usize, seed: u32) -> Vec<f32> {
    let mut noise = Noise(seed);
    let tones = signal(rate, samples.max(8));
    tones[..samples]
        .iter()
        .map(|x| 0.5 * x + 0.05 * noise.next() as f32)
        .collect()
}

/// All finished examples of a clip, one after the other.
fn extracted(front_end: &FrontEnd, samples: &[f32]) -> (usize, Vec<f32>) {
    let e = Extractor::new(front_end).unwrap();
    let base = e.base(samples, &mut e.scratch()).unwrap();
    let examples = e.examples(&base);
    let mut all = Vec::new();
    for i in 0..examples {
        all.extend(e.finish(&e.example(&base, i).unwrap()).unwrap().data);
    }
    (examples, all)
}

/// Compares two clips of each length, both in one batch; gives the largest difference.
fn compare(name: &str, front_end: &FrontEnd, lengths: &[usize], tolerance: f32) {
    let graph = graph(front_end);
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
                off = off.min(2.0 - off); // angles go round in a circle of -1 to 1
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
    // No frame, one, one example and a bit more, several.
    compare(
        "dcase",
        &dcase(),
        &[0, 1, 1101, 1102, 13_230, 44_100, 70_001],
        1e-3,
    );
    // Mirrored again and again, shorter than the transform, one tile and several.
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

/// Every key that the published ones leave out, and the corners: odd and prime transforms, windows much shorter than
/// they, a hop longer than the window, examples that touch.
#[test]
fn other_front_ends() {
    let small = |stft: &str, rest: &str| front_end(&format!("sample-rate-hz = 8000\nstft = {stft}\n{rest}"));
    let lengths = [0, 1, 2, 63, 64, 96, 97, 200, 201, 777, 2_000];
    for (name, stft, rest) in [
        (
            "prime, zeros around",
            "{ window-samples = 64, hop-samples = 40, fft-samples = 97, centre = \"zero\", window = \"hamming\" }",
            "level.log = { offset = 0.01 }\nexamples = { length-frames = 5, hop-frames = 5, pad = { value = -1.5 } }",
        ),
        (
            "odd, mirrored, power, minimum",
            "{ window-samples = 50, hop-samples = 33, fft-samples = 75, centre = \"reflect\", value = \"power\" }",
            "level.db = { reference = 2, amin = 1e-5 }\nexamples = { length-frames = 6, hop-frames = 4, pad = \"minimum\" }",
        ),
        (
            "odd window in an even transform",
            "{ window-samples = 33, hop-samples = 50, fft-samples = 96, centre = \"reflect\" }",
            "level = \"linear\"\nexamples = { length-frames = 4, hop-frames = 1, pad = { value = 1 }, place = \"centre\" }",
        ),
        (
            "the middle",
            "{ window-samples = 64, hop-samples = 32 }",
            "level.log = { offset = 1 }\nexamples = { length-frames = 7, hop-frames = 7, pad = \"minimum\", place = \"middle\" }",
        ),
        (
            "the middle, filled with a number",
            "{ window-samples = 64, hop-samples = 32 }",
            "level.log = { offset = 1 }\nexamples = { length-frames = 8, hop-frames = 1, pad = { value = 2 }, place = \"middle\" }",
        ),
        (
            "decibels of magnitudes",
            "{ window-seconds = 0.008, hop-seconds = 0.005 }",
            "mel = { bands = 7, min-hz = 10, max-hz = 4000 }\nlevel.db = { top-db = 20 }\n\
             examples = { length-frames = 9, hop-frames = 3, pad = \"minimum\", place = \"centre\" }\n\
             finish = { deltas = { width-frames = 5 }, scale = { subtract = 3, divide = -7 } }",
        ),
    ] {
        compare(name, &small(stft, rest), &lengths, 1e-3);
    }
}

/// The window lies in the middle of the transform, which turns all angles.
#[test]
fn angles_of_centred_windows() {
    let centred = front_end(
        "sample-rate-hz = 8000\nlevel.log = { offset = 1 }\n\
         stft = { window-samples = 50, hop-samples = 30, fft-samples = 81, centre = \"reflect\", phase = true }\n\
         examples = { length-frames = 8, hop-frames = 8, pad = \"minimum\" }\nfinish.deltas = { width-frames = 3 }",
    );
    let mut plain = centred.clone();
    plain.finish = Default::default();
    compare("centred angles", &plain, &[49, 81, 500], 2e-3);
    // Deltas of angles jump where the angles go round: their shape alone, and that they can be computed.
    let out = graph(&centred).run(&[("waveform", Tensor::floats(&[1, 500], clip(8000, 500, 1)))]);
    assert_eq!(out.unwrap()[0].shape, [3, 6, 41, 8]);
}

#[test]
fn what_has_no_graph_is_refused() {
    let pcen =
        front_end("sample-rate-hz = 8000\nstft = { window-samples = 64, hop-samples = 40 }\nlevel.pcen = {}");
    let mut g = Builder::default();
    let x = g.input("waveform", &[Dim::Named("batch"), Dim::Named("samples")]);
    let message = pcen.add_to_onnx(&mut g, &x).unwrap_err().to_string();
    assert!(
        message.starts_with("front-end.level = pcen: cannot be exported to ONNX"),
        "{message}"
    );
}
