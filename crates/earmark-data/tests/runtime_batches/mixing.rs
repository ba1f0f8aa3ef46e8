//! What mixup blends.

use earmark_data::augment::mixing::{Mix, Mixup, Partner};
use earmark_data::batches::BatchConfig;

use crate::{START, take, toy};

#[test]
fn mixup_blends_features_and_labels_with_one_weight() {
    let counts: Vec<usize> = (0..12).map(|clip| clip % 4 + 1).collect();
    let clip_of: Vec<usize> = (0..12).flat_map(|clip| vec![clip; counts[clip]]).collect();
    for partner in [Partner::Batch, Partner::Epoch] {
        let mixup = Mixup {
            alpha: 0.5,
            prob: 0.8,
            partner,
        };
        let config = BatchConfig {
            size: 10,
            mixup: Some(mixup),
            ..BatchConfig::default()
        };
        let plain = BatchConfig {
            mixup: None,
            ..config.clone()
        };
        let (mixed, plain) = (
            take(toy(&config, 2, 9, 0.0), START, 600),
            take(toy(&plain, 2, 9, 0.0), START, 600),
        );
        let (mut weights, mut outside, mut whole) = (Vec::new(), 0, 0);
        for (mixed, plain) in mixed.iter().zip(&plain) {
            assert_eq!(mixed.clips, plain.clips);
            let own = |row: usize| {
                plain.x[row * 30..][..30]
                    .iter()
                    .position(|&value| value == 1.0)
                    .unwrap()
            };
            let in_batch: Vec<usize> = (0..10).map(own).collect();
            for row in 0..10 {
                let x = &mixed.x[row * 30..][..30];
                let weight = x[own(row)];
                let parts: Vec<usize> = (0..30).filter(|&at| x[at] != 0.0).collect();
                assert!((x.iter().sum::<f32>() - 1.0).abs() < 1e-6);
                assert!((1..=2).contains(&parts.len()));
                let mut y = [0.0; 12];
                parts.iter().for_each(|&part| y[clip_of[part]] += x[part]);
                let got = &mixed.y[row * 12..][..12];
                assert!(
                    got.iter()
                        .zip(&y)
                        .all(|(got, expected)| (got - expected).abs() < 1e-6)
                );
                outside += parts.iter().filter(|part| !in_batch.contains(part)).count();
                if parts.len() == 2 {
                    weights.push(f64::from(weight))
                } else {
                    whole += 1
                }
            }
        }
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        // 6000 rows: a fifth is not drawn, and of the others one in ten (or thirty) is its own partner.
        assert!((mean - 0.5).abs() < 0.03, "{partner:?}: mean weight {mean}");
        let expected = 6000.0 * (0.2 + 0.8 / if partner == Partner::Batch { 10.0 } else { 30.0 });
        assert!(
            (f64::from(whole) - expected).abs() < 170.0,
            "{partner:?}: {whole} of 6000 unblended, not {expected}"
        );
        match partner {
            Partner::Batch => assert_eq!(outside, 0),
            Partner::Epoch => assert!(outside > 2000, "{outside}"),
        }
    }
}

#[test]
fn partners_of_the_same_subset_stay_in_it() {
    for partner in [Partner::Batch, Partner::Epoch] {
        for (same_subset, workers) in [(true, 1), (true, 3), (false, 2)] {
            let mix = Mix {
                prob: 1.0,
                partner,
                same_subset,
                ..Mix::default()
            };
            let config = BatchConfig {
                size: 10,
                mix: Some(mix),
                ..BatchConfig::default()
            };
            // Even clips are one subset, odd ones the other; y is one-hot in the clip.
            let batches = take(toy(&config, workers, 9, 0.0), START, 30);
            let mut across = 0;
            for batch in &batches {
                for (row, &clip) in batch.clips.iter().enumerate() {
                    let y = &batch.y[row * 12..][..12];
                    let mixed = (0..12u32).filter(|&class| y[class as usize] > 0.0);
                    across += mixed.filter(|class| class % 2 != clip % 2).count();
                }
            }
            if same_subset {
                assert_eq!(across, 0, "{partner:?}");
                assert_eq!(take(toy(&config, 4, 9, 0.0), START, 30), batches);
            } else {
                assert!(across > 50, "{across}");
            }
        }
    }
}
