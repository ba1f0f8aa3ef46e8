//! `teacher-scores.csv`: the scores of teachers that the targets of a run are blended with (`train.distil`). The run
//! keeps them, so that it is resumed without its teachers and ends with the same bytes.

use crate::run_dir::{RunDir, RunError};
use earmark_core::atomic::{self, WriteError};
use earmark_core::checksum::Checksum;
use earmark_data::Item;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

/// Name of the file.
const FILE: &str = "teacher-scores.csv";

/// The mean scores of the teachers for each clip, by subset and file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TeacherScores {
    classes: Vec<String>,
    rows: BTreeMap<(String, String), Vec<f32>>,
}

fn key(item: &Item) -> (String, String) {
    (item.subset.clone(), item.file.clone())
}

impl TeacherScores {
    /// The scores of clips, each with a score per class.
    pub fn new<'a>(classes: &[String], rows: impl IntoIterator<Item = (&'a Item, Vec<f32>)>) -> Self {
        Self {
            classes: classes.to_vec(),
            rows: rows.into_iter().map(|(item, row)| (key(item), row)).collect(),
        }
    }

    /// The scores of a clip, in the order of the classes; `None` for one that was not scored.
    pub fn row(&self, item: &Item) -> Option<&[f32]> {
        self.rows.get(&key(item)).map(Vec::as_slice)
    }

    /// Writes the file into a run directory: `part,file,<class>...`, with as few digits as give the same number back.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn write(&self, run: &Path) -> Result<(), WriteError> {
        atomic::write(&run.join(FILE), |w| self.fill(w))
    }

    /// The checksum of what [`Self::write`] writes, which the run's `run.json` keeps.
    pub fn checksum(&self) -> String {
        let mut checksum = Checksum::default();
        self.fill(&mut checksum).expect("a checksum takes all bytes");
        checksum.hex()
    }

    fn fill(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        let header = ["part", "file"].into_iter();
        csv.write_record(header.chain(self.classes.iter().map(String::as_str)))?;
        for ((subset, file), scores) in &self.rows {
            let clip = [subset.clone(), file.clone()].into_iter();
            csv.write_record(clip.chain(scores.iter().map(f32::to_string)))?;
        }
        csv.flush()
    }

    /// The scores that a run keeps; `None` for a run without teachers.
    ///
    /// # Errors
    /// When the file can't be read, or is not the one that `run.json` was written for.
    pub fn read(run: &RunDir) -> Result<Option<Self>, RunError> {
        let Some(teachers) = &run.info.teachers else {
            return Ok(None);
        };
        let path = run.path.join(FILE);
        let text = std::fs::read(&path).map_err(|e| RunError::read(&path, e))?;
        if Checksum::of(&text) != teachers.scores_checksum {
            return Err(RunError::Teachers(format!(
                "{}: is damaged: its checksum is not the one in run.json; restore it from a copy, or train again in \
                 another folder",
                path.display()
            )));
        }
        let read = Self::parse(&text, run.classes.names());
        read.map(Some).map_err(|what| {
            RunError::Teachers(format!(
                "{}: cannot be read: {what}; train again in another folder",
                path.display()
            ))
        })
    }

    fn parse(text: &[u8], classes: &[String]) -> Result<Self, String> {
        let mut reader = csv::Reader::from_reader(text);
        let header = reader.headers().map_err(|e| e.to_string())?;
        if !header.iter().skip(2).eq(classes.iter().map(String::as_str)) {
            return Err("its classes are not those of classes.csv".into());
        }
        let mut rows = BTreeMap::new();
        for record in reader.into_records() {
            let record = record.map_err(|e| e.to_string())?;
            let scores: Result<Vec<f32>, _> = record.iter().skip(2).map(str::parse).collect();
            let scores = scores.map_err(|e| format!("{}: {e}", &record[1]))?;
            rows.insert((record[0].to_owned(), record[1].to_owned()), scores);
        }
        Ok(Self {
            classes: classes.to_vec(),
            rows,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_dir::{RunInfo, TeacherInfo};
    use earmark_data::ClassMap;
    use earmark_recipe::Recipe;

    fn clip(subset: &str, file: &str) -> Item {
        Item {
            file: file.into(),
            subset: subset.into(),
            ..Item::default()
        }
    }

    #[test]
    fn a_run_keeps_them_to_the_last_bit_and_notices_damage() {
        let dir = tempfile::tempdir().unwrap();
        let classes = ["a", "b, c"].map(str::to_owned);
        let (first, second) = (clip("noisy", "x, y.wav"), clip("curated", "x, y.wav"));
        let rows = [(&first, vec![0.1, 1.0 / 3.0]), (&second, vec![1e-9, 1.0])];
        let scores = TeacherScores::new(&classes, rows);
        scores.write(dir.path()).unwrap();
        let class_map = ClassMap::from_names(classes.clone()).unwrap();
        let recipe = Recipe::load("dcase2019-baseline/1-noisy", &[]).unwrap();
        let mut info = RunInfo {
            format: 1,
            ..RunInfo::default()
        };
        let open = |info: &RunInfo| {
            RunDir::create(dir.path(), &recipe.to_toml(), &class_map, info).unwrap();
            RunDir::open(dir.path()).unwrap()
        };
        assert_eq!(TeacherScores::read(&open(&info)).unwrap(), None);
        info.teachers = Some(TeacherInfo {
            models: Vec::new(),
            scores_checksum: scores.checksum(),
        });
        let run = open(&info);
        let read = TeacherScores::read(&run).unwrap().unwrap();
        assert_eq!(read, scores);
        assert_eq!(read.row(&first), Some(&[0.1, 1.0 / 3.0][..]));
        assert_eq!(read.row(&clip("test", "x, y.wav")), None);

        let path = dir.path().join(FILE);
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, whole.replace("0.1", "0.2")).unwrap();
        let refused = TeacherScores::read(&run).unwrap_err().to_string();
        assert!(
            refused.contains("teacher-scores.csv: is damaged: its checksum"),
            "{refused}"
        );
        std::fs::remove_file(&path).unwrap();
        assert!(TeacherScores::read(&run).is_err());
    }
}
