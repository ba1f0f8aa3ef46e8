//! The checksums of a file of embeddings, in a small JSON file next to it: numbers and names have no place for one
//! inside.
//!
//! They notice damage, and numbers and names that do not belong together. A file without them, of another program or an
//! earlier version, is read as it is. A file with such a name that another program wrote is neither taken for them nor
//! replaced.

use crate::EmbeddingsError;
use earmark_core::checksum::{Checksum, Seal, check_seal, seal};
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// Version of the layout of the file.
const FORMAT: u32 = 1;

/// How the file begins.
const START: &str = "{\n  \"format\": ";

/// What fills one of the files, and what it is called in the list.
pub(crate) type Part<'a> = (&'a str, &'a dyn Fn(&mut dyn Write) -> io::Result<()>);

/// The file of checksums of the embeddings in `path`.
pub(crate) fn checksums_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".json");
    path.with_file_name(name)
}

/// The text of the file of checksums of these parts.
pub(crate) fn list(parts: &[Part]) -> io::Result<String> {
    let mut json = format!("{START}{FORMAT}");
    for (name, fill) in parts {
        let mut checksum = Checksum::default();
        let mut out = BufWriter::with_capacity(1 << 16, &mut checksum);
        fill(&mut out)?;
        out.flush()?;
        drop(out);
        json += &format!(",\n  \"{name}\": \"{}\"", checksum.hex());
    }
    Ok(seal(json + "\n}") + "\n")
}

/// Refuses to replace a file that another program wrote.
pub(crate) fn refuse_other(path: &Path) -> Result<(), EmbeddingsError> {
    let start = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let most = START.len() as u64;
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    // What is wrong with one that can't be read is said when it is written.
    let is_other = path.is_file() && start().is_ok_and(|bytes| !START.as_bytes().starts_with(&bytes));
    match is_other {
        false => Ok(()),
        true => Err(EmbeddingsError::new(
            path,
            "the checksums of the embeddings go here, and another program wrote this file; move it, or choose another \
             name",
        )),
    }
}

/// The checksums that were written with a file of embeddings.
pub(crate) struct WrittenChecksums {
    path: PathBuf,
    /// None for a file that has none.
    json: Option<String>,
}

impl WrittenChecksums {
    /// Reads those of the embeddings in `embeddings`.
    pub(crate) fn read(embeddings: &Path) -> Result<Self, EmbeddingsError> {
        let path = checksums_of(embeddings);
        let refused = |what: &str| {
            let remedy = "remove it to read the embeddings unchecked, or embed again";
            Err(EmbeddingsError::new(&path, format!("{what}; {remedy}")))
        };
        let json = match std::fs::read(&path) {
            Ok(bytes) if check_seal(&bytes) == Seal::Whole => String::from_utf8(bytes).ok(),
            // Another program's.
            Ok(bytes) if check_seal(&bytes) == Seal::Missing && !bytes.starts_with(START.as_bytes()) => None,
            Ok(_) => return refused("is damaged: its checksum differs, or is missing"),
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => return refused(&format!("cannot be read: {e}")),
        };
        Ok(Self { path, json })
    }

    /// Refuses a file that is not the part of this name that was written.
    pub(crate) fn check(&self, part: &str, file: &Path) -> Result<(), EmbeddingsError> {
        let Some(written) = self.json.as_deref().and_then(|json| value(json, part)) else {
            return Ok(());
        };
        let mut found = Checksum::default();
        File::open(file)
            .and_then(|mut bytes| io::copy(&mut bytes, &mut found))
            .map_err(|e| EmbeddingsError::new(file, format!("cannot be read: {e}")))?;
        match found.hex() == written {
            true => Ok(()),
            false => Err(EmbeddingsError::new(
                file,
                format!(
                    "is damaged, or not of the same run as the rest: its checksum is not the one in {0}; embed again, \
                     or remove {0} if another program wrote the file",
                    self.path.display()
                ),
            )),
        }
    }
}

/// The text of a key, in what [`list`] wrote.
fn value<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{key}\": \""))?;
    Some(rest.split_once('"')?.0)
}
