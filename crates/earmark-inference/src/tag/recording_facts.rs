//! What events depend on other than the scores of windows: kept with these, so that events can be made of them again.

use super::result::TagResult;
use super::windows::WindowGrid;
use serde::{Deserialize, Serialize};
use std::io;

/// Windows in samples of the model's rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreGrid {
    /// The model's rate, in hertz.
    pub rate_hz: u32,
    /// Samples of a window.
    pub window_samples: usize,
    /// Samples from one start to the next.
    pub hop_samples: usize,
}

/// A recording, as tables of window scores describe it: once, as JSON in the first of its rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RecordingFacts {
    /// Length of the recording.
    pub seconds: f64,
    /// Rate of the file.
    pub sample_rate_hz: u32,
    /// Rate of the model.
    pub rate_hz: u32,
    pub window_samples: usize,
    pub hop_samples: usize,
    /// Length of the recording at the model's rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub damaged: bool,
}

impl RecordingFacts {
    /// Of a recording with windows in `grid`.
    pub fn of(result: &TagResult, grid: ScoreGrid) -> Self {
        Self {
            seconds: result.seconds,
            sample_rate_hz: result.sample_rate_hz,
            rate_hz: grid.rate_hz,
            window_samples: grid.window_samples,
            hop_samples: grid.hop_samples,
            samples: result.samples,
            note: result.note.clone(),
            damaged: result.damaged,
        }
    }

    pub fn to_json(&self) -> io::Result<String> {
        serde_json::to_string(self).map_err(io::Error::from)
    }

    /// From a cell; `None` where it says something else or what no recording can be.
    pub fn of_json(cell: &str) -> Option<Self> {
        let facts: Self = serde_json::from_str(cell).ok()?;
        let is_possible = facts.rate_hz > 0
            && (1..=facts.window_samples).contains(&facts.hop_samples)
            && facts.window_samples <= isize::MAX as usize / 4
            && facts.seconds >= 0.0;
        is_possible.then_some(facts)
    }

    /// The windows.
    pub fn grid(&self) -> WindowGrid {
        WindowGrid::new(self.window_samples, self.hop_samples, self.rate_hz)
    }

    /// The recording without its events.
    pub fn result(&self, file: &str) -> TagResult {
        let mut result = TagResult::new(file, self.seconds, self.sample_rate_hz);
        result.note.clone_from(&self.note);
        result.damaged = self.damaged;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_back_and_impossible_ones_are_not_taken() {
        let grid = ScoreGrid {
            rate_hz: 8_000,
            window_samples: 8_120,
            hop_samples: 4_060,
        };
        let mut result = TagResult::new("a.wav", 12.345, 44_100);
        result.samples = Some(98_760);
        result.note = Some("2 s are \"missing\"".into());
        result.damaged = true;
        let facts = RecordingFacts::of(&result, grid);
        let json = facts.to_json().unwrap();
        assert_eq!(RecordingFacts::of_json(&json), Some(facts.clone()));
        assert_eq!(facts.grid(), WindowGrid::new(8_120, 4_060, 8_000));
        result.samples = None;
        assert_eq!(facts.result("a.wav"), result);
        for wrong in [
            "",
            "{}",
            "0.5",
            &json.replace("\"hop_samples\":4060", "\"hop_samples\":0"),
            &json.replace("\"hop_samples\":4060", "\"hop_samples\":9000"),
            &json.replace("\"rate_hz\":8000", "\"rate_hz\":0"),
        ] {
            assert_eq!(RecordingFacts::of_json(wrong), None, "{wrong}");
        }
    }
}
