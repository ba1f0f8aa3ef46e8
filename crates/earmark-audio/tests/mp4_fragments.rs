//! MP4 in fragments, as it is streamed and recorded: every packet once, exact ends, pauses, and fragments that are cut
//! off or wrong.

mod common;
mod muxing;
#[path = "common/flac.rs"]
mod writer;

use common::file;
use earmark_audio::{Fault, FilePosition, decode_bytes_native};
use muxing::{decode, mp4_box, mp4_packets, opus_entry, packets, refusal, salvage, sample_entry};
use writer::{BLOCK, HEADER_BYTES, block, flac_frame, flac_stream};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).expect("readable")
}

fn numbers(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// The index of a file without packets: its track has the number 1.
fn index(entry: &[u8], timescale: u32, edit: Option<(u32, u32)>) -> Vec<u8> {
    let stbl = [
        mp4_box(b"stsd", &[numbers(&[0, 1]), entry.to_vec()].concat()),
        mp4_box(b"stts", &numbers(&[0, 0])),
        mp4_box(b"stsc", &numbers(&[0, 0])),
        mp4_box(b"stsz", &numbers(&[0, 0, 0])),
        mp4_box(b"stco", &numbers(&[0, 0])),
    ];
    let mdia = [
        mp4_box(b"mdhd", &numbers(&[0, 0, 0, timescale, 0, 0, 0, 0])),
        mp4_box(b"hdlr", &[vec![0; 8], b"soun".to_vec(), vec![0; 13]].concat()),
        mp4_box(b"minf", &mp4_box(b"stbl", &stbl.concat())),
    ];
    let edts = edit.map(|(start, length)| {
        let list = numbers(&[0, 1, length, start, 0x1_0000]);
        mp4_box(b"edts", &mp4_box(b"elst", &list))
    });
    let trak = [
        mp4_box(b"tkhd", &numbers(&[0, 0, 0, 1])),
        edts.unwrap_or_default(),
        mp4_box(b"mdia", &mdia.concat()),
    ];
    let moov = [
        mp4_box(b"mvhd", &[numbers(&[0, 0, 0, timescale]), vec![0; 84]].concat()),
        mp4_box(b"trak", &trak.concat()),
        mp4_box(b"mvex", &mp4_box(b"trex", &numbers(&[0, 1, 1, 0, 0, 0]))),
    ];
    [
        mp4_box(b"ftyp", b"iso5\0\0\0\0"),
        mp4_box(b"moov", &moov.concat()),
    ]
    .concat()
}

/// A fragment of packets that begin at this time; `ticks` of each. Places count from the start of the fragment.
fn fragment(time: Option<u64>, ticks: &[u32], packets: &[Vec<u8>]) -> Vec<u8> {
    let lengths: Vec<u32> = ticks
        .iter()
        .zip(packets)
        .flat_map(|(ticks, packet)| [*ticks, packet.len() as u32])
        .collect();
    let run = |offset: u32| [vec![0x301, packets.len() as u32, offset], lengths.clone()].concat();
    let moof = |offset: u32| {
        let time = time.map(|time| {
            let fields = [numbers(&[0x100_0000]), time.to_be_bytes().to_vec()];
            mp4_box(b"tfdt", &fields.concat())
        });
        let track = [
            mp4_box(b"tfhd", &numbers(&[0x2_0000, 1])),
            time.unwrap_or_default(),
            mp4_box(b"trun", &numbers(&run(offset))),
        ];
        let header = mp4_box(b"mfhd", &numbers(&[0, 1]));
        mp4_box(b"moof", &[header, mp4_box(b"traf", &track.concat())].concat())
    };
    let offset = moof(0).len() as u32 + 8;
    [moof(offset), mp4_box(b"mdat", &packets.concat())].concat()
}

/// The header, the packets and their ticks of an Opus file: 312 samples come before the recording, 168 behind it.
fn opus() -> (Vec<u8>, Vec<Vec<u8>>, Vec<u32>) {
    let packets = packets(&bytes("opus-celt-stereo.opus"));
    let sound = packets[2..].to_vec();
    let mut ticks = vec![960; sound.len()];
    *ticks.last_mut().expect("packets") = 480 - 168;
    (opus_entry(&packets[0], 2), sound, ticks)
}

#[test]
fn opus_sounds_as_in_ogg() {
    let (entry, sound, ticks) = opus();
    let wanted = decode(bytes("opus-celt-stereo.opus"));
    assert_eq!(wanted.len(), 14_400);
    // The header says what comes before the recording, or the edit list does; its length of 0 is that of all.
    for (edit, per_fragment, has_times) in [
        (None, 1, true),
        (None, 4, false),
        (Some((312, 0)), 4, true),
        (Some((312, 14_400)), 16, true),
    ] {
        let mut out = index(&entry, 48_000, edit);
        let mut time = 0;
        for (some, ticks) in sound.chunks(per_fragment).zip(ticks.chunks(per_fragment)) {
            out.extend(fragment(has_times.then_some(time), ticks, some));
            time += u64::from(ticks.iter().sum::<u32>());
        }
        let decoded = decode_bytes_native(out).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(decoded.clip.samples, wanted, "{edit:?}");
        let source = decoded.source;
        assert_eq!(
            (source.codec.as_str(), source.container.as_str(), source.frames),
            ("Opus", "MP4", Some(14_400))
        );
    }
}

#[test]
fn a_recording_that_was_cut_out_of_a_stream_is_read_whole() {
    let (entry, sound, ticks) = opus();
    let start = index(&entry, 48_000, Some((312, 0)));
    let late = fragment(Some(9_000_000), &ticks[..5], &sound[..5]);
    let got = salvage([start.clone(), late].concat());
    assert_eq!((got.samples.len(), got.losses.len()), (5 * 960, 0));
    // From the middle of what comes before the recording.
    let early = fragment(Some(100), &ticks[..5], &sound[..5]);
    assert_eq!(decode([start, early].concat()).len(), 5 * 960 - 212);
}

#[test]
fn pauses_become_silence_and_days_do_not() {
    let (entry, sound, ticks) = opus();
    let file = |pause: u64| {
        let first = fragment(Some(0), &ticks[..5], &sound[..5]);
        let second = fragment(Some(5 * 960 + pause), &ticks[5..10], &sound[5..10]);
        [index(&entry, 48_000, None), first, second].concat()
    };
    let whole = decode(file(0));
    assert_eq!(whole.len(), 10 * 960 - 312);
    let got = salvage(file(48_000));
    let start = 5 * 960 - 312;
    assert_eq!(got.samples.len(), whole.len() + 48_000);
    assert!(got.samples[start..start + 48_000].iter().all(|x| *x == 0.0));
    assert_eq!(got.samples[start + 48_000..], whole[start..]);
    assert_eq!(got.frames, Some(got.samples.len() as u64));
    assert!(
        got.notes
            .iter()
            .any(|note| note.to_string().contains("silence fills"))
    );
    // Rounding, an hour, and five minutes in a file of a few kilobytes.
    for pause in [100, 3_600 * 48_000, 300 * 48_000] {
        let got = salvage(file(pause));
        assert_eq!((got.samples == whole, got.losses.len()), (true, 0), "{pause}");
    }
}

/// The packets of `aac-44k.m4a` in fragments of two, and where each fragment begins.
fn aac_fragments() -> (Vec<u8>, Vec<usize>) {
    let aac = bytes("aac-44k.m4a");
    let find = |what: &[u8]| aac.windows(4).position(|four| four == what).expect("is there");
    let entry = &aac[find(b"mp4a") - 4..find(b"stts") - 4];
    let mut out = index(entry, 44_100, Some((1_024, 4_410)));
    let mut starts = Vec::new();
    for some in mp4_packets(&aac).chunks(2) {
        starts.push(out.len());
        out.extend(fragment(None, &[1_024; 2], some));
    }
    (out, starts)
}

#[test]
fn aac_ends_where_its_edit_list_says() {
    let (whole, _) = aac_fragments();
    assert_eq!(decode(whole), decode(bytes("aac-44k.m4a")));
}

#[test]
fn flac_sounds_as_without_a_container() {
    let (plain, wanted) = flac_stream(16_000, 0, &[0, 1, 2, 3, 4]);
    let description = [vec![0; 4], plain[4..HEADER_BYTES].to_vec()].concat();
    let entry = sample_entry(b"fLaC", 1, 16_000, &mp4_box(b"dfLa", &description));
    let frames: Vec<Vec<u8>> = (0..5)
        .map(|number| flac_frame(number, 16_000, &[&block(number)]))
        .collect();
    let mut out = index(&entry, 16_000, None);
    for some in frames.chunks(2) {
        out.extend(fragment(None, &vec![BLOCK as u32; some.len()], some));
    }
    let decoded = decode_bytes_native(out).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(decoded.clip.samples, wanted);
    assert_eq!(
        (decoded.source.codec.as_str(), decoded.source.frames),
        ("FLAC", Some(5 * 256))
    );
}

#[test]
fn what_is_whole_of_a_fragment_that_is_cut_off_is_read() {
    let (whole, starts) = aac_fragments();
    let samples = decode(whole.clone());
    let last = *starts.last().expect("three fragments");
    let description = u32::from_be_bytes(whole[last..last + 4].try_into().expect("four bytes")) as usize;
    // Within the last packet, within the one before, and before them: their description is whole.
    for (end, packets) in [
        (whole.len() - 3, 5),
        (whole.len() - 50, 4),
        (last + description, 4),
    ] {
        let cut = whole[..end].to_vec();
        assert!(matches!(refusal(cut.clone()), Fault::Truncated(..)), "{end}");
        let got = salvage(cut);
        let len = (packets - 1) * 1_024;
        assert!(got.samples == samples[..len], "{end}: {}", got.samples.len());
        let [loss] = &got.losses[..] else {
            panic!("{end}: {:?}", got.losses)
        };
        let seconds = (6 - packets) as f64 * 1_024.0 / 44_100.0;
        assert_eq!((loss.is_cut_off, loss.seconds), (true, Some(seconds)), "{end}");
    }
    // Within the description.
    for end in [last + 20, last + 5] {
        let cut = whole[..end].to_vec();
        assert!(matches!(refusal(cut.clone()), Fault::Truncated(..)), "{end}");
        let got = salvage(cut);
        assert!(
            got.samples == samples[..3 * 1_024],
            "{end}: {}",
            got.samples.len()
        );
        let [loss] = &got.losses[..] else {
            panic!("{end}: {:?}", got.losses)
        };
        let expected = (FilePosition::Byte(last as u64), Some((end - last) as u64));
        assert_eq!(
            (loss.is_cut_off, (loss.at, loss.bytes)),
            (true, expected),
            "{end}"
        );
    }
}

#[test]
fn a_fragment_that_contradicts_itself_is_lost() {
    let (entry, sound, ticks) = opus();
    let first = fragment(Some(0), &ticks[..5], &sound[..5]);
    let third = fragment(Some(10 * 960), &ticks[10..], &sound[10..]);
    // Billions of packets of 300 bytes, and more of them than the run has room for.
    for (flags, count) in [(1, u32::MAX), (0x301, 1_000)] {
        let track = [
            mp4_box(b"tfhd", &numbers(&[0x2_0010, 1, 300])),
            mp4_box(b"trun", &numbers(&[flags, count, 0])),
        ];
        let wrong = mp4_box(b"moof", &mp4_box(b"traf", &track.concat()));
        let file = [
            index(&entry, 48_000, None),
            first.clone(),
            wrong.clone(),
            mp4_box(b"mdat", &sound[5..10].concat()),
            third.clone(),
        ]
        .concat();
        assert!(matches!(refusal(file.clone()), Fault::Corrupt(..)), "{flags:#x}");
        let got = salvage(file);
        assert_eq!(got.samples.len(), 14_400);
        let [loss] = &got.losses[..] else {
            panic!("{:?}", got.losses)
        };
        assert!(loss.reason.contains("a fragment can't be read"), "{loss}");
        assert_eq!(loss.bytes, Some(wrong.len() as u64));
    }
}
