//! Orders, batches and streams of them: pure functions of the seed and the position.

#[path = "../runtime_support/mod.rs"]
mod runtime_support;

mod clip_features;
mod lengths;
mod mixing;
mod orders;
mod sampling;
mod settings;
mod soft_targets;
mod stored;
mod streams;
mod waveforms;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::threads::Workers;
use earmark_data::batches::{
    Batch, BatchConfig, BatchMaker, BatchPosition, BatchShape, BatchStream, SegmentIndex, SegmentPlace,
};

const START: BatchPosition = BatchPosition { epoch: 0, batch: 0 };

fn place(clip: u32, segment: u32) -> SegmentPlace {
    SegmentPlace { clip, segment }
}

/// Twelve clips of two subsets in turn, with 1 to 4 segments: x is one-hot in the segment, y in the clip; noise on top from the segment's stream.
fn toy(config: &BatchConfig, workers: usize, seed: u64, noise: f64) -> BatchMaker {
    let counts: Vec<u32> = (0..12).map(|clip| clip % 4 + 1).collect();
    let firsts: Vec<u32> = counts
        .iter()
        .scan(0, |sum, count| Some(std::mem::replace(sum, *sum + count)))
        .collect();
    let make = move |place: SegmentPlace, x: &mut [f32], y: &mut [f32], rng: &mut ChaCha8Rng| {
        x[(firsts[place.clip as usize] + place.segment) as usize] = 1.0;
        x.iter_mut()
            .for_each(|value| *value += (noise * random::unit(rng)) as f32);
        y[place.clip as usize] = 1.0;
        Ok(())
    };
    BatchMaker::new(
        config,
        SegmentIndex::new(&counts).with_groups((0..12).map(|clip| clip % 2).collect()),
        BatchShape {
            segment: [1, 5, 6],
            classes: 12,
        },
        seed,
        Workers::new(workers).unwrap(),
        make,
    )
    .unwrap()
}

fn take(maker: BatchMaker, from: BatchPosition, count: usize) -> Vec<Batch> {
    BatchStream::start(maker, from)
        .take(count)
        .map(Result::unwrap)
        .collect()
}
