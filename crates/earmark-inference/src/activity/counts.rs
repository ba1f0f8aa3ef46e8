//! Detections counted.

use super::detections::{Activity, PlacedDetection};
use crate::PipelineError;
use crate::time_and_place::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// What detections are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActivityBy {
    /// The hour of the day, by the recorder's clock.
    Hour,
    /// The day, by the recorder's clock.
    Day,
    /// The site.
    Site,
    /// The class.
    Class,
}

/// What was detected in an hour, on a day, at a site or of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ActivityRow {
    /// Hour (`04`), day (`2024-05-17`), site or class.
    pub name: String,
    /// Number of detections.
    pub detections: u64,
    /// Recordings with a detection.
    pub recordings: usize,
    /// Detections of each class; none where each row is a class.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<String, u64>,
}

/// Detections counted by one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActivityTable {
    /// By what.
    pub by: ActivityBy,
    /// All hours in order; days with detections in order; sites and classes, those with most detections first.
    pub rows: Vec<ActivityRow>,
    /// Detections in all rows.
    pub detections: u64,
    /// Detections in no row, as their time or site is not known.
    pub unknown: u64,
}

/// What is gathered for a row.
#[derive(Default)]
struct Gathered {
    detections: u64,
    files: HashSet<usize>,
    classes: BTreeMap<usize, u64>,
}

impl Activity {
    /// Counts the detections.
    ///
    /// # Errors
    /// For tables without the column that it takes.
    pub fn table(&self, by: ActivityBy) -> Result<ActivityTable, PipelineError> {
        let missing = match by {
            ActivityBy::Hour | ActivityBy::Day => {
                self.without_times.as_ref().map(|table| (table, "recorded_at"))
            }
            ActivityBy::Site => self.without_sites.as_ref().map(|table| (table, "site")),
            ActivityBy::Class => None,
        };
        if let Some((table, column)) = missing {
            return Err(PipelineError::Request(format!(
                "{table}: has no column {column}; tag again with --time-and-place, or count --by class"
            )));
        }
        let mut gathered: BTreeMap<i64, Gathered> = BTreeMap::new();
        if by == ActivityBy::Hour {
            gathered.extend((0..24).map(|hour| (hour, Gathered::default())));
        }
        let mut unknown = 0;
        for detection in &self.found {
            let Some(key) = key(detection, by) else {
                unknown += 1;
                continue;
            };
            let row = gathered.entry(key).or_default();
            row.detections += 1;
            row.files.insert(detection.file);
            *row.classes.entry(detection.class).or_default() += 1;
        }
        let rows = gathered.into_iter().map(|(key, row)| self.row(by, key, row));
        let mut rows: Vec<ActivityRow> = rows.collect();
        if matches!(by, ActivityBy::Site | ActivityBy::Class) {
            rows.sort_by(|a, b| b.detections.cmp(&a.detections).then(a.name.cmp(&b.name)));
        }
        Ok(ActivityTable {
            by,
            detections: rows.iter().map(|row| row.detections).sum(),
            rows,
            unknown,
        })
    }

    fn row(&self, by: ActivityBy, key: i64, gathered: Gathered) -> ActivityRow {
        let number = usize::try_from(key).unwrap_or(0);
        let class = |class: usize| self.classes.names[class].clone();
        ActivityRow {
            name: match by {
                ActivityBy::Hour => format!("{key:02}"),
                ActivityBy::Day => Timestamp::day_name(key),
                ActivityBy::Site => self.sites.names[number].clone(),
                ActivityBy::Class => class(number),
            },
            detections: gathered.detections,
            recordings: gathered.files.len(),
            classes: match by {
                ActivityBy::Class => BTreeMap::new(),
                _ => gathered
                    .classes
                    .iter()
                    .map(|(k, count)| (class(*k), *count))
                    .collect(),
            },
        }
    }
}

/// The row of a detection; `None` where that is not known.
fn key(detection: &PlacedDetection, by: ActivityBy) -> Option<i64> {
    let number = |number: usize| i64::try_from(number).ok();
    match by {
        ActivityBy::Hour => detection.time.and_then(|(_, hour)| number(hour)),
        ActivityBy::Day => detection.time.map(|(day, _)| day),
        ActivityBy::Site => detection.site.and_then(number),
        ActivityBy::Class => number(detection.class),
    }
}
