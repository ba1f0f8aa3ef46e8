//! A writer of FLAC whose samples are not compressed: for files that no encoder makes.
#![allow(dead_code, reason = "every test file uses its own part")]

/// Samples per channel of a frame, unless a test says otherwise.
pub const BLOCK: usize = 256;

/// Marker and STREAMINFO block (the only block): 16 bits, frames of `BLOCK` samples, no MD5.
pub fn flac_header(rate: u32, channels: u8, total: u64) -> Vec<u8> {
    let mut out = b"fLaC\x80\0\0\x22".to_vec();
    out.extend([(BLOCK as u16).to_be_bytes(), (BLOCK as u16).to_be_bytes()].concat());
    out.extend([0; 6]);
    let packed = u64::from(rate) << 44 | u64::from(channels - 1) << 41 | 15 << 36 | total;
    out.extend(packed.to_be_bytes());
    out.extend([0; 16]);
    out
}

/// A frame of 16-bit samples: its number, its rate, and one slice per channel.
pub fn flac_frame(number: u32, rate: u16, channels: &[&[i16]]) -> Vec<u8> {
    let block = channels[0].len() as u16;
    // Sizes of the block and of the rate follow in 16 bits each.
    let mut out = vec![0xff, 0xf8, 0x7d, ((channels.len() as u8 - 1) << 4) | 4 << 1];
    let text = char::from_u32(number)
        .expect("a number that UTF-8 can hold")
        .to_string();
    out.extend(text.as_bytes());
    out.extend((block - 1).to_be_bytes());
    out.extend(rate.to_be_bytes());
    out.push(crc(&out, 8, 0x07) as u8);
    for samples in channels {
        // A subframe of samples as they are.
        out.push(1 << 1);
        out.extend(samples.iter().flat_map(|sample| sample.to_be_bytes()));
    }
    let sum = crc(&out, 16, 0x8005);
    out.extend(sum.to_be_bytes());
    out
}

/// A checksum of up to 16 bits, highest bit first, from zero.
fn crc(bytes: &[u8], bits: u32, polynomial: u16) -> u16 {
    let mut sum = 0u16;
    let top = 1u16 << (bits - 1);
    for byte in bytes {
        sum ^= u16::from(*byte) << (bits - 8);
        for _ in 0..8 {
            let carries = sum & top != 0;
            sum <<= 1;
            sum ^= if carries { polynomial } else { 0 };
        }
        if bits < 16 {
            sum &= (1 << bits) - 1;
        }
    }
    sum
}

/// Samples of frame `number`: a ramp that no other frame has.
pub fn block(number: u32) -> Vec<i16> {
    (0..BLOCK)
        .map(|n| i16::try_from((number as usize * 1_000 + n * 7) % 30_000).unwrap())
        .collect()
}

/// A mono stream of the frames with these numbers, and its samples.
pub fn flac_stream(rate: u16, total: u64, numbers: &[u32]) -> (Vec<u8>, Vec<f32>) {
    let mut bytes = flac_header(u32::from(rate), 1, total);
    let mut samples = Vec::new();
    for number in numbers {
        bytes.extend(flac_frame(*number, rate, &[&block(*number)]));
        samples.extend(block(*number).iter().map(|x| f32::from(*x) / 32_768.0));
    }
    (bytes, samples)
}

/// Where the header of [`flac_stream`] ends.
pub const HEADER_BYTES: usize = 42;

/// Bytes of one of its frames, with a number below 128.
pub const FRAME_BYTES: usize = 4 + 1 + 4 + 1 + 1 + 2 * BLOCK + 2;
