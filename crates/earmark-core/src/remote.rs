//! Files at addresses such as `s3://bucket/key`: the seam between who reads and writes files and who reaches stores.
//!
//! Which programs reach stores is theirs to say ([`enable`]). All others refuse an address in the same words.

use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// How addresses begin.
const SCHEMES: [&str; 5] = ["s3://", "gs://", "az://", "http://", "https://"];

static FILES: OnceLock<&'static dyn RemoteFiles> = OnceLock::new();

/// What is known of a file at an address: while all of it is the same, its content is taken for unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteStamp {
    /// Bytes.
    pub size: u64,
    /// The last change, where the store says it.
    pub changed: Option<SystemTime>,
    /// The store's mark of this content, where it gives one.
    pub tag: Option<String>,
}

impl RemoteStamp {
    /// A number that changes with the content, as far as the store says so: of the mark, else the time of the last
    /// change in nanoseconds since 1970, else 0.
    pub fn number(&self) -> u64 {
        if let Some(tag) = &self.tag {
            let digits = crate::checksum::Checksum::of(tag.as_bytes());
            return u64::from_str_radix(&digits, 16).unwrap_or(0);
        }
        let since = self.changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}

/// A file that a listing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteEntry {
    /// Its address.
    pub address: String,
    /// Its path below what was listed, with `/` between folders.
    pub below: String,
}

/// What a file at an address is read with.
pub trait RemoteReader: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> RemoteReader for T {}

/// What fills a file at an address; called once.
pub type FillRemote<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

/// What reads, lists and writes files at addresses. Its errors are [`RemoteFailure`]s.
pub trait RemoteFiles: Send + Sync {
    /// What is known of a file without asking for it.
    fn known(&self, address: &str) -> Option<RemoteStamp>;

    /// What is known of a file. It may be as old as the last listing: a reader notices what changed since.
    ///
    /// # Errors
    ///
    /// For a file that is not there or can't be reached.
    fn stamp(&self, address: &str) -> io::Result<RemoteStamp>;

    /// Opens a file, to be read in parts as they are asked for.
    ///
    /// # Errors
    ///
    /// As [`stamp`](Self::stamp).
    fn open(&self, address: &str) -> io::Result<Box<dyn RemoteReader>>;

    /// All files below an address, as a walk over such a folder finds them: by the names of their paths, without hidden
    /// ones.
    ///
    /// # Errors
    ///
    /// For what can't be listed.
    fn list(&self, address: &str) -> io::Result<Vec<RemoteEntry>>;

    /// Whether a file could be written, found out by trying.
    ///
    /// # Errors
    ///
    /// Where it could not.
    fn check_writable(&self, address: &str) -> io::Result<()>;

    /// Replaces a file by what `fill` writes: it is there when all of it is, and what was there before until then.
    ///
    /// # Errors
    ///
    /// When the store or `fill` fails; the file is then as it was.
    fn write(&self, address: &str, fill: FillRemote) -> io::Result<()>;

    /// Removes a file, where it is there.
    ///
    /// # Errors
    ///
    /// When the store refuses.
    fn remove(&self, address: &str) -> io::Result<()>;
}

/// What a store refused or failed at, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct RemoteFailure {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl RemoteFailure {
    /// As an error of a reader or writer.
    pub fn into_io(self, kind: io::ErrorKind) -> io::Error {
        io::Error::new(kind, self)
    }

    /// The failure that an error of a reader or writer is.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

/// The address that a path is; `None` for a path on this machine.
pub fn address(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    let is_address = SCHEMES.iter().any(|scheme| text.starts_with(scheme));
    is_address.then_some(text)
}

/// Whether a path is an address.
pub fn is_address(path: &Path) -> bool {
    address(path).is_some()
}

/// Lets this program reach files at addresses. For programs, once, at their start; later calls change nothing.
pub fn enable(files: &'static dyn RemoteFiles) {
    let _ = FILES.set(files);
}

/// What reaches files at addresses.
///
/// # Errors
///
/// In a program that reaches none.
pub fn files() -> io::Result<&'static dyn RemoteFiles> {
    let missing = || {
        let failure = RemoteFailure {
            what: "this is an address, and the program was built without object stores".to_owned(),
            remedy: "take a released program, build it with `--features stores`, or copy the files to a disk"
                .to_owned(),
        };
        failure.into_io(io::ErrorKind::Unsupported)
    };
    FILES.get().copied().ok_or_else(missing)
}

/// Replaces the file at an address by what `fill` writes, as [`RemoteFiles::write`].
///
/// # Errors
///
/// As [`RemoteFiles::write`], and in a program that reaches none.
pub fn write(address: &str, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut fill = Some(fill);
    files()?.write(address, &mut |out| match fill.take() {
        Some(fill) => fill(out),
        None => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_known_by_their_beginnings() {
        for text in [
            "s3://b/k.wav",
            "gs://b",
            "az://c/x",
            "http://h/a",
            "https://h/a?b=c",
        ] {
            assert_eq!(address(Path::new(text)), Some(text));
        }
        for text in ["s3:/b", "a/s3://b", "file:///a", "S3.wav", "", "C:\\http"] {
            assert!(!is_address(Path::new(text)), "{text}");
        }
    }

    #[test]
    fn without_stores_an_address_is_refused_with_what_to_do() {
        let error = write("s3://b/k", |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        let failure = RemoteFailure::of(&error).unwrap();
        assert!(failure.remedy.contains("--features stores"), "{failure}");
        assert_eq!(RemoteFailure::of(&io::ErrorKind::NotFound.into()), None);
    }

    #[test]
    fn a_stamp_is_a_number_of_its_mark_or_its_time() {
        let at = |nanoseconds: u64| Some(UNIX_EPOCH + std::time::Duration::from_nanos(nanoseconds));
        let of = |tag: Option<&str>, changed| RemoteStamp {
            size: 7,
            changed,
            tag: tag.map(str::to_owned),
        };
        assert_eq!(of(None, at(12_345)).number(), 12_345);
        assert_eq!(of(None, None).number(), 0);
        assert_eq!(of(Some("a"), at(1)), of(Some("a"), at(1)));
        assert_eq!(of(Some("a"), at(1)).number(), of(Some("a"), at(2)).number());
        assert_ne!(of(Some("a"), at(1)).number(), of(Some("b"), at(1)).number());
    }
}
