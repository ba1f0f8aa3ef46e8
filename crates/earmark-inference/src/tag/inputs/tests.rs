//! What arguments stand for, in folders of empty files: nothing is opened.

use super::*;

fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "b.wav",
        "a.FLAC",
        "notes.txt",
        ".hidden.wav",
        "deep/er/c.ogg",
        "deep/x.csv",
        ".git/d.wav",
        "z[1].wav",
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    dir
}

fn names(inputs: &InputFiles, root: &Path) -> Vec<String> {
    let root = format!("{}/", root.to_str().unwrap());
    inputs.files.iter().map(|f| f.name.replace(&root, "")).collect()
}

#[test]
fn folders_are_searched_in_depth() {
    let dir = tree();
    let found = find(&[dir.path().to_path_buf()]).unwrap();
    assert_eq!(
        names(&found, dir.path()),
        ["a.FLAC", "b.wav", "deep/er/c.ogg", "z[1].wav"]
    );
    assert_eq!(found.files[2].below, Path::new("deep/er/c.ogg"));
    assert_eq!(found.not_audio, (2, Some(dir.path().join("deep/x.csv"))));
}

#[test]
fn arguments_keep_their_order_without_duplicates() {
    let dir = tree();
    let at = |name: &str| dir.path().join(name);
    let found = find(&[at("notes.txt"), at("deep"), at("b.wav"), at("."), at("b.wav")]).unwrap();
    assert_eq!(found.repeated.count, 3);
    assert_eq!(found.repeated.first, Some(at("./b.wav")));
    // `.` names the same files by other paths.
    assert_eq!(
        names(&found, dir.path())[..3],
        ["notes.txt", "deep/er/c.ogg", "b.wav"]
    );
    let found = find(&[at("b.wav"), dir.path().to_path_buf()]).unwrap();
    assert_eq!(
        names(&found, dir.path()),
        ["b.wav", "a.FLAC", "deep/er/c.ogg", "z[1].wav"]
    );
}

#[test]
fn patterns_are_expanded_unless_a_file_has_that_name() {
    let dir = tree();
    let of = |pattern: &str| find(&[dir.path().join(pattern)]).map(|f| names(&f, dir.path()));
    assert_eq!(of("*.wav").unwrap(), ["b.wav", "z[1].wav"]);
    assert_eq!(of("**/*.ogg").unwrap(), ["deep/er/c.ogg"]);
    assert_eq!(of("?.wav").unwrap(), ["b.wav"]);
    assert_eq!(of("z[1].wav").unwrap(), ["z[1].wav"]);
    assert_eq!(of("*").unwrap(), ["a.FLAC", "b.wav", "deep/er/c.ogg", "z[1].wav"]);
    // A pattern that matches folders and what is in them is not a slip.
    let within = find(&[dir.path().join("**/*")]).unwrap();
    assert_eq!((within.files.len(), within.repeated.count), (4, 0));
    let error = of("*.mp3").unwrap_err().to_string();
    assert!(error.ends_with("no file matches this pattern; check it (`**` matches folders at any depth)"));
    let error = of("a[.wav").unwrap_err().to_string();
    assert!(error.contains("not a valid pattern ("), "{error}");
}

#[test]
fn addresses_of_files_are_paths_and_others_are_refused() {
    let dir = tree();
    let address = format!("file://{}", dir.path().join("b.wav").display());
    let found = find(&[PathBuf::from(address)]).unwrap();
    assert_eq!(names(&found, dir.path()), ["b.wav"]);
    let error = find(&[PathBuf::from("ftp://h/a.wav")]).unwrap_err().to_string();
    assert!(
        error.starts_with("ftp://h/a.wav: addresses that begin with ftp:// cannot be read; "),
        "{error}"
    );
    let list = dir.path().join("list.csv");
    fs::write(&list, "file\nb.wav\ndeep/er/c.ogg\n./b.wav\nb.wav\n").unwrap();
    let found = find_with(&[], &[list]).unwrap();
    assert_eq!(found.files.len(), 2);
    assert_eq!(
        (found.repeated.count, found.repeated.first),
        (2, Some(dir.path().join("./b.wav")))
    );
}

#[test]
fn paths_without_audio_are_refused() {
    let dir = tree();
    let error = find(&[dir.path().join("nowhere")]).unwrap_err().to_string();
    assert!(
        error.ends_with("nowhere: no such file or folder; check the path"),
        "{error}"
    );
    fs::create_dir(dir.path().join("empty")).unwrap();
    let error = find(&[dir.path().join("empty")]).unwrap_err().to_string();
    assert!(
        error.contains("no audio found: there are no files in it"),
        "{error}"
    );
    fs::write(dir.path().join("empty/a.txt"), "").unwrap();
    let error = find(&[dir.path().join("empty")]).unwrap_err().to_string();
    assert!(error.contains("no file ends in wav, wave,"), "{error}");
}

/// The names that a search finds, and what it left out.
#[cfg(unix)]
fn found(words: &[PathBuf], root: &Path) -> (Vec<String>, Vec<String>) {
    let found = find(words).unwrap();
    let left_out = found
        .left_out
        .iter()
        .map(|(name, _)| name.replace(root.to_str().unwrap(), ""));
    (names(&found, root), left_out.collect())
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf_8_are_left_out_and_named() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.wav"), "").unwrap();
    // Some file systems have no such names.
    if fs::write(dir.path().join(OsStr::from_bytes(b"b\xe4.wav")), "").is_err() {
        return;
    }
    fs::create_dir(dir.path().join(OsStr::from_bytes(b"\xfcber"))).unwrap();
    fs::write(dir.path().join(OsStr::from_bytes(b"\xfcber/c.wav")), "").unwrap();
    let left_out = |pattern: &str| {
        let (names, left_out) = found(&[dir.path().join(pattern)], dir.path());
        assert!(
            left_out.iter().all(|name| name.contains('\u{fffd}')),
            "{left_out:?}"
        );
        (names, left_out.len())
    };
    let a = vec!["a.wav".to_owned()];
    assert_eq!(left_out(""), (a.clone(), 2));
    assert_eq!(left_out("*.wav"), (a.clone(), 1));
    assert_eq!(left_out("**/*.wav"), (a.clone(), 2));
    assert_eq!(left_out("?.wav"), (a, 0));
    // One odd byte is one character.
    assert_eq!(left_out("b?.wav"), (vec![], 1));
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_end_and_each_recording_is_there_once() {
    use std::os::unix::fs::symlink;

    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("in/sub")).unwrap();
    fs::write(at("in/sub/b.wav"), "").unwrap();
    fs::write(at("in/z.wav"), "").unwrap();
    symlink(".", at("in/again")).unwrap();
    symlink("..", at("in/sub/up")).unwrap();
    symlink("sub", at("in/also")).unwrap();
    // A recording keeps its own name, though that of the link comes first.
    symlink("z.wav", at("in/a.wav")).unwrap();
    let whole = (vec!["in/sub/b.wav".to_owned(), "in/z.wav".to_owned()], vec![]);
    assert_eq!(found(&[at("in")], dir.path()), whole);
    assert_eq!(
        found(&[at("in"), at("in/again/z.wav"), at("in/./z.wav")], dir.path()),
        whole
    );
    let repeated = |words: &[PathBuf]| find(words).unwrap().repeated;
    // `a.wav` in the folder, and three links to folders.
    let in_folder = repeated(&[at("in")]);
    assert_eq!((in_folder.count, in_folder.first), (4, Some(at("in/a.wav"))));
    assert_eq!(
        repeated(&[at("in/z.wav"), at("in/a.wav")]).first,
        Some(at("in/a.wav"))
    );
    let pattern = found(&[at("in/**/*.wav")], dir.path()).0;
    assert_eq!(pattern.len(), 2, "{pattern:?}");
    // A folder that is only linked to is searched, too.
    fs::create_dir(at("out")).unwrap();
    fs::write(at("out/c.wav"), "").unwrap();
    symlink(at("out"), at("in/far")).unwrap();
    assert_eq!(
        found(&[at("in")], dir.path()).0,
        ["in/far/c.wav", "in/sub/b.wav", "in/z.wav"]
    );
}

/// Sixteen folders, each with a link to every other: listed once each, not once per way through them.
#[cfg(unix)]
#[test]
fn many_links_take_no_time() {
    use std::os::unix::fs::symlink;

    let dir = tempfile::tempdir().unwrap();
    let at = |i: usize| dir.path().join(format!("f{i:02}"));
    for i in 0..16 {
        fs::create_dir(at(i)).unwrap();
        fs::write(at(i).join("r.wav"), "").unwrap();
    }
    for i in 0..16 {
        (0..16)
            .filter(|j| *j != i)
            .for_each(|j| symlink(at(j), at(i).join(format!("l{j}"))).unwrap());
    }
    assert_eq!(find(&[dir.path().to_path_buf()]).unwrap().files.len(), 16);
    let pattern = dir.path().join("**/*.wav");
    assert_eq!(find(&[pattern]).unwrap().files.len(), 16);
}

/// Recordings known by their names are inputs, whether they can be read or not; that shows when they are opened.
#[test]
fn audio_of_all_kinds_is_no_other_file() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.OPUS", "b.wma", "c.amr", "d.webm", "e.caf", "f.w64", "g.txt"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    let found = find(&[dir.path().to_path_buf()]).unwrap();
    assert_eq!((found.files.len(), found.not_audio.0), (6, 1));
}
