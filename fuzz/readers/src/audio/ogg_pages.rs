//! Pages of Ogg with right checksums, so that what is in them is looked at (RFC 3533).

const MARK: &[u8] = b"OggS";
/// Bytes of a page before its table.
const HEADER: usize = 27;
const CHECKSUM: std::ops::Range<usize> = 22..26;

/// A copy whose whole pages have the checksum of their bytes. Other files stay as they are.
pub fn with_right_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at + HEADER <= out.len() {
        if !out[at..].starts_with(MARK) {
            // Anything else between two pages is passed over only in files of Ogg.
            match at {
                0 => break,
                _ => at += 1,
            }
            continue;
        }
        let table = at + HEADER..at + HEADER + usize::from(out[at + HEADER - 1]);
        let sizes = out.get(table.clone()).unwrap_or_default().iter();
        let end = table.end + sizes.map(|size| usize::from(*size)).sum::<usize>();
        if end > out.len() {
            break;
        }
        sum_up(&mut out[at..end]);
        at = end;
    }
    out
}

/// A page of one packet, of fewer than 65,025 bytes.
pub fn page(flags: u8, granule: i64, number: u32, packet: &[u8]) -> Vec<u8> {
    let mut out = MARK.to_vec();
    out.extend([0, flags]);
    out.extend(granule.to_le_bytes());
    out.extend(7_u32.to_le_bytes());
    out.extend(number.to_le_bytes());
    out.extend([0; 4]);
    out.push((packet.len() / 255 + 1) as u8);
    out.extend(vec![255; packet.len() / 255]);
    out.push((packet.len() % 255) as u8);
    out.extend(packet);
    sum_up(&mut out);
    out
}

/// Writes the checksum of a whole page into it.
fn sum_up(page: &mut [u8]) {
    page[CHECKSUM].fill(0);
    let sum = page.iter().fold(0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    });
    page[CHECKSUM].copy_from_slice(&sum.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wrong_checksums_change() {
        let whole = [
            page(2, 0, 0, b"first"),
            page(0, 5, 1, &[7; 600]),
            page(4, 9, 2, b""),
        ]
        .concat();
        assert_eq!(with_right_checksums(&whole), whole);
        let mut damaged = whole.clone();
        for at in CHECKSUM {
            damaged[at] ^= 0x55;
        }
        assert_eq!(with_right_checksums(&damaged), whole);
        for other in [&b"RIFF"[..], b"", &whole[..whole.len() - 1]] {
            assert_eq!(with_right_checksums(other), other);
        }
    }
}
