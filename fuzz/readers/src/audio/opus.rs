//! Packets of Opus in an Ogg file whose pages are right.

use super::decode::check_both_ways;
use super::ogg_pages::page;

/// Streams and coupled streams of 1 to 8 channels in mapping family 1 (RFC 7845, section 5.1.1.2).
const STREAMS: [(u8, u8); 8] = [(1, 0), (1, 1), (2, 1), (2, 2), (3, 2), (4, 2), (5, 2), (5, 3)];

/// The first byte chooses channels, mapping family and pre-skip; then the packets follow, each behind its length as two bytes, low byte
/// first.
pub fn opus(data: &[u8]) {
    let Some((&choice, mut rest)) = data.split_first() else {
        return;
    };
    let mut file = page(2, 0, 0, &head(choice));
    file.extend(page(0, 0, 1, b"OpusTags\0\0\0\0\0\0\0\0"));
    let (mut granule, mut number) = (0, 2);
    while let [low, high, packets @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(packets.len());
        let (packet, behind) = packets.split_at(length);
        granule += samples(packet);
        let flags = if behind.len() < 2 { 4 } else { 0 };
        file.extend(page(flags, granule, number, packet));
        number += 1;
        rest = behind;
    }
    check_both_ways(&file);
}

fn head(choice: u8) -> Vec<u8> {
    let is_family_1 = choice >> 3 & 1 == 1;
    let channels = match is_family_1 {
        true => (choice & 7) + 1,
        false => (choice & 1) + 1,
    };
    let pre_skip = u16::from(choice >> 4) * 312;
    let mut head = b"OpusHead\x01".to_vec();
    head.push(channels);
    head.extend(pre_skip.to_le_bytes());
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0, 0, u8::from(is_family_1)]);
    if is_family_1 {
        let (streams, coupled) = STREAMS[usize::from(channels) - 1];
        head.extend([streams, coupled]);
        head.extend(0..channels);
    }
    head
}

/// Samples of a packet at 48 kHz, by its first two bytes (RFC 6716, section 3.1).
fn samples(packet: &[u8]) -> i64 {
    let Some(&first) = packet.first() else {
        return 0;
    };
    let configuration = usize::from(first >> 3);
    let frame = match configuration {
        0..12 => [480, 960, 1_920, 2_880][configuration % 4],
        12..16 => [480, 960][configuration % 2],
        _ => [120, 240, 480, 960][configuration % 4],
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => packet.get(1).map_or(0, |count| i64::from(count & 63)),
    };
    frame * frames
}
