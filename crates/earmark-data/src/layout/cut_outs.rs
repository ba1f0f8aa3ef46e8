//! Clips that `earmark extract` has cut out of longer recordings: which recording each is from, by its table
//! `extracts.csv`, else by their names (`REC_12.000.wav`).

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::dataset::data_set::DataSet;
use crate::table::columns::Table;

/// The table in the folder of cut-outs.
const TABLE: &str = "extracts.csv";

/// What makes two cut-outs overlap at least, in seconds: times in the table are rounded to milliseconds.
const LEAST_OVERLAP: f64 = 0.002;

/// Where clips were cut out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CutOuts {
    /// Whether the table says so; else their names do, without times.
    pub has_table: bool,
    /// The recording that each item of the set was cut out of; none of one that was not.
    pub recordings: Vec<Option<String>>,
    /// From where to where in it, in seconds, by the table.
    spans: Vec<Option<(f64, f64)>>,
}

impl DataSet {
    /// Where the clips were cut out, if `earmark extract` has made them; none where names alone say so of fewer than
    /// half of them, or of none that shares its recording with another one.
    pub fn cut_outs(&self) -> Option<CutOuts> {
        self.cut_outs_of_table().or_else(|| self.cut_outs_by_name())
    }

    fn cut_outs_of_table(&self) -> Option<CutOuts> {
        let path = self.root.join(TABLE);
        if !path.is_file() {
            return None;
        }
        let table = Table::open(&path).ok()?;
        let column = |name: &str| table.names().iter().position(|other| other == name);
        let (file, recording) = (column("file")?, column("recording")?);
        let (from, to) = (column("cut_from_seconds")?, column("cut_to_seconds")?);
        let rows = table.rows.iter();
        let row_of: HashMap<&str, usize> = rows.enumerate().map(|(at, row)| (row.cell(file), at)).collect();
        let mut found = CutOuts {
            has_table: true,
            ..CutOuts::default()
        };
        for item in &self.items {
            let row = row_of.get(item.recording()).map(|&at| &table.rows[at]);
            found
                .recordings
                .push(row.map(|row| row.cell(recording).to_owned()));
            found.spans.push(row.and_then(|row| {
                let seconds = |column: usize| row.cell(column).parse::<f64>().ok();
                Some((seconds(from)?, seconds(to)?))
            }));
        }
        found.recordings.iter().any(Option::is_some).then_some(found)
    }

    fn cut_outs_by_name(&self) -> Option<CutOuts> {
        let recording = |file: &str| {
            let stem = Path::new(file).file_stem()?.to_str()?;
            recording_of(stem).map(str::to_owned)
        };
        let items = self.items.iter();
        let recordings: Vec<Option<String>> = items.map(|item| recording(item.recording())).collect();
        let named = recordings.iter().flatten().count();
        let different: HashSet<&String> = recordings.iter().flatten().collect();
        let is_cut = 2 * named >= recordings.len() && different.len() < named;
        is_cut.then(|| CutOuts {
            has_table: false,
            spans: vec![None; recordings.len()],
            recordings,
        })
    }
}

impl CutOuts {
    /// Number of recordings.
    pub fn sources(&self) -> usize {
        self.recordings.iter().flatten().collect::<HashSet<_>>().len()
    }

    /// Number of clips that are cut-outs.
    pub fn clips(&self) -> usize {
        self.recordings.iter().flatten().count()
    }

    /// Items of one recording that overlap, each with the next one at least: indices into the items of the set,
    /// ascending. None where the table does not say from where to where they go.
    pub fn overlapping(&self) -> Vec<Vec<usize>> {
        let mut cuts: Vec<(&String, f64, f64, usize)> = Vec::new();
        for (at, (recording, span)) in self.recordings.iter().zip(&self.spans).enumerate() {
            if let (Some(recording), Some((from, to))) = (recording, span) {
                cuts.push((recording, *from, *to, at));
            }
        }
        cuts.sort_by(|a, b| a.0.cmp(b.0).then(a.1.total_cmp(&b.1)).then(a.3.cmp(&b.3)));
        let mut clusters: Vec<Vec<usize>> = Vec::new();
        let mut last: Option<(&String, f64)> = None;
        for (recording, from, to, at) in cuts {
            let before = last.filter(|(other, end)| *other == recording && from + LEAST_OVERLAP <= *end);
            match clusters.last_mut().filter(|_| before.is_some()) {
                Some(cluster) => cluster.push(at),
                None => clusters.push(vec![at]),
            }
            last = Some((recording, before.map_or(to, |(_, end)| end.max(to))));
        }
        clusters.retain(|cluster| cluster.len() > 1);
        clusters.iter_mut().for_each(|cluster| cluster.sort_unstable());
        clusters.sort();
        clusters
    }
}

/// The recording of a cut-out, by its name without the extension: before the second at which the detection begins, to
/// three digits, behind which a checksum may make the name a new one.
fn recording_of(stem: &str) -> Option<&str> {
    let (name, start) = stem.rsplit_once('_')?;
    let (seconds, suffix) = match start.split_once('-') {
        Some((seconds, suffix)) => (seconds, Some(suffix)),
        None => (start, None),
    };
    let (whole, thousandths) = seconds.split_once('.')?;
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_checksum = |text: &str| {
        let (checksum, number) = text.split_once('-').unwrap_or((text, "0"));
        checksum.len() == 8 && checksum.bytes().all(|b| b.is_ascii_hexdigit()) && are_digits(number)
    };
    let is_start = are_digits(whole) && are_digits(thousandths) && thousandths.len() == 3;
    (is_start && suffix.is_none_or(is_checksum) && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::load::load;
    use crate::layout::options::DataOptions;

    #[test]
    fn names_of_cut_outs() {
        for (stem, recording) in [
            ("high_2.000", "high"),
            ("SITE_20240517_043000_3599.250", "SITE_20240517_043000"),
            ("a_1.000-0f3c9a1e", "a"),
            ("a_1.000-0f3c9a1e-2", "a"),
        ] {
            assert_eq!(recording_of(stem), Some(recording), "{stem}");
        }
        for other in [
            "0.912_3_REC_12.0s_15.0s",
            "0.912_20240517_043000_9.0_12.0",
            "_1.000",
            "a_1.00",
            "a_1.000-2",
            "a_.000",
            "a-1.000",
            "20240517_043000",
            "",
        ] {
            assert_eq!(recording_of(other), None, "{other}");
        }
    }

    /// A folder with these recordings, empty, and perhaps a table.
    fn found(files: &[&str], table: &str) -> Option<CutOuts> {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        if !table.is_empty() {
            let head = "file,class,score,recording,detected_from_seconds,detected_to_seconds,cut_from_seconds,\
                        cut_to_seconds\n";
            std::fs::write(dir.path().join(TABLE), format!("{head}{table}")).unwrap();
        }
        load(dir.path(), &DataOptions::default()).unwrap().cut_outs()
    }

    #[test]
    fn recordings_are_those_of_the_table_else_of_the_names() {
        let files = [
            "dog/a_1.000.wav",
            "dog/a_2.000.wav",
            "dog/b_1.000.wav",
            "owl/a_1.500.wav",
        ];
        let table = "dog/a_1.000.wav,dog,0.9,x/a.wav,1.000,1.500,0.500,2.000\n\
                     dog/a_2.000.wav,dog,0.9,y/a.wav,2.000,2.500,1.500,3.000\n\
                     dog/b_1.000.wav,dog,0.9,x/b.wav,1.000,1.500,0.500,2.000\n\
                     owl/a_1.500.wav,owl,0.9,x/a.wav,1.500,2.500,1.999,3.000\n";
        let by_table = found(&files, table).unwrap();
        assert!(by_table.has_table);
        let names: Vec<&str> = by_table.recordings.iter().flatten().map(String::as_str).collect();
        assert_eq!(names, ["x/a.wav", "y/a.wav", "x/b.wav", "x/a.wav"]);
        assert_eq!((by_table.sources(), by_table.clips()), (3, 4));
        assert!(
            by_table.overlapping().is_empty(),
            "a millisecond may be that of rounding"
        );
        let near = found(&files, &table.replace("1.999", "1.900")).unwrap();
        assert_eq!(near.overlapping(), [[0, 3]]);
        let by_name = found(&files, "").unwrap();
        let names: Vec<&str> = by_name.recordings.iter().flatten().map(String::as_str).collect();
        assert_eq!(names, ["a", "a", "b", "a"]);
        assert!(!by_name.has_table && by_name.overlapping().is_empty());
        // Each of a recording of its own; and mostly others.
        assert_eq!(found(&["dog/a_1.000.wav", "owl/b_1.000.wav"], ""), None);
        let others = [
            "dog/a_1.000.wav",
            "dog/a_2.000.wav",
            "dog/1.wav",
            "owl/2.wav",
            "owl/3.wav",
        ];
        assert_eq!(found(&others, ""), None);
    }

    #[test]
    fn what_overlaps_by_way_of_others_is_one() {
        let span = |from: f64, to: f64| Some((from, to));
        let cut_outs = CutOuts {
            has_table: true,
            recordings: ["b", "a", "a", "a", "a"].map(|name| Some(name.into())).to_vec(),
            spans: vec![
                span(0.0, 9.0),
                span(8.0, 9.0),
                span(2.0, 5.0),
                span(0.0, 3.0),
                span(4.0, 6.0),
            ],
        };
        assert_eq!(cut_outs.overlapping(), [[2, 3, 4]]);
    }
}
