//! MobileNet v2's body by torchvision's names and by Keras's: imported, and what it computes compared with what they
//! compute (`xtask/golden/mobilenet_v2_bodies.py`).

use burn::tensor::{Device, Tensor, TensorData};
use earmark_engine::{HostTensor, ModelFile, Tensors, write_tensors};
use earmark_hub::{Import, import};
use earmark_models::{Forward, Network, NetworkConfig, VarId, Vars, to_host};
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Golden {
    tensors: Vec<(String, Vec<usize>)>,
    size: [usize; 2],
    features: Vec<f64>,
}

fn golden(library: &str) -> Golden {
    let path = format!(
        "{}/tests/golden/mobilenet-v2-{library}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// u(s, i) of `xtask/golden/network_fill.py`.
fn uniform(stream: u64, i: u64) -> f64 {
    let mut z = ((stream << 32) + i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 40) as f64 / 8_388_608.0 - 1.0
}

/// The library's tensors by the rules of the golden file, in its names and layout.
fn tensors(golden: &Golden) -> Vec<(String, HostTensor)> {
    let made = golden.tensors.iter().enumerate().map(|(place, (name, shape))| {
        let (offset, scale) = match (&shape[..], name.rsplit(['.', '/']).next().unwrap()) {
            (&[h, w, i, o], _) if name.contains('/') => {
                (0.0, (6.0 / (h * w * if o == 1 { 1 } else { i }) as f64).sqrt())
            }
            ([_, fan_in @ ..], _) if shape.len() == 4 => {
                (0.0, (6.0 / fan_in.iter().product::<usize>() as f64).sqrt())
            }
            ([_, _], _) => (0.0, 0.1),
            (_, "running_var" | "moving_variance") => (1.0, 0.5),
            (_, "gamma" | "weight") => (1.0, 0.2),
            _ => (0.0, 0.2),
        };
        let n: usize = shape.iter().product();
        let values = (0..n as u64)
            .map(|i| (offset + scale * uniform(place as u64, i)) as f32)
            .collect();
        let shape = shape.clone();
        (name.clone(), HostTensor { shape, values })
    });
    made.collect()
}

fn write(dir: &Path, tensors: impl IntoIterator<Item = (String, HostTensor)>) -> PathBuf {
    let path = dir.join("theirs.safetensors");
    let tensors: Tensors = tensors.into_iter().collect();
    write_tensors(&path, "{}".into(), &tensors).unwrap();
    path
}

fn job(file: &Path, out: &Path) -> Import {
    Import {
        file: file.into(),
        architecture: "mobilenet-v2-imagenet".into(),
        labels: None,
        source: None,
        out: out.into(),
    }
}

/// What our network's body gives for the golden image: the two convolutions that widen one channel to three are made to
/// pass three through.
fn features(body: &Path, epsilon: f64, size: [usize; 2]) -> Vec<f32> {
    let file = ModelFile::read(body).unwrap();
    let config = format!(r#"{{ "kind": "mobilenet-v2", "batch-norm-epsilon": {epsilon} }}"#);
    let config: NetworkConfig = serde_json::from_str(&config).unwrap();
    let (network, specs) = Network::build(&config, 3, 2).unwrap();
    let mut vars = Vars::init(specs, 1, &Device::flex());
    for i in 0..vars.len() {
        let spec = &vars.specs()[i];
        let values = match spec.name.as_str() {
            // Keras's epsilon is in the BatchNorm before the backbone too.
            "input.bn.variance" => vec![1.0 - 0.001; 3],
            "widen1.weight" => (0..30).map(|k| f32::from(u8::from(k / 3 == k % 3))).collect(),
            "widen2.weight" => (0..30).map(|k| f32::from(u8::from(k / 10 == k % 10))).collect(),
            name => match file.tensors.get(name) {
                Some(tensor) => {
                    assert_eq!(tensor.shape, spec.shape, "{name}");
                    tensor.values.clone()
                }
                None => {
                    let around = ["input.", "widen", "dense", "logits."];
                    assert!(around.iter().any(|a| name.starts_with(a)), "{name} is missing");
                    continue;
                }
            },
        };
        vars.set_vec(VarId(i), values);
    }
    let [h, w] = size;
    let image = (0..3 * h * w).map(|i| ((1.0 + uniform(1000, i as u64)) / 2.0) as f32);
    let image = Tensor::<4>::from_data(TensorData::new(image.collect(), [1, 3, h, w]), &Device::flex());
    to_host(network.embed(image, &mut Forward::eval(&vars)))
}

/// How near features come to the libraries' own in float64. 52 layers of random weights have features from 0 to 6; in
/// float32 PyTorch itself is off by 4.3e-5 (torchvision) and 5.0e-5 (Keras).
const CLOSE: f64 = 1.5e-4;

/// Largest difference, where outputs go up to 6.
fn worst(got: &[f32], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let off = got.iter().zip(want).map(|(g, w)| (f64::from(*g) - w).abs());
    off.fold(0.0, f64::max)
}

/// With torchvision's epsilon, and on an image whose strided layers have odd planes (where its padding and SAME are
/// one).
#[test]
fn torchvisions_body_computes_what_torchvision_computes() {
    let (dir, golden) = (tempfile::tempdir().unwrap(), golden("torchvision"));
    let out = dir.path().join("body.safetensors");
    let done = import(&job(&write(dir.path(), tensors(&golden)), &out)).unwrap();
    // 52 convolutions, each with four of BatchNorm; 52 counters, and weight and bias of ImageNet's classifier.
    assert_eq!((done.classes, done.tensors, done.ignored), (0, 52 * 5, 52 + 2));
    assert_eq!(done.parameters, 2_223_872, "torchvision's without its classifier");
    let off = worst(&features(&out, 1e-5, golden.size), &golden.features);
    assert!(off < CLOSE, "{off}");
    let epsilon = worst(&features(&out, 1e-3, golden.size), &golden.features);
    assert!(epsilon > 100.0 * off, "another epsilon shows: {epsilon}");
    let meta = ModelFile::read(&out).unwrap().meta;
    assert_eq!(meta.licence.as_deref(), Some("BSD-3-Clause"));
    assert_eq!(
        meta.source.as_deref(),
        Some("https://github.com/pytorch/vision (theirs.safetensors)")
    );
}

/// By the names of today and by those of the published files, in which depthwise kernels have another name too.
#[test]
fn kerass_body_computes_what_keras_computes() {
    let (dir, golden) = (tempfile::tempdir().unwrap(), golden("keras"));
    let out = dir.path().join("body.safetensors");
    let done = import(&job(&write(dir.path(), tensors(&golden)), &out)).unwrap();
    assert_eq!(
        (done.tensors, done.ignored, done.parameters),
        (52 * 5, 0, 2_223_872)
    );
    let off = worst(&features(&out, 1e-3, golden.size), &golden.features);
    assert!(off < CLOSE, "{off}");
    let now = std::fs::read(&out).unwrap();

    let old = |name: &str| {
        let (layer, variable) = name.split_once('/').unwrap();
        let block = |rest: &str, n: &str| match rest.strip_suffix("_BN") {
            Some(part) => format!("bn{n}_conv_{n}_bn_{part}"),
            None => format!("mobl{n}_conv_{n}_{rest}"),
        };
        let layer = match (layer.strip_prefix("expanded_conv_"), layer.strip_prefix("block_")) {
            (Some(rest), _) => block(rest, "0"),
            (_, Some(rest)) => {
                let (n, rest) = rest.split_once('_').unwrap();
                block(rest, n)
            }
            _ => layer.into(),
        };
        let variable = match layer.ends_with("depthwise") && variable == "kernel" {
            true => "depthwise_kernel",
            false => variable,
        };
        format!("{layer}/{layer}/{variable}:0")
    };
    let mut theirs: Vec<(String, HostTensor)> =
        tensors(&golden).into_iter().map(|(n, t)| (old(&n), t)).collect();
    assert!(
        theirs
            .iter()
            .any(|(n, _)| n == "mobl3_conv_3_depthwise/mobl3_conv_3_depthwise/depthwise_kernel:0")
    );
    // With its classifier.
    theirs.push((
        "Logits/Logits/bias:0".into(),
        HostTensor {
            shape: vec![1],
            values: vec![0.0],
        },
    ));
    let done = import(&job(&write(dir.path(), theirs), &out)).unwrap();
    assert_eq!((done.tensors, done.ignored), (52 * 5, 1));
    assert!(std::fs::read(&out).unwrap() == now, "the same file");
}

/// A narrower network is recognised by its shapes.
#[test]
fn widths_are_recognised() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("body.safetensors");
    let config = r#"{ "kind": "mobilenet-v2", "width": 0.35 }"#;
    let (_, specs) = Network::build(&serde_json::from_str(config).unwrap(), 1, 2).unwrap();
    let vars = Vars::init(specs, 1, &Device::flex());
    // By torchvision's names, which the import itself gives: those of the wide one, in its order.
    let names = golden("torchvision").tensors;
    let names = names
        .iter()
        .map(|(n, _)| n)
        .filter(|n| n.starts_with("features.") && !n.ends_with("tracked"));
    let body = vars.specs().iter().enumerate().filter(|(_, s)| {
        ["conv0.", "block", "last."]
            .iter()
            .any(|prefix| s.name.starts_with(prefix))
    });
    let theirs = names.zip(body).map(|(name, (i, s))| {
        let values = vars.to_vec(VarId(i));
        (
            name.clone(),
            HostTensor {
                shape: s.shape.clone(),
                values,
            },
        )
    });
    import(&job(&write(dir.path(), theirs), &out)).unwrap();
    let file = ModelFile::read(&out).unwrap();
    assert!(file.meta.recipe.contains("width = 0.35"), "{}", file.meta.recipe);
    assert_eq!(file.tensors["block16.project.weight"].values, {
        let id = vars.find("block16.project.weight").unwrap();
        vars.to_vec(id)
    });
}

/// What wrappers put before all names makes no difference, in both libraries' names.
#[test]
fn prefixes_of_wrappers_make_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("body.safetensors");
    for library in ["torchvision", "keras"] {
        let written = ["", "module.", "model.module."].map(|prefix| {
            let theirs = tensors(&golden(library)).into_iter();
            let theirs = theirs.map(|(name, tensor)| (format!("{prefix}{name}"), tensor));
            import(&job(&write(dir.path(), theirs), &out)).unwrap();
            std::fs::read(&out).unwrap()
        });
        assert!(written.iter().all(|bytes| *bytes == written[0]), "{library}");
    }
}

#[test]
fn what_is_no_such_body_is_refused() {
    let (dir, golden) = (tempfile::tempdir().unwrap(), golden("keras"));
    let out = dir.path().join("body.safetensors");
    let refused = |file: &Path| import(&job(file, &out)).unwrap_err().to_string();
    let mut theirs = tensors(&golden);
    theirs.remove(0);
    theirs[3].1.values[0] = f32::NAN;
    theirs.push((
        "dense/kernel".into(),
        HostTensor {
            shape: vec![1],
            values: vec![0.0],
        },
    ));
    let message = refused(&write(dir.path(), theirs));
    assert!(
        message.ends_with("does not fit MobileNet v2 by Keras's names: `Conv1/kernel` is missing, \
                           `bn_Conv1/moving_variance` holds NaN, `dense/kernel` is unknown; it is another network, or \
                           the file is damaged"),
        "{message}"
    );
    let file = dir.path().join("x.h5");
    std::fs::write(&file, b"\x89HDF\r\n\x1a\n and so on").unwrap();
    assert!(refused(&file).contains("is an HDF5 file; write its tensors to a safetensors file first"));
    std::fs::write(&file, b"PK and so on").unwrap();
    assert!(
        refused(&file).contains("not a PyTorch checkpoint"),
        "{}",
        refused(&file)
    );
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("../earmark-torch/tests/golden/nested.pt");
    let message = refused(&other);
    assert!(
        message.contains("does not fit MobileNet v2 by Keras's names: `Conv1/kernel` is missing"),
        "{message}"
    );
    assert!(!out.exists());
}
