//! MP4: Opus in it, what it says about both ends, kinds of AAC, and files that are cut off.

mod common;
mod muxing;

use std::io::Cursor;
use std::path::Path;

use common::file;
use earmark_audio::{
    AudioError, AudioStream, ClipNote, Damaged, Fault, FilePosition, ReadOptions, decode_bytes_native,
};
use muxing::{decode, mp4, mp4_box, mp4_packets, opus_entry, packets, refusal, salvage, sample_entry};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).expect("readable")
}

/// Where these bytes are in a file, the first time.
fn find(bytes: &[u8], what: &[u8]) -> usize {
    let found = bytes.windows(what.len()).position(|window| window == what);
    found.unwrap_or_else(|| panic!("{what:?} is not in the file"))
}

/// Puts bytes into a file whose index is at its end, inside of these boxes.
fn insert(file: &mut Vec<u8>, at: usize, extra: &[u8], around: &[&[u8; 4]]) {
    for name in around {
        let start = find(file, *name) - 4;
        let size = u32::from_be_bytes(file[start..start + 4].try_into().expect("four bytes"));
        file[start..start + 4].copy_from_slice(&(size + extra.len() as u32).to_be_bytes());
    }
    file.splice(at..at, extra.iter().copied());
}

/// The user data in which iTunes states what its encoder added.
fn itunes_comment(text: &[u8]) -> Vec<u8> {
    let item = [
        mp4_box(b"mean", b"\0\0\0\0com.apple.iTunes"),
        mp4_box(b"name", b"\0\0\0\0iTunSMPB"),
        mp4_box(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0][..], text].concat()),
    ];
    let list = mp4_box(b"ilst", &mp4_box(b"----", &item.concat()));
    mp4_box(b"udta", &mp4_box(b"meta", &[vec![0; 4], list].concat()))
}

fn contradictions(notes: &[ClipNote]) -> Vec<String> {
    let is_one = |note: &&ClipNote| matches!(note, ClipNote::Contradiction(_));
    notes.iter().filter(is_one).map(ToString::to_string).collect()
}

#[test]
fn opus_sounds_as_in_ogg() {
    // The packets of 20 ms; one of 10 ms at the end is left out.
    let packets = packets(&bytes("opus-celt-stereo.opus"));
    let entry = opus_entry(&packets[0], 2);
    let sound = &packets[2..packets.len() - 1];
    let frames = sound.len() as u32 * 960;
    let wanted = decode(bytes("opus-celt-stereo.opus"));
    let edited = mp4(&entry, 48_000, 960, sound, Some((312, frames - 312 - 100)));
    let decoded = decode_bytes_native(edited).unwrap_or_else(|e| panic!("{e}"));
    let len = frames as usize - 412;
    assert_eq!(decoded.clip.samples, wanted[..len]);
    let source = decoded.source;
    assert_eq!(
        (source.codec.as_str(), source.container.as_str()),
        ("Opus", "MP4")
    );
    assert_eq!((source.channels, source.frames), (2, Some(len as u64)));
    // Without an edit list, the header says what comes before the recording.
    let plain = decode(mp4(&entry, 48_000, 960, sound, None));
    assert_eq!(plain, wanted[..frames as usize - 312]);
}

#[test]
fn he_aac_is_named() {
    // The decoder's own configuration: a tag, a length of four bytes, five bytes of content.
    let aac = bytes("aac-44k.m4a");
    let at = find(&aac, &[5, 0x80, 0x80, 0x80]) + 5;
    for config in [[0x2b, 0x92, 0x08, 0x00, 0x00], [0x13, 0x88, 0x56, 0xe5, 0xa0]] {
        let mut he = aac.clone();
        he[at..at + 5].copy_from_slice(&config);
        let message = refusal(he).to_string();
        assert!(
            message.contains("HE-AAC") && message.contains("convert it"),
            "{message}"
        );
    }
}

#[test]
fn other_codecs_are_named() {
    let packets = [vec![1, 2, 3], vec![4, 5, 6]];
    for (name, what) in [
        (b"ac-3", "AC-3"),
        (b"samr", "AMR"),
        (b"enca", "encrypted"),
        (b"sowt", "uncompressed samples"),
        (b"ima4", "IMA ADPCM"),
    ] {
        let entry = sample_entry(name, 1, 8_000, &[]);
        let message = refusal(mp4(&entry, 8_000, 160, &packets, None)).to_string();
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn comments_of_itunes_say_where_the_recording_is() {
    let mut aac = bytes("aac-44k.m4a");
    let whole = decode(aac.clone());
    // Without the edit list, what the encoder added is read too.
    let at = find(&aac, b"edts");
    aac[at..at + 4].copy_from_slice(b"free");
    let plain = decode(aac.clone());
    assert!(plain.len() > whole.len() + 1_000, "{}", plain.len());
    assert_eq!(plain[1_024..1_024 + whole.len()], whole);
    let text = b" 00000000 00000400 00000000 000000000000103A 00000000";
    let udta = itunes_comment(text);
    // The index is at the end of this file, so that nothing moves.
    let moov = find(&aac, b"moov") - 4;
    let size = u32::from_be_bytes(aac[moov..moov + 4].try_into().expect("four bytes"));
    assert_eq!(moov + size as usize, aac.len());
    let old = find(&aac, b"udta");
    aac[old..old + 4].copy_from_slice(b"free");
    aac[moov..moov + 4].copy_from_slice(&(size + udta.len() as u32).to_be_bytes());
    aac.extend(udta);
    // 0x103a: 4,154 frames.
    assert_eq!(decode(aac), plain[1_024..1_024 + 4_154]);
}

#[test]
fn what_is_whole_of_a_cut_file_is_read() {
    let mut aac = bytes("aac-stereo-faststart-48k.m4a");
    let whole = decode(aac.clone());
    aac.truncate(aac.len() - 150);
    assert!(matches!(refusal(aac.clone()), Fault::Truncated(..)));
    let got = salvage(aac);
    let lost = whole.len() - got.samples.len();
    assert!(lost > 0 && lost < 3 * 1_024, "{lost} samples are missing");
    assert_eq!(got.samples[..], whole[..got.samples.len()]);
    let [loss] = &got.losses[..] else {
        panic!("{:?}", got.losses)
    };
    assert!(
        loss.is_cut_off && loss.reason.contains("its index promises"),
        "{loss}"
    );
    assert!(
        loss.seconds
            .is_some_and(|seconds| seconds > 0.0 && seconds < 0.07),
        "{loss}"
    );
}

#[test]
fn bytes_behind_the_last_box_are_noted() {
    for name in ["alac-22k.m4a", "aac-44k.m4a"] {
        let whole = decode(bytes(name));
        let got = salvage([bytes(name), vec![1, 2, 3]].concat());
        assert_eq!((got.samples == whole, got.losses.len()), (true, 0), "{name}");
        assert!(
            got.notes
                .iter()
                .any(|note| matches!(note, ClipNote::Contradiction(_))),
            "{:?}",
            got.notes
        );
    }
}

#[test]
fn unknown_codecs_are_unsupported_and_not_damaged() {
    let mut odd = bytes("aac-44k.m4a");
    let at = find(&odd, b"mp4a");
    odd[at..at + 4].copy_from_slice(b"zzzz");
    for damaged in [Damaged::Refuse, Damaged::Salvage] {
        let options = ReadOptions {
            sample_rate_hz: None,
            damaged,
        };
        let source = Box::new(Cursor::new(odd.clone()));
        let opened = AudioStream::from_source_with(source, Path::new("memory"), &options);
        let fault = match opened {
            Err(AudioError::File { fault, .. }) => fault,
            other => panic!("{damaged:?}: {:?}", other.map(|stream| stream.info().clone())),
        };
        assert!(matches!(fault, Fault::Unsupported(_)), "{damaged:?}: {fault}");
    }
}

#[test]
fn only_the_first_of_two_recordings_is_read() {
    for name in ["aac-44k.m4a", "aac-stereo-faststart-48k.m4a"] {
        let first = bytes(name);
        let whole = decode(first.clone());
        let second = bytes("alac-22k.m4a");
        let both = [first.clone(), second.clone()].concat();
        assert!(matches!(refusal(both.clone()), Fault::Corrupt(..)));
        let got = salvage(both);
        assert!(got.samples == whole, "{name}: {} samples", got.samples.len());
        let [loss] = &got.losses[..] else {
            panic!("{name}: {:?}", got.losses)
        };
        assert_eq!(loss.at, FilePosition::Byte(first.len() as u64), "{name}");
        assert_eq!(loss.bytes, Some(second.len() as u64), "{name}");
        assert!(loss.reason.contains("another recording"), "{loss}");
    }
}

#[test]
fn other_sound_behind_the_last_box_is_lost() {
    let (first, mp3) = (bytes("aac-44k.m4a"), bytes("no-xing-22k-stereo.mp3"));
    let whole = decode(first.clone());
    // Tags and zeros are harmless, alone and before what is not.
    let tag = [b"TAG".to_vec(), vec![b'x'; 125]].concat();
    let harmless = [first, vec![0; 20], tag].concat();
    let got = salvage(harmless.clone());
    assert!(got.samples == whole && got.losses.is_empty(), "{:?}", got.losses);
    assert_eq!(got.notes.len(), 1, "{:?}", got.notes);
    let at = harmless.len() as u64;
    // Without a tag of its own, so that its place is known.
    let mp3 = mp3[find(&mp3, &[0xff, 0xf3])..].to_vec();
    let both = [harmless, mp3.clone()].concat();
    assert!(matches!(refusal(both.clone()), Fault::Corrupt(..)));
    let got = salvage(both);
    assert!(got.samples == whole, "{} samples", got.samples.len());
    let [loss] = &got.losses[..] else {
        panic!("{:?}", got.losses)
    };
    assert_eq!(
        (loss.at, loss.bytes),
        (FilePosition::Byte(at), Some(mp3.len() as u64))
    );
}

#[test]
fn a_comment_of_itunes_that_does_not_fit_is_not_believed() {
    let mut aac = bytes("aac-44k.m4a");
    let at = find(&aac, b"edts");
    aac[at..at + 4].copy_from_slice(b"free");
    let plain = decode(aac.clone());
    let text = b" 00000000 00000400 00000000 0000000000000064 00000000";
    let udta = itunes_comment(text);
    let old = find(&aac, b"udta");
    aac[old..old + 4].copy_from_slice(b"free");
    let end = aac.len();
    insert(&mut aac, end, &udta, &[b"moov"]);
    let got = salvage(aac);
    assert_eq!((got.samples == plain, got.losses.len()), (true, 0));
    let notes = contradictions(&got.notes);
    assert!(notes[0].contains("states 100 frames"), "{notes:?}");
}

#[test]
fn an_edit_that_plays_nothing_comes_before_one_that_does() {
    let mut aac = bytes("aac-44k.m4a");
    let whole = decode(aac.clone());
    let list = find(&aac, b"elst");
    let empty = [
        500_u32.to_be_bytes(),
        u32::MAX.to_be_bytes(),
        0x1_0000_u32.to_be_bytes(),
    ]
    .concat();
    aac[list + 11] = 2;
    insert(&mut aac, list + 12, &empty, &[b"elst", b"edts", b"trak", b"moov"]);
    let got = salvage(aac.clone());
    assert_eq!((got.samples == whole, contradictions(&got.notes)), (true, vec![]));
    // Two that play: all of the track is read.
    aac[list + 16..list + 20].fill(0);
    let got = salvage(aac);
    assert_eq!(got.samples.len(), 5 * 1_024 + 314);
    assert_eq!(got.samples[1_024..], whole);
    assert!(
        contradictions(&got.notes)[0].contains("plays 2 parts"),
        "{:?}",
        got.notes
    );
}

#[test]
fn lengths_in_headers_that_the_packets_contradict_cost_no_sound() {
    let aac = bytes("aac-44k.m4a");
    let whole = decode(aac.clone());
    let (header, times) = (find(&aac, b"mdhd") + 20, find(&aac, b"stts") + 12);
    let with = |at: usize, number: u32| {
        let mut changed = aac.clone();
        changed[at..at + 4].copy_from_slice(&number.to_be_bytes());
        salvage(changed)
    };
    // The length of the track: not known, and wrong. Fewer times than packets; a last packet that lasts for two.
    for (at, number, said) in [
        (header, 0, 0),
        (header, u32::MAX, 0),
        (header, 10_000_000, 1),
        (times, 2, 1),
        (times + 12, 2_048, 0),
    ] {
        let got = with(at, number);
        assert!(got.samples == whole, "{number}: {} samples", got.samples.len());
        assert_eq!(got.losses.len(), 0, "{number}");
        assert_eq!(
            contradictions(&got.notes).len(),
            said,
            "{number}: {:?}",
            got.notes
        );
    }
}

#[test]
fn packets_that_last_longer_than_their_times_are_read_whole() {
    let aac = bytes("aac-44k.m4a");
    let entry = &aac[find(&aac, b"mp4a") - 4..find(&aac, b"stts") - 4];
    let packets = mp4_packets(&aac);
    let all = decode(mp4(entry, 44_100, 1_024, &packets, None));
    assert_eq!(all.len(), 6 * 1_024);
    // 20 ms instead of 23.2 ms; what fills up the last packet is cut off.
    let got = salvage(mp4(entry, 1_000, 20, &packets, None));
    assert_eq!(got.samples[..], all[..5 * 1_024 + 882]);
    let notes = contradictions(&got.notes);
    assert!(
        notes[0].contains("differ from their sound by 710 frames"),
        "{notes:?}"
    );
}

#[test]
fn the_first_track_that_can_be_read_is_read() {
    let mut aac = bytes("aac-44k.m4a");
    let whole = decode(aac.clone());
    let entry = sample_entry(b"ac-3", 2, 44_100, &[]);
    let table = mp4_box(b"stsd", &[vec![0, 0, 0, 0, 0, 0, 0, 1], entry].concat());
    let media = [
        mp4_box(b"hdlr", &[vec![0; 8], b"soun".to_vec(), vec![0; 13]].concat()),
        mp4_box(b"minf", &mp4_box(b"stbl", &table)),
    ];
    let dolby = mp4_box(b"trak", &mp4_box(b"mdia", &media.concat()));
    let at = find(&aac, b"trak") - 4;
    insert(&mut aac, at, &dolby, &[b"moov"]);
    let got = salvage(aac);
    assert_eq!((got.samples == whole, got.losses.len()), (true, 0));
    let notes = contradictions(&got.notes);
    assert!(notes[0].contains("1 more audio tracks"), "{notes:?}");
}

#[test]
fn a_tag_may_come_before_any_container() {
    let tag = [b"ID3\x03\0\0\0\0\0\x0a".to_vec(), vec![b'x'; 10]].concat();
    for name in [
        "mulaw-8k.au",
        "float-8k.caf",
        "pcm24-16k-stereo.w64",
        "alac-16k.caf",
    ] {
        let tagged = [tag.clone(), bytes(name)].concat();
        assert_eq!(decode(tagged), decode(bytes(name)), "{name}");
    }
}
