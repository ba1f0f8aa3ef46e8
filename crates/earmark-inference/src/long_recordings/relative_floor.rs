//! A floor below a recording's loudest value, where the recording is read in chunks.

use crate::PipelineError;
use earmark_features::{AmplitudeScale, Extractor, Features, FrontEnd};

/// `front-end.amplitude.db.top-db`, a limit below a recording's loudest value, which is found in a first pass over all chunks.
#[derive(Debug)]
pub(super) struct RelativeFloor {
    /// Computes features without the limit.
    unlimited: Extractor,
    pub top_db: f32,
}

impl RelativeFloor {
    pub fn of(front_end: &FrontEnd) -> Result<Option<Self>, PipelineError> {
        let mut unlimited = front_end.clone();
        let AmplitudeScale::Db { top_db, .. } = &mut unlimited.amplitude else {
            return Ok(None);
        };
        let Some(top_db) = top_db.take() else {
            return Ok(None);
        };
        Ok(Some(Self {
            unlimited: Extractor::new(&unlimited)?,
            top_db: top_db as f32,
        }))
    }

    pub fn features(&self, samples: &[f32]) -> Result<Features, String> {
        let mut scratch = self.unlimited.scratch();
        self.unlimited
            .log_mel(samples, &mut scratch)
            .map_err(|error| error.to_string())
    }

    /// The levels, without the angles, which are a further channel.
    pub fn levels<'f>(&self, features: &'f Features) -> &'f [f32] {
        &features.data[..features.bands * features.frames]
    }

    pub fn levels_mut<'f>(&self, features: &'f mut Features) -> std::slice::IterMut<'f, f32> {
        features.data[..features.bands * features.frames].iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the loudest value of both, two chunks have the features of the whole: a loud one next to a quiet one.
    #[test]
    fn a_first_pass_finds_the_loudest_value() {
        let text = r#"{ "sample-rate-hz": 8000, "stft": { "window-samples": 80, "hop-samples": 80 },
                       "amplitude": { "db": { "top-db": 30 } } }"#;
        let front_end: FrontEnd = serde_json::from_str(text).unwrap();
        let limit = RelativeFloor::of(&front_end).unwrap().unwrap();
        let samples: Vec<f32> = (0..1600)
            .map(|i| (i as f32 * 0.7).sin() * if i < 800 { 0.5 } else { 1e-4 })
            .collect();
        let extractor = Extractor::new(&front_end).unwrap();
        let whole = extractor.log_mel(&samples, &mut extractor.scratch()).unwrap();
        let parts = [&samples[..800], &samples[800..]].map(|part| limit.features(part).unwrap());
        let loudest = parts.iter().flat_map(|part| limit.levels(part).iter().copied());
        let floor = loudest.fold(f32::NEG_INFINITY, f32::max) - limit.top_db;
        for (k, mut part) in parts.into_iter().enumerate() {
            limit.levels_mut(&mut part).for_each(|x| *x = x.max(floor));
            for (row, of_whole) in part.rows().zip(whole.rows()) {
                for (a, b) in row.iter().zip(&of_whole[10 * k..]) {
                    assert!((a - b).abs() < 1e-4, "{a} instead of {b}");
                }
            }
        }
        assert!(RelativeFloor::of(&FrontEnd::default()).unwrap().is_none());
    }
}
