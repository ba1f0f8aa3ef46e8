//! Core Audio Format (CAF) of Apple: chunks with sizes of 64 bits around uncompressed samples, blocks or packets.

use super::caf_header::{Description, PacketTable, Parts};
use super::caf_packets::packets;
use super::chunks::ChunkStyle;
use super::sample_bytes::{Found, Measure, Stated, sample_bytes};
use crate::containers::byte_walker::ByteWalker;
use crate::containers::container::Container;
use crate::containers::layout::{AudioLayout, BlockLayout, FileWalk, PcmLayout, PcmPart};
use crate::decoding::{BlockCodec, ByteOrder, SampleFormat, SampleKind};
use crate::error::Fault;

const STYLE: ChunkStyle = ChunkStyle::Caf;
/// Most bytes of a codec's own header ("magic cookie").
const MAX_COOKIE_BYTES: u64 = 64 * 1024;
/// Bytes of the count of edits before the samples.
const EDIT_COUNT_BYTES: u64 = 4;

pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    const CUT: &str = "it ends within its header";
    let head = walker.required::<8>(start, CUT)?;
    if head[4..6] != [0, 1] {
        let version = u16::from_be_bytes([head[4], head[5]]);
        return Err(Fault::Unsupported(format!(
            "is Core Audio (CAF) of the unknown version {version}"
        )));
    }
    let mut description = None;
    let mut parts = Parts::default();
    let mut at = start + 8;
    while let Some(chunk) = STYLE.read(walker, at)? {
        match &chunk.name {
            b"desc" => description = Some(Description::read(walker, &chunk)?),
            b"kuki" if chunk.size <= MAX_COOKIE_BYTES => {
                parts.cookie = walker.peek(chunk.body, chunk.size as usize)?.to_vec();
            }
            b"pakt" => parts.table = PacketTable::read(walker, &chunk)?,
            b"data" if parts.data.is_none() => parts.data = Some(chunk),
            _ => {}
        }
        at = chunk.end;
    }
    let Some(description) = description else {
        let reason = "it ends before its description (no desc chunk)";
        return Err(Fault::truncated(reason, walker.len()));
    };
    let Some(data) = parts.data else {
        return Err(Fault::truncated("it ends before its samples begin", walker.len()));
    };
    let stated = Stated {
        start: data.body + EDIT_COUNT_BYTES,
        // A size of minus one: to the end of the file.
        size: if data.size == u64::MAX {
            data.size
        } else {
            data.size.saturating_sub(EDIT_COUNT_BYTES)
        },
        is_32_bit: false,
        file_end: None,
        style: Some(STYLE),
    };
    match description.coding()? {
        Coding::Pcm(format) => description.pcm(walker, format, &stated),
        Coding::Blocks(codec) => description.blocks(walker, codec, &stated, parts.table.as_ref()),
        Coding::Packets => packets(walker, &description, &stated, &parts),
    }
}

/// How the samples are stored.
enum Coding {
    Pcm(SampleFormat),
    Blocks(BlockCodec),
    Packets,
}

impl Description {
    fn coding(&self) -> Result<Coding, Fault> {
        // The first bit of the flags means floats, the second that the lowest byte comes first.
        let order = if self.flags & 2 != 0 {
            ByteOrder::Little
        } else {
            ByteOrder::Big
        };
        let is_float = self.flags & 1 != 0;
        let sample_bytes = self.bytes_per_packet / u32::from(self.channels);
        let kind = match (&self.format, is_float, sample_bytes) {
            (b"lpcm", true, 4) => SampleKind::F32,
            (b"lpcm", true, 8) => SampleKind::F64,
            (b"lpcm", false, 1) => SampleKind::I8,
            (b"lpcm", false, 2) => SampleKind::I16,
            (b"lpcm", false, 3) => SampleKind::I24,
            (b"lpcm", false, 4) => SampleKind::I32,
            (b"ulaw", ..) => SampleKind::MuLaw,
            (b"alaw", ..) => SampleKind::ALaw,
            (b"ima4", ..) if self.channels <= 2 => return Ok(Coding::Blocks(BlockCodec::ImaApple)),
            (b"alac" | b"aac ", ..) => return Ok(Coding::Packets),
            _ => return Err(self.unsupported()),
        };
        Ok(Coding::Pcm(SampleFormat { kind, order }))
    }

    /// Names what is not read.
    fn unsupported(&self) -> Fault {
        let name = match &self.format {
            b"lpcm" => {
                let (bits, bytes, channels) = (self.bits, self.bytes_per_packet, self.channels);
                let reason = format!("its header puts {channels} channels of {bits} bits into {bytes} bytes");
                return Fault::Unsupported(reason);
            }
            b"aach" | b"aacp" => "HE-AAC (SBR)",
            b".mp1" | b".mp2" | b".mp3" => "MPEG audio",
            b"opus" => "Opus",
            b"flac" => "FLAC",
            b"MAC3" | b"MAC6" => "MACE",
            b"QDM2" | b"QDMC" => "QDesign Music",
            b"Qclp" => "QUALCOMM PureVoice",
            b"ilbc" => "iLBC",
            b"samr" => "AMR",
            b"ac-3" | b"ec-3" => "Dolby Digital",
            b"ima4" => "IMA ADPCM with more than two channels",
            other => {
                let kind = String::from_utf8_lossy(other);
                return Fault::Unsupported(format!(
                    "is Core Audio (CAF) with samples of the unknown kind {kind:?}"
                ));
            }
        };
        Fault::Unsupported(format!("is {name} in Core Audio (CAF), which is not supported"))
    }

    fn pcm(
        &self,
        walker: &mut ByteWalker<'_>,
        format: SampleFormat,
        stated: &Stated,
    ) -> Result<FileWalk, Fault> {
        let frame_bytes = format.bytes() as u64 * u64::from(self.channels);
        let measure = Measure {
            sample_rate_hz: self.sample_rate_hz,
            frames_in: &|bytes| bytes / frame_bytes,
        };
        let mut found = sample_bytes(walker, stated, &measure)?;
        let frames = found.frames(&measure);
        let layout = AudioLayout::Pcm(PcmLayout {
            container: Container::Caf,
            format,
            channels: self.channels,
            sample_rate_hz: self.sample_rate_hz,
            parts: vec![PcmPart {
                start: Some(stated.start),
                frames,
            }],
        });
        Ok(walk(layout, found))
    }

    fn blocks(
        &self,
        walker: &mut ByteWalker<'_>,
        codec: BlockCodec,
        stated: &Stated,
        table: Option<&PacketTable>,
    ) -> Result<FileWalk, Fault> {
        let channels = self.channels;
        let measure = Measure {
            sample_rate_hz: self.sample_rate_hz,
            frames_in: &|bytes| codec.frames_in(bytes, channels),
        };
        let mut found = sample_bytes(walker, stated, &measure)?;
        let whole = found.frames(&measure);
        let block = codec.frames_in(codec.block_bytes(self.channels) as u64, self.channels);
        let fills_up = |frames: &u64| *frames <= whole && whole - *frames < block;
        // The table of packets, which may be absent, says where the sound ends in the last one.
        let valid = table.map(|table| table.valid_frames).filter(|&frames| frames > 0);
        let frames = match valid.filter(fills_up) {
            Some(frames) if found.losses.is_empty() => frames,
            _ => whole,
        };
        if let Some(stated) = valid.filter(|stated| *stated != frames && found.losses.is_empty()) {
            found.note(format!(
                "its packet table promises {stated} frames, but there are {frames}"
            ));
        }
        let layout = AudioLayout::Blocks(BlockLayout {
            container: Container::Caf,
            codec,
            channels: self.channels,
            sample_rate_hz: self.sample_rate_hz,
            data_start: stated.start,
            data_bytes: found.bytes,
            frames,
        });
        Ok(walk(layout, found))
    }
}

fn walk(layout: AudioLayout, found: Found) -> FileWalk {
    FileWalk {
        layout,
        notes: found.notes,
        losses: found.losses,
    }
}
