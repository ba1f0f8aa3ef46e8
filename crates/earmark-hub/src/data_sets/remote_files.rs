//! Which files a set is downloaded in, with their sizes and checksums: from the record on Zenodo that lists them.

use super::error::GetDataError;
use earmark_core::text::one_line;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A record is some kilobytes; a page in its place might be anything.
const MOST_RECORD_BYTES: u64 = 4 << 20;

/// A file to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemoteFile {
    pub name: String,
    pub url: String,
    /// Where they are published.
    pub bytes: Option<u64>,
    pub md5: Option<String>,
}

/// An archive: the file `NAME.zip`, after its parts where it has some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemoteArchive {
    pub name: String,
    pub files: Vec<RemoteFile>,
}

impl RemoteArchive {
    /// Bytes to download, as far as they are known.
    pub(super) fn bytes(&self) -> u64 {
        let sizes = self.files.iter().filter_map(|file| file.bytes);
        sizes.fold(0, u64::saturating_add)
    }
}

/// What is read of a record.
#[derive(Deserialize)]
struct Record {
    files: Vec<RecordFile>,
}

#[derive(Deserialize)]
struct RecordFile {
    key: String,
    size: u64,
    checksum: String,
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    #[serde(rename = "self")]
    content: String,
}

/// The files of a record, which is removed where it can't be read.
pub(super) fn read_record(path: &Path) -> Result<Vec<RemoteFile>, GetDataError> {
    let read = || -> Result<Vec<RemoteFile>, String> {
        if fs::metadata(path).map_err(|e| e.to_string())?.len() > MOST_RECORD_BYTES {
            return Err("is too long".to_owned());
        }
        let bytes = fs::read(path).map_err(|e| e.to_string())?;
        let record: Record = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
        record.files.into_iter().map(RecordFile::checked).collect()
    };
    read().map_err(|problem: String| {
        // It would be in the way of the next download.
        let _ = fs::remove_file(path);
        GetDataError::Record { problem }
    })
}

impl RecordFile {
    fn checked(self) -> Result<RemoteFile, String> {
        let Self {
            key,
            size,
            checksum,
            links,
        } = self;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if key.starts_with('.') || key.is_empty() || !key.chars().all(is_plain) {
            let key = one_line(&key);
            return Err(format!("it lists a file `{key}`, which is not a plain name"));
        }
        let md5 = checksum.strip_prefix("md5:").unwrap_or(&checksum);
        if md5.len() != 32 || !md5.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(format!("it states no MD5 of `{key}`"));
        }
        Ok(RemoteFile {
            md5: Some(md5.to_owned()),
            name: key,
            url: links.content,
            bytes: Some(size),
        })
    }
}

/// The archives that files make up, the smallest first; what is not one is left out.
pub(super) fn archives(files: Vec<RemoteFile>) -> Vec<RemoteArchive> {
    let mut found: BTreeMap<String, Vec<(u32, RemoteFile)>> = BTreeMap::new();
    for file in files {
        let Some((name, ending)) = file.name.rsplit_once('.') else {
            continue;
        };
        // The last part is the one without a number.
        let number = match ending {
            "zip" => Some(u32::MAX),
            _ => ending.strip_prefix('z').and_then(|digits| digits.parse().ok()),
        };
        if let Some(number) = number {
            found.entry(name.to_owned()).or_default().push((number, file));
        }
    }
    let mut archives: Vec<RemoteArchive> = Vec::new();
    for (name, mut files) in found {
        files.sort_by_key(|(number, _)| *number);
        if files.last().is_some_and(|(number, _)| *number == u32::MAX) {
            let files = files.into_iter().map(|(_, file)| file).collect();
            archives.push(RemoteArchive { name, files });
        }
    }
    archives.sort_by_key(RemoteArchive::bytes);
    archives
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: u64) -> RemoteFile {
        RemoteFile {
            name: name.into(),
            url: format!("https://example.org/{name}"),
            bytes: Some(bytes),
            md5: None,
        }
    }

    #[test]
    fn parts_are_in_order_before_the_last_one() {
        let files = ["b.z10", "b.zip", "a.zip", "b.z02", "readme.txt", "c.z01", "b.z01"].map(|n| file(n, 7));
        let found = archives(files.to_vec());
        let names: Vec<(&str, Vec<&str>)> = found
            .iter()
            .map(|a| (a.name.as_str(), a.files.iter().map(|f| f.name.as_str()).collect()))
            .collect();
        let parts = vec!["b.z01", "b.z02", "b.z10", "b.zip"];
        assert_eq!(names, [("a", vec!["a.zip"]), ("b", parts)]);
    }

    #[test]
    fn a_record_is_read_or_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record.json");
        let record = |key: &str, sum: &str| {
            format!(
                r#"{{"id": 1, "files": [{{"id": "x", "key": "{key}", "size": 3, "checksum": "{sum}",
                "links": {{"self": "https://example.org/content"}}}}]}}"#
            )
        };
        let sum = "900150983cd24fb0d6963f7d28e17f72";
        for stated in [format!("md5:{sum}"), sum.to_owned()] {
            fs::write(&path, record("a.zip", &stated)).unwrap();
            let files = read_record(&path).unwrap();
            let [file] = &files[..] else { panic!("{files:?}") };
            assert_eq!((file.name.as_str(), file.bytes), ("a.zip", Some(3)));
            assert_eq!(file.md5.as_deref(), Some(sum));
            assert_eq!(file.url, "https://example.org/content");
        }
        for (text, says) in [
            (record("../a.zip", sum), "not a plain name"),
            (record(".zip", sum), "not a plain name"),
            (record("a.zip", "sha256:00"), "no MD5"),
            ("<html>".into(), "expected value"),
        ] {
            fs::write(&path, text).unwrap();
            let message = read_record(&path).unwrap_err().to_string();
            assert!(message.contains(says), "{message}");
            assert!(!path.exists());
        }
    }
}
