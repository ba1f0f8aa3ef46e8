//! Files at addresses such as `s3://bucket/key`: the seam between who reads and writes files and who reaches stores.
//!
//! Which programs reach stores is theirs to say ([`enable`]). All others refuse an address in the same words.

use std::borrow::Cow;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// How addresses begin.
const SCHEMES: [&str; 5] = ["s3://", "gs://", "az://", "http://", "https://"];

/// How the address of a file on this machine begins.
const FILE_SCHEME: &str = "file://";

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

/// What a word for a recording names: a path or an address, and for `file:///a/b.wav` the path on this machine. In that
/// one, `%20` and its like are characters; `?` and `#` are part of the name.
///
/// # Errors
///
/// For addresses that nothing here reaches, such as `ftp://`, and `file://` with the name of another machine.
pub fn named_by(word: &Path) -> Result<Cow<'_, Path>, RemoteFailure> {
    let Some((text, scheme)) = word.to_str().and_then(|text| Some((text, scheme_of(text)?))) else {
        return Ok(Cow::Borrowed(word));
    };
    if is_address(word) {
        return Ok(Cow::Borrowed(word));
    }
    if let Some(rest) = text.strip_prefix(FILE_SCHEME) {
        return path_of_file_address(rest).map(Cow::Owned);
    }
    let small = text[..scheme.len() + 3].to_lowercase();
    let remedy = match SCHEMES.contains(&small.as_str()) || small == FILE_SCHEME {
        true => format!("write {small} in small letters"),
        false => format!(
            "copy the file to a disk and name it there, or give an address that begins with {} or {FILE_SCHEME}",
            SCHEMES.join(", ")
        ),
    };
    Err(RemoteFailure {
        what: format!("addresses that begin with {scheme}:// cannot be read"),
        remedy,
    })
}

/// How an address begins, before `://`. A single letter is a drive.
fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then_some(scheme)
}

/// The path behind `file://`.
fn path_of_file_address(rest: &str) -> Result<PathBuf, RemoteFailure> {
    let (machine, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if !matches!(machine, "" | "localhost") || path.is_empty() {
        return Err(RemoteFailure {
            what: format!("{FILE_SCHEME} is followed by the name of a machine, here `{machine}`"),
            remedy: format!(
                "for a file of this one, write {FILE_SCHEME}/ and its whole path, or the path alone"
            ),
        });
    }
    let Ok(path) = String::from_utf8(without_escapes(path)) else {
        return Err(RemoteFailure {
            what: "its % signs and the digits after them are not text in UTF-8".to_owned(),
            remedy: "give the path alone".to_owned(),
        });
    };
    // `file:///C:/a.wav` is `C:/a.wav`.
    let has_drive = cfg!(windows) && path.get(2..3) == Some(":");
    Ok(PathBuf::from(&path[usize::from(has_drive)..]))
}

/// The bytes of a text in which `%` and two hexadecimal digits are a byte; any other `%` is itself.
fn without_escapes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(byte_of);
        bytes.push(escaped.unwrap_or(*first));
        rest = match escaped {
            Some(_) => &after[2..],
            None => after,
        };
    }
    bytes
}

/// The byte that two hexadecimal digits are.
fn byte_of(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let (high, low) = (digit(digits.first()?)?, digit(digits.get(1)?)?);
    u8::try_from(high * 16 + low).ok()
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
    fn a_word_names_a_path_or_an_address_that_can_be_reached() {
        let named = |text: &str| named_by(Path::new(text)).map(|path| path.to_string_lossy().into_owned());
        for text in [
            "a/b.wav",
            "/a/b.wav",
            "s3://b/k.wav",
            "https://h/a?b=c",
            "C://a.wav",
            "a b://c",
            "",
        ] {
            assert_eq!(named(text), Ok(text.to_owned()));
        }
        for (address, path) in [
            ("file:///in/a.wav", "/in/a.wav"),
            ("file://localhost/in/a.wav", "/in/a.wav"),
            ("file:///in/two%20words%C3%A9.wav", "/in/two words\u{e9}.wav"),
            ("file:///in/100%.wav", "/in/100%.wav"),
            ("file:///in/50%a.wav", "/in/50%a.wav"),
            ("file:///in/what?#1.wav", "/in/what?#1.wav"),
        ] {
            assert_eq!(named(address), Ok(path.to_owned()));
        }
        for (word, said) in [
            (
                "ftp://h/a.wav",
                "begin with ftp:// cannot be read; copy the file to a disk",
            ),
            (
                "sftp://h/a.wav",
                "s3://, gs://, az://, http://, https:// or file://",
            ),
            ("S3://b/k.wav", "write s3:// in small letters"),
            ("FILE:///a.wav", "write file:// in small letters"),
            (
                "file://disk/a.wav",
                "here `disk`; for a file of this one, write file:/// and its whole path",
            ),
            ("file://a.wav", "here `a.wav`"),
            ("file:///%ff.wav", "not text in UTF-8; give the path alone"),
        ] {
            let refused = named(word).unwrap_err().to_string();
            assert!(refused.contains(said), "{word}: {refused}");
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
