//! Recordings at addresses: one, or all below one.

use super::find;
use crate::tag::TagError;
use earmark_core::remote::{self, RemoteEntry};
use earmark_data::layout::is_audio_name;
use std::io;
use std::path::{Path, PathBuf};

/// What an address leads to.
#[derive(Debug)]
pub(super) enum AtAddress {
    /// A recording, and its last name.
    Recording(PathBuf),
    /// What is below it.
    Listed(Vec<RemoteEntry>),
}

/// Whether a word of a command line is an address of which everything below is meant: one of a store, other than that
/// of a file with a name of audio.
pub(crate) fn is_listed(word: &Path) -> bool {
    remote::address(word).is_some_and(|address| {
        let is_of_web = address.starts_with("http://") || address.starts_with("https://");
        !is_of_web && (address.ends_with('/') || !is_audio_name(word))
    })
}

/// Single recordings: an address of which everything below is meant is replaced by all audio there.
///
/// # Errors
///
/// For an address that can't be listed, or has no audio below it.
pub fn expanded(words: &[PathBuf]) -> Result<Vec<PathBuf>, TagError> {
    let mut all = Vec::new();
    for word in words {
        match is_listed(word) {
            true => all.extend(
                find(std::slice::from_ref(word))?
                    .files
                    .into_iter()
                    .map(|file| file.path),
            ),
            false => all.push(word.clone()),
        }
    }
    Ok(all)
}

/// What is at an address.
pub(super) fn look(word: &Path, address: &str) -> io::Result<AtAddress> {
    let files = remote::files()?;
    match is_listed(word) {
        true => files.list(address).map(AtAddress::Listed),
        false => Ok(AtAddress::Recording(last_name(address))),
    }
}

/// The last name of an address, without what a web server is asked.
fn last_name(address: &str) -> PathBuf {
    let is_of_web = address.starts_with("http");
    let path = match is_of_web {
        true => address.split(['?', '#']).next().unwrap_or(address),
        false => address,
    };
    let name = path.rsplit('/').find(|name| !name.is_empty());
    PathBuf::from(name.unwrap_or(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_name_of_audio_is_listed() {
        for text in ["s3://b", "s3://b/", "gs://b/in", "az://c/in/night.wav/"] {
            assert!(is_listed(Path::new(text)), "{text}");
        }
        for text in [
            "s3://b/in/night.wav",
            "https://h/in",
            "http://h/",
            "archive",
            "in.wav",
        ] {
            assert!(!is_listed(Path::new(text)), "{text}");
        }
    }

    #[test]
    fn a_recording_of_the_web_is_named_without_its_question() {
        assert_eq!(last_name("https://h/a/b.wav?x=1/2"), Path::new("b.wav"));
        assert_eq!(last_name("s3://b/in/what?.wav"), Path::new("what?.wav"));
        assert_eq!(last_name("https://h/"), Path::new("h"));
    }
}
