//! Archives of data sets: in parts, damaged, hostile.

mod zip_files;

use earmark_hub::{ArchiveError, Unpacked, unpack_archive};
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use zip_files::{WHOLE, noise, write, zip};

fn unpack(last: &Path, to: &Path) -> Result<Unpacked, ArchiveError> {
    unpack_archive(last, to, false, &mut |_, _| true)
}

#[test]
fn an_archive_in_parts_is_unpacked_whole_and_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let (long, empty) = (noise(5_000), Vec::new());
    let files: [(&str, &[u8]); 4] = [
        ("set/a.wav", &long),
        ("set/b.stored", &long[..700]),
        ("set/empty", &empty),
        ("meta/c.csv", b"fname,label\n"),
    ];
    // Of any size, so that files and headers are cut wherever they may be.
    for part in [50, 64, 333, 1_000, 5_801, WHOLE] {
        let folder = dir.path().join(part.to_string());
        let names = write(&folder, "set", &zip(&files, part));
        let last = folder.join("set.zip");
        let mut steps = Vec::new();
        let unpacked = unpack_archive(&last, &folder.join("out"), false, &mut |done, total| {
            steps.push((done, total));
            true
        });
        assert_eq!(
            unpacked.unwrap(),
            Unpacked {
                files: 4,
                bytes: 5_712
            },
            "{part}"
        );
        assert_eq!((steps[0], steps[4]), ((0, 5_712), (5_712, 5_712)));
        for (name, content) in files {
            assert!(
                fs::read(folder.join("out").join(name)).unwrap() == content,
                "{name}"
            );
        }
        // One is damaged and one is gone: both are there again, the others are left alone.
        fs::write(folder.join("out/set/b.stored"), vec![0; 700]).unwrap();
        fs::remove_file(folder.join("out/set/a.wav")).unwrap();
        unpack(&last, &folder.join("out")).unwrap();
        assert!(fs::read(folder.join("out/set/b.stored")).unwrap() == long[..700]);
        assert!(fs::read(folder.join("out/set/a.wav")).unwrap() == long);
        // Without one of its parts it is refused by the name of that part.
        if names.len() > 2 {
            fs::remove_file(folder.join("set.z02")).unwrap();
            let message = unpack(&last, &folder.join("again")).unwrap_err().to_string();
            assert!(message.contains("set.z02: "), "{message}");
            assert!(!folder.join("again").exists());
        }
    }
}

#[test]
fn a_stop_leaves_whole_files_only() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a", &zip(&[("1", b"one"), ("2", b"two")], WHOLE));
    let last = dir.path().join("a.zip");
    let stopped = unpack_archive(&last, &dir.path().join("out"), false, &mut |done, _| done == 0);
    assert!(matches!(stopped, Err(ArchiveError::Stopped)), "{stopped:?}");
    let names: Vec<_> = fs::read_dir(dir.path().join("out")).unwrap().collect();
    assert_eq!(names.len(), 1);
    assert_eq!(fs::read(dir.path().join("out/1")).unwrap(), b"one");
}

#[test]
fn damage_is_named_by_part_and_file() {
    let dir = tempfile::tempdir().unwrap();
    let content = noise(3_000);
    let parts = zip(
        &[("first.stored", &content[..1_000]), ("second", &content)],
        1_200,
    );
    write(dir.path(), "set", &parts);
    let last = dir.path().join("set.zip");
    let mut damaged = parts[1].clone();
    damaged[600] ^= 0x20;
    fs::write(dir.path().join("set.z02"), damaged).unwrap();
    let error = unpack(&last, &dir.path().join("out")).unwrap_err();
    // The second file begins in the first part.
    let ArchiveError::Damaged { path, problem } = &error else {
        panic!("{error}")
    };
    assert!(
        path.ends_with("set.z01") && problem.contains("`second`"),
        "{error}"
    );
    assert!(dir.path().join("out/first.stored").is_file() && !dir.path().join("out/second").exists());
    // Cut off, and something else.
    for bytes in [&parts[parts.len() - 1][..30], b"<html>Moved</html>", b""] {
        fs::write(&last, bytes).unwrap();
        let message = unpack(&last, &dir.path().join("new")).unwrap_err().to_string();
        assert!(
            message.contains("set.zip: has no end of a zip archive"),
            "{message}"
        );
    }
}

#[test]
fn hostile_archives_write_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |bytes: &[u8], says: &str| {
        let path = dir.path().join("bad.zip");
        fs::write(&path, bytes).unwrap();
        let error = unpack(&path, &dir.path().join("out")).unwrap_err();
        assert!(matches!(error, ArchiveError::Refused { .. }), "{error}");
        let message = error.to_string();
        assert!(
            message.contains(says) && message.contains("nothing of it is unpacked"),
            "{message}"
        );
        assert!(!message.contains(['\n', '\u{1b}']), "{message:?}");
        assert!(!dir.path().join("out").exists());
    };
    for name in [
        "../evil",
        "/tmp/evil",
        "a/../../evil",
        "C:\\evil",
        "a\\..\\evil",
        "../a\nerror: b\u{1b}[2J",
    ] {
        refused(
            &zip(&[("good", b"1"), (name, b"2")], WHOLE)[0],
            "a name that leads out of the folder",
        );
    }
    let whole = zip(&[("good", b"1"), ("link", b"/etc/passwd")], WHOLE).concat();
    let record = whole.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    let with = |changes: &[(usize, &[u8])]| {
        let mut bytes = whole.clone();
        for (at, new) in changes {
            bytes[record + at..record + at + new.len()].copy_from_slice(new);
        }
        bytes
    };
    // The mode of a symbolic link, the bit of encryption, LZMA, and much out of little.
    refused(&with(&[(40, &[0xff, 0xa1])]), "which is a link");
    refused(&with(&[(8, &[1])]), "which is encrypted");
    refused(&with(&[(10, &[14])]), "packed neither by deflate nor not at all");
    refused(
        &with(&[(24, &[0xff, 0xff, 0xff, 0x7f])]),
        "whose two sizes contradict each other",
    );
    refused(&with(&[(20, &[0, 0, 1])]), "its files overlap");
}

/// An archive that is all directory, by its end: a file that takes no room on the disk.
#[test]
fn a_directory_beyond_all_bounds_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.zip");
    let bytes = 300_u32 << 20;
    let mut file = fs::File::create(&path).unwrap();
    file.set_len(u64::from(bytes)).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(b"PK\x05\x06\0\0\0\0\x01\0\x01\0").unwrap();
    file.write_all(&[bytes.to_le_bytes(), [0; 4]].concat()).unwrap();
    file.write_all(&[0, 0]).unwrap();
    let error = unpack(&path, &dir.path().join("out")).unwrap_err();
    assert!(matches!(error, ArchiveError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("a directory of 300 MiB"), "{error}");
}

/// Numbers that only zip64 has room for.
#[test]
fn zip64_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = zip(&[("a", b"content of a")], WHOLE).concat();
    let end = bytes.len() - 22;
    let record = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    let sizes: Vec<u64> = [24, 20]
        .map(|at| u32::from_le_bytes(bytes[record + at..record + at + 4].try_into().unwrap()))
        .map(u64::from)
        .to_vec();
    // The sizes are in an extension, and the directory's place in a record in front of the end.
    bytes.truncate(end);
    bytes[record + 20..record + 28].fill(0xff);
    bytes[record + 30] = 20;
    bytes.extend(b"\x01\0\x10\0");
    sizes.iter().for_each(|size| bytes.extend(size.to_le_bytes()));
    let (at, length) = (bytes.len() as u64, (bytes.len() - record) as u64);
    bytes.extend(b"PK\x06\x06");
    bytes.extend([44_u64.to_le_bytes(), [0; 8]].concat());
    bytes.extend([0; 4]);
    for number in [1, 1, length, record as u64] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend(at.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([0xff; 12]);
    bytes.extend([0, 0]);
    let path = dir.path().join("large.zip");
    fs::write(&path, bytes).unwrap();
    assert_eq!(
        unpack(&path, dir.path()).unwrap(),
        Unpacked { files: 1, bytes: 12 }
    );
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"content of a");
}
