//! What the page about detections shows.

use super::counts::{ActivityBy, ActivityRow};
use super::detections::Activity;
use crate::PipelineError;
use crate::time_and_place::Timestamp;
use earmark_report::{ActivityPage, ActivityPageRow, ActivityPageTable, DayHourMap, NoteLevel, PageNote};

/// Classes with a map of their own.
const MOST_MAPS: usize = 12;
/// Columns of a map: a day each, or several where there are more.
const MOST_COLUMNS: i64 = 120;

impl Activity {
    /// A page with the hours of each day as a map, for all classes and for the most frequent ones.
    ///
    /// # Errors
    /// For tables without times.
    pub fn page(&self, name: &str) -> Result<ActivityPage, PipelineError> {
        let hours = self.table(ActivityBy::Hour)?;
        let classes = self.table(ActivityBy::Class)?;
        let mut tables = vec![
            table("hour", "Hours of the day", &hours.rows),
            table("class", "Classes", &classes.rows),
        ];
        if let Ok(sites) = self.table(ActivityBy::Site)
            && !sites.rows.is_empty()
        {
            tables.push(table("site", "Sites", &sites.rows));
        }
        let mut maps = vec![self.map("All classes", None)];
        for row in classes.rows.iter().take(MOST_MAPS) {
            let class = self.classes.names.iter().position(|name| *name == row.name);
            maps.push(self.map(&row.name, class));
        }
        let mut notes = vec![PageNote::new(
            NoteLevel::Info,
            "Hours and days are those of the recorders' clocks. Detections are counted, whatever was recorded: an hour \
             without any may be one without recordings.",
        )];
        if hours.unknown > 0 {
            let text = format!(
                "{} detections have no known time, and are in no map.",
                hours.unknown
            );
            notes.push(PageNote::new(NoteLevel::Caution, text));
        }
        if let more @ 1.. = classes.rows.len().saturating_sub(MOST_MAPS) {
            let text =
                format!("The {MOST_MAPS} most frequent classes have maps; {more} more are in the table.");
            notes.push(PageNote::new(NoteLevel::Info, text));
        }
        Ok(ActivityPage {
            name: name.to_owned(),
            detections: self.len() as u64,
            maps,
            tables,
            notes,
        })
    }

    /// The map of a class, or of all.
    fn map(&self, title: &str, class: Option<usize>) -> DayHourMap {
        let times = self.found.iter().filter_map(|found| found.time);
        let days = times.map(|(day, _)| (day, day));
        let days = days.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let mut map = DayHourMap {
            title: title.to_owned(),
            ..DayHourMap::default()
        };
        let Some((first, last)) = days else {
            return map;
        };
        let days_of_column = (last - first) / MOST_COLUMNS + 1;
        for column in 0..=(last - first) / days_of_column {
            let begin = first + column * days_of_column;
            let end = (begin + days_of_column - 1).min(last);
            let name = match begin == end {
                true => Timestamp::day_name(begin),
                false => format!("{} to {}", Timestamp::day_name(begin), Timestamp::day_name(end)),
            };
            map.columns.push((name, [0; 24]));
        }
        let of_class = self
            .found
            .iter()
            .filter(|found| class.is_none_or(|class| found.class == class));
        for (day, hour) in of_class.filter_map(|found| found.time) {
            let column = usize::try_from((day - first) / days_of_column).unwrap_or(0);
            map.columns[column].1[hour] += 1;
        }
        map
    }
}

fn table(id: &'static str, title: &'static str, rows: &[ActivityRow]) -> ActivityPageTable {
    let rows = rows.iter().map(|row| ActivityPageRow {
        name: row.name.clone(),
        detections: row.detections,
        recordings: row.recordings as u64,
    });
    ActivityPageTable {
        id,
        title,
        rows: rows.collect(),
    }
}
