//! Vorbis and FLAC in Ogg: chained files, other streams next to the sound, and damage inside.

mod common;
mod muxing;
#[path = "common/flac.rs"]
mod writer;

use common::file;
use earmark_audio::Fault;
use muxing::{FIRST, LAST, Page, decode, ogg, packets, pages, refusal, salvage};
use writer::{BLOCK, block, flac_frame, flac_header};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).expect("readable")
}

/// The first `count` packets of sound of a Vorbis file, in one page that is not cut short.
fn first_packets(packets: &[Vec<u8>], count: usize) -> Vec<u8> {
    ogg(&[
        Page::new(FIRST, 0, 0, &packets[..1]),
        Page::new(0, 0, 1, &packets[1..3]),
        Page::new(LAST, 1 << 30, 2, &packets[3..3 + count]),
    ])
}

/// A Vorbis file with two packets of sound a page.
fn paged_vorbis(name: &str) -> Vec<Page> {
    let packets = packets(&bytes(name));
    let sound = packets.len() - 3;
    let mut pages = vec![
        Page::new(FIRST, 0, 0, &packets[..1]),
        Page::new(0, 0, 1, &packets[1..3]),
    ];
    for start in (0..sound).step_by(2) {
        let end = (start + 2).min(sound);
        let granule = decode(first_packets(&packets, end)).len();
        let granule = i64::try_from(granule).unwrap();
        let flags = if end == sound { LAST } else { 0 };
        pages.push(Page::new(
            flags,
            granule,
            start as u32 / 2 + 2,
            &packets[3 + start..3 + end],
        ));
    }
    pages
}

#[test]
fn pages_can_be_cut_anywhere() {
    let whole = decode(bytes("vorbis-44k-stereo.ogg"));
    let paged = decode(ogg(&paged_vorbis("vorbis-44k-stereo.ogg")));
    // The original is cut short by the position of its last page.
    assert_eq!(paged[..whole.len()], whole);
}

/// A decoder of Vorbis waits on its thread for the next recording with the same header.
#[test]
fn a_decoder_that_waited_decodes_as_a_new_one() {
    let all = packets(&bytes("vorbis-8k.ogg"));
    let with_sound = |sound: &[Vec<u8>]| {
        ogg(&[
            Page::new(FIRST, 0, 0, &all[..1]),
            Page::new(0, 0, 1, &all[1..3]),
            Page::new(LAST, 1 << 30, 2, sound),
        ])
    };
    let mut damaged = all[3..].to_vec();
    damaged[4].truncate(1);
    damaged[4][0] = 0b1111_1110;
    let mut gapped = paged_vorbis("vorbis-8k.ogg");
    gapped.remove(4);
    let files = [
        bytes("vorbis-8k.ogg"),
        with_sound(&all[3..9]),
        with_sound(&all[8..]),
        with_sound(&damaged),
        ogg(&gapped),
        bytes("vorbis-44k-stereo.ogg"),
    ];
    let by_a_new_one = files.clone().map(|file| {
        let new = std::thread::spawn(|| salvage(file));
        new.join().expect("decodes").samples
    });
    for first in 0..files.len() {
        for second in 0..files.len() {
            for k in [first, second, second] {
                assert!(
                    salvage(files[k].clone()).samples == by_a_new_one[k],
                    "{k} of {first}, {second}"
                );
            }
        }
    }
}

#[test]
fn tags_behind_the_last_page_need_no_word() {
    let vorbis = bytes("vorbis-8k.ogg");
    let whole = decode(vorbis.clone());
    let id3v1 = [b"TAG".as_slice(), &[b'x'; 125]].concat();
    let id3v2 = b"ID3\x04\0\0\0\0\0\x04abcd".to_vec();
    for behind in [id3v2.clone(), [vec![0; 30], id3v2, id3v1].concat()] {
        assert_eq!(decode([vorbis.clone(), behind].concat()), whole);
    }
}

#[test]
fn parts_of_a_chained_file_follow_each_other() {
    let (vorbis, flac) = (bytes("vorbis-8k.ogg"), bytes("flac-in-ogg-16k.ogg"));
    let got = salvage([vorbis.clone(), flac, vorbis.clone()].concat());
    let part = decode(vorbis);
    assert!(got.losses.is_empty(), "{:?}", got.losses);
    // FLAC of 16 kHz is converted to the rate of the first part.
    assert_eq!(
        (got.sample_rate_hz, got.samples.len()),
        (8_000, 2_400 + 800 + 2_400)
    );
    assert_eq!(got.samples[..2_400], part);
    assert_eq!(got.samples[3_200..], part);
    assert!(got.samples[2_500..3_100].iter().any(|x| x.abs() > 0.3));
}

#[test]
fn a_lost_page_becomes_silence_of_its_length() {
    let pages = paged_vorbis("vorbis-8k.ogg");
    assert!(pages.len() > 6, "{} pages", pages.len());
    let whole = decode(ogg(&pages));
    let mut gapped = pages.clone();
    let lost = gapped.remove(4);
    assert!(matches!(refusal(ogg(&gapped)), Fault::Corrupt(..)));
    let got = salvage(ogg(&gapped));
    assert_eq!(got.samples.len(), whole.len());
    let before = pages[3].granule as usize;
    assert_eq!(got.samples[..before], whole[..before]);
    assert_eq!(got.samples[before], 0.0);
    let [loss] = &got.losses[..] else {
        panic!("{:?}", got.losses)
    };
    assert!(loss.is_silence && !loss.is_cut_off);
    assert!(loss.reason.contains("page 4 is missing"), "{}", loss.reason);
    // The decoder also needs the first packet behind the gap to resume.
    let seconds = loss.seconds.expect("known");
    let gap = (lost.granule as usize - before) as f64 / 8_000.0;
    assert!(
        seconds >= gap && seconds < gap + 1_024.0 / 8_000.0,
        "{seconds} s of {gap} s"
    );
    let behind = before + (seconds * 8_000.0).round() as usize;
    assert_eq!(got.samples[behind..], whole[behind..]);
}

#[test]
fn garbage_between_pages_is_passed_over() {
    let pages = pages(&bytes("flac-in-ogg-16k.ogg"));
    let whole = decode(ogg(&pages));
    let garbage = vec![0x4f; 1_000];
    let parts = [ogg(&pages[..2]), garbage, ogg(&pages[2..])].concat();
    assert!(matches!(refusal(parts.clone()), Fault::Corrupt(..)));
    let got = salvage(parts);
    // Nothing is missing, except bytes that were never sound.
    assert_eq!(got.samples, whole);
    let [loss] = &got.losses[..] else {
        panic!("{:?}", got.losses)
    };
    assert_eq!(
        (loss.bytes, loss.seconds, loss.is_silence),
        (Some(1_000), None, false)
    );
    // Zeros and a tag at the end are no damage.
    let mut tag = b"TAG".to_vec();
    tag.resize(128, b' ');
    for harmless in [vec![0; 5_000], tag] {
        assert_eq!(decode([ogg(&pages), harmless].concat()), whole);
    }
    assert!(matches!(
        refusal([ogg(&pages), vec![1; 200]].concat()),
        Fault::Corrupt(..)
    ));
}

#[test]
fn of_several_streams_the_first_with_sound_is_read() {
    let mut vorbis = pages(&bytes("vorbis-8k.ogg"));
    let mut flac = pages(&bytes("flac-in-ogg-16k.ogg"));
    vorbis.iter_mut().for_each(|page| page.serial = 1);
    flac.iter_mut().for_each(|page| page.serial = 2);
    let skeleton = |flags, number, packet: &[u8]| Page {
        serial: 3,
        ..Page::new(flags, 0, number, &[packet.to_vec()])
    };
    let whole = decode(ogg(&vorbis));
    let mut order = vec![
        skeleton(FIRST, 0, b"fishead\0\x03\0"),
        vorbis.remove(0),
        flac.remove(0),
    ];
    order.push(skeleton(LAST, 1, b"fisbone\0"));
    for (a, b) in vorbis.into_iter().zip(flac) {
        order.extend([b, a]);
    }
    let got = salvage(ogg(&order));
    assert_eq!((got.samples == whole, got.losses.len()), (true, 0));
    let notes: Vec<String> = got.notes.iter().map(ToString::to_string).collect();
    assert!(
        notes.iter().any(|note| note.contains("1 more audio tracks")),
        "{notes:?}"
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let speex = Page::new(FIRST | LAST, 0, 0, &[b"Speex   1.2".to_vec()]);
    assert!(refusal(speex.bytes()).to_string().contains("is Ogg with Speex"));
    // Behind sound that can be read, it is a loss.
    let got = salvage([bytes("vorbis-8k.ogg"), speex.bytes()].concat());
    assert_eq!(got.samples.len(), 2_400);
    assert!(got.losses[0].reason.contains("Speex"), "{:?}", got.losses);
}

#[test]
fn codebooks_are_weighed_before_they_are_unpacked() {
    let mut packets = packets(&bytes("vorbis-8k.ogg"));
    // The number of entries of the first codebook: 24 bits, behind "vorbis", the number of books, a mark and 16 bits.
    packets[2][13..16].copy_from_slice(&[0xff; 3]);
    packets[2][11..13].copy_from_slice(&[0xff; 2]);
    let message = refusal(first_packets(&packets, 2)).to_string();
    assert!(message.contains("Vorbis codebooks ask for"), "{message}");
}

#[test]
fn files_without_their_beginning_are_refused() {
    let pages = pages(&bytes("vorbis-8k.ogg"));
    assert!(matches!(refusal(ogg(&pages[1..])), Fault::Corrupt(..)));
    assert!(matches!(refusal(ogg(&pages[..1])), Fault::Truncated(..)));
}

#[test]
fn flac_frames_with_a_wrong_checksum_become_silence() {
    let header = flac_header(16_000, 1, 6 * BLOCK as u64);
    let first = [b"\x7fFLAC\x01\0\0\0".to_vec(), header].concat();
    let mut pages = vec![Page::new(FIRST, 0, 0, &[first])];
    for number in 0..6_u32 {
        let granule = i64::from(number + 1) * i64::try_from(BLOCK).unwrap();
        let flags = if number == 5 { LAST } else { 0 };
        let frame = flac_frame(number, 16_000, &[&block(number)]);
        pages.push(Page::new(flags, granule, number + 1, &[frame]));
    }
    let whole = decode(ogg(&pages));
    assert_eq!(whole.len(), 6 * BLOCK);
    // A sample of the third frame, under a page whose own checksum is right.
    pages[3].body[101] ^= 0x10;
    let fault = refusal(ogg(&pages));
    assert!(matches!(fault, Fault::Corrupt(..)), "{fault}");
    let got = salvage(ogg(&pages));
    let lost = 2 * BLOCK..3 * BLOCK;
    assert_eq!(got.samples.len(), whole.len());
    assert_eq!(got.samples[..lost.start], whole[..lost.start]);
    assert!(got.samples[lost.clone()].iter().all(|x| *x == 0.0));
    assert_eq!(got.samples[lost.end..], whole[lost.end..]);
    let [loss] = &got.losses[..] else {
        panic!("{:?}", got.losses)
    };
    assert!(loss.reason.contains("checksum"), "{}", loss.reason);
    assert_eq!((loss.seconds, loss.is_silence), (Some(0.016), true));
}

#[test]
fn places_in_a_chained_file_are_in_its_own_time() {
    let mut flac = pages(&bytes("flac-in-ogg-16k.ogg"));
    // An MD5 that its samples don't have: behind 17 bytes of the mapping and 18 of STREAMINFO.
    flac[0].body[35..51].fill(0x11);
    let message = refusal([bytes("vorbis-8k.ogg"), ogg(&flac)].concat()).to_string();
    // 2,400 samples at 8 kHz and 1,600 at 16 kHz.
    assert!(message.contains("after 0.400 s (6400 frames)"), "{message}");
    assert!(message.contains("MD5"), "{message}");
}
