//! What holds for the checkpoints of all networks with classes; those of the image backbone are in
//! `tests/image_backbone.rs`.

use super::tensors::Checkpoint;
use super::{Import, PublishedArchitecture, import_tensors};
use earmark_features::Extractor;
use earmark_models::Network;
use earmark_torch::{DType, TorchTensor};
use std::fs;

/// A checkpoint of zeros that scores two classes; this is before the name of each tensor.
fn checkpoint(architecture: PublishedArchitecture, prefix: &str) -> Checkpoint {
    let recipe = architecture.recipe().unwrap();
    let channels = Extractor::new(&recipe.front_end).unwrap().channels();
    let (_, specs) = Network::build(&recipe.network, channels, 2).unwrap();
    let named = specs.iter().map(|spec| {
        let tensor = TorchTensor {
            dtype: DType::F32,
            shape: spec.shape.clone(),
            values: Some(vec![0.0; spec.len()]),
        };
        let name = architecture.upstream_name(spec, &specs);
        (format!("{prefix}{name}"), tensor)
    });
    named.collect()
}

#[test]
fn prefixes_of_wrappers_make_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let [labels, out] = ["labels.csv", "x.safetensors"].map(|name| folder.path().join(name));
    fs::write(&labels, "0,a\n1,b\n").unwrap();
    for name in ["efficientat-mn01", "panns-mobilenet-v2"] {
        let architecture = PublishedArchitecture::parse(name).unwrap();
        let job = Import {
            file: "x.pt".into(),
            architecture: name.into(),
            labels: Some(labels.clone()),
            source: None,
            out: out.clone(),
        };
        let written = ["", "module.", "model.", "_orig_mod.module."].map(|prefix| {
            let done = import_tensors(&job, architecture, checkpoint(architecture, prefix));
            let done = done.unwrap_or_else(|error| panic!("{prefix}: {error}"));
            assert_eq!((done.classes, done.ignored), (2, 0), "{prefix}");
            fs::read(&out).unwrap()
        });
        assert!(written.iter().all(|bytes| *bytes == written[0]), "{name}");
    }
}
