//! Data sets fetched from a test server that breaks off, sends wrong bytes, or has none.

mod zip_files;

use earmark_hub::download::md5_of;
use earmark_hub::{DataOrigin, DataProgress, GetData, GetDataError, PublishedData, published_data};
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use zip_files::{WHOLE, noise, write, zip};

/// A server of files by path, and what was asked for: path and first byte. It breaks off once, in the file of this path
/// after some bytes.
struct Server {
    url: String,
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<(String, usize)>>>,
}

fn serve(break_in: Option<(&'static str, usize)>) -> Server {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server {
        url: format!("http://{}", socket.local_addr().unwrap()),
        files: Arc::default(),
        asked: Arc::default(),
    };
    let (files, asked) = (Arc::clone(&server.files), Arc::clone(&server.asked));
    std::thread::spawn(move || {
        let mut break_in = break_in;
        for stream in socket.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map_while(Result::ok);
            let Some(request) = lines.next() else { continue };
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            let mut from = 0;
            for line in lines.take_while(|line| !line.is_empty()) {
                if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
                    from = range.trim_end_matches('-').parse().unwrap();
                }
            }
            asked.lock().unwrap().push((path.clone(), from));
            let content = files.lock().unwrap().get(&path).cloned();
            let Some(content) = content else {
                let _ =
                    stream.write_all(b"HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                continue;
            };
            let head = format!(
                "HTTP/1.1 {}\r\nConnection: close\r\nETag: \"1\"\r\nContent-Length: {}\r\n\
                 Content-Range: bytes {from}-{}/{}\r\n\r\n",
                if from > 0 { "206 Part" } else { "200 OK" },
                content.len() - from,
                content.len() - 1,
                content.len()
            );
            let end = match break_in.take_if(|(broken, _)| *broken == path) {
                Some((_, end)) => end,
                None => content.len(),
            };
            // The client may hang up.
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&content[from..end.max(from)]);
        }
    });
    server
}

impl Server {
    /// Puts the files of a folder there, with a record that lists them.
    fn publish(&self, folder: &Path) {
        let mut listed = Vec::new();
        let mut files = self.files.lock().unwrap();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let (bytes, md5) = (fs::read(&path).unwrap(), md5_of(&path).unwrap());
            let url = format!("{}/{name}", self.url);
            listed.push(serde_json::json!({
                "key": name, "size": bytes.len(), "checksum": format!("md5:{md5}"), "links": {"self": url}
            }));
            files.insert(format!("/{name}"), bytes);
        }
        let record = serde_json::json!({"id": 1, "files": listed}).to_string();
        files.insert("/record".into(), record.into_bytes());
    }

    fn asked_for(&self, path: &str) -> Vec<usize> {
        let asked = self.asked.lock().unwrap();
        let of_path = asked.iter().filter(|(asked, _)| asked == path);
        of_path.map(|(_, from)| *from).collect()
    }
}

fn set(name: &str) -> &'static PublishedData {
    published_data().iter().find(|set| set.name == name).unwrap()
}

/// FSDKaggle2019 with a clip per subset, its noisy subset in parts.
fn archives_of_2019(folder: &Path) -> Vec<u8> {
    let noisy = noise(9_000);
    let of = |subset: &str| format!("FSDKaggle2019.audio_{subset}/{subset}.wav");
    let subsets: [(&str, &[u8], usize); 3] = [
        ("train_curated", b"curated", WHOLE),
        ("test", b"test", WHOLE),
        ("train_noisy", &noisy, 4_000),
    ];
    for (subset, content, part) in subsets {
        let parts = zip(&[(&of(subset), content)], part);
        write(folder, &format!("FSDKaggle2019.audio_{subset}"), &parts);
    }
    let tables: Vec<(String, String)> = ["train_curated", "train_noisy", "test"]
        .map(|subset| {
            let name = format!("FSDKaggle2019.meta/{subset}_post_competition.csv");
            (name, format!("fname,labels\n{subset}.wav,Bark\n"))
        })
        .to_vec();
    let tables: Vec<(&str, &[u8])> = tables
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    write(folder, "FSDKaggle2019.meta", &zip(&tables, WHOLE));
    noisy
}

fn job(name: &str, to: &Path, url: Option<String>, from: Option<&Path>) -> GetData {
    GetData {
        set: set(name),
        to: to.into(),
        from: from.map(Into::into),
        url,
    }
}

/// Runs it with what it says, until `until` returns `false`.
fn run(
    job: &GetData,
    mut until: impl FnMut(DataProgress<'_>) -> bool,
) -> (Result<DataOrigin, GetDataError>, Vec<String>) {
    let mut notes = Vec::new();
    let got = job.run(&mut |progress| {
        if let DataProgress::Note(text) = progress {
            notes.push(text.to_owned());
        }
        until(progress)
    });
    (got, notes)
}

#[test]
fn a_set_in_parts_is_downloaded_checked_and_unpacked() {
    let dir = tempfile::tempdir().unwrap();
    let published = dir.path().join("published");
    let noisy = archives_of_2019(&published);
    let server = serve(Some(("/FSDKaggle2019.audio_train_noisy.z02", 1_500)));
    server.publish(&published);
    let to = dir.path().join("data");
    let job = job("fsdkaggle2019", &to, Some(format!("{}/record", server.url)), None);
    // Stopped in the middle of the third part; then resumed to the end.
    let third = "FSDKaggle2019.audio_train_noisy.zip";
    let stop =
        |now: DataProgress<'_>| !matches!(now, DataProgress::Downloading { file, .. } if file == third);
    let (stopped, _) = run(&job, stop);
    assert!(stopped.unwrap_err().is_stop());
    // A part that was complete is damaged meanwhile: it is named and downloaded again.
    fs::write(
        to.join("downloads/FSDKaggle2019.audio_train_noisy.z01"),
        vec![0; 4_000],
    )
    .unwrap();
    // One of which all is unpacked was not removed.
    fs::write(to.join("downloads/FSDKaggle2019.meta.zip"), b"unpacked").unwrap();
    let (got, notes) = run(&job, |_| true);
    let origin = got.unwrap();
    assert!(origin.complete && origin.archives.len() == 4);
    assert_eq!(origin.size().0, 6);
    let note = notes
        .iter()
        .find(|note| note.contains("damaged"))
        .expect("a note");
    assert!(note.contains("audio_train_noisy.z01"), "{note}");
    assert!(fs::read(to.join("FSDKaggle2019.audio_train_noisy/train_noisy.wav")).unwrap() == noisy);
    assert!(!to.join("downloads").exists());
    // The second part broke off and was resumed; what was complete was asked for once, the damaged one twice.
    assert_eq!(
        server.asked_for("/FSDKaggle2019.audio_train_noisy.z02"),
        [0, 1_500]
    );
    assert_eq!(server.asked_for("/FSDKaggle2019.audio_train_noisy.z01"), [0, 0]);
    assert_eq!(server.asked_for("/FSDKaggle2019.meta.zip"), [0]);
    // The layout reads it, and a complete set asks for nothing.
    let data = earmark_data::load(&to, &earmark_data::DataOptions::default()).unwrap();
    assert_eq!(data.subsets(), ["curated", "noisy", "test"]);
    let asked = server.asked.lock().unwrap().len();
    assert_eq!(run(&job, |_| true).0.unwrap(), origin);
    assert_eq!(server.asked.lock().unwrap().len(), asked);
}

#[test]
fn a_wrong_checksum_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let published = dir.path().join("published");
    archives_of_2019(&published);
    let server = serve(None);
    server.publish(&published);
    let name = "/FSDKaggle2019.meta.zip";
    server.files.lock().unwrap().get_mut(name).unwrap()[40] ^= 1;
    let to = dir.path().join("data");
    let job = job("fsdkaggle2019", &to, Some(format!("{}/record", server.url)), None);
    let message = run(&job, |_| true).0.unwrap_err().to_string();
    assert!(
        message.contains("meta.zip") && message.contains("MD5"),
        "{message}"
    );
    assert!(
        message.contains("FSDKaggle2019.doc.zip, with description and licence\n")
            && message.contains("earmark data get fsdkaggle2019 --from FOLDER -o "),
        "{message}"
    );
    assert!(!to.join("FSDKaggle2019.meta").exists());
    // Put right, it is downloaded by the next call.
    server.files.lock().unwrap().get_mut(name).unwrap()[40] ^= 1;
    assert!(run(&job, |_| true).0.unwrap().complete);
}

#[test]
fn what_is_not_a_record_is_refused_and_what_is_missing_named() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(None);
    let to = dir.path().join("data");
    let job = job("fsdkaggle2018", &to, Some(format!("{}/record", server.url)), None);
    let get = || run(&job, |_| true).0.unwrap_err().to_string();
    assert!(get().contains("the server answered 404"));
    server
        .files
        .lock()
        .unwrap()
        .insert("/record".into(), b"<html>".to_vec());
    assert!(get().contains("the list of the files can't be read"));
    let published = dir.path().join("published");
    write(&published, "FSDKaggle2018.meta", &zip(&[("a", b"1")], WHOLE));
    server.publish(&published);
    let message = get();
    assert!(
        message.contains("lacks FSDKaggle2018.audio_train.zip, FSDKaggle2018.audio_test.zip"),
        "{message}"
    );
    // The folder is that of another set now.
    let other = GetData {
        set: set("esc50"),
        ..job.clone()
    };
    let taken = run(&other, |_| true).0.unwrap_err();
    assert!(matches!(taken, GetDataError::Taken { .. }), "{taken}");
}

#[test]
fn esc_50_comes_without_a_checksum_and_without_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let table = "filename,fold,target,category,esc10,src_file,take\n1-2-A-0.wav,1,0,dog,True,2,A\n";
    let files: [(&str, &[u8]); 3] = [
        ("ESC-50-master/", b""),
        ("ESC-50-master/meta/esc50.csv", table.as_bytes()),
        ("ESC-50-master/audio/1-2-A-0.wav", b"sound"),
    ];
    let server = serve(None);
    let whole = zip(&files, WHOLE).concat();
    let put = |bytes: &[u8]| {
        server
            .files
            .lock()
            .unwrap()
            .insert("/master.zip".into(), bytes.to_vec())
    };
    put(b"<html>Sign in</html>");
    let to = dir.path().join("data");
    let job = job("esc50", &to, Some(format!("{}/master.zip", server.url)), None);
    let (refused, notes) = run(&job, |_| true);
    let message = refused.unwrap_err().to_string();
    assert!(
        message.contains("ESC-50-master.zip: has no end of a zip archive"),
        "{message}"
    );
    assert!(notes[0].contains("without a published checksum"), "{notes:?}");
    // Neither the page nor an archive that is refused is in the way of the archive.
    put(&zip(&[("../evil", b"1")], WHOLE).concat());
    let message = run(&job, |_| true).0.unwrap_err().to_string();
    assert!(message.contains("leads out of the folder"), "{message}");
    put(&whole);
    assert_eq!(run(&job, |_| true).0.unwrap().size(), (2, 5 + table.len() as u64));
    let data = earmark_data::load(&to, &earmark_data::DataOptions::default()).unwrap();
    assert_eq!(data.layout, earmark_data::LayoutKind::Esc50);
    assert_eq!(data.items[0].group.as_deref(), Some("2"));
}

#[test]
fn archives_fetched_by_hand_are_unpacked() {
    let dir = tempfile::tempdir().unwrap();
    let by_hand = dir.path().join("by hand");
    archives_of_2019(&by_hand);
    let hidden = |name: &str| fs::rename(by_hand.join(name), dir.path().join(name)).unwrap();
    let back = |name: &str| fs::rename(dir.path().join(name), by_hand.join(name)).unwrap();
    let to = dir.path().join("data");
    let job = job("fsdkaggle2019", &to, None, Some(&by_hand));
    hidden("FSDKaggle2019.meta.zip");
    let message = run(&job, |_| true).0.unwrap_err().to_string();
    assert!(
        message.contains("by hand: lacks FSDKaggle2019.meta.zip\n"),
        "{message}"
    );
    back("FSDKaggle2019.meta.zip");
    hidden("FSDKaggle2019.audio_train_noisy.z01");
    let message = run(&job, |_| true).0.unwrap_err().to_string();
    assert!(message.contains("audio_train_noisy.z01: "), "{message}");
    back("FSDKaggle2019.audio_train_noisy.z01");
    let (got, _) = run(&job, |_| true);
    assert!(got.unwrap().complete);
    assert!(
        by_hand.join("FSDKaggle2019.meta.zip").is_file(),
        "the archives stay"
    );
    // In the same folder, too.
    let here = GetData {
        to: by_hand.clone(),
        ..job
    };
    assert!(run(&here, |_| true).0.unwrap().complete);
    assert!(earmark_data::load(&by_hand, &earmark_data::DataOptions::default()).is_ok());
}
