//! The 1,133 handcrafted features, group by group.

use crate::common::signal;
use earmark_features::{HandcraftedFeatures, Trimming, handcrafted_names};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Golden {
    samples: usize,
    features: Vec<f64>,
}

fn golden<T: serde::de::DeserializeOwned>(name: &str) -> BTreeMap<String, T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// A wave of two parabolas, as in `features_signal.py`.
fn wave(phase: &mut u32, hz: f64) -> f64 {
    *phase = phase.wrapping_add((hz / 44_100.0 * 4_294_967_296.0) as u32);
    let x = f64::from(*phase) / 2_147_483_648.0 - 1.0;
    4.0 * x * (1.0 - x.abs())
}

/// `chords` of `summary_features.py`.
fn chords(samples: usize) -> Vec<f32> {
    let notes = [
        [261.63, 329.63, 392.0, 523.25],
        [220.0, 261.63, 329.63, 440.0],
        [196.0, 246.94, 293.66, 587.33],
    ];
    let third = samples.div_ceil(3);
    let mut phases = [0_u32; 4];
    (0..samples)
        .map(|i| {
            let level = 0.5 * (1.0 - (i % third) as f64 / third as f64);
            let mut sum = 0.0;
            for (phase, hz) in phases.iter_mut().zip(notes[i / third]) {
                sum += wave(phase, hz * 1.01);
            }
            (level * 0.25 * sum) as f32
        })
        .collect()
}

fn sound(name: &str) -> Vec<f32> {
    let parts = || signal(44_100, 88_200);
    match name {
        "parts" => parts(),
        "chords" => chords(3 * 44_100),
        "short" => parts()[75_000..81_000].to_vec(),
        "noise" => parts()[22_050..33_075].to_vec(),
        other => panic!("no signal is called {other}"),
    }
}

/// The group of a feature, and its statistic where it is one of a row.
fn group(index: usize, name: &str) -> (&str, &str) {
    match index {
        0..985 => (name.split('-').next().unwrap(), name.rsplit('-').next().unwrap()),
        985..997 => ("envelope", ""),
        997..1061 => ("mean spectrum", ""),
        _ => ("parts", ""),
    }
}

/// Every feature is within 1e-4 of its own magnitude (a thousandth is required), or of a thousandth of the largest of
/// its group and statistic, for those near zero among others that are not. [`tonal_centroids_agree`] tests tonal
/// centroids.
#[test]
fn features_agree_with_librosa_and_scipy() {
    let names = handcrafted_names();
    let handcrafted = HandcraftedFeatures::new();
    let mut failures = Vec::new();
    for (signal, golden) in golden::<Golden>("summary.json") {
        let x = sound(&signal);
        assert_eq!(x.len(), golden.samples);
        let got = handcrafted.of_samples(&x).unwrap();
        assert_eq!(got.len(), golden.features.len());
        let mut scales: BTreeMap<(&str, &str), f64> = BTreeMap::new();
        for (i, want) in golden.features.iter().enumerate() {
            let scale = scales.entry(group(i, &names[i])).or_default();
            *scale = scale.max(want.abs());
        }
        let mut worst: BTreeMap<&str, (f64, &str)> = BTreeMap::new();
        for (i, (got, want)) in got.iter().zip(&golden.features).enumerate() {
            let key = group(i, &names[i]);
            if key.0 == "tonnetz" {
                continue;
            }
            let error = (f64::from(*got) - want).abs() / (want.abs() + 1e-3 * scales[&key]).max(1e-9);
            let worst = worst.entry(key.0).or_insert((0.0, ""));
            if error > worst.0 {
                *worst = (error, &names[i]);
            }
            if error > 1e-4 {
                failures.push(format!("{signal}: {} is {got} and should be {want}", names[i]));
            }
        }
        for (group, (error, name)) in worst {
            println!("{signal}: {group} within {error:.1e} ({name})");
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures: {:#?}",
        failures.len(),
        &failures[..failures.len().min(60)]
    );
}

/// Pearson's correlation.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 { a.iter().zip(b).map(|(a, b)| f(a - ma, b - mb)).sum() };
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

/// The tonnetz is compared by correlation, because its rows use another decimator than librosa. With complete filter
/// spectra the signals with silent frames (`parts`, `short`) would correlate by less than 0.95.
#[test]
fn tonal_centroids_agree() {
    let names = handcrafted_names();
    let handcrafted = HandcraftedFeatures::new();
    let index: Vec<usize> = (0..names.len())
        .filter(|i| names[*i].starts_with("tonnetz"))
        .collect();
    for (signal, golden) in golden::<Golden>("summary.json") {
        let got = handcrafted.of_samples(&sound(&signal)).unwrap();
        let got: Vec<f64> = index.iter().map(|i| f64::from(got[*i])).collect();
        let want: Vec<f64> = index.iter().map(|i| golden.features[*i]).collect();
        let correlation = correlation(&got, &want);
        println!("{signal}: tonnetz correlates by {correlation:.5}");
        assert!(correlation > 0.999, "{signal}: {correlation}");
    }
}

/// The folder of ESC-10, if it exists.
fn esc10() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("EARMARK_SHARED").map_or_else(default, PathBuf::from);
    let audio = shared.join("data/esc10/audio");
    if audio.is_dir() {
        return Some(audio);
    }
    assert!(
        std::env::var_os("EARMARK_REQUIRE_SHARED").is_none_or(|value| value != "1"),
        "EARMARK_REQUIRE_SHARED=1, but there is no data/esc10/audio in {}",
        shared.display()
    );
    println!("skipped: no ESC-10 in {}", shared.display());
    None
}

#[derive(Deserialize)]
struct Recording {
    tonnetz: Vec<f64>,
    others: Vec<f64>,
}

/// Forty trimmed recordings: the statistics of the tonnetz, each over all recordings, and every twentieth other
/// feature.
#[test]
fn recordings_agree() {
    let Some(audio) = esc10() else { return };
    let names = handcrafted_names();
    let handcrafted = HandcraftedFeatures::new();
    let (tonnetz, others): (Vec<usize>, Vec<usize>) =
        (0..names.len()).partition(|i| names[*i].starts_with("tonnetz"));
    let (mut got_tonnetz, mut want_tonnetz) = (vec![Vec::new(); 30], vec![Vec::new(); 30]);
    let (mut far, mut count) = (Vec::new(), 0);
    for (file, want) in golden::<Recording>("summary-esc10.json") {
        let clip = earmark_audio::read_native(&audio.join(&file)).unwrap().clip;
        let trimmed = Trimming::default().apply(&clip.samples, clip.sample_rate_hz);
        let got = handcrafted.of_samples(&trimmed).unwrap();
        for (i, index) in tonnetz.iter().enumerate() {
            got_tonnetz[i].push(f64::from(got[*index]));
            want_tonnetz[i].push(want.tonnetz[i]);
        }
        for (index, want) in others.iter().step_by(20).zip(&want.others) {
            let got = f64::from(got[*index]);
            count += 1;
            if (got - want).abs() > 1e-3 * want.abs() + 1e-6 {
                far.push(format!("{file}: {} is {got} and should be {want}", names[*index]));
            }
        }
    }
    for (i, index) in tonnetz.iter().enumerate() {
        let correlation = correlation(&got_tonnetz[i], &want_tonnetz[i]);
        println!("{} correlates by {correlation:.6}", names[*index]);
        // The smallest is 0.99999; with complete filters 0.988, and 0.74 over all 400.
        assert!(correlation > 0.999, "{}: {correlation}", names[*index]);
    }
    println!(
        "{} of {count} others are further off than a thousandth: {far:#?}",
        far.len()
    );
    // The files are nearly silent above 16 kHz, where two Vorbis decoders differ by some 1e-7 of full scale.
    let top = |line: &&String| ["contrast-6", "mel-12"].iter().all(|band| !line.contains(band));
    let audible: Vec<&String> = far.iter().filter(top).collect();
    assert!(audible.is_empty(), "{audible:#?}");
}
