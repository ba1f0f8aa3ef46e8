//! How scores are shown: as JSON, as lines, or on a drawn screen.

use super::screen::Screen;
use crate::output::print;
use earmark::inference::stream::{StreamMeter, StreamResult, StreamTagger};
use serde_json::json;

/// The best classes and how they are named.
pub struct Labels {
    pub classes: Vec<String>,
    pub count: usize,
}

impl Labels {
    /// The best classes of these scores, best first.
    fn best(&self, scores: &[f32]) -> Vec<(&str, f32)> {
        let best = earmark::metrics::top_k(scores, self.count).into_iter();
        best.map(|c| (self.classes[c].as_str(), scores[c])).collect()
    }
}

/// A way to show scores.
pub enum Display {
    Json,
    Lines,
    Screen(Screen),
}

impl Display {
    /// JSON where it is asked for, else a screen where one can be drawn.
    pub fn open(json: bool, heading: &str, tagger: &StreamTagger) -> Self {
        match json {
            true => Self::Json,
            false => Screen::open(heading, tagger).map_or(Self::Lines, Self::Screen),
        }
    }

    /// Shows the scores of a window.
    pub fn show(
        &mut self,
        scored: &StreamResult,
        meter: &StreamMeter,
        labels: &Labels,
    ) -> anyhow::Result<()> {
        let best = labels.best(&scored.scores);
        match self {
            Self::Json => {
                let label = |(label, score): &(&str, f32)| json!({ "label": label, "score": score });
                print(json!({
                    "time": scored.seconds,
                    "labels": best.iter().map(label).collect::<Vec<_>>(),
                    "latency_ms": meter.last_latency_ms(),
                    "compute_ms": meter.last_compute_ms(),
                    "x_real_time": meter.x_real_time(),
                }))
            }
            Self::Lines => {
                let best: Vec<String> = best.iter().map(|(l, s)| format!("{l} {s:.2}")).collect();
                print(format!("{:9.2} s  {}", scored.seconds, best.join("  ")))
            }
            Self::Screen(screen) => screen.draw(scored, meter, &best),
        }
    }
}
