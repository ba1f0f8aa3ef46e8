//! FLAC (RFC 9639) from 16-bit mono samples, with the MD5 of the samples.
//!
//! Blocks of 4,096 samples, each predicted by the best of the five fixed polynomials; what they miss is written in Rice
//! codes with a parameter per 256 samples, and a block that does not shrink as it is. Encoders that fit a filter to
//! each block write smaller files.

use symphonia::core::checksum::{Crc8Ccitt, Crc16Ansi, Md5};
use symphonia::core::io::Monitor;

use super::bit_writer::BitWriter;

/// Samples of every block except the last.
const BLOCK: usize = 4096;

/// A full block has 16 Rice parameters: two to the power of this.
const PARTITIONS_LOG2: u32 = 4;

/// The largest Rice parameter of four bits; the next one is an escape.
const MOST_PARAMETER: u32 = 14;

/// The samples as a FLAC file.
///
/// `sample_rate_hz` is stated in 20 bits, so it is below 1,048,576. Without samples the file is a header that says so.
pub fn encode_flac(samples: &[i16], sample_rate_hz: u32) -> Vec<u8> {
    let mut out = stream_header(samples, sample_rate_hz);
    for (number, block) in samples.chunks(BLOCK).enumerate() {
        push_frame(number as u32, block, sample_rate_hz, &mut out);
    }
    out
}

/// The marker and the STREAMINFO block, which is the last one of metadata.
fn stream_header(samples: &[i16], sample_rate_hz: u32) -> Vec<u8> {
    let mut md5 = Md5::default();
    for block in samples.chunks(BLOCK) {
        let bytes: Vec<u8> = block.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        md5.process_buf_bytes(&bytes);
    }
    let block = (BLOCK as u16).to_be_bytes();
    // 20 bits of rate, 3 of channels less one, 5 of depth less one, 36 of samples.
    let rate = u64::from(sample_rate_hz & 0xf_ffff);
    let shape = (rate << 44) | (15 << 36) | samples.len() as u64;
    // The sizes of the smallest and the largest frame may be left open.
    let unknown = [0; 6];
    [
        b"fLaC\x80\0\0\x22".as_slice(),
        &block,
        &block,
        &unknown,
        &shape.to_be_bytes(),
        &md5.md5(),
    ]
    .concat()
}

/// A frame: header, one subframe, checksum.
fn push_frame(number: u32, block: &[i16], sample_rate_hz: u32, out: &mut Vec<u8>) {
    let start = out.len();
    let rate_code = if sample_rate_hz == 44_100 { 9 } else { 0 }; // 0: as the header of the file says
    // The size of the block follows in 16 bits; one channel of 16 bits.
    out.extend([0xff, 0xf8, 0x70 | rate_code, 0x08]);
    push_number(number, out);
    out.extend((block.len() as u16 - 1).to_be_bytes());
    let mut crc = Crc8Ccitt::new(0);
    crc.process_buf_bytes(&out[start..]);
    out.push(crc.crc());
    push_subframe(block, out);
    let mut crc = Crc16Ansi::new(0);
    crc.process_buf_bytes(&out[start..]);
    out.extend(crc.crc().to_be_bytes());
}

/// The number of a frame in the way of UTF-8, in up to six bytes.
fn push_number(number: u32, out: &mut Vec<u8>) {
    if number < 0x80 {
        return out.push(number as u8);
    }
    // Bytes behind the first: each holds six bits, and the first what it has left behind its mark.
    let more = (1..5).find(|more| number >> (5 * more + 6) == 0).unwrap_or(5);
    out.push((0xff00_u32 >> (more + 1)) as u8 | (number >> (6 * more)) as u8);
    for place in (0..more).rev() {
        out.push(0x80 | ((number >> (6 * place)) & 0x3f) as u8);
    }
}

/// What a fixed polynomial through the samples before misses of each sample.
struct Residual {
    /// Samples that the polynomial passes through: this many begin the block as they are.
    order: usize,
    /// Numbers to write, small where the prediction is good: 0, -1, 1, -2 become 0, 1, 2, 3.
    values: Vec<u32>,
}

impl Residual {
    /// That of the order with the smallest sum.
    fn best(block: &[i16]) -> Self {
        let mut differences: Vec<i32> = block.iter().map(|sample| i32::from(*sample)).collect();
        let sum = |values: &[i32]| values.iter().map(|v| u64::from(v.unsigned_abs())).sum::<u64>();
        let (mut order, mut best) = (0, differences.clone());
        for next in 1..=(block.len() - 1).min(4) {
            // The prediction of the next order misses the difference of what the one before it misses.
            differences = differences.windows(2).map(|pair| pair[1] - pair[0]).collect();
            if sum(&differences) < sum(&best) {
                (order, best) = (next, differences.clone());
            }
        }
        let values = best.iter().map(|v| ((v << 1) ^ (v >> 31)) as u32).collect();
        Self { order, values }
    }

    /// The values in the parts that have a Rice parameter each; the first lacks as many as the order.
    fn partitions(&self, log2: u32) -> impl Iterator<Item = &[u32]> {
        let size = (self.values.len() + self.order) >> log2;
        let (first, rest) = self.values.split_at(size - self.order);
        std::iter::once(first).chain(rest.chunks(size))
    }
}

/// A Rice parameter that suits numbers of this mean: about the logarithm of half their mean.
fn rice_parameter(values: &[u32]) -> u32 {
    let sum: u64 = values.iter().map(|v| u64::from(*v)).sum();
    let mean = sum / (values.len() as u64).max(1);
    (mean * 11 / 16 + 1).ilog2().min(MOST_PARAMETER)
}

/// The samples of a frame, predicted or as they are, filled up to whole bytes.
fn push_subframe(block: &[i16], out: &mut Vec<u8>) {
    let residual = Residual::best(block);
    let log2 = if block.len() == BLOCK { PARTITIONS_LOG2 } else { 0 };
    let coded: Vec<(u32, &[u32])> = residual
        .partitions(log2)
        .map(|part| (rice_parameter(part), part))
        .collect();
    let bits_of = |(parameter, part): &(u32, &[u32])| {
        let values = part.iter().map(|v| u64::from(v >> parameter) + 1);
        4 + u64::from(*parameter) * part.len() as u64 + values.sum::<u64>()
    };
    let predicted = 16 * residual.order as u64 + 6 + coded.iter().map(bits_of).sum::<u64>();
    let mut bits = BitWriter::new(out);
    let put_samples = |bits: &mut BitWriter<'_>, samples: &[i16]| {
        samples
            .iter()
            .for_each(|sample| bits.put(u32::from(*sample as u16), 16));
    };
    if predicted >= 16 * block.len() as u64 {
        bits.put(0b0000_0010, 8);
        put_samples(&mut bits, block);
        return bits.finish();
    }
    bits.put(0b0001_0000 | ((residual.order as u32) << 1), 8);
    put_samples(&mut bits, &block[..residual.order]);
    // Rice parameters of four bits.
    bits.put(log2, 6);
    for (parameter, part) in coded {
        bits.put(parameter, 4);
        for value in part {
            bits.put_unary(value >> parameter);
            bits.put(value & ((1 << parameter) - 1), parameter);
        }
    }
    bits.finish();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_frames_are_written_like_characters() {
        for number in [0, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x1_0000, 0x10_ffff] {
            let mut out = Vec::new();
            push_number(number, &mut out);
            let text = char::from_u32(number).unwrap().to_string();
            assert_eq!(out, text.as_bytes(), "{number:x}");
        }
        // Numbers that no character has.
        for (number, bytes) in [
            (0x1f_ffff, &[0xf7, 0xbf, 0xbf, 0xbf][..]),
            (0x20_0000, &[0xf8, 0x88, 0x80, 0x80, 0x80][..]),
            (0x7fff_ffff, &[0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf][..]),
        ] {
            let mut out = Vec::new();
            push_number(number, &mut out);
            assert_eq!(out, bytes, "{number:x}");
        }
    }

    #[test]
    fn polynomials_are_predicted_without_error() {
        for (order, power) in [(1, 0), (2, 1), (3, 2), (4, 3)] {
            let block: Vec<i16> = (0..25_i16).map(|n| 5 * (n - 9).pow(power)).collect();
            let residual = Residual::best(&block);
            assert_eq!(residual.order, order, "{block:?}");
            assert!(residual.values.iter().all(|v| *v == 0));
        }
        assert_eq!(Residual::best(&[-7]).values, [13]);
    }

    #[test]
    fn parameters_follow_the_mean() {
        for (mean, parameter) in [(0, 0), (1, 0), (2, 1), (100, 6), (60_000, 14), (1 << 20, 14)] {
            assert_eq!(rice_parameter(&[mean; 8]), parameter, "{mean}");
        }
        assert_eq!(rice_parameter(&[]), 0);
    }
}
