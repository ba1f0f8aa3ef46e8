//! The headers of Vorbis (Vorbis I specification, sections 4.2 and 3.2.1), as far as they decide how much memory a
//! decoder takes. A setup header of 1 KB can ask for gigabytes: 256 codebooks, each of up to 2^24 entries of 65,535
//! dimensions, in run-length form.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;

use crate::containers::packet_layout::{PacketCodec, SymphoniaCodec};
use crate::error::Fault;
use crate::limit_checks::check_shape;

/// Most values that all codebooks together may unpack to; encoders need some 10,000 to 200,000.
const MOST_VALUES: u64 = 1 << 22;
/// How many more the streams of a file may need together, for each of its bytes: one needs some 50 for each byte of its
/// headers.
const VALUES_PER_BYTE: u64 = 64;

/// What the identification header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::containers) struct VorbisIdent {
    pub(in crate::containers) channels: u16,
    pub(in crate::containers) sample_rate_hz: u32,
    /// Samples of a long block; no packet gives more than half of them.
    pub(in crate::containers) long_block: u32,
}

/// Reads the identification header.
pub(in crate::containers) fn identification(packet: &[u8]) -> Result<VorbisIdent, Fault> {
    let Some(&[channels, r0, r1, r2, r3]) = packet.get(11..16).and_then(|fields| fields.first_chunk::<5>())
    else {
        return Err(Fault::corrupt("its Vorbis header is too short", 0_u64));
    };
    let sample_rate_hz = u32::from_le_bytes([r0, r1, r2, r3]);
    check_shape(sample_rate_hz, u64::from(channels))?;
    let blocks = packet.get(28).copied().unwrap_or(0);
    Ok(VorbisIdent {
        channels: u16::from(channels),
        sample_rate_hz,
        long_block: 1 << (blocks >> 4).min(13),
    })
}

/// The codec with these headers, which are checked first. `at` is where the second one is in the file.
pub(in crate::containers) fn codec(first: &[u8], setup: &[u8], at: u64) -> Result<SymphoniaCodec, Fault> {
    let ident = identification(first)?;
    check_setup(setup, at)?;
    let mut params = AudioCodecParameters::new();
    params
        .for_codec(CODEC_ID_VORBIS)
        .with_sample_rate(ident.sample_rate_hz)
        .with_extra_data([first, setup].concat().into_boxed_slice());
    Ok(SymphoniaCodec {
        name: "Vorbis",
        params,
        sample_rate_hz: ident.sample_rate_hz,
        channels: ident.channels,
        is_lossy: true,
    })
}

/// What the codebooks of all streams of a file may still unpack to: thousands of streams of some hundred bytes would
/// take hours.
pub(in crate::containers) struct CodebookBudget(u64);

impl CodebookBudget {
    /// That of a file of `len` bytes.
    pub(in crate::containers) fn new(len: u64) -> Self {
        Self(len.saturating_mul(VALUES_PER_BYTE).saturating_add(MOST_VALUES))
    }

    /// Whether it is enough for one more stream, of this codec.
    pub(in crate::containers) fn takes(&mut self, codec: &PacketCodec) -> bool {
        let headers = match codec {
            PacketCodec::Symphonia(codec) if codec.name == "Vorbis" => codec.params.extra_data.as_deref(),
            _ => None,
        };
        let left = self
            .0
            .checked_sub(headers.and_then(values_of_headers).unwrap_or(0));
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// Most values of codebooks that a decoder is kept with, and the most channels: with more, Symphonia's residues can
/// outlast a reset.
const KEPT: (u64, u8) = (1 << 18, 2);

/// Whether a decoder with these headers, the identification and the setup behind it, is small, and as new after a reset.
pub(crate) fn can_be_kept(headers: &[u8]) -> bool {
    let channels = headers.get(11).is_some_and(|channels| *channels <= KEPT.1);
    channels && values_of_headers(headers).is_some_and(|values| values <= KEPT.0)
}

/// [`total_values`] of the setup header behind the identification.
fn values_of_headers(headers: &[u8]) -> Option<u64> {
    const MARK: &[u8] = b"\x05vorbis";
    let at = headers.windows(MARK.len()).position(|bytes| bytes == MARK)?;
    total_values(&headers[at + MARK.len()..])
}

/// What is said of a stream for which the budget is not enough.
pub(in crate::containers) const TOO_MANY_VALUES: &str =
    "its Vorbis codebooks, with those of the parts before, ask for too many values";

/// Refuses a setup header whose codebooks would unpack to more than [`MOST_VALUES`] values. What else is wrong with
/// them is for the decoder to find.
fn check_setup(packet: &[u8], at: u64) -> Result<(), Fault> {
    let Some(body) = packet.strip_prefix(b"\x05vorbis") else {
        return Err(Fault::corrupt("its Vorbis setup header is missing", at));
    };
    let values = total_values(body).unwrap_or(0);
    if values <= MOST_VALUES {
        return Ok(());
    }
    let reason = format!("its Vorbis codebooks ask for {values} values, more than {MOST_VALUES}");
    Err(Fault::corrupt(reason, at))
}

/// Values of the codebooks up to the end of the list, or up to where they exceed the limit; `None` where the header
/// ends or contradicts itself before.
fn total_values(body: &[u8]) -> Option<u64> {
    let mut bits = Bits { bytes: body, at: 0 };
    let books = bits.take(8)? + 1;
    let mut total = 0;
    for _ in 0..books {
        if bits.take(24)? != 0x56_4342 {
            return None;
        }
        let (dimensions, entries) = (bits.take(16)?, bits.take(24)?);
        // Each entry has a code word, and as many values as dimensions where it means a vector.
        total += entries * dimensions.max(1);
        if total > MOST_VALUES {
            return Some(total);
        }
        skip_lengths(&mut bits, entries)?;
        skip_vectors(&mut bits, dimensions, entries)?;
    }
    Some(total)
}

/// Passes over the lengths of the code words.
fn skip_lengths(bits: &mut Bits<'_>, entries: u64) -> Option<()> {
    if bits.take(1)? == 1 {
        // In order of length: how many there are of each.
        bits.take(5)?;
        let mut done = 0;
        while done < entries {
            done += bits.take(u64::BITS - (entries - done).leading_zeros())?;
        }
        return Some(());
    }
    if bits.take(1)? == 0 {
        return bits.skip(5 * entries);
    }
    for _ in 0..entries {
        if bits.take(1)? == 1 {
            bits.skip(5)?;
        }
    }
    Some(())
}

/// Passes over the table that vectors are made from.
fn skip_vectors(bits: &mut Bits<'_>, dimensions: u64, entries: u64) -> Option<()> {
    let kind = bits.take(4)?;
    if kind == 0 {
        return Some(());
    }
    bits.skip(64)?;
    let width = bits.take(4)? + 1;
    bits.skip(1)?;
    let values = match kind {
        1 => whole_root(entries, dimensions),
        _ => entries * dimensions,
    };
    bits.skip(width * values)
}

/// The largest number whose power to `exponent` is at most `value`.
fn whole_root(value: u64, exponent: u64) -> u64 {
    let fits = |root: u64| {
        let mut power = 1_u64;
        (0..exponent.min(64)).all(|_| {
            power = power.saturating_mul(root);
            power <= value
        })
    };
    // Bisection: `low` fits, `high` does not.
    let (mut low, mut high) = (0, value + 1);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}

/// Bits of a packet, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: u64,
}

impl Bits<'_> {
    /// The next `count` bits, 24 at most, as a number; `None` at the end.
    fn take(&mut self, count: u32) -> Option<u64> {
        let mut value = 0;
        for bit in 0..count {
            let byte = *self.bytes.get(usize::try_from(self.at / 8).ok()?)?;
            value |= u64::from(byte >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        Some(value)
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.at += count;
        (self.at <= 8 * self.bytes.len() as u64).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs numbers of these widths, the lowest bit first.
    fn pack(fields: &[(u64, u32)]) -> Vec<u8> {
        let mut bytes = vec![
            0;
            fields
                .iter()
                .map(|(_, width)| *width as usize)
                .sum::<usize>()
                .div_ceil(8)
        ];
        let mut at = 0;
        for (value, width) in fields {
            for bit in 0..*width {
                bytes[at / 8] |= ((value >> bit & 1) as u8) << (at % 8);
                at += 1;
            }
        }
        bytes
    }

    /// A setup header of equal codebooks: all code words of 17 bits, vectors of one value.
    fn setup(books: u64, dimensions: u64, entries: u64) -> Vec<u8> {
        let width = u64::BITS - entries.leading_zeros();
        let book = [
            (0x56_4342, 24),
            (dimensions, 16),
            (entries, 24),
            (1, 1),
            (16, 5),
            (entries, width),
        ];
        let vectors = [(1, 4), (0, 32), (0, 32), (0, 4), (0, 1), (1, 1)];
        let mut fields = vec![(books - 1, 8)];
        for _ in 0..books {
            fields.extend(book);
            fields.extend(vectors);
        }
        [b"\x05vorbis".to_vec(), pack(&fields)].concat()
    }

    #[test]
    fn small_decoders_of_one_or_two_channels_are_kept() {
        let headers = |channels: u8, books, values| {
            let mut first = b"\x01vorbis\0\0\0\0".to_vec();
            first.push(channels);
            first.resize(30, 0);
            [first, setup(books, 8, values)].concat()
        };
        assert!(can_be_kept(&headers(1, 3, 1 << 7)) && can_be_kept(&headers(2, 3, 1 << 7)));
        assert!(!can_be_kept(&headers(3, 3, 1 << 7)));
        assert!(!can_be_kept(&headers(1, 3, 1 << 16)));
        assert!(!can_be_kept(&headers(1, 3, 1 << 7)[..40]) && !can_be_kept(&[]));
    }

    #[test]
    fn codebooks_that_ask_for_too_much_are_refused() {
        let usual = setup(3, 8, 1 << 7);
        assert_eq!(total_values(&usual[7..]), Some(3 * 8 * 128));
        assert!(check_setup(&usual, 7).is_ok());
        let huge = setup(9, 29, 1 << 16);
        assert!(huge.len() < 300, "{} bytes", huge.len());
        let message = check_setup(&huge, 7).expect_err("17 million values").to_string();
        assert!(message.contains("Vorbis codebooks ask for"), "{message}");
        // One alone is small enough, and so are several together.
        assert!(check_setup(&setup(1, 29, 1 << 16), 7).is_ok());
        assert!(check_setup(b"\x03vorbis", 7).is_err());
    }

    #[test]
    fn streams_of_a_file_share_a_budget() {
        // 1.9 million values.
        let setup = setup(1, 29, 1 << 16);
        let first = b"\x01vorbis\0\0\0\0\x02\x44\xac\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xb8\x01";
        let codec = PacketCodec::Symphonia(codec(first, &setup, 7).expect("small enough"));
        let mut budget = CodebookBudget::new(1_000);
        assert!(budget.takes(&codec) && budget.takes(&codec));
        assert!(!budget.takes(&codec));
        let mut of_more_bytes = CodebookBudget::new(100_000);
        assert_eq!((0..9).filter(|_| of_more_bytes.takes(&codec)).count(), 5);
    }

    #[test]
    fn all_kinds_of_length_lists_are_passed_over() {
        let head = |entries: u64| [(1, 8), (0x56_4342, 24), (2, 16), (entries, 24)];
        // Plain lengths, sparse lengths: a second book is found behind each.
        let plain = [(0, 1), (0, 1), (1, 5), (2, 5), (2, 5), (0, 4)];
        let sparse = [(0, 1), (1, 1), (1, 1), (1, 5), (0, 1), (0, 1), (0, 4)];
        for lengths in [&plain[..], &sparse] {
            let fields = [&head(3)[..], lengths, &head(5)[1..]].concat();
            let mut ended = fields.clone();
            ended.extend([(0, 1), (0, 1), (0, 25), (0, 4)]);
            assert_eq!(total_values(&pack(&ended)), Some(2 * (3 + 5)));
            assert_eq!(total_values(&pack(&fields)), None, "it ends within a book");
        }
    }

    #[test]
    fn roots_are_whole() {
        let root = |value, exponent| whole_root(value, exponent);
        assert_eq!(
            [root(361, 2), root(560, 3), root(0, 3), root(7, 1), root(1, 9)],
            [19, 8, 0, 7, 1]
        );
    }

    #[test]
    fn identification_headers_are_read() {
        let packet = *b"\x01vorbis\0\0\0\0\x02\x44\xac\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xb8\x01";
        let ident = identification(&packet).expect("a header");
        assert_eq!(
            (ident.channels, ident.sample_rate_hz, ident.long_block),
            (2, 44_100, 2_048)
        );
        assert!(identification(&packet[..12]).is_err());
    }
}
