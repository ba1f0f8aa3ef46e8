//! From log-mel features to scores, where windows are scored rather than clips.

use earmark_core::rows;
use earmark_engine::{Scorer, ScorerOutput, SegmentBatch};
use earmark_features::{Extractor, FeatureError, Features};
use earmark_metrics::{BlendMean, Calibration, MetricsError, ScoreTable, blend};

/// The segments of log-mel features as the network takes them.
pub(crate) fn segments_of(extractor: &Extractor, log_mel: &Features) -> Result<Vec<Features>, FeatureError> {
    if extractor.segment_frames().is_none() {
        // The clip is its only segment, and need not be cut out of itself.
        return Ok(vec![extractor.postprocess(log_mel)?]);
    }
    (0..extractor.segment_count(log_mel.frames))
        .map(|k| extractor.postprocess(&extractor.segment(log_mel, k)?))
        .collect()
}

/// Scores of segments of one size by one forward pass, row-major `[segments, classes]`.
pub(crate) fn score_pass(scorer: &Scorer, segments: &[&Features]) -> Vec<f32> {
    forward_pass(scorer, ScorerOutput::Scores, segments)
}

/// One output of the network for segments of one size by one forward pass, row-major `[segments, numbers]`.
pub(crate) fn forward_pass(scorer: &Scorer, output: ScorerOutput, segments: &[&Features]) -> Vec<f32> {
    let first = segments[0];
    let shape = [segments.len(), first.channels, first.bands, first.frames];
    let mut x = Vec::with_capacity(shape.iter().product());
    segments.iter().for_each(|f| x.extend_from_slice(&f.data));
    scorer.forward(output, SegmentBatch::new(x, shape))
}

/// The mean over the segments of log-mel features, which are scored by one forward pass.
pub(crate) fn score_log_mel(scorer: &Scorer, log_mel: &Features) -> Result<Vec<f32>, FeatureError> {
    let segments = segments_of(&scorer.extractor, log_mel)?;
    let scores = score_pass(scorer, &segments.iter().collect::<Vec<_>>());
    let classes = scores.len() / segments.len();
    Ok(rows::mean(scores.chunks(classes.max(1))).unwrap_or_default())
}

/// The scores of one clip or window, calibrated where there is a calibration.
pub(crate) fn calibrated(mut scores: Vec<f32>, calibration: Option<&Calibration>) -> Vec<f32> {
    if let Some(calibration) = calibration {
        calibration.apply(&mut scores);
    }
    scores
}

/// Blends models' scores of the same rows, each model given by its classes and its values, `[rows, classes]`. The classes may be in any
/// order; the result has that of the first model.
pub(crate) fn blend_rows(
    models: Vec<(&[String], Vec<f32>)>,
    mean: BlendMean,
    weights: Option<&[f64]>,
) -> Result<ScoreTable, MetricsError> {
    let table = |(classes, values): (&[String], Vec<f32>)| {
        // Blending matches rows by name.
        let names = (0..values.len() / classes.len().max(1)).map(|k| k.to_string());
        ScoreTable::new(names.collect(), classes.to_vec(), values)
    };
    let tables = models.into_iter().map(table).collect::<Result<Vec<_>, _>>()?;
    blend(&tables, mean, weights)
}
