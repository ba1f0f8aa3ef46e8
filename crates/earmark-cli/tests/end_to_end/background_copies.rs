//! Probes that are also trained on copies of their clips with background: a sound is found when others are behind it.

use super::common::{Ended, Lab, Mmix, Table};
use super::models::checkpoint;
use serde_json::Value;

/// Noise from -1 to 1.
fn hiss(seed: u64, seconds: usize) -> Vec<f64> {
    let mut random = Mmix(seed);
    let next = |_| random.draw() as f64 / f64::from(1u32 << 30) - 1.0;
    (0..8000 * seconds).map(next).collect()
}

/// A second of a tone with nothing behind it.
fn tone(hz: f64) -> Vec<f64> {
    let sample = |i: u32| 0.37 * (std::f64::consts::TAU * hz * f64::from(i) / 8000.0).sin();
    (0..8000).map(sample).collect()
}

/// A recording, 8 kHz, 16 bits.
fn write(lab: &Lab, name: &str, samples: &[f64]) {
    let sample = |value: &f64| (32_000.0 * value.clamp(-1.0, 1.0)) as i16;
    lab.wav(name, samples.iter().map(sample));
}

/// Tones of two kinds with nothing behind them in `clips`, recordings of hiss in `field`, and in `noisy` the tones with
/// hiss that is 5 to 14 dB softer, and windows of hiss alone. The network is the published one.
fn lab() -> Option<Lab> {
    let checkpoint = checkpoint()?;
    let lab = Lab::new();
    let mut import = lab.command("models import --as efficientat-mn04 -o net.safetensors");
    let output = import.arg(checkpoint).output().expect("the command to start");
    Ended::of("models import", output).done();
    for (class, hz) in [("deep", 300.0), ("shrill", 2500.0)] {
        for k in 0..5_u32 {
            let clip = tone(hz * (1.0 + 0.02 * f64::from(k)));
            write(&lab, &format!("clips/{class}/{k}.wav"), &clip);
        }
        for k in 0..10_u32 {
            // A tone of 0.37 has the root mean square 0.26, hiss of 1 has 0.58.
            let level = 0.26 / 0.58 * 10_f64.powf(-(5.0 + f64::from(k)) / 20.0);
            let clip = tone(hz * (1.0 + 0.013 * f64::from(k)));
            let behind = hiss(100 + u64::from(k), 1);
            let mixed: Vec<f64> = clip.iter().zip(behind).map(|(x, b)| x + level * b).collect();
            write(&lab, &format!("noisy/{class}-{k}.wav"), &mixed);
        }
    }
    for k in 0..5 {
        let field = |seed, seconds| -> Vec<f64> { hiss(seed, seconds).iter().map(|x| 0.3 * x).collect() };
        write(&lab, &format!("field/{k}.wav"), &field(k, 4));
        write(&lab, &format!("noisy/hiss-{k}.wav"), &field(50 + k, 2));
    }
    Some(lab)
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).expect("JSON")
}

/// How many of the noisy tones have their class, at 0.5; nothing has a class that it has not.
fn found(lab: &Lab, model: &str) -> usize {
    lab.earmark(&format!("predict {model} --data noisy -o {model}.csv"))
        .done();
    let table = Table::parse(&lab.read(&format!("{model}.csv")));
    assert_eq!(table.rows.len(), 25);
    let mut found = 0;
    for (file, scores) in &table.rows {
        for (class, score) in table.classes.iter().zip(scores) {
            let is_found = *score >= 0.5;
            assert!(!is_found || file.starts_with(class), "{file}: {class} {score}");
            found += usize::from(is_found);
        }
    }
    found
}

#[test]
fn copies_with_background_find_sounds_that_have_others_behind_them() {
    let Some(lab) = lab() else { return };
    let probe = "probe net.safetensors --data clips --background field --folds all --json";
    let without = lab
        .earmark(&format!("{probe} --background-copies 0 -o without.safetensors"))
        .done();
    let ended = lab
        .earmark(&format!("{probe} --out-of-fold oof.csv -o with.safetensors"))
        .done();
    assert!(
        ended.err.contains("; also fitted to 80 copies mixed with it"),
        "{ended}"
    );
    assert!(!without.err.contains("copies mixed"), "{without}");
    // Hiss says background where no clip has any.
    let (few, most) = (
        found(&lab, "without.safetensors"),
        found(&lab, "with.safetensors"),
    );
    assert!(few <= 5, "{few} of 20 without copies");
    assert!(most >= 18, "{most} of 20 with copies");

    // Numbers are of clips and pieces of background; four copies of ten clips and of ten pieces are named apart.
    let (with, without) = (json(&ended), json(&without));
    for key in ["clips", "background", "classes", "independent"] {
        assert_eq!(with[key], without[key], "{key}");
    }
    assert_eq!(with["clips"], 10);
    assert_eq!(with["background"], 10);
    assert_eq!(with["copies"], 80);
    assert_eq!(without["copies"], Value::Null);
    assert_eq!(with["judged"]["clips"], without["judged"]["clips"]);
    let clips = |probe: &Value| -> u64 {
        let folds = probe["folds"].as_array().expect("folds").iter();
        folds.map(|fold| fold["clips"].as_u64().expect("a number")).sum()
    };
    assert_eq!((clips(&with), clips(&without)), (10, 10));
    assert_eq!(Table::parse(&lab.read("oof.csv")).rows.len(), 10);
    assert_eq!(with["calibration"]["calibration"]["clips"], 20 + 80);
}

#[test]
fn copies_do_not_depend_on_the_number_of_threads() {
    let Some(lab) = lab() else { return };
    for threads in [1, 3] {
        lab.earmark(&format!(
            "probe net.safetensors --data clips --background field --threads {threads} -o {threads}.safetensors"
        ))
        .done();
    }
    assert!(lab.bytes("1.safetensors") == lab.bytes("3.safetensors"));
}

#[test]
fn copies_that_can_not_be_are_refused() {
    let lab = Lab::trained();
    let probe = "probe runs/a --data tones -o x.safetensors";
    let refused = lab.earmark(&format!("{probe} --background-copies 101")).refused();
    assert_eq!(refused, "--background-copies 101: choose 0 to 100; 4 is usual");
    let refused = lab
        .earmark(&format!("{probe} --background-copies 2 --exclusive"))
        .refused();
    assert!(refused.contains("cannot be used with"), "{refused}");
    // Without background there is nothing to mix clips with.
    lab.earmark(probe).done();
    let usual = lab.bytes("x.safetensors");
    lab.earmark(&format!("{probe} --background-copies 0")).done();
    assert!(lab.bytes("x.safetensors") == usual);
}
