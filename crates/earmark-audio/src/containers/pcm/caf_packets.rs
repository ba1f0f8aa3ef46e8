//! ALAC and AAC in CAF: the table of packets, from which the file is split into them here.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_ALAC};

use super::caf_header::{Description, PacketTable, Parts};
use super::sample_bytes::{Found, Measure, Stated, sample_bytes};
use crate::clip::LostSound;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::codec_headers::aac::AacConfig;
use crate::containers::container::Container;
use crate::containers::layout::{AudioLayout, FileWalk};
use crate::containers::packet_layout::{
    ListedPacket, PacketCodec, PacketLayout, PacketList, PacketPlace, PacketSection, SymphoniaCodec,
};
use crate::error::{Fault, FilePosition};

/// The packets of a file: all that are whole.
pub(super) fn packets(
    walker: &mut ByteWalker<'_>,
    description: &Description,
    stated: &Stated,
    parts: &Parts,
) -> Result<FileWalk, Fault> {
    let Some(table) = &parts.table else {
        let reason = "its table of packets (pakt chunk) is missing";
        return Err(Fault::truncated(reason, walker.len()));
    };
    let codec = codec(description, &parts.cookie)?;
    let rate = description.sample_rate_hz;
    let data_end = stated.start.saturating_add(stated.size).min(walker.len());
    let row = list(walker, description, stated.start, data_end, table)?;
    let mut found = Found::default();
    if data_end < walker.len() {
        // What is behind the chunk of samples; frames don't matter there.
        let measure = Measure {
            sample_rate_hz: rate,
            frames_in: &|_| 0,
        };
        found = sample_bytes(walker, stated, &measure)?;
    }
    let all: u64 = row.packets.iter().map(|packet| u64::from(packet.frames)).sum();
    let present = all.saturating_sub(table.priming_frames);
    let promised = table.valid_frames;
    let frames = if promised == 0 {
        present
    } else {
        promised.min(present)
    };
    let listed = row.packets.len() as u64;
    let is_all = promised <= present && row.end == stated.start.saturating_add(stated.size);
    if listed < table.count && is_all {
        let count = table.count;
        found.note(format!(
            "its packet table promises {count} packets, but its samples are {listed}"
        ));
    } else if listed < table.count {
        let missing = promised.saturating_sub(present);
        let count = table.count;
        let reason = format!("its packet table promises {count} packets, but only {listed} are present");
        found.losses.push(LostSound {
            seconds: (missing > 0).then_some(missing as f64 / f64::from(rate)),
            ..LostSound::cut_off(reason, FilePosition::frame(frames, rate))
        });
    } else if promised > present {
        found.note(format!(
            "its packet table promises {promised} frames, but its packets have {present}"
        ));
    }
    if listed == table.count && row.end < data_end {
        found.losses.push(LostSound {
            bytes: Some(data_end - row.end),
            ..LostSound::damaged("its samples extend behind the last packet of its table", row.end)
        });
    }
    let section = PacketSection {
        codec,
        place: PacketPlace::Listed(PacketList {
            packets: row.packets,
            holes: Vec::new(),
        }),
        skip_frames: table.priming_frames,
        frames: Some(frames),
        is_cut_to_frames: true,
    };
    Ok(FileWalk {
        layout: AudioLayout::Packets(PacketLayout {
            container: Container::Caf,
            sections: vec![section],
            damage: None,
        }),
        notes: found.notes,
        losses: found.losses,
    })
}

/// Packets one after the other, and where the last one ends.
struct Row {
    packets: Vec<ListedPacket>,
    end: u64,
}

/// Bytes of a packet in the list.
const LISTED_BYTES: u64 = size_of::<ListedPacket>() as u64;

/// Reads the entries of the table, as long as their packets end before `data_end`.
fn list(
    walker: &mut ByteWalker<'_>,
    description: &Description,
    start: u64,
    data_end: u64,
    table: &PacketTable,
) -> Result<Row, Fault> {
    let mut row = Row {
        packets: Vec::new(),
        end: start,
    };
    let mut at = table.entries;
    // A list of packets that are not in the table has a few bytes for each; it must not outgrow the file.
    let most = match (description.bytes_per_packet, description.frames_per_packet) {
        (0, _) | (_, 0) => table.count,
        _ => table.count.min(walker.len() / LISTED_BYTES),
    };
    // Sizes that are the same for all packets are not in the table.
    let mut number = |fixed: u32| match fixed {
        0 => varint(walker, &mut at, table.end),
        fixed => Ok(Some(fixed)),
    };
    while (row.packets.len() as u64) < most {
        let Some(bytes) = number(description.bytes_per_packet)? else {
            break;
        };
        let Some(frames) = number(description.frames_per_packet)? else {
            break;
        };
        let end = row.end + u64::from(bytes);
        // An empty packet does not count: each has its bytes in the file, so that the list is never longer than that.
        if bytes == 0 || end > data_end {
            break;
        }
        row.packets.push(ListedPacket {
            at: row.end,
            bytes,
            frames,
        });
        row.end = end;
    }
    Ok(row)
}

/// A number in seven bits a byte, the highest first; the eighth bit is set in all bytes but the last. `None` where the
/// table ends, or where the number has more than 32 bits.
fn varint(walker: &mut ByteWalker<'_>, at: &mut u64, end: u64) -> Result<Option<u32>, Fault> {
    let mut value = 0_u64;
    while *at < end && value <= u64::from(u32::MAX) {
        let Some([byte]) = walker.array::<1>(*at)? else {
            return Ok(None);
        };
        *at += 1;
        value = (value << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(u32::try_from(value).ok());
        }
    }
    Ok(None)
}

fn codec(description: &Description, cookie: &[u8]) -> Result<PacketCodec, Fault> {
    let (rate, mut channels) = (description.sample_rate_hz, description.channels);
    let mut params = AudioCodecParameters::new();
    let is_aac = description.format == *b"aac ";
    if is_aac {
        let Some(config) = aac_configuration(cookie) else {
            return Err(Fault::corrupt("its AAC has no header (kuki chunk)", 0_u64));
        };
        if let Some(read) = AacConfig::read(config) {
            read.refuse_sbr(rate)?;
            channels = if read.channels > 0 {
                read.channels
            } else {
                channels
            };
        }
        params.for_codec(CODEC_ID_AAC).with_extra_data(config.into());
    } else {
        params.for_codec(CODEC_ID_ALAC).with_extra_data(cookie.into());
    }
    params.with_sample_rate(rate);
    Ok(PacketCodec::Symphonia(SymphoniaCodec {
        name: if is_aac { "AAC" } else { "ALAC" },
        params,
        sample_rate_hz: rate,
        channels,
        is_lossy: is_aac,
    }))
}

/// The AudioSpecificConfig in an elementary stream descriptor (ISO/IEC 14496-1): descriptors with a tag of one byte and
/// a size of seven bits a byte, nested.
fn aac_configuration(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (&tag, mut rest) = bytes.split_first()?;
        let mut size = 0;
        loop {
            let (&byte, behind) = rest.split_first()?;
            rest = behind;
            size = ((size << 7) | usize::from(byte & 0x7f)) & 0xffff;
            if byte & 0x80 == 0 {
                break;
            }
        }
        // What comes before the nested descriptors; other optional fields are not used outside of MPEG-4 systems.
        bytes = match tag {
            3 => rest.get(3..)?,
            4 => rest.get(13..)?,
            5 => return rest.get(..size),
            _ => rest.get(size..)?,
        };
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn numbers_of_seven_bits() {
        let mut source = Cursor::new(vec![0x05, 0x8e, 0x68, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x81]);
        let mut walker = ByteWalker::new(&mut source).expect("opens");
        let mut at = 0;
        let mut next = |at: &mut u64| varint(&mut walker, at, 10).expect("reads");
        assert_eq!((next(&mut at), next(&mut at)), (Some(5), Some(1_896)));
        // More than 32 bits, and cut off.
        assert_eq!(next(&mut at), None);
        at = 9;
        assert_eq!(next(&mut at), None);
    }

    #[test]
    fn packets_of_fixed_sizes_never_outgrow_the_file() {
        let mut source = Cursor::new(vec![0; 6_400]);
        let mut walker = ByteWalker::new(&mut source).expect("opens");
        let mut listed = |bytes_per_packet| {
            let description = Description {
                sample_rate_hz: 8_000,
                format: *b"alac",
                flags: 0,
                bytes_per_packet,
                frames_per_packet: 1,
                channels: 1,
                bits: 16,
            };
            let table = PacketTable {
                count: u64::MAX,
                valid_frames: 0,
                priming_frames: 0,
                entries: 0,
                end: 6_400,
            };
            let row = list(&mut walker, &description, 0, 6_400, &table).expect("reads");
            row.packets.len() as u64
        };
        assert_eq!(listed(1), 6_400 / LISTED_BYTES);
        assert_eq!(listed(100), 64);
    }

    #[test]
    fn the_configuration_is_found_in_its_descriptors() {
        let nested = [
            3_u8, 0x80, 0x80, 0x80, 0x19, 0, 1, 0, // an elementary stream of 25 bytes
            4, 0x11, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // its decoder
            5, 2, 0x12, 0x10, // for which this is
        ];
        assert_eq!(aac_configuration(&nested), Some(&[0x12, 0x10][..]));
        assert_eq!(aac_configuration(&nested[..nested.len() - 1]), None);
        assert_eq!(aac_configuration(&[]), None);
    }
}
