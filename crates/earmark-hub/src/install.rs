//! From the name of a published model to an installed model file.

use crate::catalogue::PublishedModel;
use crate::download::{Download, DownloadError, DownloadProgress, PATIENCE, sha256_of};
use crate::import::{Import, Imported, import};
use crate::install_by_hand::by_hand;
use crate::install_error::InstallError;
use crate::recorded_checksum::{record_of, recorded, write_record};
use std::fs;
use std::path::{Path, PathBuf};

/// An installed model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledModel {
    /// The model file.
    pub path: PathBuf,
    /// What was imported; `None` where the model was already installed.
    pub imported: Option<Imported>,
}

/// Downloads the checkpoint of `model` from `url` (its own, or a mirror), checks it, and converts it to a model file in
/// the models folder. The checkpoint is then removed. Where its SHA-256 is not known, that of the first one that is
/// installed is recorded.
///
/// # Errors
/// See [`InstallError`]; no model file is written then, and the next call resumes the download.
pub fn install(
    model: &PublishedModel,
    url: &str,
    progress: &mut dyn FnMut(DownloadProgress) -> bool,
) -> Result<InstalledModel, InstallError> {
    let path = model.model_file().ok_or(InstallError::NoFolder)?;
    install_as(path, model, url, progress)
}

fn install_as(
    path: PathBuf,
    model: &PublishedModel,
    url: &str,
    progress: &mut dyn FnMut(DownloadProgress) -> bool,
) -> Result<InstalledModel, InstallError> {
    if path.is_file() {
        return Ok(InstalledModel { path, imported: None });
    }
    let record = record_of(&path);
    let before = match model.sha256 {
        Some(_) => None,
        None => recorded(&record)?,
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let download = Download {
        url: url.into(),
        to: folder.join("downloads").join(model.file_name()),
        sha256: model.sha256.clone().or_else(|| before.clone()),
        md5: None,
        bytes: model.bytes,
        patience: PATIENCE,
    };
    let failed = |cause: DownloadError| match (cause, &before) {
        (DownloadError::WrongFile { url, found, .. }, Some(wanted)) => InstallError::Changed {
            url,
            found,
            wanted: wanted.clone(),
            record: record.clone(),
        },
        (cause, _) => InstallError::Download {
            cause,
            by_hand: by_hand(model, &path),
        },
    };
    download.run(progress).map_err(failed)?;
    let sum = match &download.sha256 {
        Some(sum) => sum.clone(),
        None => sha256_of(&download.to).map_err(|e| failed(DownloadError::write(&download.to, e)))?,
    };
    let imported = import(&Import {
        file: download.to.clone(),
        architecture: model.architecture.clone(),
        labels: None,
        source: Some(format!("{} (SHA-256 {sum})", model.url)),
        out: path.clone(),
    });
    if imported.is_ok() || download.sha256.is_none() {
        // The model file holds everything; a checkpoint that can't be removed only takes up space. One that can't be
        // imported and was not compared with anything may be a page in its place, and would be in the way of the next
        // download.
        let _ = fs::remove_file(&download.to);
        let _ = fs::remove_dir(folder.join("downloads"));
    }
    let imported = imported?;
    if download.sha256.is_none() {
        write_record(&record, &sum, &model.file_name())?;
    }
    Ok(InstalledModel {
        path,
        imported: Some(imported),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    /// Serves these files, one per connection; the last one repeats.
    fn serve(files: Vec<Vec<u8>>) -> String {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x.pt", server.local_addr().unwrap());
        std::thread::spawn(move || {
            for (k, stream) in server.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while lines.read_line(&mut head).unwrap() > 2 {}
                let file = files.get(k).or(files.last()).unwrap();
                let length = file.len();
                let head =
                    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
                // The client may hang up.
                let _ = stream.write_all(&[head.as_bytes(), &file[..]].concat());
            }
        });
        url
    }

    /// A model whose SHA-256 nobody knows.
    fn unknown() -> PublishedModel {
        PublishedModel {
            name: "x".into(),
            architecture: "efficientat-mn04".into(),
            url: "https://example.org/x.pt".into(),
            bytes: None,
            sha256: None,
            checksum_unknown: Some("it is made up".into()),
            map: 0.0,
        }
    }

    fn get(folder: &Path, url: &str) -> Result<InstalledModel, InstallError> {
        install_as(folder.join("x.safetensors"), &unknown(), url, &mut |_| true)
    }

    /// A page in place of a file is not recorded as what the file is, and not in the way of the next download.
    #[test]
    fn what_cannot_be_imported_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let url = serve(vec![b"<html>Moved</html>".to_vec()]);
        let error = get(folder.path(), &url).unwrap_err();
        assert!(matches!(error, InstallError::Import(_)), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    /// What was recorded is compared, whether it can be imported or not.
    #[test]
    fn another_file_than_the_recorded_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join("x.sha256");
        write_record(&record, &"0".repeat(64), "x.pt").unwrap();
        let url = serve(vec![b"another".to_vec()]);
        let message = get(folder.path(), &url).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("{url}: the file has SHA-256 ")),
            "{message}"
        );
        assert!(
            message.contains(&"0".repeat(64)) && message.contains("x.sha256"),
            "{message}"
        );
        assert_eq!(
            recorded(&record).unwrap().as_deref(),
            Some("0".repeat(64).as_str())
        );
    }

    /// The published checkpoint, whose SHA-256 its entry in the catalogue has.
    #[test]
    fn the_first_checkpoint_that_is_installed_is_recorded() {
        let next_to_it = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
        let shared = std::env::var_os("EARMARK_SHARED").map_or_else(next_to_it, PathBuf::from);
        let path = shared.join("models/efficientat-mn04-as/mn04_as_mAP_432.pt");
        if !path.is_file() && std::env::var_os("EARMARK_REQUIRE_SHARED").is_none_or(|value| value != "1") {
            return;
        }
        let checkpoint = fs::read(path).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = serve(vec![checkpoint.clone(), b"another".to_vec(), checkpoint]);
        let known = crate::published_model("mn04_as").unwrap().sha256.as_deref();
        for attempt in 1..=3 {
            let got = get(folder.path(), &url);
            let sum = recorded(&folder.path().join("x.sha256")).unwrap();
            assert_eq!(sum.as_deref(), known);
            let model = folder.path().join("x.safetensors");
            if attempt == 2 {
                assert!(matches!(got, Err(InstallError::Changed { .. })), "{got:?}");
                assert!(!model.exists());
                continue;
            }
            assert_eq!(got.unwrap().imported.unwrap().classes, 527);
            let meta = earmark_engine::ModelFile::read(&model).unwrap().meta;
            let source = meta.source.unwrap();
            assert!(source.contains(known.unwrap()), "{source}");
            fs::remove_file(model).unwrap();
        }
    }
}
