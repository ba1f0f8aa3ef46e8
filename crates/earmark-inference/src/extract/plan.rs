//! Which cut-outs there are to be, from where to where, and under which names.

use super::choose::{Candidate, choose, rank};
use super::file_names::{TakenNames, safe_name};
use super::table::ExtractRow;
use super::{CutFormat, ExtractJob};
use crate::PipelineError;
use crate::tag::tables::{Detection, Detections};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// A detection to cut out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cut {
    /// Its path in the folder, with `/`.
    pub name: String,
    pub class: String,
    pub recording: String,
    pub detection: Detection,
    /// From where to where it is cut, in seconds; the recording may end before.
    pub from: f64,
    pub to: f64,
}

/// What makes detections different: recording, class, and the start in milliseconds.
type Key = (String, String, u64);

fn key(recording: &str, class: &str, start: f64) -> Key {
    (
        recording.to_owned(),
        class.to_owned(),
        (start * 1e3).round() as u64,
    )
}

/// The cut-outs of all classes, by recording and then by time. Those in the table of an earlier run keep their names.
///
/// # Errors
/// Where the earlier run had another padding, length or format.
pub(super) fn plan(
    job: &ExtractJob,
    detections: &Detections,
    before: &[ExtractRow],
) -> Result<Vec<Cut>, PipelineError> {
    let mut names = Names::new(before);
    let mut cuts = Vec::new();
    for (class, found) in by_class(detections) {
        let mut candidates: Vec<Candidate> = found
            .into_iter()
            .map(|detection| Candidate {
                detection,
                rank: rank(
                    job.seed,
                    &detections.files.names[detection.file],
                    class,
                    detection.start,
                ),
            })
            .collect();
        candidates.sort_by(|a, b| order(detections, &a.detection, &b.detection));
        let same = |a: &mut Candidate, b: &mut Candidate| {
            let key = |c: &Candidate| (c.detection.file, (c.detection.start * 1e3).round() as u64);
            key(a) == key(b)
        };
        candidates.dedup_by(same);
        let mut chosen = choose(job.by, candidates, job.per_class);
        chosen.sort_by(|a, b| order(detections, a, b));
        for detection in chosen {
            let recording = &detections.files.names[detection.file];
            let cut = Cut {
                name: names.of(job.format, recording, class, detection.start),
                class: class.to_owned(),
                recording: recording.clone(),
                detection,
                from: (detection.start - job.pad_seconds).max(0.0),
                to: detection.end.min(detection.start + job.longest_seconds) + job.pad_seconds,
            };
            if let Some(row) = names.before.get(&key(recording, class, detection.start)) {
                check_alike(job, &cut, row)?;
            }
            cuts.push(cut);
        }
    }
    cuts.sort_by(|a, b| a.recording.cmp(&b.recording).then(a.from.total_cmp(&b.from)));
    Ok(cuts)
}

/// The detections of each class, by the name of the class.
fn by_class(detections: &Detections) -> BTreeMap<&str, Vec<Detection>> {
    let mut found: BTreeMap<&str, Vec<Detection>> = BTreeMap::new();
    for detection in &detections.found {
        let class = detections.classes.names[detection.class].as_str();
        found.entry(class).or_default().push(*detection);
    }
    found
}

/// By recording and time, whatever the order in the table; of two that begin together, the one with the higher score
/// first.
fn order(detections: &Detections, a: &Detection, b: &Detection) -> std::cmp::Ordering {
    let file = |detection: &Detection| &detections.files.names[detection.file];
    let by_time = a.start.total_cmp(&b.start).then(b.score.total_cmp(&a.score));
    file(a).cmp(file(b)).then(by_time).then(a.end.total_cmp(&b.end))
}

/// Refuses a folder whose cut-outs have another padding, length or format.
fn check_alike(job: &ExtractJob, cut: &Cut, row: &ExtractRow) -> Result<(), PipelineError> {
    // The table has milliseconds, and the recording may end before the cut-out.
    let is_alike = (row.cut.0 - cut.from).abs() < 0.002
        && row.cut.1 < cut.to + 0.002
        && row.file.ends_with(ending(job.format));
    if is_alike {
        return Ok(());
    }
    Err(PipelineError::Request(format!(
        "{}: {} was cut out with another --pad, --longest or --format; give the same, or choose another folder",
        job.out.display(),
        row.file
    )))
}

fn ending(format: CutFormat) -> &'static str {
    match format {
        CutFormat::Wav => ".wav",
        CutFormat::Flac => ".flac",
    }
}

/// Names of cut-outs: those of an earlier run, and new ones that are free.
struct Names<'a> {
    before: HashMap<Key, &'a ExtractRow>,
    files: TakenNames,
    folders: HashMap<String, String>,
    taken_folders: TakenNames,
}

impl<'a> Names<'a> {
    fn new(before: &'a [ExtractRow]) -> Self {
        let mut names = Self {
            before: HashMap::new(),
            files: TakenNames::default(),
            folders: HashMap::new(),
            taken_folders: TakenNames::default(),
        };
        for row in before {
            names
                .before
                .insert(key(&row.recording, &row.class, row.detected.0), row);
            names.files.take(&row.file);
            if let Some((folder, _)) = row.file.split_once('/') {
                names.taken_folders.take(folder);
                names.folders.insert(row.class.clone(), folder.to_owned());
            }
        }
        names
    }

    /// The path of a cut-out in the folder.
    fn of(&mut self, format: CutFormat, recording: &str, class: &str, start: f64) -> String {
        if let Some(row) = self.before.get(&key(recording, class, start)) {
            return row.file.clone();
        }
        let folder = self.folders.entry(class.to_owned());
        let folder = folder.or_insert_with(|| self.taken_folders.unique(&safe_name(class), "", class));
        let stem = Path::new(recording)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy();
        let name = format!("{folder}/{}_{start:.3}", safe_name(&stem));
        self.files.unique(&name, ending(format), recording)
    }
}
