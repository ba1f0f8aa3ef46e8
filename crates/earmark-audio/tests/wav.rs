//! WAV and AIFF, correct and as found in the wild: written here byte by byte.

mod common;

use std::io::Cursor;

use common::{fmt, refusal, sine, snr_db, wav, wav_float, wav16};
use earmark_audio::{Clip, ClipNote, Fault, decode_bytes, decode_bytes_native};

fn samples(bytes: Vec<u8>) -> Vec<f32> {
    decode_bytes_native(bytes)
        .unwrap_or_else(|e| panic!("{e}"))
        .clip
        .samples
}

#[test]
fn integers_are_scaled_by_powers_of_two() {
    assert_eq!(
        samples(wav(&fmt(1, 1, 8_000, 8), &[0, 64, 128, 255])),
        [-1.0, -0.5, 0.0, 127.0 / 128.0]
    );
    assert_eq!(
        samples(wav16(8_000, &[i16::MIN, -1, 0, 1, i16::MAX])),
        [-1.0, -1.0 / 32_768.0, 0.0, 1.0 / 32_768.0, 32_767.0 / 32_768.0]
    );
    let b24 = [
        0x00, 0x00, 0x80, 0xff, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff, 0x7f,
    ];
    let step = 1.0 / 8_388_608.0;
    assert_eq!(
        samples(wav(&fmt(1, 1, 8_000, 24), &b24)),
        [-1.0, -step, step, 1.0 - step]
    );
    let b32: Vec<u8> = [i32::MIN, 1 << 30, 0]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    assert_eq!(samples(wav(&fmt(1, 1, 8_000, 32), &b32)), [-1.0, 0.5, 0.0]);
}

#[test]
fn floats_come_through_and_are_not_clipped() {
    let values = [0.0f32, -1.5, 1e-20, 3.25];
    assert_eq!(samples(wav_float(8_000, &values)), values);
    let b64: Vec<u8> = [0.1f64, -2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(samples(wav(&fmt(3, 1, 8_000, 64), &b64)), [0.1f32, -2.0]);
}

#[test]
fn g711_values_are_those_of_the_standard() {
    // ITU-T G.711: largest, smallest and the codes of idle lines, 13 and 14 bits scaled to 16.
    let a: Vec<f32> = samples(wav(&fmt(6, 1, 8_000, 8), &[0xaa, 0x2a, 0xd5, 0x55, 0x80]));
    assert_eq!(
        a.iter().map(|x| x * 32_768.0).collect::<Vec<_>>(),
        [32_256.0, -32_256.0, 8.0, -8.0, 5_504.0]
    );
    let mu: Vec<f32> = samples(wav(&fmt(7, 1, 8_000, 8), &[0x80, 0x00, 0xff, 0x7f, 0xef]));
    assert_eq!(
        mu.iter().map(|x| x * 32_768.0).collect::<Vec<_>>(),
        [32_124.0, -32_124.0, 0.0, 0.0, 132.0]
    );
}

#[test]
fn files_written_by_hound_are_read() {
    for bits in [8, 16, 24, 32] {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 22_050,
            bits_per_sample: bits,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).expect("writes");
        let full = 2f64.powi(i32::from(bits) - 1);
        let (left, right) = (
            sine(22_050, 440.0, 0.5, 3_000),
            sine(22_050, 1_000.0, 0.25, 3_000),
        );
        for (l, r) in left.iter().zip(&right) {
            writer
                .write_sample((f64::from(*l) * full) as i32)
                .expect("writes");
            writer
                .write_sample((f64::from(*r) * full) as i32)
                .expect("writes");
        }
        writer.finalize().expect("writes");
        let wanted: Vec<f32> = left.iter().zip(&right).map(|(l, r)| (l + r) / 2.0).collect();
        let snr = snr_db(&wanted, &samples(bytes.into_inner()), 0);
        // Truncation to whole steps: 6 dB per bit, minus 12 dB for the small amplitude and the truncation.
        let least = (6.02 * f64::from(bits) - 16.0).min(130.0);
        assert!(snr > least, "{bits} bits: {snr:.1} dB");
    }
}

#[test]
fn extensible_and_left_justified_formats() {
    let extensible = |tag: u16, bits: u16, valid: u16| {
        let mut f = fmt(0xfffe, 1, 8_000, bits);
        f.extend(22u16.to_le_bytes());
        f.extend(valid.to_le_bytes());
        f.extend(4u32.to_le_bytes());
        f.extend(tag.to_le_bytes());
        f.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
        f
    };
    assert_eq!(samples(wav(&extensible(1, 16, 12), &[0, 0x40])), [0.5]);
    assert_eq!(
        samples(wav(&extensible(3, 32, 32), &0.75f32.to_le_bytes())),
        [0.75]
    );
    // 20 bits in three bytes, without the extension.
    let mut f = fmt(1, 1, 8_000, 24);
    f[14] = 20;
    assert_eq!(samples(wav(&f, &[0, 0, 0x40])), [0.5]);
    // 24 bits in the lower three of four bytes, as arecord writes; the fourth is zero even where the sample is negative.
    let mut f = fmt(1, 1, 8_000, 24);
    f[12] = 4;
    assert_eq!(samples(wav(&f, &[0, 0, 0x40, 0, 0, 0, 0xc0, 0])), [0.5, -0.5]);
    // An unknown sub-format.
    let mut odd = extensible(1, 16, 16);
    odd[30] = 0x77;
    assert!(matches!(refusal(wav(&odd, &[0, 0])), Fault::Unsupported(..)));
}

#[test]
fn an_empty_file_is_a_clip_and_a_note() {
    for bytes in [
        wav16(44_100, &[]),
        wav_float(44_100, &[]),
        wav(&fmt(1, 2, 44_100, 24), &[]),
    ] {
        let decoded = decode_bytes(bytes, 16_000).expect("valid");
        assert_eq!(decoded.clip, Clip::new(vec![], 16_000));
        assert!(decoded.notes.contains(&ClipNote::EmptyFile));
        assert_eq!(decoded.source.frames, Some(0));
    }
    // An empty recording with tags after it.
    let mut tagged = wav16(8_000, &[]);
    tagged.extend(b"LIST\x04\0\0\0INFO");
    assert!(samples(tagged).is_empty());
    assert!(matches!(refusal(vec![]), Fault::Empty));
}

#[test]
fn streamed_headers_extend_to_the_end() {
    let values = [1_000i16, -2_000, 3_000, -4_000, 5_000];
    let wanted: Vec<f32> = values.iter().map(|&x| f32::from(x) / 32_768.0).collect();
    for (riff, data) in [
        (u32::MAX, u32::MAX),
        (0, 0),
        (36, 0),
        (0x7fff_f024, 0x7fff_f000),
        (0x8000_0024, 0x8000_0000),
    ] {
        let mut bytes = wav16(8_000, &values);
        bytes[4..8].copy_from_slice(&riff.to_le_bytes());
        bytes[40..44].copy_from_slice(&data.to_le_bytes());
        assert_eq!(samples(bytes.clone()), wanted, "{data:#x}");
        // The last sample is incomplete: it is left out, and said.
        bytes.pop();
        let decoded = decode_bytes_native(bytes).expect("valid");
        assert_eq!(decoded.clip.samples, wanted[..4], "{data:#x}");
        let said = decoded
            .notes
            .iter()
            .any(|note| note.to_string().contains("within a frame"));
        assert!(said, "{data:#x}: {:?}", decoded.notes);
    }
}

#[test]
fn chunks_around_the_samples_are_skipped() {
    let values = [100i16, 200, 300];
    let plain = wav16(8_000, &values);
    let mut odd = plain[..12].to_vec();
    // An unknown chunk of odd length with its padding byte, before the format.
    odd.extend(b"junk\x03\0\0\0abc\0");
    odd.extend(&plain[12..36]);
    odd.extend(b"LIST\x05\0\0\0INFOx\0");
    odd.extend(&plain[36..]);
    odd.extend(b"id3 \x02\0\0\0zz");
    assert_eq!(samples(odd), samples(plain.clone()));
    // A wrong RIFF size does no harm.
    let mut wrong = plain.clone();
    wrong[4..8].copy_from_slice(&7u32.to_le_bytes());
    assert_eq!(samples(wrong), samples(plain));
}

/// The same recording in RIFX: every number in the opposite byte order. `extension` is the rest of the format chunk.
fn rifx(tag: u16, channels: u16, bits: u16, extension: &[u8], data: &[u8]) -> Vec<u8> {
    let align = channels * bits.div_ceil(8);
    let mut out = b"RIFX\0\0\0\0WAVEfmt ".to_vec();
    out.extend((16 + extension.len() as u32).to_be_bytes());
    out.extend(tag.to_be_bytes());
    out.extend(channels.to_be_bytes());
    out.extend(8_000_u32.to_be_bytes());
    out.extend((8_000 * u32::from(align)).to_be_bytes());
    out.extend(align.to_be_bytes());
    out.extend(bits.to_be_bytes());
    out.extend(extension);
    out.extend(b"data");
    out.extend((data.len() as u32).to_be_bytes());
    out.extend(data);
    out
}

#[test]
fn rifx_is_wav_in_the_opposite_byte_order() {
    assert_eq!(samples(rifx(1, 1, 8, &[], &[0, 192])), [-1.0, 0.5]);
    assert_eq!(samples(rifx(1, 1, 16, &[], &[0x40, 0, 0x80, 0])), [0.5, -1.0]);
    assert_eq!(samples(rifx(1, 2, 16, &[], &[0x40, 0, 0xc0, 0])), [0.0]);
    assert_eq!(samples(rifx(1, 1, 24, &[], &[0xc0, 0, 0])), [-0.5]);
    assert_eq!(samples(rifx(1, 1, 32, &[], &[0x40, 0, 0, 0])), [0.5]);
    assert_eq!(samples(rifx(3, 1, 32, &[], &0.3f32.to_be_bytes())), [0.3]);
    assert_eq!(samples(rifx(3, 1, 64, &[], &0.1f64.to_be_bytes())), [0.1]);
    // WAVE_FORMAT_EXTENSIBLE: size, valid bits, speakers, then the sub-format.
    let extension = [
        0, 22, 0, 16, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0x10, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71,
    ];
    assert_eq!(samples(rifx(0xfffe, 1, 16, &extension, &[0x40, 0])), [0.5]);
    let mut cut = rifx(1, 1, 16, &[], &[0x40, 0, 0x80, 0]);
    cut.pop();
    assert!(matches!(refusal(cut), Fault::Truncated(..)));
    assert!(matches!(refusal(b"RIFX\0\0".to_vec()), Fault::Truncated(..)));
    let adpcm = refusal(rifx(0x11, 1, 4, &[], &[0; 64]));
    assert!(adpcm.to_string().contains("big-endian"), "{adpcm}");
}

#[test]
fn rates_and_channels() {
    for rate in [1_000, 8_000, 11_025, 22_050, 96_000, 192_000, 384_000] {
        let decoded = decode_bytes_native(wav16(rate, &[1, 2, 3])).expect("valid");
        assert_eq!((decoded.clip.sample_rate_hz, decoded.clip.len()), (rate, 3));
    }
    let six: Vec<u8> = [600i16, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6]
        .iter()
        .flat_map(|s| s.to_le_bytes())
        .collect();
    let got = samples(wav(&fmt(1, 6, 8_000, 16), &six));
    for (got, wanted) in got.iter().zip([100.0 / 32_768.0, 3.5 / 32_768.0]) {
        assert!((got - wanted).abs() < 1e-9);
    }
    // A partial frame at the end of a sized chunk lacks the samples of some channels.
    assert_eq!(samples(wav(&fmt(1, 2, 8_000, 16), &[0, 0, 0, 0, 9])).len(), 1);
}

#[test]
fn absurd_headers_are_refused() {
    for (tag, channels, rate, bits) in [
        (1, 0, 44_100, 16),
        (1, 65_535, 44_100, 16),
        (1, 257, 44_100, 8),
        (1, 1, 0, 16),
        (1, 1, 1, 16),
        (1, 1, u32::MAX, 16),
        (1, 1, 44_100, 0),
        (1, 1, 44_100, 65_535),
        (1, 1, 44_100, 64),
        (3, 1, 44_100, 16),
        (0xa109, 1, 16_000, 0),
        (0x1234, 1, 44_100, 16),
    ] {
        let error = refusal(wav(&fmt(tag, channels, rate, bits), &[0; 64]));
        assert!(matches!(error, Fault::Unsupported(..)), "{error}");
        assert!(error.to_string().contains("ffmpeg"), "{error}");
    }
    assert!(matches!(
        refusal(wav(&fmt(1, 1, 8_000, 16)[..12], &[0; 8])),
        Fault::Corrupt(..)
    ));
    let mut no_fmt = b"RIFF\x10\0\0\0WAVEdata\x04\0\0\0".to_vec();
    no_fmt.extend([0; 4]);
    assert!(matches!(refusal(no_fmt), Fault::Corrupt(..)));
    // 1 GB promised, by both sizes; 4 bytes present.
    let mut huge = wav16(8_000, &[1, 2]);
    huge[4..8].copy_from_slice(&0x4000_0024u32.to_le_bytes());
    huge[40..44].copy_from_slice(&0x4000_0000u32.to_le_bytes());
    assert!(matches!(refusal(huge), Fault::Truncated(..)));
}

#[test]
fn samples_that_are_not_finite_are_refused_with_their_position() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut values = vec![0.25f32; 100_000];
        values[80_000] = bad;
        let error = refusal(wav_float(8_000, &values));
        assert!(matches!(error, Fault::NonFinite(..)), "{error}");
        assert!(
            error.to_string().contains("after 10.000 s (80000 frames)"),
            "{error}"
        );
    }
    // Finite in the file, infinite under a resampler's filter.
    let huge = wav_float(8_000, &[f32::MAX, f32::MIN, f32::MAX, f32::MAX]);
    assert!(matches!(refusal(huge), Fault::NonFinite(..)));
    let large = wav_float(8_000, &[1e29, -1e29, 1e29, 1e29]);
    let decoded = decode_bytes(large, 16_000).expect("a clip");
    assert!(decoded.clip.samples.iter().all(|x| x.is_finite()));
    // Finite as a double, infinite as a float.
    assert!(matches!(
        refusal(wav(&fmt(3, 1, 8_000, 64), &1e300f64.to_le_bytes())),
        Fault::NonFinite(..)
    ));
}

/// An AIFF file of 16-bit samples; the rate of 8,000 Hz as an 80-bit float.
fn aiff(samples: &[i16], ssnd_first: bool) -> Vec<u8> {
    let mut comm = b"COMM\0\0\0\x12\0\x01".to_vec();
    comm.extend((samples.len() as u32).to_be_bytes());
    comm.extend([0, 16, 0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0]);
    let mut ssnd = b"SSND".to_vec();
    ssnd.extend((8 + 2 * samples.len() as u32).to_be_bytes());
    ssnd.extend([0; 8]);
    ssnd.extend(samples.iter().flat_map(|s| s.to_be_bytes()));
    let mut out = b"FORM\0\0\0\0AIFF".to_vec();
    let parts = if ssnd_first { [ssnd, comm] } else { [comm, ssnd] };
    out.extend(parts.concat());
    out
}

#[test]
fn aiff_chunks_in_any_order() {
    for ssnd_first in [false, true] {
        let decoded = decode_bytes_native(aiff(&[16_384, -32_768], ssnd_first)).expect("valid");
        assert_eq!(decoded.clip, Clip::new(vec![0.5, -1.0], 8_000));
    }
    assert!(
        decode_bytes_native(aiff(&[], false))
            .expect("valid")
            .clip
            .is_empty()
    );
    let mut no_rate = aiff(&[1], false);
    no_rate[28..30].copy_from_slice(&[0x7f, 0xff]);
    assert!(matches!(refusal(no_rate), Fault::Unsupported(..)));
}
