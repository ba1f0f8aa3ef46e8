//! How scores are shown: as JSON, as lines, or on a drawn screen.

use super::labels::{BestLabel, Labels};
use super::screen::Screen;
use crate::output::{print, print_json_line};
use earmark::inference::stream::{StreamMeter, StreamResult, StreamTagger};
use serde_json::json;

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
                let label = |best: &BestLabel| json!({ "label": best.name, "score": best.score });
                print_json_line(&json!({
                    "time": scored.seconds,
                    "labels": best.iter().map(label).collect::<Vec<_>>(),
                    "detected": labels.detected(&scored.scores),
                    "latency_ms": meter.last_latency_ms(),
                    "compute_ms": meter.last_compute_ms(),
                    "x_real_time": meter.x_real_time(),
                }))
            }
            Self::Lines => {
                let mark = |best: &BestLabel| if best.detected { "*" } else { "" };
                let label = |best: &BestLabel| format!("{} {:.2}{}", best.name, best.score, mark(best));
                let best: Vec<String> = best.iter().map(label).collect();
                let best = best.join("  ");
                print(format!("{:9.2} s  {best}", scored.seconds))
            }
            Self::Screen(screen) => screen.draw(scored, meter, &best),
        }
    }
}
