//! Sets of files that a crash leaves all old or all new: real processes are killed at every point of a write.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use earmark_core::atomic::{self, WriteError};

const OLD: &[u8] = b"the old content";
const NEW: &[u8] = b"the new content, which is longer";

/// The files of the set, in two folders.
fn files(folder: &Path) -> [PathBuf; 3] {
    ["a/numbers", "a/names", "b/c/more"].map(|name| folder.join(name))
}

fn write_set(folder: &Path, content: &[u8]) -> Result<(), WriteError> {
    let fill = |out: &mut dyn io::Write| out.write_all(content);
    let [first, second, third] = files(folder);
    atomic::write_together(&[(&first, &fill), (&second, &fill), (&third, &fill)])
}

/// Not a test of its own: what the killed processes run.
#[test]
fn child_writes_a_set_twice() {
    if let Some(folder) = std::env::var_os("EARMARK_TEST_CHILD_WRITES_SET") {
        for content in [OLD, NEW] {
            write_set(Path::new(&folder), content).unwrap();
        }
    }
}

/// A folder in which a process wrote the set until it was killed.
fn killed(point: &str, pass: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b/c"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_writes_a_set_twice"])
        .env("EARMARK_TEST_CHILD_WRITES_SET", folder.path())
        .env("EARMARK_CRASH_AT", format!("{point}:{pass}"))
        .output()
        .unwrap();
    assert!(
        !output.status.success(),
        "{point}:{pass}: the process should have died"
    );
    folder
}

fn contents(folder: &Path) -> [Option<Vec<u8>>; 3] {
    files(folder).map(|path| fs::read(path).ok())
}

/// The names of hidden files.
fn hidden(folder: &Path) -> Vec<String> {
    let folders = ["a", "b/c"].map(|name| fs::read_dir(folder.join(name)).unwrap());
    let names = folders.into_iter().flatten();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).collect()
}

/// The points of a write of the set, how often each is passed, and whether the set is the new one from there on.
const POINTS: [(&str, usize, bool); 7] = [
    ("write-half", 3, false),
    ("written", 1, false),
    ("noted", 2, false),
    ("committed", 1, true),
    ("renamed-one", 3, true),
    ("renamed", 1, true),
    ("cleared", 3, true),
];

#[test]
fn a_killed_set_is_all_old_or_all_new() {
    let mut turn = 0;
    for (point, passes, is_new) in POINTS {
        for pass in 1..=2 * passes {
            let states = [None, Some(OLD), Some(NEW)];
            let wanted = states[(pass - 1) / passes + usize::from(is_new)].map(<[u8]>::to_vec);
            let folder = killed(point, pass);
            let folder = folder.path();
            // Each file may be the one that is met first: by a reader, or by who cleans up.
            let met = &files(folder)[turn % 3];
            let what = format!("{point}:{pass}, {}", met.display());
            match turn % 2 {
                0 => atomic::finish_pending(met).unwrap(),
                _ => drop(atomic::clean_leftovers(met.parent().unwrap()).unwrap()),
            }
            turn += 1;
            assert_eq!(contents(folder), [(); 3].map(|()| wanted.clone()), "{what}");
            write_set(folder, NEW).unwrap();
            assert_eq!(contents(folder), [(); 3].map(|()| Some(NEW.to_vec())), "{what}");
            // Whether a process has ended is known on Linux alone.
            if cfg!(target_os = "linux") {
                assert_eq!(hidden(folder), [""; 0], "{what}");
            }
        }
    }
}

/// Who writes one of the files by itself does the others' renames first.
#[test]
fn a_write_of_one_file_completes_its_set() {
    for k in 0..3 {
        let folder = killed("renamed-one", 4);
        let paths = files(folder.path());
        atomic::write(&paths[k], |out| out.write_all(b"mine")).unwrap();
        for (j, path) in paths.iter().enumerate() {
            let wanted = if j == k { &b"mine"[..] } else { NEW };
            assert_eq!(fs::read(path).unwrap(), wanted, "{j} of {k}");
        }
        assert_eq!(hidden(folder.path()), [""; 0]);
    }
}

#[test]
fn a_set_that_was_moved_is_completed_where_it_is() {
    let folder = killed("committed", 2);
    let moved = tempfile::tempdir().unwrap();
    let to = moved.path().join("elsewhere");
    fs::rename(folder.path(), &to).unwrap();
    atomic::finish_pending(&files(&to)[2]).unwrap();
    assert_eq!(contents(&to), [(); 3].map(|()| Some(NEW.to_vec())));
}

/// What can't be completed is refused to whoever meets it, and completed once it can be.
#[test]
fn a_half_renamed_set_is_refused_by_name() {
    let folder = killed("committed", 2);
    let paths = files(folder.path());
    fs::remove_file(&paths[1]).unwrap();
    fs::create_dir(&paths[1]).unwrap();
    fs::write(paths[1].join("in the way"), "").unwrap();
    for met in [&paths[0], &paths[2]] {
        let refused = atomic::finish_pending(met).unwrap_err().to_string();
        assert!(
            refused.contains("a killed command left ")
                && refused.contains("names to be replaced, which fails"),
            "{refused}"
        );
        assert!(atomic::write(met, |_| Ok(())).is_err());
    }
    fs::remove_dir_all(&paths[1]).unwrap();
    atomic::finish_pending(&paths[0]).unwrap();
    assert_eq!(contents(folder.path()), [(); 3].map(|()| Some(NEW.to_vec())));
}

#[test]
fn notes_notice_every_bit() {
    let folder = killed("committed", 2);
    for (note, met) in [("a/.numbers.pending", 0), ("b/c/.more.pending", 2)] {
        let note = folder.path().join(note);
        let met = &files(folder.path())[met];
        let whole = fs::read(&note).unwrap();
        for bit in 0..8 * whole.len() {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            fs::write(&note, damaged).unwrap();
            let refused = atomic::finish_pending(met).unwrap_err().to_string();
            assert!(refused.contains("pending is damaged"), "{bit}: {refused}");
        }
        fs::write(&note, whole).unwrap();
    }
    assert_eq!(contents(folder.path()), [(); 3].map(|()| Some(OLD.to_vec())));
}

/// Several who write the same set at a time, and one of its files by itself, do it one after the other: in the end all
/// files are of one set, or one of them is that which was written alone, and nothing is left over.
#[cfg(target_os = "linux")]
#[test]
fn sets_that_are_written_at_a_time_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b/c"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    let folder = folder.path();
    std::thread::scope(|s| {
        for writer in 0..4_u8 {
            s.spawn(move || {
                for turn in 0..25_u8 {
                    write_set(folder, &[writer, turn]).unwrap();
                }
            });
        }
        s.spawn(|| {
            for _ in 0..25 {
                atomic::write(&files(folder)[2], |out| out.write_all(b"alone")).unwrap();
            }
        });
    });
    let [first, second, third] = contents(folder).map(Option::unwrap);
    assert_eq!(first, second);
    assert!(third == first || third == b"alone", "{third:?}");
    assert_eq!(hidden(folder), [""; 0]);
}
