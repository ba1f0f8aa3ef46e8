//! The checkpoints of argus-2019's three networks, as its training library saves them: imported, compared with PyTorch,
//! used (`xtask/golden/argus_2019_checkpoints.py`).

use burn::tensor::{Tensor, TensorData};
use earmark_engine::ModelFile;
use earmark_hub::{Import, import};
use earmark_inference::{Device, Model, PredictJob};
use earmark_models::{Forward, NetworkConfig, to_host};
use earmark_recipe::Recipe;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

fn golden_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn golden() -> Value {
    serde_json::from_str(&std::fs::read_to_string(golden_path("argus-2019.json")).unwrap()).unwrap()
}

fn job(kind: &str, out: &Path) -> Import {
    Import {
        file: golden_path(&format!("argus-2019-{kind}.pth")),
        architecture: "argus-2019".into(),
        labels: None,
        source: None,
        out: out.into(),
    }
}

/// u(s, i) of `xtask/golden/network_fill.py`.
fn uniform(stream: u64, i: usize) -> f64 {
    let mut z = ((stream << 32) + i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 40) as f64 / 8_388_608.0 - 1.0
}

/// The input of the golden logits, by its formula.
fn input(golden: &Value) -> TensorData {
    let shape: [usize; 4] = serde_json::from_value(golden["input_shape"].clone()).unwrap();
    let stream = golden["input_stream"].as_u64().unwrap();
    let [_, _, h, w] = shape;
    let value = |i: usize| {
        let (row, column) = (i / w, i % w);
        let plane = row / h;
        let of_rows = 2.0 * uniform(stream + 1, row);
        (uniform(stream, i) + of_rows + uniform(stream + 2, plane * w + column)) as f32
    };
    let values: Vec<f32> = (0..shape.iter().product::<usize>()).map(value).collect();
    TensorData::new(values, shape)
}

/// Kind, network, and the sizes in which the files differ from the default network of that kind.
fn networks() -> [(&'static str, Value); 3] {
    [
        ("aux", json!({ "kind": "aux-skip-attention", "base": 1 })),
        ("rnn", json!({ "kind": "rnn-aux-skip-attention", "base": 1 })),
        (
            "skip",
            json!({ "kind": "skip-attention", "base": 1, "kernel": 3 }),
        ),
    ]
}

#[test]
fn each_network_is_recognised_and_computes_what_pytorch_computes() {
    let (dir, golden) = (tempfile::tempdir().unwrap(), golden());
    for (kind, network) in networks() {
        let out = dir.path().join(kind).with_extension("safetensors");
        let done = import(&job(kind, &out)).unwrap();
        let theirs = &golden[kind];
        assert_eq!((done.architecture.as_str(), done.classes), ("argus-2019", 80));
        assert_eq!(json!(done.tensors + done.ignored), theirs["tensors"], "{kind}");
        assert_eq!(json!(done.parameters), theirs["parameters"], "{kind}");

        let meta = ModelFile::read(&out).unwrap().meta;
        assert_eq!(meta.licence.as_deref(), Some("MIT"));
        let source = meta.source.unwrap();
        assert_eq!(
            source,
            format!("https://github.com/lRomul/argus-freesound (argus-2019-{kind}.pth)")
        );
        let recipe = Recipe::parse(&meta.recipe, &out).unwrap();
        let network: NetworkConfig = serde_json::from_value(network).unwrap();
        assert_eq!(recipe.network, network);
        let segments = recipe.predict_front_end().segments.unwrap();
        assert_eq!(
            (segments.length_frames, segments.hop_frames),
            (Some(256), Some(128))
        );

        let model = Model::open_file(&out, &Device::cpu().unwrap()).unwrap();
        assert_eq!(model.classes().len(), 80);
        assert_eq!(model.classes()[79], "Zipper_(clothing)");
        let scorer = model.scorer();
        let x = Tensor::<4>::from_data(input(&golden), &scorer.device);
        let logits = to_host(scorer.network.forward(x, &mut Forward::eval(&scorer.vars)));
        let wanted: Vec<Vec<f64>> = serde_json::from_value(theirs["logits"].clone()).unwrap();
        assert_eq!(logits.len(), 2 * 80);
        let off = logits.iter().zip(wanted.iter().flatten());
        let off = off.fold(0.0, |worst: f64, (got, want)| {
            worst.max((f64::from(*got) - want).abs())
        });
        // Logits up to 10. A tensor in the place of another one, or in another order, changes one by more than 1.6e-4.
        assert!(off < 5e-5, "{kind}: off by {off:.1e}");
    }
}

/// A tone of 16 bits at the rate of the front end.
fn write_tone(path: &Path, seconds: f32) {
    let samples = (seconds * 44_100.0) as usize;
    let data = (0..samples).flat_map(|i| (((i as f32 * 0.05).sin() * 12_000.0) as i16).to_le_bytes());
    let data: Vec<u8> = data.collect();
    let number = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    let mut wav = [b"RIFF".as_slice(), &number(36 + data.len()), b"WAVEfmt "].concat();
    wav.extend([16, 0, 0, 0, 1, 0, 1, 0]);
    wav.extend([number(44_100), number(88_200)].concat());
    wav.extend([2, 0, 16, 0]);
    wav.extend([b"data".as_slice(), &number(data.len()), &data].concat());
    std::fs::write(path, wav).unwrap();
}

/// Shorter than a segment, and several segments long: by each network, and by the geometric mean of the three.
#[test]
fn imported_networks_score_recordings_alone_and_together() {
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = [("short.wav", 0.8), ("long.wav", 11.0)]
        .map(|(name, seconds)| {
            let path = dir.path().join(name);
            write_tone(&path, seconds);
            path
        })
        .into();
    let models = networks().map(|(kind, _)| {
        let out = dir.path().join(kind).with_extension("safetensors");
        import(&job(kind, &out)).unwrap();
        out.to_string_lossy().into_owned()
    });
    let predict = |models: Vec<String>| {
        let job = PredictJob {
            models,
            data: None,
            subset: None,
            files: files.clone(),
            shard: None,
            read: Default::default(),
            raw: false,
            weights: None,
            mean: "geometric".parse().unwrap(),
            device: "cpu".into(),
            precision: None,
        };
        let result = earmark_inference::predict(&job, &|_| {}, &AtomicBool::new(false));
        let result = result.unwrap().unwrap();
        assert!(result.skipped.is_empty());
        let rows = result.scores.rows().map(|(_, row)| row.to_vec());
        rows.collect::<Vec<Vec<f32>>>()
    };
    let alone = models.clone().map(|model| predict(vec![model]));
    let together = predict(models.into());
    for (i, row) in together.iter().enumerate() {
        assert_eq!(row.len(), 80);
        for (c, score) in row.iter().enumerate() {
            let logarithms = alone.iter().map(|rows| f64::from(rows[i][c]).ln());
            let mean = (logarithms.sum::<f64>() / 3.0).exp();
            let off = (f64::from(*score) - mean).abs();
            assert!(off < 1e-5, "{score} instead of {mean}");
        }
    }
    assert_eq!(together.len(), 2);
    assert_ne!(together[0], together[1]);
}

#[test]
fn what_is_not_such_a_checkpoint_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("x.safetensors");
    let refused = |job: Import| import(&job).unwrap_err().to_string();
    let labels = dir.path().join("labels.csv");
    std::fs::write(&labels, "0,a\n1,b\n").unwrap();
    let message = refused(Import {
        labels: Some(labels),
        ..job("skip", &out)
    });
    assert!(
        message.ends_with("labels.csv: names 2 classes, and the network scores 80"),
        "{message}"
    );
    let message = refused(Import {
        file: Path::new(env!("CARGO_MANIFEST_DIR")).join("../earmark-torch/tests/golden/nested.pt"),
        ..job("skip", &out)
    });
    assert!(
        message.contains("does not fit argus-2019: `conv1.conv1.0.weight` is missing, "),
        "{message}"
    );
    let message = refused(Import {
        architecture: "argus-2018".into(),
        ..job("skip", &out)
    });
    assert!(
        message.starts_with("--as argus-2018: no such network, did you mean argus-2019?"),
        "{message}"
    );
    assert!(!out.exists());
}
