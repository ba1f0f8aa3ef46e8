//! Matroska and WebM: the packets of other test files in their blocks.

mod common;
mod muxing;

use common::{file, sine};
use earmark_audio::{Fault, decode_bytes_native};
use muxing::{
    block, cluster, decode, element, open_element, packets, padded_block, refusal, salvage, track, webm,
};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).expect("readable")
}

/// The clusters of an Opus file: blocks of 20 ms, five in a cluster, the last one cut to the end of the recording.
fn opus_clusters(packets: &[Vec<u8>], discard_ns: i64) -> Vec<Vec<u8>> {
    let sound = &packets[2..];
    let mut clusters = Vec::new();
    for (index, some) in sound.chunks(5).enumerate() {
        let mut blocks: Vec<Vec<u8>> = (0_i16..)
            .zip(some)
            .map(|(n, packet)| block(1, 20 * n, packet))
            .collect();
        if 5 * index + some.len() == sound.len() {
            let last = some.len() - 1;
            blocks[last] = padded_block(1, 20 * i16::try_from(last).unwrap(), &some[last], discard_ns);
        }
        clusters.push(cluster(100 * index as u16, &blocks));
    }
    clusters
}

/// A WebM file of an Opus file whose packets have `extra` samples too many.
fn opus_webm(name: &str, channels: u8, extra: i64) -> Vec<u8> {
    let packets = packets(&bytes(name));
    let opus = track(1, "A_OPUS", &packets[0], 48_000.0, channels);
    webm(&[opus], &opus_clusters(&packets, extra * 1_000_000_000 / 48_000))
}

#[test]
fn opus_sounds_as_in_ogg() {
    // 14,880 samples are coded, of which 312 come before the recording and 168 behind it.
    let webm = opus_webm("opus-celt-stereo.opus", 2, 168);
    let decoded = decode_bytes_native(webm.clone()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(decoded.clip.samples, decode(bytes("opus-celt-stereo.opus")));
    let source = decoded.source;
    assert_eq!(
        (source.codec.as_str(), source.container.as_str()),
        ("Opus", "Matroska")
    );
    assert_eq!((source.sample_rate_hz, source.channels), (48_000, 2));
    assert!(salvage(webm).losses.is_empty());
}

#[test]
fn sizes_may_be_unknown() {
    let packets = packets(&bytes("opus-silk.opus"));
    let opus = track(1, "A_OPUS", &packets[0], 48_000.0, 1);
    let wanted = decode(webm(std::slice::from_ref(&opus), &opus_clusters(&packets, 0)));
    let live: Vec<Vec<u8>> = opus_clusters(&packets, 0)
        .iter()
        .map(|cluster| open_element(0x1f43_b675, &cluster[8..]))
        .collect();
    let content = [element(0x1654_ae6b, &opus), live.concat()].concat();
    let head = element(0x1a45_dfa3, &[]);
    let one = [head.clone(), open_element(0x1853_8067, &content)].concat();
    assert_eq!(decode(one.clone()), wanted);
    // Two recordings of unknown size in a row.
    assert_eq!(
        decode([one.clone(), one].concat()),
        [wanted.clone(), wanted].concat()
    );
}

#[test]
fn several_packets_share_a_block() {
    let packets = packets(&bytes("opus-silk.opus"));
    let opus = track(1, "A_OPUS", &packets[0], 48_000.0, 1);
    let sound = &packets[2..14];
    let plain = |packet: &Vec<u8>, n: usize| block(1, 20 * i16::try_from(n).unwrap(), packet);
    let single: Vec<_> = sound
        .iter()
        .enumerate()
        .map(|(n, packet)| plain(packet, n))
        .collect();
    let wanted = decode(webm(std::slice::from_ref(&opus), &[cluster(0, &single)]));
    // Xiph's lacing: the number of packets minus one, and the lengths of all but the last.
    let laced: Vec<_> = sound
        .chunks(3)
        .enumerate()
        .map(|(n, some)| {
            let mut content = vec![
                0x81,
                0,
                60 * n as u8,
                2,
                2,
                some[0].len() as u8,
                some[1].len() as u8,
            ];
            content.extend(some.concat());
            element(0xa3, &content)
        })
        .collect();
    assert_eq!(decode(webm(&[opus], &[cluster(0, &laced)])), wanted);
}

#[test]
fn other_codecs_sound_as_in_their_own_containers() {
    // Vorbis: three headers in one piece.
    let vorbis = packets(&bytes("vorbis-8k.ogg"));
    let lengths: Vec<u8> = vorbis[..2]
        .iter()
        .flat_map(|packet| [vec![255; packet.len() / 255], vec![(packet.len() % 255) as u8]].concat())
        .collect();
    let private = [vec![2], lengths, vorbis[..3].concat()].concat();
    let entry = track(1, "A_VORBIS", &private, 8_000.0, 1);
    let blocks: Vec<_> = vorbis[3..].iter().map(|packet| block(1, 0, packet)).collect();
    let got = decode(webm(&[entry], &[cluster(0, &blocks)]));
    let wanted = decode(bytes("vorbis-8k.ogg"));
    assert_eq!(got[..wanted.len()], wanted);
    // FLAC: what comes before the frames.
    let flac = packets(&bytes("flac-in-ogg-16k.ogg"));
    let entry = track(1, "A_FLAC", &flac[0][9..], 16_000.0, 1);
    let frames = flac.iter().filter(|packet| packet.first() == Some(&0xff));
    let blocks: Vec<_> = frames.map(|packet| block(1, 0, packet)).collect();
    assert_eq!(
        decode(webm(&[entry], &[cluster(0, &blocks)])),
        decode(bytes("flac-in-ogg-16k.ogg"))
    );
    // PCM: 16 bits, as they are.
    let samples = sine(8_000, 440.0, 0.5, 800);
    let pcm: Vec<u8> = samples
        .iter()
        .flat_map(|x| ((x * 32_768.0) as i16).to_le_bytes())
        .collect();
    let entry = track(1, "A_PCM/INT/LIT", &[], 8_000.0, 1);
    let got = decode(webm(
        &[entry],
        &[cluster(0, &[block(1, 0, &pcm[..800]), block(1, 50, &pcm[800..])])],
    ));
    assert_eq!(got.len(), 800);
    assert!(
        got.iter()
            .zip(&samples)
            .all(|(a, b)| (a - b).abs() < 1.0 / 32_768.0)
    );
}

#[test]
fn other_tracks_are_passed_over() {
    let packets = packets(&bytes("opus-silk.opus"));
    let video = element(
        0xae,
        &[element(0xd7, &[2]), element(0x83, &[1]), element(0x86, b"V_VP9")].concat(),
    );
    let opus = |number| track(number, "A_OPUS", &packets[0], 48_000.0, 1);
    let wanted = decode(webm(&[opus(1)], &opus_clusters(&packets, 0)));
    let mut clusters = opus_clusters(&packets, 0);
    for (n, cluster_bytes) in clusters.iter_mut().enumerate() {
        let pictures = [block(2, 0, b"picture"), block(3, 0, &packets[2])];
        *cluster_bytes = [cluster_bytes.clone(), cluster(100 * n as u16, &pictures)].concat();
    }
    let got = salvage(webm(&[video.clone(), opus(1), opus(3)], &clusters));
    assert_eq!((got.samples == wanted, got.losses.len()), (true, 0));
    assert!(
        got.notes
            .iter()
            .any(|note| note.to_string().contains("1 more audio tracks"))
    );
    let message = refusal(webm(&[video], &[])).to_string();
    assert!(message.contains("without an audio track"), "{message}");
    let message = refusal(webm(&[track(1, "A_AC3", &[], 48_000.0, 6)], &[])).to_string();
    assert!(message.contains("Matroska with AC3"), "{message}");
    let he = track(1, "A_AAC", &[0x2b, 0x11, 0x88, 0x00], 24_000.0, 2);
    assert!(refusal(webm(&[he], &[])).to_string().contains("HE-AAC"));
}

#[test]
fn damage_becomes_silence_of_its_length() {
    let packets = packets(&bytes("opus-silk.opus"));
    let opus = track(1, "A_OPUS", &packets[0], 48_000.0, 1);
    let mut clusters = opus_clusters(&packets, 0);
    let whole = decode(webm(std::slice::from_ref(&opus), &clusters));
    let len = clusters[2].len();
    clusters[2] = vec![0x77; len];
    let damaged = webm(&[opus], &clusters);
    assert!(matches!(refusal(damaged.clone()), Fault::Corrupt(..)));
    let got = salvage(damaged);
    // Clusters 0 and 1 with 100 ms each come before.
    let start = 2 * 4_800 - 312;
    assert_eq!(got.samples.len(), whole.len());
    assert_eq!(got.samples[..start], whole[..start]);
    assert!(got.samples[start..start + 4_800].iter().all(|x| *x == 0.0));
    let [loss] = &got.losses[..] else {
        panic!("{:?}", got.losses)
    };
    assert_eq!(
        (loss.seconds, loss.bytes, loss.is_silence),
        (Some(0.1), Some(len as u64), true)
    );
}

#[test]
fn what_is_whole_of_a_cut_file_is_read() {
    let mut webm = opus_webm("opus-celt.opus", 1, 168);
    let whole = decode(webm.clone());
    webm.truncate(webm.len() - 30);
    assert!(matches!(refusal(webm.clone()), Fault::Truncated(..)));
    let got = salvage(webm);
    assert_eq!(got.samples.len(), 15 * 960 - 312);
    assert_eq!(got.samples[..], whole[..got.samples.len()]);
    assert!(got.losses[0].is_cut_off, "{:?}", got.losses);
}

#[test]
fn a_wrong_size_hides_no_clusters() {
    let packets = packets(&bytes("opus-silk.opus"));
    let opus = track(1, "A_OPUS", &packets[0], 48_000.0, 1);
    let clusters = opus_clusters(&packets, 0);
    let whole = decode(webm(std::slice::from_ref(&opus), &clusters));
    // Padding that claims to end in the size of the next cluster, or behind the file.
    for excess in [4, 1 << 20] {
        let mut padding = element(0xec, &[0; 20]);
        padding[1..5].copy_from_slice(&(0x1000_0000_u32 | (20 + excess)).to_be_bytes());
        let file = |at: usize| {
            let mut parts = clusters.clone();
            parts.insert(at, padding.clone());
            webm(std::slice::from_ref(&opus), &parts)
        };
        // Before the first cluster there is no sound.
        let got = salvage(file(0));
        assert_eq!((got.samples == whole, got.losses.len()), (true, 0), "{excess}");
        let notes: Vec<String> = got.notes.iter().map(ToString::to_string).collect();
        assert!(
            notes.iter().any(|note| note.contains("claims more bytes")),
            "{notes:?}"
        );
        // Behind it there may have been.
        let fault = refusal(file(1));
        assert!(matches!(fault, Fault::Corrupt(..)), "{fault}");
        let got = salvage(file(1));
        assert!(got.samples == whole, "{excess}");
        let [loss] = &got.losses[..] else {
            panic!("{:?}", got.losses)
        };
        assert_eq!((loss.bytes, loss.seconds), (Some(25), None));
    }
}
