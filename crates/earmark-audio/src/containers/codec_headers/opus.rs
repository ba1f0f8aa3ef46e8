//! Opus: the header of a stream (RFC 7845, section 5.1), and how a packet is divided into frames (RFC 6716, section 3 and
//! appendix B). What a frame contains is left to the decoder.

use crate::error::Fault;

/// The longest packet (120 ms), and the longest frame in bytes.
const MAX_PACKET_SAMPLES: u64 = 5_760;
const MAX_FRAME_BYTES: usize = 1_275;

/// What the header of a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpusHead {
    /// Channels that come out, 1 to 255.
    pub(crate) channels: u8,
    /// Samples at 48 kHz to drop at the start.
    pub(crate) pre_skip: u16,
    /// Gain to apply, in 256ths of a decibel.
    pub(crate) gain_q8_db: i16,
    /// Streams in each packet, the stereo ones first.
    pub(crate) streams: u8,
    /// How many of them are stereo.
    pub(crate) coupled: u8,
    /// For each channel the decoded channel that it takes; 255: silence.
    pub(crate) mapping: Vec<u8>,
}

impl OpusHead {
    /// What Opus is decoded at, whatever was encoded.
    pub(crate) const SAMPLE_RATE_HZ: u32 = 48_000;

    /// From the identification header of Ogg and Matroska.
    pub(in crate::containers) fn from_ogg(packet: &[u8]) -> Result<Self, Fault> {
        let Some(body) = packet.strip_prefix(b"OpusHead") else {
            return Err(Fault::corrupt("its Opus header is missing", 0_u64));
        };
        Self::parse(body, u16::from_le_bytes)
    }

    /// From the body of the box `dOps` of MP4: the same fields, in the other byte order, and a version of 0.
    pub(in crate::containers) fn from_mp4(body: &[u8]) -> Result<Self, Fault> {
        Self::parse(body, u16::from_be_bytes)
    }

    /// What holds for a stream without a header.
    pub(in crate::containers) fn plain(is_mono: bool) -> Self {
        let channels = if is_mono { 1 } else { 2 };
        Self {
            channels,
            pre_skip: 0,
            gain_q8_db: 0,
            streams: 1,
            coupled: channels - 1,
            mapping: (0..channels).collect(),
        }
    }

    fn parse(body: &[u8], u16_of: fn([u8; 2]) -> u16) -> Result<Self, Fault> {
        let Some(&[version, channels, p0, p1, _, _, _, _, g0, g1, family]) = body.first_chunk::<11>() else {
            return Err(Fault::corrupt("its Opus header is too short", 0_u64));
        };
        // The upper four bits change only with the meaning of the fields.
        if version & 0xf0 != 0 {
            return Err(Fault::Unsupported(format!("is Opus of version {version}")));
        }
        let (streams, coupled, mapping) = match (family, &body[11..]) {
            (0, _) if matches!(channels, 1 | 2) => (1, channels - 1, (0..channels).collect()),
            (1 | 2 | 255, [streams, coupled, table @ ..]) if table.len() >= usize::from(channels) => {
                (*streams, *coupled, table[..usize::from(channels)].to_vec())
            }
            (0 | 1 | 2 | 255, _) => {
                let reason = format!("its Opus header gives {channels} channels without their order");
                return Err(Fault::corrupt(reason, 0_u64));
            }
            _ => {
                let reason = format!("is Opus with an unknown order of channels (mapping family {family})");
                return Err(Fault::Unsupported(reason));
            }
        };
        let decoded = u16::from(streams) + u16::from(coupled);
        let known = |channel: &u8| *channel == 255 || u16::from(*channel) < decoded;
        if channels == 0 || streams == 0 || coupled > streams || decoded > 255 || !mapping.iter().all(known) {
            let reason = format!("its Opus header puts {channels} channels into {streams} streams");
            return Err(Fault::corrupt(reason, 0_u64));
        }
        Ok(Self {
            channels,
            pre_skip: u16_of([p0, p1]),
            gain_q8_db: u16_of([g0, g1]).cast_signed(),
            streams,
            coupled,
            mapping,
        })
    }
}

/// A packet of one stream, divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpusPacket<'a> {
    /// The first byte: mode, bandwidth, length of the frames, channels.
    pub(crate) toc: u8,
    pub(crate) frames: Vec<&'a [u8]>,
}

impl<'a> OpusPacket<'a> {
    /// Divides a packet. All but the last stream of a packet state their own length (`delimited`); the rest of the bytes
    /// is returned.
    ///
    /// # Errors
    /// What is wrong with the packet.
    pub(crate) fn parse(packet: &'a [u8], delimited: bool) -> Result<(Self, &'a [u8]), &'static str> {
        let (&toc, mut rest) = packet.split_first().ok_or("a packet is empty")?;
        let mut padding = 0;
        let mut sizes = Vec::new();
        let mut equal = 0;
        match toc & 3 {
            0 => equal = 1,
            1 => equal = 2,
            2 => sizes.push(take_size(&mut rest)?),
            _ => {
                let count = *take(&mut rest, 1)?.first().unwrap_or(&0);
                let frames = usize::from(count & 0x3f);
                if frames == 0 || frames as u64 * frame_samples(toc) > MAX_PACKET_SAMPLES {
                    return Err("a packet is longer than 120 ms");
                }
                if count & 0x40 != 0 {
                    padding = take_padding(&mut rest)?;
                }
                match count & 0x80 {
                    0 => equal = frames,
                    _ => (1..frames).try_for_each(|_| take_size(&mut rest).map(|size| sizes.push(size)))?,
                }
            }
        }
        if delimited {
            let size = take_size(&mut rest)?;
            // One length for frames of equal length, otherwise that of the last one.
            sizes.extend(std::iter::repeat_n(size, equal.max(1)));
        } else {
            let data = rest
                .len()
                .checked_sub(padding)
                .ok_or("its padding is longer than the packet")?;
            match equal {
                0 => {
                    let last = data.checked_sub(sizes.iter().sum());
                    sizes.push(last.ok_or("its frames are longer than the packet")?);
                }
                _ if !data.is_multiple_of(equal) => return Err("its frames are not of equal length"),
                _ => sizes.resize(equal, data / equal),
            }
        }
        let mut frames = Vec::with_capacity(sizes.len());
        for size in sizes {
            if size > MAX_FRAME_BYTES {
                return Err("a frame is longer than 1,275 bytes");
            }
            frames.push(take(&mut rest, size)?);
        }
        take(&mut rest, padding)?;
        Ok((Self { toc, frames }, rest))
    }

    pub(crate) fn frame_samples(&self) -> u64 {
        frame_samples(self.toc)
    }
}

/// Samples at 48 kHz of a packet, as far as its first bytes show; `None` for what is not a packet.
pub(crate) fn packet_samples(packet: &[u8]) -> Option<u64> {
    let &toc = packet.first()?;
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1)? & 0x3f),
    };
    let samples = frames * frame_samples(toc);
    (1..=MAX_PACKET_SAMPLES).contains(&samples).then_some(samples)
}

/// Samples at 48 kHz of each frame of a packet that begins with this byte.
fn frame_samples(toc: u8) -> u64 {
    let length = (toc >> 3) & 3;
    match toc >> 3 {
        // SILK: 10, 20, 40, 60 ms. Hybrid: 10, 20 ms. CELT: 2.5 ms to 20 ms.
        0..=11 if length == 3 => 2_880,
        0..=11 => 480 << length,
        12..=15 => 480 << (length & 1),
        _ => 120 << length,
    }
}

/// The next `count` bytes.
fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], &'static str> {
    let (taken, left) = rest
        .split_at_checked(count)
        .ok_or("a packet ends within a frame")?;
    *rest = left;
    Ok(taken)
}

/// A length in one or two bytes.
fn take_size(rest: &mut &[u8]) -> Result<usize, &'static str> {
    match usize::from(take(rest, 1)?[0]) {
        first @ 0..252 => Ok(first),
        first => Ok(first + 4 * usize::from(take(rest, 1)?[0])),
    }
}

/// A number of bytes of padding: each byte of 255 means 254 and is followed by another.
fn take_padding(rest: &mut &[u8]) -> Result<usize, &'static str> {
    let mut padding = 0;
    loop {
        match take(rest, 1)?[0] {
            255 => padding += 254,
            last => return Ok(padding + usize::from(last)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_divide_into_frames() {
        let parse = |bytes: &'static [u8]| OpusPacket::parse(bytes, false).expect("a packet").0.frames;
        assert_eq!(parse(&[0x78, 1, 2, 3]), [[1, 2, 3]]);
        assert_eq!(parse(&[0x79, 1, 2, 3, 4]), [[1, 2], [3, 4]]);
        assert_eq!(parse(&[0x7a, 1, 9, 8, 7]), [&[9_u8][..], &[8, 7]]);
        assert_eq!(parse(&[0x0b, 0x43, 2, 1, 2, 3, 0, 0]), [[1], [2], [3]]);
        assert_eq!(
            parse(&[0x0b, 0x83, 0, 2, 5, 6, 7]),
            [&[0_u8; 0][..], &[5, 6], &[7]]
        );
    }

    #[test]
    fn delimited_packets_leave_the_rest() {
        let (packet, rest) = OpusPacket::parse(&[0x78, 2, 1, 2, 0xfc, 9], true).expect("a packet");
        assert_eq!((packet.frames, rest), (vec![&[1_u8, 2][..]], &[0xfc_u8, 9][..]));
        let (packet, rest) = OpusPacket::parse(&[0x7a, 1, 2, 5, 6, 7, 8], true).expect("a packet");
        assert_eq!((packet.frames, rest), (vec![&[5_u8][..], &[6, 7]], &[8_u8][..]));
        let (packet, rest) = OpusPacket::parse(&[0x0b, 0x42, 1, 1, 5, 6, 0, 8], true).expect("a packet");
        assert_eq!((packet.frames, rest), (vec![&[5_u8][..], &[6]], &[8_u8][..]));
    }

    #[test]
    fn packets_that_cannot_be_are_refused() {
        for bytes in [
            &[0_u8; 0][..],
            &[0x79, 1],
            &[0x7a, 9, 1],
            &[0x7b],
            &[0x7b, 0],
            &[0x1b, 3],
            &[0x0b, 0x41, 9, 1],
        ] {
            assert!(OpusPacket::parse(bytes, false).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn lengths_follow_from_the_first_bytes() {
        let samples = |config: u8| packet_samples(&[config << 3, 0]);
        assert_eq!([0, 1, 2, 3].map(samples), [480, 960, 1_920, 2_880].map(Some));
        assert_eq!([12, 13, 14, 15].map(samples), [480, 960, 480, 960].map(Some));
        assert_eq!([16, 17, 18, 19].map(samples), [120, 240, 480, 960].map(Some));
        assert_eq!(packet_samples(&[0x83, 48]), Some(5_760));
        assert_eq!(
            [
                packet_samples(&[]),
                packet_samples(&[0x83, 49]),
                packet_samples(&[0x83])
            ],
            [None; 3]
        );
    }

    #[test]
    fn headers_are_checked() {
        let mono = b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\x01\0";
        let head = OpusHead::from_ogg(mono).expect("a header");
        assert_eq!((head.channels, head.pre_skip, head.gain_q8_db), (1, 312, 256));
        assert_eq!((head.streams, head.coupled, head.mapping), (1, 0, vec![0]));
        let six = b"OpusHead\x01\x06\0\0\0\0\0\0\0\0\x01\x04\x02\0\x04\x01\x02\x03\x05";
        let head = OpusHead::from_ogg(six).expect("a header");
        assert_eq!(
            (head.streams, head.coupled, head.mapping),
            (4, 2, vec![0, 4, 1, 2, 3, 5])
        );
        let mut bad = six.to_vec();
        bad[21] = 6;
        assert!(OpusHead::from_ogg(&bad).is_err(), "a channel that no stream has");
        assert!(OpusHead::from_ogg(&six[..22]).is_err(), "a table that is cut off");
        assert!(
            OpusHead::from_ogg(b"OpusHead\x01\x03\0\0\0\0\0\0\0\0\0").is_err(),
            "three channels, no table"
        );
    }
}
