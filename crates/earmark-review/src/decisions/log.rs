//! `decisions.jsonl`: a sealed line of JSON per decision, on the disk before the decision is answered.

use super::ReviewDecision;
use crate::error::ReviewError;
use earmark_core::atomic::{self, WriteError};
use earmark_core::checksum::{Seal, check_seal, seal};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The log of a review, which only one process writes.
#[derive(Debug)]
pub struct DecisionLog {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// Half a line is in the file and could not be removed.
    is_broken: bool,
}

/// A log with what was in it.
#[derive(Debug)]
pub struct OpenedLog {
    /// The log.
    pub log: DecisionLog,
    /// Its decisions, in their order.
    pub decisions: Vec<ReviewDecision>,
    /// Bytes of a last line that was cut off and is removed: a process was killed while it wrote them, before the
    /// decision was answered.
    pub torn_bytes: usize,
}

/// The decisions in the bytes of a log, how many bytes are whole lines, and whether the last of these lacks its break.
struct Parsed {
    decisions: Vec<ReviewDecision>,
    whole: usize,
    lacks_break: bool,
}

impl DecisionLog {
    /// Opens a log, or starts one.
    ///
    /// # Errors
    /// A log that another process has open, that can't be read or written, or with a damaged line before its last one.
    pub fn open(path: &Path) -> Result<OpenedLog, ReviewError> {
        let failed = |cause: io::Error| WriteError::new(path, cause);
        if !path.exists() {
            // An empty file whose folder is synced, too.
            atomic::write(path, |_| Ok(()))?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ReviewError::Log {
                    path: path.to_path_buf(),
                    problem:
                        "another `earmark review serve` writes to it; end that one, or choose another file"
                            .into(),
                });
            }
            Err(TryLockError::Error(cause)) => return Err(failed(cause).into()),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let parsed = parse(path, &bytes)?;
        let torn_bytes = bytes.len() - parsed.whole;
        let mut log = Self {
            path: path.to_path_buf(),
            file,
            length: parsed.whole as u64,
            is_broken: false,
        };
        if torn_bytes > 0 {
            log.cut().map_err(failed)?;
        }
        if parsed.lacks_break {
            log.add(b"\n")?;
        }
        Ok(OpenedLog {
            log,
            decisions: parsed.decisions,
            torn_bytes,
        })
    }

    /// Adds a decision, and returns when it is on the disk.
    ///
    /// # Errors
    /// A disk that fails; the log is then as it was before.
    pub fn append(&mut self, decision: &ReviewDecision) -> Result<(), ReviewError> {
        let failed = |cause: io::Error| WriteError::new(&self.path, cause);
        let json = serde_json::to_string(decision).map_err(|e| failed(e.into()))?;
        self.add((seal(json) + "\n").as_bytes())
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), ReviewError> {
        if self.is_broken {
            let path = self.path.clone();
            let problem = "an earlier decision was written in part; check the disk, and start again".into();
            return Err(ReviewError::Log { path, problem });
        }
        let length = std::fs::metadata(&self.path).map(|found| found.len());
        if !length.is_ok_and(|length| length == self.length) {
            let path = self.path.clone();
            let problem = "was replaced, changed or removed while it was in use, so that this decision is not kept; put \
                           it back and start again"
                .into();
            return Err(ReviewError::Log { path, problem });
        }
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.length += bytes.len() as u64;
                Ok(())
            }
            Err(cause) => {
                self.is_broken = self.cut().is_err();
                Err(WriteError::new(&self.path, cause).into())
            }
        }
    }

    /// Removes what is behind the last whole line.
    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.sync_data()
    }
}

/// The decisions of a log, and the bytes of a last line that was cut off; nothing is changed.
///
/// # Errors
/// A log that can't be read, or has a damaged line before its last one.
pub fn read_decisions(path: &Path) -> Result<(Vec<ReviewDecision>, usize), ReviewError> {
    let bytes = std::fs::read(path).map_err(|e| ReviewError::Log {
        path: path.to_path_buf(),
        problem: format!("cannot be read: {e}; name the log of `earmark review serve`"),
    })?;
    let parsed = parse(path, &bytes)?;
    Ok((parsed.decisions, bytes.len() - parsed.whole))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Parsed, ReviewError> {
    let mut parsed = Parsed {
        decisions: Vec::new(),
        whole: 0,
        lacks_break: false,
    };
    for (number, line) in (1..).zip(bytes.split_inclusive(|&byte| byte == b'\n')) {
        let seal = check_seal(line);
        let has_break = line.ends_with(b"\n");
        if !has_break && seal != Seal::Whole {
            // Nobody was answered before the line was whole.
            return Ok(parsed);
        }
        let damaged = |what: String| ReviewError::Log {
            path: path.to_path_buf(),
            problem: format!(
                "line {number} {what}; restore the file, or remove that line, whose decision is then lost"
            ),
        };
        match seal {
            Seal::Whole => {}
            Seal::Missing => return Err(damaged("is not a decision: it has no checksum".into())),
            Seal::Broken => return Err(damaged("is damaged: its checksum differs".into())),
        }
        let decision = serde_json::from_slice::<ReviewDecision>(line);
        parsed
            .decisions
            .push(decision.map_err(|e| damaged(format!("is not a decision ({e})")))?);
        parsed.whole += line.len();
        parsed.lacks_break = !has_break;
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decisions::Verdict;
    use crate::items::{EventKey, ReviewKey};
    use std::fs;

    fn decision(id: &str) -> ReviewDecision {
        ReviewDecision {
            id: id.into(),
            reviewer: "anna \u{202e}<b>".into(),
            time: "2026-01-02T03:04:05Z".into(),
            verdict: Verdict::Relabel,
            item: Some(ReviewKey {
                file: "a \"b\"\n.wav".into(),
                subset: None,
                event: Some(EventKey {
                    class: "Dog".into(),
                    start_us: 1_500_000,
                    end_us: 2_000_000,
                }),
            }),
            was: vec!["Dog".into()],
            labels: vec!["Cat, small".into(), "🐈".into()],
            undoes: None,
        }
    }

    fn written(count: usize) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("decisions.jsonl");
        let mut opened = DecisionLog::open(&path).unwrap();
        assert!(opened.decisions.is_empty());
        for k in 0..count {
            opened.log.append(&decision(&k.to_string())).unwrap();
        }
        (dir, path)
    }

    #[test]
    fn what_was_appended_is_read_back() {
        let (_dir, path) = written(3);
        let opened = DecisionLog::open(&path).unwrap();
        assert_eq!(opened.decisions, ["0", "1", "2"].map(decision));
        assert_eq!(opened.torn_bytes, 0);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
    }

    #[test]
    fn a_log_that_was_replaced_or_removed_takes_no_decision() {
        let (dir, path) = written(2);
        let mut log = DecisionLog::open(&path).unwrap().log;
        let aside = dir.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        let mut refused = |what: &str| {
            let said = log.append(&decision("3")).unwrap_err().to_string();
            assert!(
                said.contains("is not kept; put it back and start again"),
                "{what}: {said}"
            );
        };
        refused("removed");
        fs::write(&path, "labels\n").unwrap();
        refused("replaced");
        assert_eq!(fs::read_to_string(&path).unwrap(), "labels\n");
        fs::rename(&aside, &path).unwrap();
        log.append(&decision("3")).unwrap();
        assert_eq!(read_decisions(&path).unwrap().0.len(), 3);
    }

    #[test]
    fn every_cut_leaves_the_decisions_before_it() {
        let (dir, path) = written(2);
        let bytes = fs::read(&path).unwrap();
        let first = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        let copy = dir.path().join("copy.jsonl");
        for length in 0..=bytes.len() {
            fs::write(&copy, &bytes[..length]).unwrap();
            let (read, torn) = read_decisions(&copy).unwrap();
            // A line is whole without its break, too.
            let whole = usize::from(length >= first - 1) + usize::from(length >= bytes.len() - 1);
            assert_eq!(read.len(), whole, "{length}");
            let mut opened = DecisionLog::open(&copy).unwrap();
            assert_eq!(
                (opened.decisions.len(), opened.torn_bytes),
                (whole, torn),
                "{length}"
            );
            opened.log.append(&decision("new")).unwrap();
            drop(opened);
            let (read, torn) = read_decisions(&copy).unwrap();
            assert_eq!((read.len(), torn), (whole + 1, 0), "{length}");
            assert_eq!(read.last().unwrap().id, "new");
        }
    }

    #[test]
    fn damage_before_the_last_line_is_refused_with_its_line() {
        let (_dir, path) = written(3);
        let text = fs::read_to_string(&path).unwrap();
        let refused = |text: String| {
            fs::write(&path, text).unwrap();
            let before = fs::read(&path).unwrap();
            let message = DecisionLog::open(&path).unwrap_err().to_string();
            assert_eq!(fs::read(&path).unwrap(), before, "nothing is changed");
            message
        };
        let message = refused(text.replacen("Dog", "Cow", 1));
        assert!(
            message.contains("line 1 is damaged: its checksum differs"),
            "{message}"
        );
        let second = text.lines().nth(1).unwrap();
        let message = refused(text.replacen(second, "{}", 1));
        assert!(
            message.contains("line 2 is not a decision: it has no checksum"),
            "{message}"
        );
        let message = refused(format!("{text}{}\n", seal("{\"id\":\"x\"}".into())));
        assert!(
            message.contains("line 4 is not a decision (missing field"),
            "{message}"
        );
    }

    #[test]
    fn only_one_process_writes() {
        let (_dir, path) = written(1);
        let _first = DecisionLog::open(&path).unwrap();
        let message = DecisionLog::open(&path).unwrap_err().to_string();
        assert!(
            message.contains("another `earmark review serve` writes to it"),
            "{message}"
        );
        assert_eq!(read_decisions(&path).unwrap().0.len(), 1, "it can still be read");
    }
}
