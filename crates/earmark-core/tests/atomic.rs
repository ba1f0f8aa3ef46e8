//! Files that a crash leaves whole: real processes are killed at every point of a write.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use earmark_core::atomic::{self, clean_leftovers, clean_leftovers_older_than, is_leftover};

const OLD: &[u8] = b"the old content";
const NEW: &[u8] = b"the new content, which is longer";

fn leftovers(folder: &Path) -> usize {
    fs::read_dir(folder)
        .unwrap()
        .filter(|entry| is_leftover(&entry.as_ref().unwrap().file_name()))
        .count()
}

/// Not a test of its own: what the killed processes run.
#[test]
fn child_writes_twice() {
    if let Some(path) = std::env::var_os("EARMARK_TEST_CHILD_WRITES") {
        for content in [OLD, NEW] {
            atomic::write(Path::new(&path), |out| out.write_all(content)).unwrap();
        }
    }
}

#[test]
fn a_killed_write_leaves_the_old_file_or_the_new_one() {
    let none: Option<&[u8]> = None;
    let cases = [
        ("write-half:1", none, 1),
        ("written:1", none, 1),
        ("renamed:1", Some(OLD), 0),
        ("write-half:2", Some(OLD), 1),
        ("written:2", Some(OLD), 1),
        ("renamed:2", Some(NEW), 0),
    ];
    for (point, expected, temporaries) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.json");
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_writes_twice"])
            .env("EARMARK_TEST_CHILD_WRITES", &path)
            .env("EARMARK_CRASH_AT", point)
            .output()
            .unwrap()
            .status;
        assert!(!status.success(), "{point}: the process should have died");
        assert_eq!(fs::read(&path).ok().as_deref(), expected, "{point}");
        assert_eq!(leftovers(folder.path()), temporaries, "{point}");
        assert_eq!(
            clean_leftovers_older_than(folder.path(), Duration::from_secs(3600)).unwrap(),
            0
        );
        assert_eq!(clean_leftovers(folder.path()).unwrap(), temporaries, "{point}");
        assert_eq!(leftovers(folder.path()), 0);
        assert_eq!(
            fs::read(&path).ok().as_deref(),
            expected,
            "{point}: cleaning spares the file"
        );
    }
}

/// The mark of a process of this machine that has ended: Linux has at most four million.
#[cfg(target_os = "linux")]
fn dead_mark() -> String {
    let mark = atomic::process_mark();
    let (machine, _) = mark.split_once('-').unwrap();
    format!("{machine}-4294967000")
}

/// The next write of the same file removes what a dead process left of it, and nothing else.
#[cfg(target_os = "linux")]
#[test]
fn the_next_write_removes_what_is_left_of_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (dead, alive) = (dead_mark(), atomic::process_mark());
    let names = [
        format!(".a.csv.tmp-{dead}-0"),
        format!(".a.csv.tmp-{dead}-7"),
        format!(".a.csv.tmp-{alive}-99999"),
        format!(".b.csv.tmp-{dead}-0"),
        "a.csv.tmp".into(),
    ];
    for name in &names {
        fs::write(at(name), "half").unwrap();
    }
    let left = || names.iter().map(|name| at(name).exists()).collect::<Vec<_>>();
    atomic::write_unsynced(&at("a.csv"), |out| out.write_all(NEW)).unwrap();
    assert_eq!(left(), [true; 5], "a cache has its own rule");
    atomic::write(&at("a.csv"), |out| out.write_all(NEW)).unwrap();
    assert_eq!(left(), [false, false, true, true, true]);
    atomic::write_together(&[(&at("b.csv"), &|out| out.write_all(NEW))]).unwrap();
    assert_eq!(left(), [false, false, true, false, true]);
}

/// On a shared disk, what another machine is writing has the number of no process here; and earlier versions named no
/// machine. Such temporaries go when they are a day old, whatever they were to become.
#[cfg(target_os = "linux")]
#[test]
fn temporaries_of_other_machines_are_left_alone_for_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let other = match dead_mark().starts_with("00000000") {
        true => "00000001-4294967000",
        false => "00000000-4294967000",
    };
    let alive = atomic::process_mark();
    let names = [
        format!(".a.csv.tmp-{other}-0"),
        ".a.csv.tmp-4294967000-0".into(),
        format!(".b.csv.tmp-{other}-1"),
        ".b.csv.tmp-4294967000-1".into(),
        format!(".b.csv.tmp-{alive}-99999"),
    ];
    for name in &names {
        fs::write(at(name), "half").unwrap();
    }
    let two_days_ago = std::time::SystemTime::now() - Duration::from_secs(48 * 3600);
    for old in &names[2..] {
        let file = fs::File::options().write(true).open(at(old)).unwrap();
        file.set_modified(two_days_ago).unwrap();
    }
    atomic::write(&at("a.csv"), |out| out.write_all(NEW)).unwrap();
    let left: Vec<bool> = names.iter().map(|name| at(name).exists()).collect();
    assert_eq!(left, [true, true, false, false, true]);
    assert!(atomic::is_being_written(names[4].as_ref()) && !atomic::is_being_written(names[0].as_ref()));
}

/// Not a test of its own: writes to a file with the longest of names, and dies.
#[test]
fn child_writes_to_a_long_name() {
    if let Some(folder) = std::env::var_os("EARMARK_TEST_CHILD_WRITES_LONG") {
        let path = Path::new(&folder).join("n".repeat(250));
        atomic::write(&path, |out| out.write_all(NEW)).unwrap();
    }
}

/// The name of a temporary of a file with a long name is shortened, and found again all the same; that of a file whose
/// name begins alike is another one.
#[cfg(target_os = "linux")]
#[test]
fn what_is_left_of_a_file_with_a_long_name_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let killed = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_writes_to_a_long_name"])
        .env("EARMARK_TEST_CHILD_WRITES_LONG", folder.path())
        .env("EARMARK_CRASH_AT", "written:1")
        .output()
        .unwrap();
    assert!(!killed.status.success());
    assert_eq!(leftovers(folder.path()), 1);
    let (long, similar) = ("n".repeat(250), "n".repeat(251));
    let entry = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
    assert!(atomic::is_leftover_of(&entry.file_name(), long.as_ref()));
    assert!(!atomic::is_leftover_of(&entry.file_name(), similar.as_ref()));
    atomic::write(&folder.path().join(&similar), |out| out.write_all(OLD)).unwrap();
    assert_eq!(leftovers(folder.path()), 1);
    atomic::write(&folder.path().join(&long), |out| out.write_all(NEW)).unwrap();
    assert_eq!(leftovers(folder.path()), 0);
}

/// Not a test of its own: what the killed processes of the next one run.
#[test]
fn child_writes_a_pair_twice() {
    if let Some(folder) = std::env::var_os("EARMARK_TEST_CHILD_WRITES_PAIR") {
        let at = |name: &str| Path::new(&folder).join(name);
        for content in [OLD, NEW] {
            let fill = |out: &mut dyn io::Write| out.write_all(content);
            atomic::write_together(&[(&at("names"), &fill), (&at("numbers"), &fill)]).unwrap();
        }
    }
}

#[test]
fn a_killed_pair_is_all_old_or_all_new() {
    for (point, expected, temporaries) in [
        ("write-half:2", None, 2),
        ("write-half:3", Some(OLD), 1),
        ("write-half:4", Some(OLD), 2),
        ("written:2", Some(OLD), 2),
        ("renamed:1", Some(OLD), 0),
        ("renamed:2", Some(NEW), 0),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_writes_a_pair_twice"])
            .env("EARMARK_TEST_CHILD_WRITES_PAIR", folder.path())
            .env("EARMARK_CRASH_AT", point)
            .output()
            .unwrap()
            .status;
        assert!(!status.success(), "{point}: the process should have died");
        for name in ["names", "numbers"] {
            let found = fs::read(folder.path().join(name)).ok();
            assert_eq!(found.as_deref(), expected, "{point}: {name}");
        }
        assert_eq!(leftovers(folder.path()), temporaries, "{point}");
    }
    // A pair whose second half fails is not half written.
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let full = |_: &mut dyn io::Write| Err(io::ErrorKind::StorageFull.into());
    let error = atomic::write_together(&[(&at("a"), &|out| out.write_all(NEW)), (&at("b"), &full)]);
    let message = error.unwrap_err().to_string();
    assert!(message.contains("b: cannot write the file"), "{message}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn without_the_hook_the_child_lives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    for hook in ["written:3", "elsewhere:1", "nonsense"] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_writes_twice"])
            .env("EARMARK_TEST_CHILD_WRITES", &path)
            .env("EARMARK_CRASH_AT", hook)
            .output()
            .unwrap();
        assert!(output.status.success(), "{hook}");
        assert_eq!(fs::read(&path).unwrap(), NEW);
    }
}

#[test]
fn a_failed_write_changes_nothing_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, OLD).unwrap();
    let error = atomic::write(&path, |out| {
        out.write_all(NEW)?;
        Err(io::ErrorKind::StorageFull.into())
    })
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}: cannot write the file: no storage space; free some space or choose a folder on another disk",
            path.display()
        )
    );
    assert_eq!(fs::read(&path).unwrap(), OLD);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    let missing = atomic::write(&folder.path().join("none/a.csv"), |_| Ok(())).unwrap_err();
    assert!(
        missing
            .to_string()
            .ends_with("; create its folder first, or correct the path"),
        "{missing}"
    );
    let is_folder = atomic::write(folder.path(), |_| Ok(())).unwrap_err();
    assert!(
        is_folder
            .to_string()
            .ends_with("there is a folder of that name: choose another name"),
        "{is_folder}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_to_and_a_full_one_is_named() {
    atomic::write(Path::new("/dev/null"), |out| out.write_all(NEW)).unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    let error = atomic::write(Path::new("/dev/full"), |out| out.write_all(NEW))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("/dev/full: cannot write the file: No space left on device"),
        "{error}"
    );
    assert!(
        error.ends_with("; free some space or choose a folder on another disk"),
        "{error}"
    );
}

/// The longest names that file systems allow leave no room for the ending of a temporary.
#[test]
fn files_of_long_names_are_written() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["n".repeat(255), "ä".repeat(127)] {
        let path = folder.path().join(name);
        atomic::write(&path, |out| out.write_all(NEW)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), NEW);
    }
    assert_eq!(leftovers(folder.path()), 0);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("target"), folder.path().join("link"));
    fs::write(&target, OLD).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    atomic::write(&link, |out| out.write_all(NEW)).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&target).unwrap(), NEW);
}

#[test]
fn readers_never_see_half_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared");
    let contents: Vec<Vec<u8>> = (1..=4u8)
        .map(|byte| vec![byte; 3000 * usize::from(byte)])
        .collect();
    atomic::write(&path, |out| out.write_all(&contents[0])).unwrap();
    std::thread::scope(|s| {
        for content in &contents {
            s.spawn(|| (0..20).for_each(|_| atomic::write(&path, |out| out.write_all(content)).unwrap()));
        }
        s.spawn(|| (0..200).for_each(|_| assert!(contents.contains(&fs::read(&path).unwrap()))));
    });
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn only_our_own_temporaries_are_leftovers() {
    let names = [
        ".a.csv.tmp-0123abcd-12-0",
        ".x.tmp-1-99",
        ".a.tmp-1",
        "a.tmp-1-2",
        ".a.tmp-1-x",
        ".tmp-1-2",
        ".a.tmp--2",
        ".a.tmp-0123-1-2",
        ".a.tmp-0123abcd--2",
    ];
    let found: Vec<bool> = names.iter().map(|name| is_leftover(name.as_ref())).collect();
    assert_eq!(
        found,
        [true, true, false, false, false, false, false, false, false]
    );
}

/// Before long work: what `write` would refuse is refused, and nothing is left or changed.
#[test]
fn a_check_finds_what_a_write_would_find() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    atomic::check(&path).unwrap();
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    fs::write(&path, OLD).unwrap();
    atomic::check(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), OLD);
    assert_eq!(leftovers(folder.path()), 0);
    for wrong in [
        folder.path().to_path_buf(),
        folder.path().join("no/x.csv"),
        path.join("x.csv"),
    ] {
        let check = atomic::check(&wrong).unwrap_err().to_string();
        let write = atomic::write(&wrong, |_| Ok(())).unwrap_err().to_string();
        assert_eq!(check, write);
    }
}
