//! About how long the probes of a cross-validation take to fit, measured on made-up examples.

use super::backbone::{Backbone, ProbeSource};
use super::job::STRENGTHS;
use crate::PipelineError;
use earmark_core::random;
use earmark_engine::{LinearProbe, LinearProbeData};
use std::time::Instant;

/// The most examples and classes that are measured; the time grows with both.
const MOST_EXAMPLES: usize = 200;
const MOST_CLASSES: usize = 20;

/// What probes are fitted to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FittingSize {
    pub clips: usize,
    pub classes: usize,
    /// Folds that are evaluated, each by probes of the others.
    pub folds: usize,
    /// Whether classes exclude each other.
    pub single_label: bool,
}

/// Seconds for all layers of a model, on all threads, without their features.
pub(crate) fn fitting_seconds(model: &str, device: &str, size: FittingSize) -> Result<f64, PipelineError> {
    let layers = Backbone::open(&ProbeSource::read(model)?, device)?.layers(None);
    let mut each = 0.0;
    for layer in &layers {
        let data = made_up(layer.width, size);
        let start = Instant::now();
        drop(LinearProbe::path(&data, &STRENGTHS, None));
        each += start.elapsed().as_secs_f64() * growth(&data, size);
    }
    let paths = paths(size.folds);
    let threads = rayon::current_num_threads().min(paths * layers.len()).max(1);
    Ok(each * paths as f64 / threads as f64)
}

/// Sets of examples that are fitted: all folds but one, all but two, and all.
fn paths(folds: usize) -> usize {
    folds + folds * folds.saturating_sub(1) / 2 + 1
}

/// How much longer the real examples take than those.
fn growth(data: &LinearProbeData, size: FittingSize) -> f64 {
    let measured = (data.clips() * data.classes) as f64;
    (size.clips as f64 * size.classes as f64 / measured).max(1.0)
}

/// Examples around a random centre for each class, as embeddings are.
fn made_up(width: usize, size: FittingSize) -> LinearProbeData {
    let classes = size.classes.clamp(1, MOST_CLASSES);
    let clips = size.clips.clamp(2, MOST_EXAMPLES);
    let draw = |kind: u64, index: usize| -> Vec<f32> {
        let mut rng = random::stream(kind, &[index as u64]);
        (0..width)
            .map(|_| random::uniform(&mut rng, -1.0, 1.0) as f32)
            .collect()
    };
    let centres: Vec<Vec<f32>> = (0..classes).map(|class| draw(0, class)).collect();
    let mut x = Vec::with_capacity(clips * width);
    let mut y = vec![0.0; clips * classes];
    for clip in 0..clips {
        let class = clip % classes;
        x.extend(
            draw(1, clip)
                .iter()
                .zip(&centres[class])
                .map(|(own, centre)| *own + 0.3 * *centre),
        );
        y[clip * classes + class] = 1.0;
    }
    LinearProbeData {
        x,
        width,
        y,
        classes,
        single_label: size.single_label,
        within_class: size.single_label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time grows with clips and classes beyond what is measured: a thousand classes take fifty times as long as
    /// twenty.
    #[test]
    fn more_classes_take_longer() {
        let size = |clips, classes| FittingSize {
            clips,
            classes,
            folds: 5,
            single_label: true,
        };
        let of = |size: FittingSize| growth(&made_up(3, size), size);
        assert_eq!(of(size(200, 20)), 1.0);
        assert_eq!(of(size(200, 1000)), 50.0);
        assert_eq!(of(size(1000, 20)), 5.0);
        assert_eq!(of(size(10, 2)), 1.0, "all of them are measured");
        let data = made_up(3, size(10, 4));
        assert_eq!((data.clips(), data.x.len(), data.y.len()), (10, 30, 40));
        assert_eq!(data.y[5], 1.0, "the second clip is of the second class");
        assert_eq!(paths(5), 16);
    }
}
