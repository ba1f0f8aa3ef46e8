//! What a track of MP4 is encoded with: its sample description.

use symphonia::core::codecs::audio::well_known as codec;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};

use super::boxes::Mp4Box;
use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::containers::codec_headers::aac::AacConfig;
use crate::containers::codec_headers::flac;
use crate::containers::codec_headers::opus::OpusHead;
use crate::containers::packet_layout::{PacketCodec, SymphoniaCodec};
use crate::error::Fault;
use crate::limit_checks::check_shape;

/// Most bytes of a codec's own description.
const MOST_DESCRIPTION_BYTES: usize = 1 << 16;

/// Names of sample descriptions that can't be read, and what they are.
const OTHERS: [(&[u8; 4], &str); 21] = [
    (b"ac-3", "Dolby Digital (AC-3)"),
    (b"ec-3", "Dolby Digital Plus (E-AC-3)"),
    (b"ac-4", "Dolby AC-4"),
    (b"samr", "AMR (of a phone)"),
    (b"sawb", "AMR-WB (of a phone)"),
    (b"dtsc", "DTS"),
    (b"dtsh", "DTS"),
    (b"enca", "encrypted audio"),
    (b"drms", "encrypted audio"),
    (b"QDM2", "QDesign Music"),
    (b"sowt", "uncompressed samples"),
    (b"twos", "uncompressed samples"),
    (b"lpcm", "uncompressed samples"),
    (b"in24", "uncompressed samples"),
    (b"in32", "uncompressed samples"),
    (b"fl32", "uncompressed samples"),
    (b"ipcm", "uncompressed samples"),
    (b"fpcm", "uncompressed samples"),
    (b"ima4", "IMA ADPCM"),
    (b"ulaw", "mu-law samples"),
    (b"alaw", "A-law samples"),
];

/// The codec of the first sample description in `stsd`; `None` where Symphonia finds out what it is.
///
/// # Errors
/// Kinds that can't be read, by name.
pub(super) fn codec(walker: &mut ByteWalker<'_>, stsd: &Mp4Box) -> Result<Option<PacketCodec>, Fault> {
    // Version, flags, and the number of entries come first.
    if stsd.body + 16 > stsd.end {
        return Ok(None);
    }
    let Ok(entry) = Mp4Box::read(walker, stsd.body + 8, stsd.end) else {
        return Ok(None);
    };
    let Some(fields) = walker.array::<28>(entry.body)? else {
        return Ok(None);
    };
    let (channels, rate) = (big_endian(&fields[16..18]), big_endian(&fields[24..26]) as u32);
    // QuickTime has two later versions, with more fields before the boxes.
    let boxes = 28
        + match fields[9] {
            1 => 16,
            2 => 36,
            _ => 0,
        };
    match &entry.name {
        b"Opus" => {
            let Some(dops) = entry.child(walker, boxes, b"dOps").unwrap_or(None) else {
                return Ok(None);
            };
            let head = OpusHead::from_mp4(dops.bytes(walker, 0, MOST_DESCRIPTION_BYTES)?)?;
            Ok(Some(PacketCodec::Opus(head)))
        }
        b"fLaC" => {
            let Some(dfla) = entry.child(walker, boxes, b"dfLa").unwrap_or(None) else {
                return Ok(None);
            };
            // Version and flags, and the header of the first block.
            match dfla.bytes(walker, 8, 34)? {
                info if info.len() == 34 => Ok(Some(PacketCodec::Symphonia(flac::codec(info)?))),
                _ => Err(Fault::corrupt("its FLAC header is too short", dfla.at)),
            }
        }
        b"alac" => {
            let Some(cookie) = entry.child(walker, boxes, b"alac").unwrap_or(None) else {
                return Ok(None);
            };
            alac(cookie.bytes(walker, 4, MOST_DESCRIPTION_BYTES)?)
        }
        b"mp4a" => {
            let wave = entry.child(walker, boxes, b"wave").unwrap_or(None);
            let esds = match wave {
                Some(wave) => wave.child(walker, 0, b"esds").unwrap_or(None),
                None => entry.child(walker, boxes, b"esds").unwrap_or(None),
            };
            let Some(esds) = esds else { return Ok(None) };
            let description = esds.bytes(walker, 4, MOST_DESCRIPTION_BYTES)?;
            mpeg4(description, rate, channels)
        }
        name => match OTHERS.iter().find(|(other, _)| *other == name) {
            Some((_, what)) => Err(Fault::Unsupported(format!("is MP4 with {what}"))),
            None => Ok(None),
        },
    }
}

/// ALAC from its cookie: rate and channels are at its end.
fn alac(cookie: &[u8]) -> Result<Option<PacketCodec>, Fault> {
    let Some(fields) = cookie.first_chunk::<24>() else {
        return Ok(None);
    };
    let (channels, rate) = (u64::from(fields[9]), big_endian(&fields[20..24]) as u32);
    symphonia("ALAC", codec::CODEC_ID_ALAC, cookie.to_vec(), (rate, channels)).map(Some)
}

/// AAC or MPEG audio from the elementary stream descriptor.
fn mpeg4(description: &[u8], rate: u32, channels: u64) -> Result<Option<PacketCodec>, Fault> {
    let Some((object, config)) = decoder_config(description) else {
        return Ok(None);
    };
    match object {
        0x40 | 0x66..=0x68 => {
            let Some(aac) = AacConfig::read(config) else {
                return Ok(None);
            };
            aac.refuse_sbr(rate)?;
            // Channels of 0 are described elsewhere.
            let channels = if aac.channels == 0 {
                channels
            } else {
                u64::from(aac.channels)
            };
            let shape = (aac.sample_rate_hz, channels);
            symphonia("AAC", codec::CODEC_ID_AAC, config.to_vec(), shape).map(Some)
        }
        0x69 | 0x6b => symphonia("MP3", codec::CODEC_ID_MP3, Vec::new(), (rate, channels)).map(Some),
        _ => Ok(None),
    }
}

fn symphonia(
    name: &'static str,
    id: AudioCodecId,
    description: Vec<u8>,
    (sample_rate_hz, channels): (u32, u64),
) -> Result<PacketCodec, Fault> {
    check_shape(sample_rate_hz, channels)?;
    let mut params = AudioCodecParameters::new();
    params.for_codec(id).with_sample_rate(sample_rate_hz);
    if !description.is_empty() {
        params.with_extra_data(description.into_boxed_slice());
    }
    Ok(PacketCodec::Symphonia(SymphoniaCodec {
        is_lossy: name != "ALAC",
        name,
        params,
        sample_rate_hz,
        channels: channels as u16,
    }))
}

/// The object type and the decoder's own configuration in an elementary stream descriptor (ISO/IEC 14496-1, section
/// 7.2.6): descriptors inside each other, each a tag, a length of seven bits a byte, and a content.
fn decoder_config(mut rest: &[u8]) -> Option<(u8, &[u8])> {
    let mut object = None;
    loop {
        let (&tag, mut content) = rest.split_first()?;
        let mut size = 0_usize;
        for _ in 0..4 {
            let (&byte, left) = content.split_first()?;
            content = left;
            size = (size << 7) | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        rest = match (tag, object) {
            // The stream: a number, and flags for fields that files don't have.
            (3, _) => {
                let flags = *content.get(2)?;
                let url = if flags & 0x40 == 0 {
                    0
                } else {
                    1 + usize::from(*content.get(3)?)
                };
                let skipped = usize::from(flags >> 7) * 2 + url + usize::from(flags >> 5 & 1) * 2;
                content.get(3 + skipped..)?
            }
            (4, _) => {
                object = Some(*content.first()?);
                content.get(13..)?
            }
            (5, Some(object)) => return Some((object, content.get(..size.min(content.len()))?)),
            _ => content.get(size..)?,
        };
        // MPEG audio has no configuration of its own.
        if let (true, Some(object @ (0x69 | 0x6b))) = (rest.first() != Some(&5), object) {
            return Some((object, &[]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decoder_configuration_is_found() {
        let aac = [
            3, 25, 0, 1, 0, 4, 17, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 0x12, 0x10, 6, 1, 2,
        ];
        assert_eq!(decoder_config(&aac), Some((0x40, &[0x12, 0x10][..])));
        // The same with lengths of four bytes, as some encoders write them.
        let mut long = vec![
            3, 0x80, 0x80, 0x80, 34, 0, 1, 0, 4, 0x80, 0x80, 0x80, 20, 0x40, 0x15,
        ];
        long.extend([0; 11]);
        long.extend([5, 0x80, 0x80, 0x80, 2, 0x13, 0x88]);
        assert_eq!(decoder_config(&long), Some((0x40, &[0x13, 0x88][..])));
        let mut mp3 = vec![3, 21, 0, 1, 0, 4, 13, 0x6b, 0x15];
        mp3.extend([0; 11]);
        mp3.extend([6, 1, 2]);
        assert_eq!(decoder_config(&mp3), Some((0x6b, &[][..])));
        assert_eq!(decoder_config(&aac[..12]), None);
    }
}
