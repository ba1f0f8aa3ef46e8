//! Small writers of Ogg, WebM and MP4, and a reader of Ogg pages: what the tests put packets into.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::io::Cursor;
use std::path::Path;

use earmark_audio::{AudioStream, ClipNote, Damaged, Fault, LostSound, ReadOptions};

/// What reading a file in memory gives where damage is read over.
pub struct Salvaged {
    pub samples: Vec<f32>,
    pub losses: Vec<LostSound>,
    pub notes: Vec<ClipNote>,
    pub sample_rate_hz: u32,
    pub frames: Option<u64>,
}

/// Reads at the file's own rate, over any damage.
pub fn salvage(bytes: Vec<u8>) -> Salvaged {
    let options = ReadOptions {
        sample_rate_hz: None,
        damaged: Damaged::Salvage,
    };
    let source = Box::new(Cursor::new(bytes));
    let mut stream = AudioStream::from_source_with(source, Path::new("memory"), &options)
        .unwrap_or_else(|e| panic!("{e}"));
    let (mut samples, mut block) = (Vec::new(), Vec::new());
    while stream.next_block(&mut block).unwrap_or_else(|e| panic!("{e}")) {
        samples.extend_from_slice(&block);
    }
    Salvaged {
        samples,
        losses: stream.losses().to_vec(),
        notes: stream.notes(),
        sample_rate_hz: stream.info().sample_rate_hz,
        frames: stream.info().frames,
    }
}

/// The samples of a file in memory that nothing is wrong with.
pub fn decode(bytes: Vec<u8>) -> Vec<f32> {
    let decoded = earmark_audio::decode_bytes_native(bytes).unwrap_or_else(|e| panic!("{e}"));
    decoded.clip.samples
}

/// The fault of a file in memory where damage is refused.
pub fn refusal(bytes: Vec<u8>) -> Fault {
    match earmark_audio::decode_bytes_native(bytes) {
        Err(earmark_audio::AudioError::File { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

/// A page of Ogg.
#[derive(Clone)]
pub struct Page {
    pub flags: u8,
    pub granule: i64,
    pub serial: u32,
    pub number: u32,
    pub table: Vec<u8>,
    pub body: Vec<u8>,
}

pub const FIRST: u8 = 2;
pub const LAST: u8 = 4;

impl Page {
    /// A page of whole packets.
    pub fn new(flags: u8, granule: i64, number: u32, packets: &[Vec<u8>]) -> Self {
        let mut table = Vec::new();
        for packet in packets {
            table.extend(vec![255; packet.len() / 255]);
            table.push((packet.len() % 255) as u8);
        }
        assert!(table.len() < 256, "a page is too small for these packets");
        Self {
            flags,
            granule,
            serial: 7,
            number,
            table,
            body: packets.concat(),
        }
    }

    /// Its bytes, with their checksum.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = b"OggS\0".to_vec();
        out.push(self.flags);
        out.extend(self.granule.to_le_bytes());
        out.extend(self.serial.to_le_bytes());
        out.extend(self.number.to_le_bytes());
        out.extend([0; 4]);
        out.push(self.table.len() as u8);
        out.extend(&self.table);
        out.extend(&self.body);
        let sum = out.iter().fold(0_u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
                (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }
            })
        });
        out[22..26].copy_from_slice(&sum.to_le_bytes());
        out
    }
}

/// The bytes of all pages.
pub fn ogg(pages: &[Page]) -> Vec<u8> {
    pages.iter().flat_map(Page::bytes).collect()
}

/// The pages of a file.
pub fn pages(bytes: &[u8]) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let table = rest[27..27 + usize::from(rest[26])].to_vec();
        let start = 27 + table.len();
        let end = start + table.iter().map(|size| usize::from(*size)).sum::<usize>();
        let u32_at = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().expect("four bytes"));
        pages.push(Page {
            flags: rest[5],
            granule: i64::from_le_bytes(rest[6..14].try_into().expect("eight bytes")),
            serial: u32_at(14),
            number: u32_at(18),
            table,
            body: rest[start..end].to_vec(),
        });
        rest = &rest[end..];
    }
    pages
}

/// The packets of a file with one logical stream.
pub fn packets(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = vec![Vec::new()];
    for page in pages(bytes) {
        let mut at = 0;
        for size in page.table {
            let end = at + usize::from(size);
            packets
                .last_mut()
                .expect("one at least")
                .extend(&page.body[at..end]);
            at = end;
            if size < 255 {
                packets.push(Vec::new());
            }
        }
    }
    packets.pop();
    packets
}

/// An element of EBML with a size of four bytes.
pub fn element(id: u32, content: &[u8]) -> Vec<u8> {
    let size = 0x1000_0000 | content.len() as u32;
    [id_bytes(id), size.to_be_bytes().to_vec(), content.to_vec()].concat()
}

/// An element of EBML whose size is unknown.
pub fn open_element(id: u32, content: &[u8]) -> Vec<u8> {
    [
        id_bytes(id),
        vec![0x01, 255, 255, 255, 255, 255, 255, 255],
        content.to_vec(),
    ]
    .concat()
}

fn id_bytes(id: u32) -> Vec<u8> {
    id.to_be_bytes()
        .into_iter()
        .skip_while(|byte| *byte == 0)
        .collect()
}

/// An audio track of Matroska.
pub fn track(number: u8, codec: &str, private: &[u8], rate: f64, channels: u8) -> Vec<u8> {
    let audio = [
        element(0xb5, &rate.to_be_bytes()),
        element(0x9f, &[channels]),
        element(0x6264, &[16]),
    ];
    let fields = [
        element(0xd7, &[number]),
        element(0x83, &[2]),
        element(0x86, codec.as_bytes()),
        element(0x63a2, private),
        element(0xe1, &audio.concat()),
    ];
    element(0xae, &fields.concat())
}

/// A simple block.
pub fn block(track: u8, time_ms: i16, packet: &[u8]) -> Vec<u8> {
    let mut content = vec![0x80 | track];
    content.extend(time_ms.to_be_bytes());
    content.push(0);
    content.extend(packet);
    element(0xa3, &content)
}

/// A group of one block of which some nanoseconds at the end are dropped.
pub fn padded_block(track: u8, time_ms: i16, packet: &[u8], discard_ns: i64) -> Vec<u8> {
    let mut content = vec![0x80 | track];
    content.extend(time_ms.to_be_bytes());
    content.push(0);
    content.extend(packet);
    let discard = element(0x75a2, &discard_ns.to_be_bytes());
    element(0xa0, &[element(0xa1, &content), discard].concat())
}

/// A cluster that begins at this time.
pub fn cluster(time_ms: u16, blocks: &[Vec<u8>]) -> Vec<u8> {
    element(
        0x1f43_b675,
        &[element(0xe7, &time_ms.to_be_bytes()), blocks.concat()].concat(),
    )
}

/// A file of these tracks and clusters.
pub fn webm(tracks: &[Vec<u8>], clusters: &[Vec<u8>]) -> Vec<u8> {
    let info = element(0x1549_a966, &element(0x2a_d7b1, &1_000_000_u32.to_be_bytes()));
    let content = [info, element(0x1654_ae6b, &tracks.concat()), clusters.concat()].concat();
    [
        element(0x1a45_dfa3, &element(0x4282, b"webm")),
        element(0x1853_8067, &content),
    ]
    .concat()
}

/// A box of MP4.
pub fn mp4_box(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], name, content].concat()
}

/// The fields of an audio sample description, and the box behind them.
pub fn sample_entry(name: &[u8; 4], channels: u16, rate: u16, description: &[u8]) -> Vec<u8> {
    let mut content = vec![0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    content.extend(channels.to_be_bytes());
    content.extend([0, 16, 0, 0, 0, 0]);
    content.extend(rate.to_be_bytes());
    content.extend([0, 0]);
    content.extend(description);
    mp4_box(name, &content)
}

/// The sample description of the Opus in an Ogg file: its header with the other byte order.
pub fn opus_entry(head: &[u8], channels: u16) -> Vec<u8> {
    let mut fields = head[8..].to_vec();
    fields[0] = 0;
    fields[2..4].reverse();
    fields[4..8].reverse();
    fields[8..10].reverse();
    sample_entry(b"Opus", channels, 48_000, &mp4_box(b"dOps", &fields))
}

/// The packets of a file with one box of samples, which they fill.
pub fn mp4_packets(file: &[u8]) -> Vec<Vec<u8>> {
    let find = |what: &[u8]| file.windows(4).position(|four| four == what).expect("is there");
    let u32_at = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes"));
    let (table, mut at) = (find(b"stsz") + 12, find(b"mdat") + 4);
    (1..=u32_at(table) as usize)
        .map(|index| {
            let end = at + u32_at(table + 4 * index) as usize;
            file[std::mem::replace(&mut at, end)..end].to_vec()
        })
        .collect()
}

/// A file of one track: packets of `ticks` each in one chunk; the edit list plays `edit.1` ticks from `edit.0`.
pub fn mp4(
    entry: &[u8],
    timescale: u32,
    ticks: u32,
    packets: &[Vec<u8>],
    edit: Option<(u32, u32)>,
) -> Vec<u8> {
    let number = |value: u32| value.to_be_bytes().to_vec();
    let count = packets.len() as u32;
    let sizes = packets.iter().flat_map(|packet| number(packet.len() as u32));
    let duration = number(count * ticks);
    let ftyp = mp4_box(b"ftyp", b"M4A \0\0\0\0");
    let first = ftyp.len() as u32 + 8;
    let stbl = [
        mp4_box(b"stsd", &[vec![0, 0, 0, 0, 0, 0, 0, 1], entry.to_vec()].concat()),
        mp4_box(
            b"stts",
            &[number(0), number(1), number(count), number(ticks)].concat(),
        ),
        mp4_box(
            b"stsc",
            &[number(0), number(1), number(1), number(count), number(1)].concat(),
        ),
        mp4_box(
            b"stsz",
            &[number(0), number(0), number(count), sizes.collect()].concat(),
        ),
        mp4_box(b"stco", &[number(0), number(1), number(first)].concat()),
    ];
    let times = [vec![0; 12], number(timescale), duration, vec![0; 4]].concat();
    let mdia = [
        mp4_box(b"mdhd", &[times.clone(), vec![0; 8]].concat()),
        mp4_box(b"hdlr", &[vec![0; 8], b"soun".to_vec(), vec![0; 13]].concat()),
        mp4_box(b"minf", &mp4_box(b"stbl", &stbl.concat())),
    ];
    let edts = edit.map(|(start, length)| {
        let list = [
            number(0),
            number(1),
            number(length),
            number(start),
            number(0x1_0000),
        ];
        mp4_box(b"edts", &mp4_box(b"elst", &list.concat()))
    });
    let trak = [edts.unwrap_or_default(), mp4_box(b"mdia", &mdia.concat())].concat();
    let mvhd = mp4_box(b"mvhd", &[times, vec![0; 80]].concat());
    let moov = mp4_box(b"moov", &[mvhd, mp4_box(b"trak", &trak)].concat());
    [ftyp, mp4_box(b"mdat", &packets.concat()), moov].concat()
}
