//! Zip archives as Info-ZIP and others write them, also in parts.

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::fs;
use std::io::Write;
use std::path::Path;

/// A zip archive of files, cut into parts of `part` bytes; stored where the name ends so, else deflated.
pub fn zip(files: &[(&str, &[u8])], part: usize) -> Vec<Vec<u8>> {
    let mut out = b"PK\x07\x08".to_vec();
    let mut directory: Vec<u8> = Vec::new();
    let place = |at: usize| ((at / part) as u16, (at % part) as u32);
    for (name, content) in files {
        let deflated = !name.ends_with(".stored");
        let packed = match deflated {
            true => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
            false => content.to_vec(),
        };
        let (disk, offset) = place(out.len());
        // From the method to the lengths, the same in front of the file and in the directory.
        let mut fields: Vec<u8> = if deflated { vec![8, 0] } else { vec![0, 0] };
        fields.extend([0; 4]);
        fields.extend(crc32fast::hash(content).to_le_bytes());
        fields.extend((packed.len() as u32).to_le_bytes());
        fields.extend((content.len() as u32).to_le_bytes());
        fields.extend((name.len() as u16).to_le_bytes());
        out.extend(b"PK\x03\x04\x14\0\0\0");
        out.extend(&fields);
        out.extend([0, 0]);
        out.extend(name.as_bytes());
        out.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x03\x14\0\0\0");
        directory.extend(&fields);
        directory.extend([0; 4]);
        directory.extend(disk.to_le_bytes());
        directory.extend([0; 6]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (disk, offset) = place(out.len());
    out.extend(&directory);
    let last = place(out.len()).0;
    out.extend(b"PK\x05\x06");
    out.extend(
        [last, disk, files.len() as u16, files.len() as u16]
            .map(u16::to_le_bytes)
            .concat(),
    );
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(offset.to_le_bytes());
    out.extend([0, 0]);
    let whole = usize::from(last) * part;
    let mut parts: Vec<Vec<u8>> = out[..whole].chunks(part).map(<[u8]>::to_vec).collect();
    parts.push(out[whole..].to_vec());
    parts
}

/// Everything in one part.
pub const WHOLE: usize = 1 << 20;

/// Writes an archive and its parts; returns their names, the last part last.
pub fn write(folder: &Path, name: &str, parts: &[Vec<u8>]) -> Vec<String> {
    fs::create_dir_all(folder).unwrap();
    let of_part = |number: usize| match number == parts.len() {
        true => format!("{name}.zip"),
        false => format!("{name}.z{number:02}"),
    };
    let names: Vec<String> = (1..=parts.len()).map(of_part).collect();
    for (name, bytes) in names.iter().zip(parts) {
        fs::write(folder.join(name), bytes).unwrap();
    }
    names
}

/// Bytes that hardly shrink.
pub fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(next).collect()
}
