//! Reads detections, with when and where they were.

use crate::PipelineError;
use crate::tag::tables::{ColumnKind, Numbered, TableReader, TableRow};
use crate::time_and_place::Timestamp;
use std::path::PathBuf;

/// Names of the columns.
const CLASS: [&str; 2] = ["class", "label"];
const FILE: [&str; 1] = ["file"];
const RECORDED_AT: [&str; 1] = ["recorded_at"];
const SITE: [&str; 1] = ["site"];

/// One detection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PlacedDetection {
    /// Numbers of the class, the recording and the site.
    pub class: usize,
    pub file: usize,
    pub site: Option<usize>,
    /// The number of the day since 1970 and the hour, by the recorder's clock.
    pub time: Option<(i64, usize)>,
}

/// Detections of one or several tables.
#[derive(Debug, Default)]
pub struct Activity {
    pub(super) classes: Numbered,
    pub(super) sites: Numbered,
    files: Numbered,
    pub(super) found: Vec<PlacedDetection>,
    /// The first table without a column of times, or of sites.
    pub(super) without_times: Option<String>,
    pub(super) without_sites: Option<String>,
}

impl Activity {
    /// Number of detections.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there is no detection.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

/// Reads tables that `earmark tag` wrote as CSV or Parquet; with `--time-and-place`, for times and sites.
///
/// # Errors
/// For a file that can't be read, has no column of classes or recordings, or has a time that can't be.
pub fn read_activity(tables: &[PathBuf]) -> Result<Activity, PipelineError> {
    let mut activity = Activity::default();
    for path in tables {
        read_table(&mut activity, TableReader::open(path)?)?;
    }
    Ok(activity)
}

fn read_table(activity: &mut Activity, mut table: TableReader) -> Result<(), PipelineError> {
    let (Some(class), Some(file)) = (table.find(&CLASS), table.find(&FILE)) else {
        return Err(PipelineError::Request(format!(
            "{}: has no columns file and class; give events that `earmark tag --time-and-place` wrote as CSV or \
             Parquet",
            table.name()
        )));
    };
    let (time, site) = (table.find(&RECORDED_AT), table.find(&SITE));
    if time.is_none() {
        activity.without_times.get_or_insert(table.name().to_owned());
    }
    if site.is_none() {
        activity.without_sites.get_or_insert(table.name().to_owned());
    }
    let mut kinds = vec![ColumnKind::Ignored; table.columns().len()];
    for column in [Some(class), Some(file), time, site].into_iter().flatten() {
        kinds[column] = ColumnKind::Text;
    }
    let mut row = TableRow::default();
    while table.read(&kinds, &mut row)? {
        let text = |column: Option<usize>| {
            let text = column.map(|column| row.texts[column].as_str());
            text.filter(|text| !text.is_empty())
        };
        let at = text(time).map(Timestamp::parse).transpose();
        let at = at.map_err(|problem| table.fault(&row, &format!("recorded_at: {problem}; correct it")))?;
        let detection = PlacedDetection {
            class: activity.classes.number(&row.texts[class]),
            file: activity.files.number(&row.texts[file]),
            site: text(site).map(|site| activity.sites.number(site)),
            time: at.map(|at| (at.day_number(), at.hour())),
        };
        activity.found.push(detection);
    }
    Ok(())
}
