//! A map of days and hours: when something happened, as the darkness of cells.

use super::frame::{CLASS, WIDTH, heading};
use crate::Chart;
use crate::svg::{Anchor, Svg, text_width};
use earmark_core::human::human_count;

/// Height of an hour.
const HOUR: f64 = 9.0;
/// Left and right of the cells.
const LEFT: f64 = 50.0;
const RIGHT: f64 = WIDTH - 8.0;

/// Counts by day and hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayHourMap {
    /// What is counted.
    pub title: String,
    /// Days in order (or several days each): the name, and the count of each hour.
    pub columns: Vec<(String, [u64; 24])>,
}

impl DayHourMap {
    /// Draws the map: days to the right, hours downwards from midnight. The darkest cell has the highest count.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let mut svg = Svg::default();
        let counts = self.columns.iter().flat_map(|(_, hours)| hours);
        let most = counts.copied().max().unwrap_or(0);
        let darkest = match most {
            0 => "no detections with a known time".to_owned(),
            1 => "darkest: 1 detection".to_owned(),
            most => format!("darkest: {} detections", human_count(most)),
        };
        let top = heading(&mut svg, &self.title, &darkest);
        let bottom = top + 24.0 * HOUR;
        for hour in [0, 6, 12, 18, 24] {
            let at = top + f64::from(hour) * HOUR;
            svg.line("grid", (LEFT, at), (RIGHT, at));
            svg.text("", (LEFT - 8.0, at + 4.5), Anchor::END, &format!("{hour:02}:00"));
        }
        let width = (RIGHT - LEFT) / self.columns.len().max(1) as f64;
        for (k, (day, hours)) in self.columns.iter().enumerate() {
            let left = LEFT + k as f64 * width;
            for (hour, count) in hours.iter().enumerate().filter(|(_, count)| **count > 0) {
                let corner = (left, top + hour as f64 * HOUR);
                // A single detection among a thousand must still be seen.
                let opacity = 0.15 + 0.85 * (*count as f64 / most as f64);
                let tip = format!(
                    "{day}, {hour:02}:00 to {:02}:00: {}",
                    hour + 1,
                    human_count(*count)
                );
                svg.shaded_rect("c0", corner, (width, HOUR), opacity, &tip);
            }
        }
        self.name_days(&mut svg, bottom + 18.0, width);
        svg.finish(CLASS, (WIDTH, bottom + 28.0), &self.title)
    }

    /// Names of days below the cells, as many as there is room for.
    fn name_days(&self, svg: &mut Svg, at: f64, width: f64) {
        let name = |k: usize| self.columns[k].0.split(' ').next().unwrap_or_default();
        let room = (0..self.columns.len()).map(|k| text_width(name(k)) + 16.0);
        let room = room.fold(1.0, f64::max);
        let step = (room / width).ceil().max(1.0) as usize;
        for k in (0..self.columns.len()).step_by(step) {
            let left = LEFT + k as f64 * width;
            // The last name would stick out of the chart.
            if k == 0 || left + room <= WIDTH + 16.0 {
                svg.text("", (left, at), Anchor::START, name(k));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_dark_as_their_count() {
        let day = |counts: &[(usize, u64)]| {
            let mut hours = [0; 24];
            counts.iter().for_each(|(hour, count)| hours[*hour] = *count);
            hours
        };
        let map = DayHourMap {
            title: "Owl <a>".into(),
            columns: vec![
                ("2024-05-17".into(), day(&[(4, 10), (23, 4)])),
                ("2024-05-18".into(), day(&[])),
            ],
        };
        let file = map.draw().file();
        assert_eq!(file.matches("fill-opacity=").count(), 2, "{file}");
        assert!(
            file.contains("<title>2024-05-17, 04:00 to 05:00: 10</title>"),
            "{file}"
        );
        assert!(
            file.contains("fill-opacity=\"1\"") && file.contains("fill-opacity=\"0.49\""),
            "{file}"
        );
        assert!(
            file.contains("darkest: 10 detections") && file.contains("Owl &lt;a&gt;"),
            "{file}"
        );
        roxmltree::Document::parse(&file).expect("well-formed");
        let empty = DayHourMap::default().draw().file();
        assert!(empty.contains("no detections"), "{empty}");
    }

    #[test]
    fn names_of_many_days_do_not_overlap() {
        let columns = (0..120).map(|k| (format!("2024-{k:05} to 2024-{k:05}"), [1; 24]));
        let map = DayHourMap {
            title: String::new(),
            columns: columns.collect(),
        };
        let file = map.draw().file();
        let names = file.matches(">2024-").count() - file.matches("<title>2024-").count();
        assert!((3..=5).contains(&names), "{names}");
    }
}
