//! Finds out when and where recordings were made, and says where sources contradict each other.

use super::file_names::{is_date_or_number, start_in_name};
use super::known::{TimeAndPlace, TimesAndPlaces};
use super::metadata::{GuanoPlace, NamedSource, guano_place, starts};
use super::sites_table::SiteTable;
use super::time_pattern::TimePattern;
use super::timestamp::Timestamp;
use super::utc_offset::UtcOffset;
use crate::tag::InputFile;
use earmark_audio::recorder_metadata;
use std::collections::HashSet;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// How times and places are found, other than by what is in files and their names.
#[derive(Clone, Debug)]
pub struct TimeAndPlaceConfig {
    /// The offset of clocks of which none is known.
    pub time_zone: Option<UtcOffset>,
    /// Where the time is in file names; `None` for the forms of known recorders.
    pub pattern: Option<TimePattern>,
    /// Sites by folder and file name.
    pub sites: Option<SiteTable>,
    /// What time it is: no recording can be of a later one.
    pub now: Timestamp,
}

impl Default for TimeAndPlaceConfig {
    fn default() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = since_1970.map_or(0, |since| since.as_secs());
        Self {
            time_zone: None,
            pattern: None,
            sites: None,
            now: Timestamp::of_unix(i64::try_from(seconds).unwrap_or(i64::MAX)),
        }
    }
}

/// How far two sources may be apart: recorders write one before, the other when they begin.
const TOLERANCE_MS: i64 = 2_000;
/// How far two positions may be apart, in degrees: about a kilometre.
const TOLERANCE_DEGREES: f64 = 0.01;
/// The source of starts in names, in messages.
const FILE_NAME: &str = "file name";

/// Finds out when and where recordings were made: by their metadata, then by their names; the site by the table, by
/// metadata, by the beginning of the name, then by the folder. Nothing is decoded.
pub fn times_and_places(files: &[InputFile], config: &TimeAndPlaceConfig) -> TimesAndPlaces {
    let settings = format!("{:?} {:?} {:?}", config.time_zone, config.pattern, config.sites);
    let mut all = TimesAndPlaces {
        settings: blake3::hash(settings.as_bytes()).to_hex()[..16].to_owned(),
        ..TimesAndPlaces::default()
    };
    let mut used_rows = HashSet::new();
    for file in files {
        let mut remarks = Vec::new();
        let known = one(file, config, &mut used_rows, &mut remarks);
        let remarks = remarks.into_iter().map(|remark| (file.name.clone(), remark));
        all.remarks.extend(remarks);
        all.by_name.insert(file.name.clone(), known);
    }
    let rows = config.sites.iter().flat_map(|sites| sites.names()).enumerate();
    for (_, name) in rows.filter(|(row, _)| !used_rows.contains(row)) {
        let remark = "no recording is in this folder or has this prefix in the table of sites";
        all.remarks.push((name.to_owned(), remark.to_owned()));
    }
    all
}

/// What is known of one recording.
fn one(
    file: &InputFile,
    config: &TimeAndPlaceConfig,
    used_rows: &mut HashSet<usize>,
    remarks: &mut Vec<String>,
) -> TimeAndPlace {
    // A recording that can't be read is reported where it is decoded.
    let metadata = recorder_metadata(&file.path).unwrap_or_default();
    let name = file
        .path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let mut sources = starts(&metadata);
    let prefix = by_name(name, config.pattern.as_ref(), &mut sources, remarks);
    let mut known = TimeAndPlace {
        started_at: start(sources, config, remarks),
        ..TimeAndPlace::default()
    };
    let GuanoPlace {
        site,
        position,
        problem,
    } = guano_place(&metadata);
    remarks.extend(problem.map(|problem| format!("GUANO Loc Position: {problem}; it is not used")));
    let row = config.sites.as_ref().and_then(|sites| sites.row_of(&file.name));
    let (table_site, table_position) = match row {
        Some((number, row)) => {
            used_rows.insert(number);
            (Some(row.site.clone()), row.position)
        }
        None => (None, None),
    };
    if let (Some(here), Some(there)) = (table_position, position)
        && here
            .iter()
            .zip(there)
            .any(|(a, b)| (a - b).abs() > TOLERANCE_DEGREES)
    {
        remarks.push(format!(
            "the table of sites says {} {}, and GUANO Loc Position {} {}; the table's is used",
            here[0], here[1], there[0], there[1]
        ));
    }
    let by_folder = || folder_site(&file.below).map(str::to_owned);
    known.site = table_site.or(site).or(prefix).or_else(by_folder);
    known.position = table_position.or(position);
    known
}

/// Adds the start in a file's name to the sources; returns what is before it.
fn by_name(
    name: &str,
    pattern: Option<&TimePattern>,
    sources: &mut Vec<NamedSource>,
    remarks: &mut Vec<String>,
) -> Option<String> {
    if let Some(pattern) = pattern {
        match pattern.start_in(name) {
            Some(start) => sources.push((FILE_NAME, start)),
            None => remarks.push("--time-pattern does not fit its name".into()),
        }
        return None;
    }
    let found = match start_in_name(name) {
        Ok(found) => found?,
        Err(problem) => {
            sources.push((FILE_NAME, Err(problem)));
            return None;
        }
    };
    if let Some(other) = found.other {
        remarks.push(format!(
            "its name has two times, {} and {other}; the first is used",
            found.at
        ));
    }
    sources.push((FILE_NAME, Ok(found.at)));
    Some(found.prefix.to_owned()).filter(|prefix| !prefix.is_empty())
}

/// The start by the first source that can be right. What can't be, and what contradicts it, is remarked.
fn start(
    sources: Vec<NamedSource>,
    config: &TimeAndPlaceConfig,
    remarks: &mut Vec<String>,
) -> Option<Timestamp> {
    let mut usable: Vec<(&str, Timestamp)> = Vec::new();
    for (source, start) in sources {
        match start.map(|at| (at, at.implausible(config.now))) {
            Ok((at, None)) => usable.push((source, at)),
            Ok((at, Some(why))) => remarks.push(format!("{source}: {at} {why}; it is not used")),
            Err(problem) => remarks.push(format!("{source}: {problem}; it is not used")),
        }
    }
    let Some(((source, first), others)) = usable.split_first().map(|(first, others)| (*first, others)) else {
        if remarks.is_empty() {
            remarks.push("no time in its name or metadata; give --time-pattern".into());
        }
        return None;
    };
    let mut chosen = first;
    for (other_source, other) in others {
        let zone = config.time_zone;
        if agree(first, *other) || agree(first.or_offset(zone), other.or_offset(zone)) {
            // The same moment by a clock whose offset is known.
            if chosen.offset().is_none() && other.offset().is_some() {
                chosen = with_offset_of(chosen, *other);
            }
        } else {
            remarks.push(format!(
                "the {source} says {first}, and the {other_source} {other}; the {source} is used"
            ));
        }
    }
    Some(chosen.or_offset(config.time_zone))
}

/// Whether two readings may be of one moment: as they are, or where one of them is of a clock without a known offset
/// that shows UTC.
fn agree(a: Timestamp, b: Timestamp) -> bool {
    let near = |a: i64, b: i64| a.abs_diff(b) <= TOLERANCE_MS.unsigned_abs();
    match (a.utc_ms(), b.utc_ms()) {
        (Some(a), Some(b)) => near(a, b),
        (a_utc, b_utc) => {
            near(a.clock_ms(), b.clock_ms())
                || a_utc.is_some_and(|a| near(a, b.clock_ms()))
                || b_utc.is_some_and(|b| near(a.clock_ms(), b))
        }
    }
}

/// A reading without an offset, by one of the same moment with an offset: of the same clock, or of one that shows UTC.
fn with_offset_of(without: Timestamp, with: Timestamp) -> Timestamp {
    let is_same_clock = without.clock_ms().abs_diff(with.clock_ms()) <= TOLERANCE_MS.unsigned_abs();
    match is_same_clock {
        true => without.or_offset(with.offset()),
        false => with,
    }
}

/// The nearest folder that names a site: not that of a day, nor the one in which Song Meters put all files.
fn folder_site(below: &Path) -> Option<&str> {
    let folders = below.parent()?.components().rev();
    let mut names = folders.filter_map(|folder| folder.as_os_str().to_str());
    names.find(|name| !name.eq_ignore_ascii_case("data") && !is_date_or_number(name))
}
