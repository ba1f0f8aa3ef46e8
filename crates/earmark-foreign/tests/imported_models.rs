//! Imported graphs as models: what they score and embed, what a probe on them is, and what is refused.

use earmark_audio::{Clip, encode_wav_float};
use earmark_core::VERSION;
use earmark_engine::{FORMAT, HostTensor, ModelFile, ModelMeta};
use earmark_features::{Extractor, FrontEnd};
use earmark_foreign::{GraphActivation, GraphImport, GraphImportResult, export_graph, import_graph};
use earmark_inference::export::{ExportOptions, OnnxExport};
use earmark_inference::{Device, Model};
use earmark_metrics::{Calibration, CalibrationLine, CalibrationRule};
use earmark_models::{Network, Vars};
use earmark_onnx::{Builder, Dim, Graph, OnnxModel, signed};
use earmark_recipe::Recipe;
use earmark_train::{ProbeClasses, ProbeJob, probe};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

const RATE: u32 = 8000;
/// Samples of a window.
const WINDOW: usize = 2000;
const FEATURES: usize = 6;

fn wave(k: usize, i: usize) -> f32 {
    ((i * (k + 1)) as f32 * 0.013).sin() * 0.4
}

/// The weights of a feature: it is large where a window has the tone of its number.
fn weight(i: usize, feature: usize) -> f32 {
    wave(3 * feature, i) / 40.0
}

const CLASS_BIAS: [f32; 3] = [4.0, -4.0, -1.0];

fn class_weight(feature: usize, class: usize) -> f32 {
    if feature == class + 1 { 0.5 } else { -0.05 }
}

/// Features are absolute products with tones, logits a dense layer on them.
fn graph(batch: Dim) -> Graph {
    let mut g = Builder::default();
    let x = g.input("samples", &[batch, Dim::Fixed(WINDOW)]);
    let weights = (0..WINDOW).flat_map(|i| (0..FEATURES).map(move |f| weight(i, f)));
    let w = g.weight("w", &[WINDOW, FEATURES], weights.collect());
    let features = g.op("MatMul", &[&x, &w], &[]);
    let features = g.op("Abs", &[&features], &[]);
    let weights = (0..FEATURES).flat_map(|f| (0..3).map(move |c| class_weight(f, c)));
    let v = g.weight("v", &[FEATURES, 3], weights.collect());
    let b = g.weight("b", &[3], CLASS_BIAS.to_vec());
    let logits = g.op("MatMul", &[&features, &v], &[]);
    let logits = g.op("Add", &[&logits, &b], &[]);
    let scores = g.op("Sigmoid", &[&logits], &[]);
    g.output("logits", &logits, &[batch, Dim::Fixed(3)]);
    g.output("scores", &scores, &[batch, Dim::Fixed(3)]);
    g.finish()
}

/// The features and logits of a window by hand.
fn by_hand(window: &[f32]) -> ([f64; FEATURES], [f64; 3]) {
    let mut features = [0.0; FEATURES];
    for (f, feature) in features.iter_mut().enumerate() {
        let products = window.iter().enumerate();
        let sum: f64 = products
            .map(|(i, x)| f64::from(*x) * f64::from(weight(i, f)))
            .sum();
        *feature = sum.abs();
    }
    let logits = [0, 1, 2].map(|c| {
        let products = features.iter().enumerate();
        let sum: f64 = products.map(|(f, x)| x * f64::from(class_weight(f, c))).sum();
        sum + f64::from(CLASS_BIAS[c])
    });
    (features, logits)
}

fn write(graph: Graph, path: &Path) {
    fs::write(path, OnnxModel::of(graph).bytes()).unwrap();
}

fn job(folder: &Path, scores: &str, embedding: Option<&str>) -> GraphImport {
    GraphImport {
        file: folder.join("net.onnx"),
        name: "net".into(),
        classes: ["always", "never", "tone"].map(String::from).to_vec(),
        front_end: FrontEnd::of_waveform(RATE, WINDOW as u32),
        scores: scores.into(),
        embedding: embedding.map(String::from),
        activation: None,
        licence: " CC0-1.0 ".into(),
        source: None,
        out: folder.join("net.safetensors"),
    }
}

/// Imports the graph and opens the model.
fn imported(folder: &Path, batch: Dim, scores: &str, embedding: Option<&str>) -> (Model, GraphImportResult) {
    earmark_foreign::enable();
    write(graph(batch), &folder.join("net.onnx"));
    let job = job(folder, scores, embedding);
    let result = import_graph(&job).unwrap();
    (
        Model::open_file(&job.out, &Device::cpu().unwrap()).unwrap(),
        result,
    )
}

fn near(got: &[f32], wanted: &[f64], tolerance: f64) {
    assert_eq!(got.len(), wanted.len());
    for (got, want) in got.iter().zip(wanted) {
        let off = (f64::from(*got) - want).abs();
        assert!(off < tolerance * want.abs().max(1.0), "{got} instead of {want}");
    }
}

/// The mean of some rows.
fn mean<const N: usize>(rows: &[[f64; N]]) -> [f64; N] {
    std::array::from_fn(|k| rows.iter().map(|row| row[k]).sum::<f64>() / rows.len() as f64)
}

#[test]
fn scores_and_embeddings_are_those_of_the_graph() {
    let folder = tempfile::tempdir().unwrap();
    // Two windows and a half, the last one filled with silence.
    let samples: Vec<f32> = (0..5 * WINDOW / 2).map(|i| wave(4, i)).collect();
    let mut filled = samples.clone();
    filled.resize(3 * WINDOW, 0.0);
    let windows: Vec<_> = filled.chunks(WINDOW).map(by_hand).collect();
    let features: Vec<[f64; FEATURES]> = windows.iter().map(|(features, _)| *features).collect();
    let sigmoid = |z: &f64| 1.0 / (1.0 + (-z).exp());
    let scores: Vec<[f64; 3]> = windows
        .iter()
        .map(|(_, logits)| logits.each_ref().map(sigmoid))
        .collect();
    let clip = Clip::new(samples, RATE);
    for (batch, output, activation) in [
        (Dim::Named("batch"), "logits", GraphActivation::Sigmoid),
        (Dim::Fixed(1), "scores", GraphActivation::None),
    ] {
        // Its features are no output of the graph, but a value in it.
        let (model, result) = imported(folder.path(), batch, output, Some("Abs"));
        assert_eq!((result.scores, result.embedding), (3, Some(FEATURES)));
        assert_eq!((result.activation, result.rows), (activation, 1));
        assert_eq!(result.input, [1, WINDOW]);
        assert_eq!(result.operators["MatMul"], 2);
        assert_eq!(result.parameters, WINDOW * FEATURES + FEATURES * 3 + 3);
        near(&model.score(&clip).unwrap(), &mean(&scores), 1e-5);
        near(&model.embed(&clip).unwrap(), &mean(&features), 1e-5);
        assert_eq!(model.meta().licence.as_deref(), Some("CC0-1.0"));
        assert_eq!(model.meta().source.as_deref(), Some("net.onnx"));
    }
    // Without an embedding, the scores stand for it.
    let (model, result) = imported(folder.path(), Dim::Named("batch"), "scores", None);
    assert_eq!(result.embedding, None);
    near(&model.embed(&clip).unwrap(), &mean(&scores), 1e-5);
}

#[test]
fn recordings_are_tagged_in_the_windows_of_the_graph() {
    let folder = tempfile::tempdir().unwrap();
    let (model, _) = imported(folder.path(), Dim::Named("batch"), "logits", None);
    let path = folder.path().join("long.wav");
    let samples: Vec<f32> = (0..4 * WINDOW).map(|i| wave(17, i)).collect();
    fs::write(&path, encode_wav_float(&samples, RATE)).unwrap();
    let result = model.tag(&path).unwrap();
    assert_eq!(result.seconds, 1.0);
    let events: Vec<(&str, f64, f64)> = result
        .events
        .iter()
        .map(|e| (e.class.as_str(), e.onset, e.offset))
        .collect();
    assert_eq!(events, [("always", 0.0, 1.0)]);
}

/// Wrong classes, licences and outputs are refused with a remedy, and nothing is written.
#[test]
fn wrong_settings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(graph(Dim::Named("batch")), &folder.path().join("net.onnx"));
    let plain = || job(folder.path(), "logits", Some("Abs"));
    let refused = |job: GraphImport| {
        let message = import_graph(&job).unwrap_err().to_string();
        assert!(!job.out.exists());
        message
    };
    let mut classes = plain();
    classes.classes.push("one more".into());
    let message = refused(classes);
    assert!(
        message
            .starts_with("--labels: names 4 classes, and --scores logits gives 3 scores; is its first line"),
        "{message}"
    );
    let unlicensed = GraphImport {
        licence: "  ".into(),
        ..plain()
    };
    let message = refused(unlicensed);
    assert!(
        message.starts_with("--licence: say under which licence"),
        "{message}"
    );
    let message = refused(job(folder.path(), "probabilities", None));
    assert!(
        message.ends_with(
            "net.onnx: --scores probabilities: the graph has no such output; its outputs are logits, scores"
        ),
        "{message}"
    );
    let message = refused(job(folder.path(), "logits", Some("logits")));
    assert!(
        message.starts_with("--embedding logits: these are the scores"),
        "{message}"
    );
    let message = refused(job(folder.path(), "Abs", None));
    assert!(
        message.starts_with("--activation: the graph does not show"),
        "{message}"
    );
    let raw = GraphImport {
        activation: Some(GraphActivation::None),
        ..plain()
    };
    let message = refused(raw);
    assert!(
        message.starts_with("--activation none: the graph gives scores from"),
        "{message}"
    );
    let other_rate = GraphImport {
        front_end: FrontEnd::of_waveform(2 * RATE, 2 * WINDOW as u32),
        ..plain()
    };
    let message = refused(other_rate);
    assert!(
        message.contains("takes `samples` of [any, 2000], and gets [1, 4000]"),
        "{message}"
    );
    let missing = GraphImport {
        file: folder.path().join("none.onnx"),
        ..plain()
    };
    let message = refused(missing);
    assert!(message.contains("none.onnx: cannot be read"), "{message}");
}

/// A model file whose graph or recipe was changed is refused when it is opened.
#[test]
fn changed_model_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (model, _) = imported(folder.path(), Dim::Named("batch"), "logits", Some("Abs"));
    let path = folder.path().join("changed.safetensors");
    let refused = |change: fn(&mut ModelFile)| {
        let mut file = ModelFile::read(model.path()).unwrap();
        change(&mut file);
        file.save(&path).unwrap();
        Model::open_file(&path, &Device::cpu().unwrap())
            .unwrap_err()
            .to_string()
    };
    let message = refused(|file| file.graph = None);
    assert!(
        message.contains("lacks the graph that its network is"),
        "{message}"
    );
    let message = refused(|file| file.graph = Some(b"\x08\x08".as_slice().into()));
    assert!(message.contains("is not an ONNX file"), "{message}");
    let message = refused(|file| {
        file.meta.classes.pop();
    });
    assert!(
        message.contains("names 2 classes, and its graph gives 3 scores"),
        "{message}"
    );
    let message =
        refused(|file| file.meta.recipe = file.meta.recipe.replace("embedding = 6", "embedding = 7"));
    assert!(
        message.contains("its graph gives 3 scores and 6 features, not the 3 and 7"),
        "{message}"
    );
}

/// The graph with the layer of a probe and a calibration around it is one graph for other programs, and for this one.
#[test]
fn an_exported_graph_scores_as_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let (model, _) = imported(folder.path(), Dim::Named("batch"), "logits", Some("Abs"));
    let path = folder.path().join("probe.safetensors");
    let mut file = ModelFile::read(model.path()).unwrap();
    let recipe = file
        .meta
        .recipe
        .replace("embedding = 6\n", "embedding = 6\nlinear-head = true\n");
    file.meta.recipe = recipe;
    let mut tensor = |name: &str, shape: &[usize]| {
        let values = (0..shape.iter().product()).map(|k| wave(k, 7)).collect();
        let tensor = HostTensor {
            shape: shape.to_vec(),
            values,
        };
        file.tensors.insert(name.into(), tensor);
    };
    tensor("logits.weight", &[3, FEATURES]);
    tensor("logits.bias", &[3]);
    let line = |slope, shift| CalibrationLine { slope, shift };
    file.meta.calibration = Some(Calibration {
        rule: CalibrationRule::Classes {
            lines: vec![line(0.5, 0.3), CalibrationLine::IDENTITY, line(2.0, -1.0)],
        },
        thresholds: vec![0.5; 3],
        clips: 10,
    });
    file.save(&path).unwrap();
    let recipe = Recipe::parse(&file.meta.recipe, &path).unwrap();
    let exported = export_graph(&file, &recipe, false).unwrap();
    fs::write(folder.path().join("net.onnx"), exported).unwrap();
    let again = GraphImport {
        activation: Some(GraphActivation::None),
        out: folder.path().join("again.safetensors"),
        ..job(folder.path(), "scores", Some("embedding"))
    };
    assert_eq!(import_graph(&again).unwrap().embedding, Some(FEATURES));
    let clip = Clip::new((0..WINDOW).map(|i| wave(4, i)).collect(), RATE);
    let [probe, again] =
        [path, again.out].map(|path| Model::open_file(&path, &Device::cpu().unwrap()).unwrap());
    for (got, wanted) in [
        (again.score(&clip).unwrap(), probe.score(&clip).unwrap()),
        (again.embed(&clip).unwrap(), probe.embed(&clip).unwrap()),
    ] {
        let wanted: Vec<f64> = wanted.iter().map(|x| f64::from(*x)).collect();
        near(&got, &wanted, 1e-5);
    }
}

/// Logarithms of spectra, of which rounding is all that silence leaves: the export keeps what is computed in float64.
#[test]
fn an_exported_transform_stays_in_float64() {
    let folder = tempfile::tempdir().unwrap();
    earmark_foreign::enable();
    let mut g = Builder::default();
    let x = g.input("samples", &[Dim::Fixed(1), Dim::Fixed(WINDOW)]);
    // A level of silence that is not 0, as normalised samples have.
    let half = g.float(0.5);
    let x = g.op("Sub", &[&x, &half], &[]);
    let x = g.reshape(&x, &[1, signed(WINDOW), 1]);
    let attributes = [("axis", 1.into()), ("onesided", 1.into())];
    let spectrum = g.op("DFT", &[&x], &attributes);
    let size = g.op("Abs", &[&spectrum], &[]);
    let root = g.op("Sqrt", &[&size], &[]);
    let features = g.reshape(&root, &[1, signed(WINDOW) + 2]);
    let weights = (0..3 * (WINDOW + 2)).map(|i| wave(3, i)).collect();
    let w = g.weight("w", &[WINDOW + 2, 3], weights);
    let logits = g.op("MatMul", &[&features, &w], &[]);
    g.output("features", &features, &[Dim::Fixed(1), Dim::Fixed(WINDOW + 2)]);
    g.output("logits", &logits, &[Dim::Fixed(1), Dim::Fixed(3)]);
    write(g.finish(), &folder.path().join("net.onnx"));
    let import = job(folder.path(), "logits", Some("features"));
    import_graph(&import).unwrap();
    let model = Model::open_file(&import.out, &Device::cpu().unwrap()).unwrap();
    let silence = Clip::new(vec![0.0; WINDOW], RATE);
    let wanted = model.embed(&silence).unwrap();
    // A sum of 2,000 halves, and roots of what rounding leaves of sums of 0; in float32 these are above 1e-3.
    assert!((wanted[0] - 1000.0_f32.sqrt()).abs() < 1e-4, "{}", wanted[0]);
    let most = wanted[1..].iter().copied().fold(0.0, f32::max);
    assert!(most < 1e-5, "{most}");

    let file = ModelFile::read(&import.out).unwrap();
    let recipe = Recipe::parse(&file.meta.recipe, &import.out).unwrap();
    let exported = export_graph(&file, &recipe, false).unwrap();
    fs::write(&import.file, exported).unwrap();
    let again = GraphImport {
        activation: Some(GraphActivation::None),
        out: folder.path().join("again.safetensors"),
        ..job(folder.path(), "scores", Some("embedding"))
    };
    // One cast to float64, and one back.
    assert_eq!(import_graph(&again).unwrap().operators["Cast"], 2);
    let again = Model::open_file(&again.out, &Device::cpu().unwrap()).unwrap();
    assert_eq!(again.embed(&silence).unwrap(), wanted);
}

/// The network of EfficientAT, as wide as a tenth of the published one, with random weights.
fn efficientat(path: &Path) {
    let recipe = Recipe::load("efficientat/mn04", &["network.width=0.1".to_owned()]).unwrap();
    let channels = Extractor::new(&recipe.front_end).unwrap().channels();
    let (_, specs) = Network::build(&recipe.network, channels, 3).unwrap();
    let vars = Vars::init(specs, 5, Device::cpu().unwrap().burn());
    let meta = ModelMeta {
        format: FORMAT,
        version: VERSION.into(),
        recipe: recipe.to_toml(),
        classes: ["a", "b", "c"].map(String::from).to_vec(),
        licence: None,
        source: None,
        step: 0,
        calibration: None,
    };
    ModelFile::write(path, &meta, &vars).unwrap();
}

/// Samples that differ from clip to clip: two kinds of tones in noise.
fn sound(clip: usize, length: usize) -> Vec<f32> {
    let hz = if clip.is_multiple_of(2) { 400.0 } else { 3000.0 } + 40.0 * clip as f32;
    let mut noise = clip as u32 + 1;
    (0..length)
        .map(|i| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = (noise >> 8) as f32 / 8_388_608.0 - 1.0;
            0.3 * (std::f32::consts::TAU * hz * i as f32 / 32_000.0).sin() + 0.02 * hiss
        })
        .collect()
}

/// A network's own export, front end included, gives what the network gives, and a probe of it tells the sounds apart.
#[test]
fn an_export_is_imported_as_what_it_was_made_of() {
    let folder = tempfile::tempdir().unwrap();
    let [own, out, probed] = ["own", "imported", "probe"].map(|name| folder.path().join(name));
    let [own, out, probed] = [own, out, probed].map(|path| path.with_extension("safetensors"));
    efficientat(&own);
    let export = OnnxExport::of_model(&own, ExportOptions::default()).unwrap();
    fs::write(folder.path().join("net.onnx"), export.model.bytes()).unwrap();
    let (rate, window) = (32_000, 32_000);
    let result = import_graph(&GraphImport {
        classes: ["a", "b", "c"].map(String::from).to_vec(),
        front_end: FrontEnd::of_waveform(rate, window),
        out: out.clone(),
        ..job(folder.path(), "scores", Some("embedding"))
    });
    assert_eq!(result.unwrap().activation, GraphActivation::None);
    earmark_foreign::enable();
    let open = |path: &PathBuf| Model::open_file(path, &Device::cpu().unwrap()).unwrap();
    let (theirs, ours) = (open(&own), open(&out));
    for k in 0..4 {
        let clip = Clip::new(sound(k, window as usize), rate);
        let wanted = [theirs.score(&clip), theirs.embed(&clip)].map(|row| row.unwrap());
        let got = [ours.score(&clip), ours.embed(&clip)].map(|row| row.unwrap());
        for (got, wanted) in got.iter().zip(&wanted) {
            let wanted: Vec<f64> = wanted.iter().map(|x| f64::from(*x)).collect();
            near(got, &wanted, 1e-4);
        }
    }

    let data = folder.path().join("data");
    for (k, class) in ["low", "high"].into_iter().cycle().take(12).enumerate() {
        fs::create_dir_all(data.join(class)).unwrap();
        let wav = encode_wav_float(&sound(k, window as usize), rate);
        fs::write(data.join(class).join(format!("{k}.wav")), wav).unwrap();
    }
    let job = ProbeJob {
        classes: ProbeClasses::Exclusive,
        cross_validate: true,
        out: Some(probed.clone()),
        ..ProbeJob::new(out.to_string_lossy(), &data)
    };
    let done = probe(&job, &|_| {}, &AtomicBool::new(false)).unwrap().unwrap();
    assert_eq!(
        (done.clips, done.features),
        (12, ours.scorer().network.embedding_len())
    );
    // The probe's own file: another head on the same graph, for other classes.
    let probed = open(&probed);
    assert_eq!(probed.classes(), ["high", "low"]);
    for k in 0..12 {
        let scores = probed.score(&Clip::new(sound(k, window as usize), rate)).unwrap();
        let is_low = scores[1] > scores[0];
        assert_eq!(is_low, k % 2 == 0, "{k}: {scores:?}");
    }
}
