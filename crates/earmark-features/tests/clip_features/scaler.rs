//! Scaler and PCA against scikit-learn 1.9.1.

use earmark_features::{Pca, Scaler};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
struct Golden {
    rows: usize,
    columns: usize,
    components: usize,
    mean: Vec<f64>,
    deviation: Vec<f64>,
    variance: Vec<f64>,
    explained: f64,
    loadings: Vec<f64>,
    applied: Vec<f64>,
}

/// `table` of `summary_pca.py`.
fn table(rows: usize, columns: usize) -> Vec<Vec<f32>> {
    let value = |i: usize, j: usize| {
        if j == 3 {
            return 2.5;
        }
        let x = ((i * i * 7 + i * j * 13 + j * 5) % 101) as f64 - 50.0;
        let slow = (((i * 3) % 17) as f64 - 8.0) * (j % 5 + 1) as f64 / 4.0;
        (x / 16.0 + slow + j as f64 * 100.0) as f32
    };
    (0..rows)
        .map(|i| (0..columns).map(|j| value(i, j)).collect())
        .collect()
}

fn assert_near(what: &str, got: impl IntoIterator<Item = f64>, want: &[f64], tolerance: f64) {
    let got: Vec<f64> = got.into_iter().collect();
    assert_eq!(got.len(), want.len(), "{what}");
    let worst = got
        .iter()
        .zip(want)
        .fold(0.0, |worst: f64, (g, w)| worst.max((g - w).abs()));
    println!("{what}: within {worst:.1e}");
    assert!(worst <= tolerance, "{what}: {worst}");
}

fn values(tensors: &[earmark_features::NamedTensor], name: &str) -> Vec<f64> {
    let tensor = tensors.iter().find(|t| t.name == name).unwrap();
    tensor.values.iter().map(|x| f64::from(*x)).collect()
}

#[test]
fn both_agree_with_scikit_learn() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pca.json");
    let golden: BTreeMap<String, Golden> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (name, golden) in golden {
        println!("{name}");
        let rows = table(golden.rows, golden.columns);
        let scaler = Scaler::fit(&rows).unwrap();
        let tensors = scaler.tensors();
        // Tensors are in single precision: 1e-7 of up to 3,900.
        assert_near("mean", values(&tensors, "standardise.mean"), &golden.mean, 3e-4);
        assert_near(
            "deviation",
            values(&tensors, "standardise.deviation"),
            &golden.deviation,
            1e-6,
        );
        let standard: Vec<Vec<f32>> = rows.iter().map(|row| scaler.apply(row)).collect();
        let pca = Pca::fit(&standard, golden.components).unwrap();
        // The rows of the fit are in single precision, too.
        assert_near("variance", pca.variance().iter().copied(), &golden.variance, 1e-5);
        assert_near("explained", [pca.explained()], &[golden.explained], 1e-6);
        // Including signs: both use the same rule.
        assert_near(
            "loadings",
            values(&pca.tensors(), "pca.components"),
            &golden.loadings,
            1e-5,
        );
        let applied = standard
            .iter()
            .step_by(4)
            .flat_map(|row| pca.apply(row))
            .map(f64::from);
        assert_near("applied", applied, &golden.applied, 1e-4);
    }
}
