//! Opus in Ogg: against libopus, and what the container says about start, end and gaps.

mod common;
mod muxing;

use common::{chirp, file, snr_db};
use earmark_audio::{Fault, probe, read_native};
use muxing::{FIRST, LAST, Page, decode, ogg, packets, pages, refusal, salvage};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).expect("readable")
}

/// What libopus makes of a file: the mean of the channels.
fn golden(name: &str) -> Vec<f32> {
    let bytes =
        std::fs::read(file("../golden").join(format!("libopus-{name}.npy"))).expect("a golden vector");
    // Version 1.0: ten bytes, of which the last two are the length of the header.
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let samples = bytes[start..].as_chunks::<2>().0.iter();
    samples
        .map(|&b| f32::from(i16::from_le_bytes(b)) / 32_768.0)
        .collect()
}

/// The packets of a file as pages of `per_page` packets, behind its headers.
fn paged(name: &str, per_page: usize) -> Vec<Page> {
    let packets = packets(&bytes(name));
    let (head, sound) = packets.split_at(2);
    let mut pages = vec![Page::new(FIRST, 0, 0, &head[..1]), Page::new(0, 0, 1, &head[1..])];
    let count = sound.len().div_ceil(per_page);
    let mut granule = 0;
    for (index, some) in sound.chunks(per_page).enumerate() {
        // In these files, even configurations are of 10 ms and odd ones of 20 ms.
        granule += some
            .iter()
            .map(|packet| if packet[0] >> 3 & 1 == 0 { 480 } else { 960 })
            .sum::<i64>();
        let flags = if index + 1 == count { LAST } else { 0 };
        pages.push(Page::new(flags, granule, index as u32 + 2, some));
    }
    pages
}

#[test]
fn samples_agree_with_libopus() {
    for (name, channels, len) in [
        ("opus-celt.opus", 1, 14_400),
        ("opus-celt-stereo.opus", 2, 14_400),
        ("opus-celt-six.opus", 6, 7_200),
        ("opus-silk.opus", 1, 24_000),
        ("opus-hybrid.opus", 1, 24_000),
        ("opus-hybrid-stereo.opus", 2, 19_200),
    ] {
        let decoded = read_native(&file(name)).unwrap_or_else(|e| panic!("{e}"));
        let (source, got, wanted) = (decoded.source, decoded.clip.samples, golden(name));
        assert_eq!(
            (source.codec.as_str(), source.container.as_str()),
            ("Opus", "Ogg"),
            "{name}"
        );
        assert_eq!(
            (source.sample_rate_hz, source.channels, source.frames),
            (48_000, channels, Some(len))
        );
        assert_eq!(probe(&file(name)).expect(name), source);
        assert_eq!((got.len() as u64, wanted.len() as u64), (len, len), "{name}");
        let error = got
            .iter()
            .zip(&wanted)
            .map(|(a, b)| f64::from(a - b).powi(2))
            .sum::<f64>();
        let db = 10.0 * (error / len as f64).log10();
        assert!(db < -90.0, "{name}: the error is {db:.1} dB of full scale");
    }
}

#[test]
fn other_rates_are_decoded_at_48_khz() {
    let decoded = read_native(&file("opus-silk-from-16k.opus")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        (decoded.source.sample_rate_hz, decoded.clip.len()),
        (48_000, 24_000)
    );
}

#[test]
fn files_of_ffmpeg_sound_like_their_signal() {
    let decoded = read_native(&file("opus-48k.ogg")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(decoded.clip.len(), 4_800);
    // At 24 kbit/s; libopus itself reaches 10.3 dB.
    let snr = snr_db(&chirp(48_000, 0.1, 1), &decoded.clip.samples, 150);
    assert!(snr > 10.0, "{snr:.1} dB");
}

#[test]
fn packets_of_several_frames_are_the_same_sound() {
    let single = packets(&bytes("opus-celt-stereo.opus"));
    let sound: Vec<_> = single[2..].iter().take(12).cloned().collect();
    let headers = [
        Page::new(FIRST, 0, 0, &single[..1]),
        Page::new(0, 0, 1, &single[1..2]),
    ];
    let of = |sound: &[Vec<u8>]| ogg(&[&headers[..], &[Page::new(LAST, 12 * 960, 2, sound)]].concat());
    // Three frames of their own length in a packet.
    let joined: Vec<_> = sound
        .chunks(3)
        .map(|frames| {
            let mut packet = vec![frames[0][0] | 3, 0x83];
            for frame in &frames[..2] {
                match frame.len() - 1 {
                    size @ 0..252 => packet.push(size as u8),
                    size => packet.extend([(252 + size % 4) as u8, ((size - 252 - size % 4) / 4) as u8]),
                }
            }
            packet.extend(frames.iter().flat_map(|frame| &frame[1..]));
            packet
        })
        .collect();
    let (wanted, got) = (decode(of(&sound)), decode(of(&joined)));
    assert_eq!(wanted.len(), 12 * 960 - 312);
    assert_eq!(got, wanted);
}

#[test]
fn silent_frames_last_as_long_as_they_say() {
    let mut pages = paged("opus-hybrid.opus", 5);
    let whole = decode(ogg(&pages));
    // Packets of a first byte only, as an encoder writes in silence.
    let toc = pages[3].body[0];
    pages[3] = Page::new(0, pages[3].granule, 3, &vec![vec![toc]; 5]);
    let got = decode(ogg(&pages));
    assert_eq!(got.len(), whole.len());
    assert_eq!(got[..4_000], whole[..4_000]);
    assert!(got.iter().all(|x| x.abs() <= 1.0));
}

#[test]
fn gain_and_pre_skip_are_those_of_the_header() {
    let mut pages = paged("opus-celt.opus", 8);
    let plain = decode(ogg(&pages));
    // 6.02 dB in 256ths, and 100 samples more to skip.
    pages[0].body[16..18].copy_from_slice(&1_541_i16.to_le_bytes());
    pages[0].body[10..12].copy_from_slice(&412_u16.to_le_bytes());
    let louder = decode(ogg(&pages));
    assert_eq!(louder.len(), plain.len() - 100);
    for (a, b) in louder.iter().zip(&plain[100..]) {
        assert!((a - 2.0 * b).abs() < 1e-4 + b.abs() * 1e-3, "{a} and {b}");
    }
}

#[test]
fn parts_of_a_chained_file_follow_each_other() {
    let names = ["opus-silk.opus", "opus-celt-stereo.opus", "opus-silk.opus"];
    let chained = names.iter().flat_map(|name| bytes(name)).collect();
    let wanted: Vec<f32> = names.iter().flat_map(|name| decode(bytes(name))).collect();
    let got = salvage(chained);
    assert_eq!((got.samples == wanted, got.losses.len()), (true, 0));
    assert_eq!(got.frames, Some(wanted.len() as u64));
}

#[test]
fn a_lost_page_becomes_silence_of_its_length() {
    let pages = paged("opus-celt.opus", 3);
    let whole = decode(ogg(&pages));
    let mut gapped = pages.clone();
    gapped.remove(4);
    assert!(matches!(refusal(ogg(&gapped)), Fault::Corrupt(..)));
    let mut changed = ogg(&pages);
    let before: usize = pages[..4].iter().map(|page| page.bytes().len()).sum();
    changed[before + 40] ^= 1;
    assert!(matches!(refusal(changed.clone()), Fault::Corrupt(..)));
    // Pages 2 and 3 with three packets each come before.
    let start = 6 * 960 - 312;
    for damaged in [ogg(&gapped), changed] {
        let got = salvage(damaged);
        assert_eq!(got.samples.len(), whole.len());
        assert_eq!(got.samples[..start], whole[..start]);
        assert!(got.samples[start..start + 2_880].iter().all(|x| *x == 0.0));
        assert!(got.samples[start + 2_880..].iter().any(|x| x.abs() > 0.01));
        let [loss] = &got.losses[..] else {
            panic!("{:?}", got.losses)
        };
        assert_eq!(
            (loss.seconds, loss.is_silence, loss.is_cut_off),
            (Some(0.06), true, false)
        );
    }
}

#[test]
fn what_is_whole_of_a_cut_file_is_read() {
    let pages = paged("opus-celt.opus", 4);
    let whole = decode(ogg(&pages));
    let mut cut = ogg(&pages);
    cut.truncate(cut.len() - 10);
    assert!(matches!(refusal(cut.clone()), Fault::Truncated(..)));
    let got = salvage(cut);
    assert_eq!(got.samples.len(), 12 * 960 - 312);
    assert_eq!(got.samples[..], whole[..got.samples.len()]);
    assert!(
        got.losses
            .iter()
            .any(|loss| loss.is_cut_off && loss.bytes.is_some()),
        "{:?}",
        got.losses
    );
}

#[test]
fn positions_count_from_where_a_stream_was_cut_out() {
    // A radio stream that was recorded from its second hour on.
    let mut pages = paged("opus-celt.opus", 4);
    let whole = decode(ogg(&pages));
    pages[2..].iter_mut().for_each(|page| page.granule += 200_000_000);
    let got = salvage(ogg(&pages));
    assert_eq!((got.samples == whole, got.losses.len()), (true, 0));
    assert_eq!(got.frames, Some(whole.len() as u64));
}

#[test]
fn an_unmarked_end_is_noted() {
    let mut pages = paged("opus-celt.opus", 4);
    let whole = decode(ogg(&pages));
    pages.last_mut().expect("pages").flags = 0;
    let got = salvage(ogg(&pages));
    assert_eq!((got.samples == whole, got.losses.len()), (true, 0));
    assert!(
        got.notes
            .iter()
            .any(|note| note.to_string().contains("not marked as the last"))
    );
    // Without any sound, the end is missing.
    let headers = ogg(&pages[..2]);
    assert!(matches!(refusal(headers), Fault::Truncated(..)));
}

#[test]
fn the_first_header_decides() {
    let mut pages = pages(&bytes("opus-silk.opus"));
    pages[0].body[8] = 0x10;
    assert!(refusal(ogg(&pages)).to_string().contains("Opus of version 16"));
    pages[0].body[8] = 1;
    pages[0].body[18] = 3;
    assert!(refusal(ogg(&pages)).to_string().contains("mapping family 3"));
}
