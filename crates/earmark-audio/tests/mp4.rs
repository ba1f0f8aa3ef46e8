//! MP4: Opus in it, what it says about both ends, kinds of AAC, and files that are cut off.

mod common;
mod muxing;

use std::io::Cursor;
use std::path::Path;

use common::file;
use earmark_audio::{
    AudioError, AudioStream, ClipNote, Damaged, Fault, FilePosition, ReadOptions, decode_bytes_native,
};
use muxing::{decode, mp4, mp4_box, packets, refusal, salvage, sample_entry};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).expect("readable")
}

/// Where these bytes are in a file, the first time.
fn find(bytes: &[u8], what: &[u8]) -> usize {
    let found = bytes.windows(what.len()).position(|window| window == what);
    found.unwrap_or_else(|| panic!("{what:?} is not in the file"))
}

/// The sample description of the Opus in an Ogg file: its header with the other byte order.
fn opus_entry(head: &[u8], channels: u16) -> Vec<u8> {
    let mut fields = head[8..].to_vec();
    fields[0] = 0;
    fields[2..4].reverse();
    fields[4..8].reverse();
    fields[8..10].reverse();
    sample_entry(b"Opus", channels, 48_000, &mp4_box(b"dOps", &fields))
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
    let item = [
        mp4_box(b"mean", b"\0\0\0\0com.apple.iTunes"),
        mp4_box(b"name", b"\0\0\0\0iTunSMPB"),
        mp4_box(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0][..], text].concat()),
    ];
    let list = mp4_box(b"ilst", &mp4_box(b"----", &item.concat()));
    let udta = mp4_box(b"udta", &mp4_box(b"meta", &[vec![0; 4], list].concat()));
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

/// The packets of `aac-44k.m4a` in fragments of two, and where each fragment begins.
fn fragments() -> (Vec<u8>, Vec<usize>) {
    let numbers = |values: &[u32]| values.iter().flat_map(|v| v.to_be_bytes()).collect::<Vec<u8>>();
    let aac = bytes("aac-44k.m4a");
    let u32_at = |at: usize| u32::from_be_bytes(aac[at..at + 4].try_into().expect("four bytes"));
    let table = find(&aac, b"stsz") + 12;
    let sizes: Vec<u32> = (1..=u32_at(table))
        .map(|i| u32_at(table + 4 * i as usize))
        .collect();
    // The index, without packets.
    let moov = find(&aac, b"moov") + 4;
    let mut index = aac[moov..].to_vec();
    for (name, count) in [(b"stts", 8), (b"stsc", 8), (b"stsz", 12), (b"stco", 8)] {
        let at = find(&index, name) + count;
        index[at..at + 4].fill(0);
    }
    index.extend(mp4_box(b"mvex", &mp4_box(b"trex", &numbers(&[0, 1, 1, 0, 0, 0]))));
    let mut out = [aac[..28].to_vec(), mp4_box(b"moov", &index)].concat();
    let (mut starts, mut at) = (Vec::new(), find(&aac, b"mdat") + 4);
    for sizes in sizes.chunks(2) {
        let lengths = sizes.iter().flat_map(|size| [1_024, *size]).collect::<Vec<_>>();
        let moof = |offset: u32| {
            let run = [vec![0x301, sizes.len() as u32, offset], lengths.clone()].concat();
            let track = [
                mp4_box(b"tfhd", &numbers(&[0x2_0000, 1])),
                mp4_box(b"trun", &numbers(&run)),
            ];
            let header = mp4_box(b"mfhd", &numbers(&[0, at as u32]));
            mp4_box(b"moof", &[header, mp4_box(b"traf", &track.concat())].concat())
        };
        let end = at + sizes.iter().sum::<u32>() as usize;
        starts.push(out.len());
        // Offsets count from the start of the fragment.
        out.extend(moof(moof(0).len() as u32 + 8));
        out.extend(mp4_box(b"mdat", &aac[at..end]));
        at = end;
    }
    (out, starts)
}

#[test]
fn fragments_that_are_cut_off_are_lost() {
    let (whole, starts) = fragments();
    let samples = decode(whole.clone());
    assert_eq!(samples.len(), 6 * 1_024);
    let last = *starts.last().expect("three fragments");
    // Within the samples, before them, and within the header of the fragment.
    for end in [whole.len() - 50, last + 84, last + 20, last + 5] {
        let cut = whole[..end].to_vec();
        assert!(matches!(refusal(cut.clone()), Fault::Truncated(..)), "{end}");
        let got = salvage(cut);
        assert!(
            got.samples == samples[..4 * 1_024],
            "{end}: {}",
            got.samples.len()
        );
        let [loss] = &got.losses[..] else {
            panic!("{end}: {:?}", got.losses)
        };
        assert!(loss.is_cut_off, "{loss}");
        let expected = (FilePosition::Byte(last as u64), Some((end - last) as u64));
        assert_eq!((loss.at, loss.bytes), expected, "{end}");
    }
}
