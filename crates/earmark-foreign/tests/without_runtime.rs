//! A program that has no runtime for graphs says so; what a model file says about itself can be read all the same.

use earmark_engine::ModelFile;
use earmark_features::FrontEnd;
use earmark_foreign::{GraphImport, import_graph};
use earmark_inference::{Device, Model};
use earmark_onnx::{Builder, Dim, OnnxModel};

#[test]
fn the_feature_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut g = Builder::default();
    let x = g.input("x", &[Dim::Named("batch"), Dim::Fixed(4)]);
    let y = g.op("Sigmoid", &[&x], &[]);
    g.output("y", &y, &[Dim::Named("batch"), Dim::Fixed(4)]);
    let onnx = folder.path().join("x.onnx");
    std::fs::write(&onnx, OnnxModel::of(g.finish()).bytes()).unwrap();
    let job = GraphImport {
        file: onnx,
        name: "x".into(),
        classes: ["a", "b", "c", "d"].map(String::from).to_vec(),
        front_end: FrontEnd::of_waveform(8000, 4),
        scores: "y".into(),
        embedding: None,
        activation: None,
        licence: "own".into(),
        source: None,
        out: folder.path().join("x.safetensors"),
    };
    import_graph(&job).unwrap();
    let message = Model::open_file(&job.out, &Device::cpu().unwrap())
        .unwrap_err()
        .to_string();
    assert!(message.contains("without the feature `onnx-models`"), "{message}");
    assert_eq!(ModelFile::read_metadata(&job.out).unwrap().classes.len(), 4);
}
