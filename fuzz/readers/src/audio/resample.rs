//! Rates and lengths.

use earmark_audio::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ, Resampler, resampled_len};

/// Longest output tried; more of the same would only be slow.
const MAX_OUTPUT: u64 = 1 << 17;

/// Any pair of rates: the promised length, finite samples, and the same output for every way to cut the input.
pub fn resample(data: &[u8]) {
    let Some((head, pieces)) = data.split_first_chunk::<8>() else {
        return;
    };
    let rate = |i: usize| u32::from(head[i]) << 16 | u32::from(head[i + 1]) << 8 | u32::from(head[i + 2]);
    let (from_hz, to_hz) = (rate(0), rate(3));
    let frames = u16::from_le_bytes([head[6], head[7]]);
    let valid = MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ;
    if !valid.contains(&from_hz) || !valid.contains(&to_hz) {
        assert!(earmark_audio::resample(&[0.0], from_hz, to_hz).is_err());
        assert!(Resampler::new(from_hz, to_hz).is_err());
        return;
    }
    if resampled_len(u64::from(frames), from_hz, to_hz) > MAX_OUTPUT {
        return;
    }
    let signal: Vec<f32> = (0..u32::from(frames))
        .map(|i| (i.wrapping_mul(i) % 255) as f32 / 128.0 - 1.0)
        .collect();
    let whole = earmark_audio::resample(&signal, from_hz, to_hz).expect("valid rates");
    assert_eq!(
        whole.len() as u64,
        resampled_len(u64::from(frames), from_hz, to_hz)
    );
    assert!(whole.iter().all(|x| x.abs() < 8.0));
    if from_hz == to_hz {
        return assert_eq!(whole, signal);
    }
    let mut resampler = Resampler::new(from_hz, to_hz).expect("valid rates");
    let (mut rest, mut joined) = (&signal[..], Vec::new());
    for &piece in pieces {
        let (now, later) = rest.split_at(rest.len().min(usize::from(piece) * 16));
        resampler.push(now, &mut joined);
        rest = later;
    }
    resampler.push(rest, &mut joined);
    resampler.finish(&mut joined);
    assert_eq!(joined, whole);
}
