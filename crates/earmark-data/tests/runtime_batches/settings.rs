//! What is read from a recipe, and what is refused.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use earmark_core::random::ChaCha8Rng;
use earmark_core::threads::Workers;
use earmark_data::augment::Augment;
use earmark_data::augment::mixing::{Mixup, Partner};
use earmark_data::batches::{
    BatchConfig, BatchError, BatchMaker, BatchShape, SegmentIndex, SegmentOrder, SegmentPlace, TrainingClips,
};
use earmark_features::FrontEnd;

use crate::runtime_support::recordings;
use crate::stored::store_of;

/// Why batches of clips with these numbers of segments are refused.
fn refused(config: BatchConfig, counts: &[u32], classes: usize) -> String {
    let workers = Workers::new(1).unwrap();
    BatchMaker::new(
        &config,
        SegmentIndex::new(counts),
        BatchShape {
            segment: [1, 2, 3],
            classes,
        },
        0,
        workers,
        |_: SegmentPlace, _: &mut [f32], _: &mut [f32], _: &mut ChaCha8Rng| Ok(()),
    )
    .unwrap_err()
    .to_string()
}

#[test]
fn what_cannot_work_is_refused() {
    let config = BatchConfig::default();
    assert_eq!(
        refused(config.clone(), &[3, 4], 1),
        "batches.size = 64: the set has only 7 segments and incomplete batches are dropped; make it 7 or less, or set \
         batches.drop-last = false"
    );
    assert_eq!(
        refused(config.clone(), &[0, 0], 1),
        "there are no segments: check that the table is not empty and that its files can be read"
    );
    assert_eq!(
        refused(config.clone(), &[100], 0),
        "segments of shape [1, 2, 3] with 0 classes are empty: check front-end and the class map"
    );
    assert_eq!(
        refused(
            BatchConfig {
                size: 0,
                ..config.clone()
            },
            &[1],
            1
        ),
        "batches.size = 0: must be 1 or more"
    );
    assert_eq!(
        refused(
            BatchConfig {
                order: SegmentOrder::Windowed { window_segments: 0 },
                ..config.clone()
            },
            &[1],
            1
        ),
        "batches.order.windowed.window-segments = 0: must be 1 or more"
    );

    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 3);
    let store = store_of(&FrontEnd::default(), 1);
    let prepared = store
        .prepare(&items, &|_, _| {}, &AtomicBool::new(false))
        .unwrap();
    let nothing = Augment::default();
    let clips = |store, classes| TrainingClips {
        store,
        items: items.as_slice().into(),
        prepared: &prepared,
        classes,
        augment: &nothing,
        soft_targets: None,
    };
    let label = clips(Arc::clone(&store), 2).batches(&config, 0).unwrap_err();
    assert_eq!(
        label,
        BatchError::Label {
            file: "clip0.wav".into(),
            label: 2,
            classes: 2
        }
    );
    let whole = store_of(
        &FrontEnd {
            segments: None,
            ..FrontEnd::default()
        },
        1,
    );
    let length = clips(whole, 3).batches(&config, 0).unwrap_err();
    assert_eq!(length, BatchError::NoSegmentLength);
}

#[test]
fn settings_read_as_in_a_recipe() {
    let read = |text: &str| serde_json::from_str::<BatchConfig>(text);
    assert_eq!(read("{}").unwrap(), BatchConfig::default());
    let full = read(
        r#"{"size": 8, "drop-last": false, "order": {"windowed": {"window-segments": 20000}}, "prefetch": 2,
            "mixup": {"alpha": 1.0, "partner": "epoch"}}"#,
    )
    .unwrap();
    assert_eq!(
        full.order,
        SegmentOrder::Windowed {
            window_segments: 20_000
        }
    );
    assert_eq!(
        full.mixup,
        Some(Mixup {
            alpha: 1.0,
            prob: 1.0,
            partner: Partner::Epoch
        })
    );
    assert_eq!(
        read(r#"{"order": "sequential"}"#).unwrap().order,
        SegmentOrder::Sequential
    );
    assert!(
        read(r#"{"batch": 8}"#)
            .unwrap_err()
            .to_string()
            .starts_with("unknown field `batch`")
    );
    assert!(read(r#"{"order": {"windowed": {"window": 3}}}"#).is_err());
}
