//! Audacity's label track: start, end and label, separated by tabs, without a header.
//!
//! The frequencies of a label are on a line of their own behind it, which begins with a backslash. BirdNET-Analyzer
//! writes its score as a fourth cell, and both names of a species with a comma between them.

use crate::labels::{species_parts, without_score};

/// A label of a track.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackLabel<'a> {
    /// Its line, from 1.
    pub line: usize,
    /// Start and end, as they are written.
    pub times: [&'a str; 2],
    /// Its text, without a score behind it.
    pub label: String,
    /// The score, where there is one.
    pub score: Option<f32>,
    /// Lowest and highest frequency in hertz, where both are given.
    pub band_hz: Option<[f64; 2]>,
}

/// Whether a text is a label track, by its first line that is not blank. Lines of numbers alone are measurements.
pub fn is_label_track(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let cells: Vec<&str> = first.unwrap_or_default().split('\t').map(str::trim).collect();
    let is_number = |cell: &str| cell.parse::<f64>().is_ok();
    match cells[..] {
        [start, end, _] => is_number(start) && is_number(end),
        [start, end, label, score] => [start, end, score].into_iter().all(is_number) && !is_number(label),
        _ => false,
    }
}

/// The labels of a track, in its order; cells that are missing are empty.
pub fn track_labels(text: &str) -> Vec<TrackLabel<'_>> {
    let mut labels: Vec<TrackLabel> = Vec::new();
    for (line, row) in (1..).zip(text.lines()) {
        let cells: Vec<&str> = row.split('\t').map(str::trim).collect();
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        if cell(0) == "\\" {
            let band =
                [cell(1), cell(2)].map(|hz| hz.parse().ok().filter(|hz: &f64| *hz >= 0.0 && hz.is_finite()));
            if let (Some(last), [Some(low), Some(high)]) = (labels.last_mut(), band) {
                last.band_hz = Some([low, high]);
            }
            continue;
        }
        if row.trim().is_empty() {
            continue;
        }
        let (label, score) = match cell(3).parse::<f32>() {
            Ok(score) => (species(cell(2)), Some(score)),
            Err(_) => {
                let (label, score) = without_score(cell(2));
                (label.to_owned(), score)
            }
        };
        labels.push(TrackLabel {
            line,
            times: [cell(0), cell(1)],
            label,
            score,
            band_hz: None,
        });
    }
    labels
}

/// `Turdus merula_Common Blackbird` of `Turdus merula, Common Blackbird`.
fn species(label: &str) -> String {
    let joined = label.replacen(", ", "_", 1);
    match species_parts(&joined) {
        Some(_) => joined,
        None => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_times_scores_and_frequencies() {
        let text =
            "\n0.500000\t1.250000\tDog 0.91\r\n\\\t300.0\t2000.5\r\n2\t2\tbark, far\n\\\t-1\t800\n3\t4\n";
        let label = |line, times, label: &str, score, band_hz| TrackLabel {
            line,
            times,
            label: label.to_owned(),
            score,
            band_hz,
        };
        assert!(is_label_track(text));
        let expected = [
            label(
                2,
                ["0.500000", "1.250000"],
                "Dog",
                Some(0.91),
                Some([300.0, 2000.5]),
            ),
            label(4, ["2", "2"], "bark, far", None, None),
            label(6, ["3", "4"], "", None, None),
        ];
        assert_eq!(track_labels(text), expected);
        let birdnet = "0\t3\tTurdus merula, Common Blackbird\t0.7312\n3\t6\tEngine, Engine\t0.5\n";
        assert!(is_label_track(birdnet));
        let names: Vec<(String, Option<f32>)> = track_labels(birdnet)
            .into_iter()
            .map(|label| (label.label, label.score))
            .collect();
        assert_eq!(
            names[0],
            ("Turdus merula_Common Blackbird".to_owned(), Some(0.7312))
        );
        assert_eq!(names[1], ("Engine, Engine".to_owned(), Some(0.5)));
        for other in [
            "",
            "start\tend\tlabel\n",
            "0.1\t0.5\t0\t1\n",
            "0.1\t440\n",
            "0,1,dog\n",
        ] {
            assert!(!is_label_track(other), "{other}");
        }
    }
}
