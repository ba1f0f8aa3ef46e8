//! Four hundred real recordings, which are kept next to the repository.

use std::path::PathBuf;

use earmark_audio::read;

fn shared() -> Option<PathBuf> {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("EARMARK_SHARED").map_or_else(default, PathBuf::from);
    if folder.join("data/esc10/audio").is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("EARMARK_REQUIRE_SHARED").is_none_or(|value| value != "1"),
        "EARMARK_REQUIRE_SHARED=1, but there is no data/esc10/audio in {}",
        folder.display()
    );
    None
}

/// The length that an Ogg Vorbis file states: the granule position of its last page, found without our reader.
fn last_granule(bytes: &[u8]) -> u64 {
    let last = bytes.windows(4).rposition(|w| w == b"OggS").expect("an Ogg file");
    u64::from_le_bytes(bytes[last + 6..last + 14].try_into().expect("eight bytes"))
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that does not run says so")]
fn all_clips_decode_to_the_length_they_state() {
    let Some(shared) = shared() else {
        eprintln!(
            "skipped: ESC-10 was not found next to the repository; set EARMARK_SHARED to the folder that contains data/esc10"
        );
        return;
    };
    let (mut count, mut typical) = (0, 0);
    for entry in std::fs::read_dir(shared.join("data/esc10/audio")).expect("a folder") {
        let path = entry.expect("readable").path();
        let decoded = read(&path, 44_100).unwrap_or_else(|e| panic!("{e}"));
        let stated = last_granule(&std::fs::read(&path).expect("readable"));
        assert_eq!(decoded.clip.len() as u64, stated, "{}", path.display());
        assert_eq!(decoded.source.frames, Some(stated), "{}", path.display());
        // The data set promises five seconds; the files state 3.6 s to 7.3 s, mostly 5.001 s.
        let seconds = decoded.clip.duration_seconds();
        assert!((3.6..7.3).contains(&seconds), "{}: {seconds} s", path.display());
        typical += usize::from(stated == 220_544);
        assert_eq!(
            (decoded.source.codec.as_str(), decoded.source.channels),
            ("Vorbis", 1)
        );
        assert!(decoded.notes.is_empty());
        // Vorbis may overshoot; a wrong scale would show.
        let peak = decoded
            .clip
            .samples
            .iter()
            .fold(0.0f32, |peak, x| peak.max(x.abs()));
        assert!(peak > 1e-4 && peak < 2.0, "{}: peak {peak}", path.display());
        if count % 40 == 0 {
            // By a decoder that has decoded nothing before.
            let alone = std::thread::spawn(move || read(&path, 44_100).map(|d| d.clip.samples));
            assert!(alone.join().expect("ends").expect("readable") == decoded.clip.samples);
        }
        count += 1;
    }
    assert_eq!((count, typical), (400, 380));
}
