//! Made-up runs and data sets of realistic size, for the tests and for `examples/gallery.rs`. Nothing here was
//! measured.

use earmark_core::human::{human_count, human_duration};
use earmark_report::*;

/// Names as in the Freesound data sets, and two that markup would trip over.
pub const CLASSES: [&str; 20] = [
    "Accelerating_and_revving_and_vroom",
    "Acoustic_guitar",
    "Applause",
    "Bark",
    "Bass_drum",
    "Bicycle_bell",
    "Burping_and_eructation",
    "Child_speech_and_kid_speaking",
    "Drip & drop",
    "Electric_guitar",
    "Fill_(with_liquid)",
    "Gong",
    "Keys_jangling",
    "Male_speech_and_man_speaking",
    "Meow",
    "Purr <loud> \"cat\"",
    "Run",
    "Sink_(filling_or_washing)",
    "Walk_and_footsteps",
    "水の音",
];

/// Numbers between 0 and 1 that look random and are always the same (a linear congruential generator).
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }
}

/// A log-mel with harmonics that decay: the look of a struck bell.
pub fn spectrogram(seed: u64, frames: usize) -> SpectrogramImage {
    let bands = 64;
    let mut noise = Noise(seed);
    let base = 3.0 + noise.next() * 6.0;
    let mut values = vec![0.0f32; bands * frames];
    for band in 0..bands {
        for frame in 0..frames {
            let time = frame as f64 / 100.0;
            let onset = (time * 1.7 + noise.next() * 0.01).fract();
            let harmonic = (band as f64 / base)
                .fract()
                .min(1.0 - (band as f64 / base).fract());
            let level = -1.2 * onset * (1.0 + band as f64 / 20.0) - harmonic * 6.0 - band as f64 / 30.0;
            values[band * frames + frame] = (level + noise.next() * 0.8) as f32;
        }
    }
    let caption = format!("log-mel, {:.1} s, 20 Hz to 22.05 kHz", frames as f64 / 100.0);
    SpectrogramImage::new(caption, values, bands, frames).expect("sizes agree")
}

fn reliability(name: &str, share: fn(f64) -> f64) -> ReliabilityCurve {
    let centre = |i: u32| (f64::from(i) + 0.5) / 15.0;
    ReliabilityCurve {
        name: name.into(),
        points: (0..15)
            .map(|i| (centre(i), share(centre(i)), 40 + u64::from(i)))
            .collect(),
    }
}

/// The loss of 100,000 steps, with a spike.
fn loss_points(noise: &mut Noise) -> Vec<(f64, f64)> {
    (0..100_000)
        .map(|i| {
            let x = f64::from(i);
            let spike = if i == 61_234 { 0.35 } else { 0.0 };
            (
                x,
                0.03 + 0.5 * (-x / 9000.0).exp()
                    + spike
                    + noise.next() * 0.05 * (1.0 + 2.0 * (-x / 20000.0).exp()),
            )
        })
        .collect()
}

/// Forty validations that rise to `top` and fall again by `dip`.
fn validation_points(top: f64, dip: f64) -> Vec<(f64, f64)> {
    (1..=40)
        .map(|i| {
            let x = f64::from(i);
            (
                x * 2500.0,
                top * (1.0 - (-x / 7.0).exp()) - dip * (x / 40.0).powi(4) + Noise(i as u64).next() * 0.01,
            )
        })
        .collect()
}

fn confusion_counts(noise: &mut Noise) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; CLASSES.len()]; CLASSES.len()];
    for (t, row) in counts.iter_mut().enumerate() {
        row[t] = 20 + (noise.next() * 60.0) as u64;
        for _ in 0..4 {
            row[(noise.next() * CLASSES.len() as f64) as usize] += (noise.next() * 14.0) as u64;
        }
    }
    counts
}

/// The scores per class; one class has no clips.
fn class_scores(noise: &mut Noise) -> Vec<ClassScoreRow> {
    CLASSES
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let v = noise.next();
            let some = |v| if i == 11 { None } else { Some(v) };
            ClassScoreRow {
                name: (*name).into(),
                count: if i == 11 { 0 } else { 12 + i as u64 },
                lwlrap: some(0.3 + 0.69 * v),
                ap: some(0.2 + 0.75 * v),
                auc: some(0.8 + 0.19 * v),
                precision: some(0.4 + 0.5 * v),
                recall: some(0.3 + 0.6 * v),
                f1: some(0.35 + 0.55 * v),
                threshold: None,
            }
        })
        .collect()
}

fn worst_clip(i: u64) -> WorstClip {
    let predictions = [9, i as usize * 3, 13, 2, 15].into_iter().enumerate();
    WorstClip {
        file: format!("{:08x}.wav", 0x0b04_27e2u64 * (i + 1) % 0xffff_ffff),
        truth: vec![CLASSES[i as usize * 3].into(), CLASSES[15].into()],
        predictions: predictions
            .map(|(k, c)| PredictedClass {
                class: CLASSES[c].into(),
                score: 0.71 / (k as f64 + 1.0),
            })
            .collect(),
        spectrogram: Some(spectrogram(i + 1, 100 + 260 * i as usize)),
        player: (i < 2).then(|| ClipPlayer::new("0 to 0.1 s", &[0.25; 800], 8000)),
        note: format!(
            "lwlrap {:.3}; two people tagged \"rain\" here",
            0.02 * (i as f64 + 1.0)
        ),
    }
}

pub fn run_report() -> RunReport {
    let mut noise = Noise(7);
    // In the order of the page's numbers, which come from one generator.
    let loss = loss_points(&mut noise);
    let counts = confusion_counts(&mut noise);
    let per_class = class_scores(&mut noise);
    let rate = (0..1000)
        .map(|i| (f64::from(i) * 100.0, 1e-3 * 0.5f64.powi(i / 200)))
        .collect();
    let metric = |name: &str, top, dip| MetricCurve {
        name: name.into(),
        better: Better::Higher,
        points: validation_points(top, dip),
    };
    let optimistic = "Optimistic: the test fold also chose the best checkpoint (validation = \"test-fold\").";
    RunReport {
        title: "0042 dcase2019-baseline, fold 1".into(),
        recipe_toml:
            "extends = \"base.toml\"\n\n[audio]\nsample-rate-hz = 44100 # <as published>\n\n[model]\n\
             kind = \"mobilenet-v1\"\n"
                .into(),
        command: "earmark train dcase2019-baseline --data ~/sounds/fsdkaggle2019 \
                  --fold 1 --set train.steps=100000"
            .into(),
        version: "0.1.0".into(),
        seed: 42,
        started: "2025-01-31 14:03 UTC".into(),
        summary: vec![
            Fact::new("training clips", "3,976 (8.4 h)"),
            Fact::new("test clips", "994 (2.1 h)"),
            Fact::new("device", "cpu, 2 threads"),
            Fact::new("network", "MobileNetV1, 3,288,784 parameters"),
            Fact::new("duration", human_duration(48_240.0)),
        ],
        notes: vec![
            PageNote::new(NoteLevel::Caution, optimistic),
            PageNote::new(NoteLevel::Info, "Resumed once, at step 40,000."),
        ],
        curves: vec![
            TrainingCurve {
                name: "loss".into(),
                points: loss,
                scale: AxisScale::Log,
            },
            TrainingCurve {
                name: "learning rate".into(),
                points: rate,
                scale: AxisScale::Log,
            },
        ],
        metrics: vec![
            metric("lwlrap", 0.68, 0.06),
            metric("mAP", 0.55, 0.02),
            metric("MAP@3", 0.74, 0.0),
        ],
        reported: None,
        folds: None,
        ways: Vec::new(),
        compared: Some(compared()),
        per_class,
        decision_rule: "Precision, recall and F1 count scores of 0.5 or more.".into(),
        confusion: Some(ConfusionChart::new(CLASSES.map(str::to_owned).to_vec(), counts).expect("square")),
        reliability: vec![
            reliability("scores", |x| x * x),
            reliability("calibrated", |x| x * 0.95 + 0.02),
        ],
        worst_clips: (0..6).map(worst_clip).collect(),
        skipped: vec![SkippedFile {
            file: "train/6ea0099f.wav".into(),
            reason: "no samples: the file ends after its header; download it again or remove its row".into(),
        }],
    }
}

fn subset(name: &str, seconds: Vec<f64>, file: &str) -> SubsetRow {
    let least = seconds.iter().copied().fold(f64::MAX, f64::min);
    let clips = seconds.len() as u64;
    SubsetRow {
        name: name.into(),
        shortest: Some((file.into(), least)),
        sample_rates: vec![("44.1 kHz".into(), clips)],
        channels: vec![("mono".into(), clips - 3), ("stereo".into(), 3)],
        seconds,
    }
}

fn spectrum(name: &str, level: f64) -> SpectrumCurve {
    let hz: Vec<f64> = (1..=513).map(|k| f64::from(k) * 43.07).collect();
    SpectrumCurve {
        name: name.into(),
        mean: hz
            .iter()
            .map(|f| level - (f / 400.0).ln_1p() + 0.2 * (f / 900.0).sin())
            .collect(),
        std: hz.iter().map(|f| 0.5 + f / 40_000.0).collect(),
        hz,
    }
}

/// A note of each kind.
fn findings() -> Vec<PageNote> {
    vec![
        PageNote {
            level: NoteLevel::Problem,
            file: "train/6ea0099f.wav".into(),
            text: "no samples: the file ends after its header".into(),
            remedy: "download it again, or remove its row from train.csv".into(),
        },
        PageNote {
            level: NoteLevel::Caution,
            file: String::new(),
            text: "3 clips are stereo".into(),
            remedy: "nothing to do: they are mixed down when read".into(),
        },
        PageNote {
            level: NoteLevel::Info,
            file: "train.csv".into(),
            text: "4,970 rows, all readable".into(),
            ..PageNote::default()
        },
    ]
}

pub fn data_page() -> DataPage {
    let mut noise = Noise(3);
    let mut lengths = |n: usize, scale: f64| -> Vec<f64> {
        (0..n)
            .map(|_| (0.3 - noise.next().max(1e-9).ln() * scale).min(30.0))
            .collect()
    };
    let subsets = vec![
        subset("train curated", lengths(4970, 7.0), "0b0427e2.wav"),
        subset(
            "train noisy",
            (0..800).map(|i| if i % 9 == 0 { 14.0 } else { 15.0 }).collect(),
            "a1.wav",
        ),
        subset("test", lengths(1120, 5.0), "b39975f5.wav"),
    ];
    DataPage {
        name: "fsdkaggle2019".into(),
        totals: vec![
            Fact::new("clips", human_count(6890)),
            Fact::new("hours", "14.1"),
            Fact::new("classes", CLASSES.len()),
            Fact::new("layout", "fsdkaggle2019"),
            Fact::new("labels per clip", "1.2 on average, at most 6"),
        ],
        subsets,
        classes: CLASSES
            .iter()
            .enumerate()
            .map(|(i, name)| ClassCounts {
                name: (*name).into(),
                clips: vec![75 - (i as u64 % 7) * 9, 300 - 11 * i as u64, 0],
            })
            .collect(),
        spectra: vec![spectrum("train curated", 1.0), spectrum("train noisy", 1.6)],
        spectrograms: CLASSES[..3]
            .iter()
            .enumerate()
            .map(|(i, c)| {
                (
                    (*c).to_owned(),
                    (0..4)
                        .map(|k| spectrogram(i as u64 * 9 + k, 120 + 90 * k as usize))
                        .collect(),
                )
            })
            .collect(),
        findings: findings(),
    }
}

pub fn runs_table() -> RunsTable {
    let run = |i: u64| {
        let mut noise = Noise(i);
        RunRow {
            name: format!(
                "{i:04} {}",
                if i == 3 { "<b>own</b> & quick" } else { "baseline" }
            ),
            recipe: "dcase2019-baseline".into(),
            started: format!("2025-01-{:02} 09:30 UTC", i + 1),
            values: vec![
                (i != 5).then(|| 0.5 + 0.3 * noise.next()),
                Some(0.4 + 0.3 * noise.next()),
            ],
            loss: (0..40)
                .map(|k| (k != 20).then(|| (-f64::from(k) / 12.0).exp() + noise.next() * 0.1))
                .collect(),
            note: if i == 4 {
                "optimistic".into()
            } else {
                String::new()
            },
        }
    };
    RunsTable {
        title: "runs in ~/earmark/runs".into(),
        metrics: vec![("lwlrap".into(), Better::Higher), ("mAP".into(), Better::Higher)],
        runs: (1..=7).map(run).collect(),
    }
}

/// Two classes of another run: one clearly worse there, one of a single clip.
pub fn compared() -> ComparedRun {
    let class = |name: &str, count, other, own, interval| ComparedClass {
        name: name.into(),
        count,
        other: Some(other),
        own: Some(own),
        difference: Some(own - other),
        interval,
    };
    ComparedRun {
        other: "runs/0041".into(),
        metric: "lwlrap".into(),
        confidence: 0.95,
        overall: class("all", 994, 0.61, 0.68, Some([0.05, 0.09])),
        classes: vec![
            class("Accordion", 62, 0.5, 0.75, Some([0.125, 0.375])),
            class("Bark", 1, 0.75, 0.5, None),
        ],
    }
}

/// The results of two folds of unlike size, one without a value.
pub fn folds() -> FoldScores {
    let fold = |fold, clips, accuracy| FoldScoreRow {
        fold,
        clips,
        step: 2500,
        values: vec![Some(accuracy), (fold != 2).then_some(0.75)],
    };
    FoldScores {
        metrics: vec!["accuracy".into(), "auc".into()],
        folds: vec![fold(1, 60, 0.75), fold(2, 20, 0.25)],
        mean: vec![Some(0.5), Some(0.75)],
        deviation: vec![Some(0.353_553), None],
        pooled: vec![Some(0.625), Some(0.6875)],
    }
}
