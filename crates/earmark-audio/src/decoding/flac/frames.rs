//! Finds the frames of a FLAC file, one after another.
//!
//! A frame does not say how long it is. It ends where the next one begins, if the checksum at its end is right; only at the
//! end of a row of frames does decoding show its length. Symphonia's reader, which finds frames in the same way, drops what is
//! between frames and what follows the last; here every byte is accounted for.

use symphonia::core::checksum::Crc16Ansi;
use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::io::Monitor;
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

use super::find_sync::find_sync;
use super::forward_window::ForwardWindow;
use super::frame_header::{FrameHeader, MAX_HEADER_BYTES};
use crate::containers::{FlacLayout, StreamInfo, read_flac_header};
use crate::decoding::decoder_panics::guard;
use crate::decoding::symphonia_errors::{decode_fault, open_fault};
use crate::error::{Fault, FilePosition};

/// How much more is read at a time while the end of a frame is looked for.
const READ_AHEAD: usize = 16 * 1024;

/// What comes next in the file.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// A whole frame with a right checksum, and how many bytes at the beginning of the window it has.
    Frame(FrameHeader, usize),
    /// The header of another stream.
    Stream,
    /// Nothing more.
    End,
}

/// Bytes before a piece that are not a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Skipped {
    pub(super) at: u64,
    pub(super) bytes: u64,
    /// The frame that begins there, but is not whole.
    pub(super) frame: Option<FrameHeader>,
    /// Whether something is missing of that frame, or of a header, rather than being damaged.
    pub(super) is_unfinished: bool,
    /// Whether it is all the rest of the file, because looking for frames in it would take too long.
    pub(super) is_given_up: bool,
}

/// How a frame ends.
#[derive(Debug, PartialEq)]
enum Ending {
    /// All of it is there and its checksum is right; how many bytes it has.
    Whole(usize),
    /// All of it is there, but its checksum is wrong.
    Damaged,
    /// The bytes end before it does, or are not its own.
    Unfinished,
}

/// How many bytes are gone over in vain at least, before the rest of a file is given up.
const LEAST_WORK_BYTES: u64 = 64 * 1024 * 1024;
/// The same for each byte of the file: a damaged frame is gone over up to twice its uncompressed length.
const WORK_PER_BYTE: u64 = 4;
/// Samples that take as long to decode as one byte takes to go over.
const SAMPLES_PER_BYTE: u64 = 8;
/// Decodings that find the length of a frame.
const DECODINGS: u64 = 16;

pub(super) struct FlacFrames {
    pub(super) window: ForwardWindow,
    /// Work that did not lead from one frame straight to the next, in bytes gone over, and the most of it that is done. Bytes
    /// that look like headers, one after another, would otherwise take time with the square of their number.
    work: u64,
    most_work: u64,
}

impl FlacFrames {
    pub(super) fn new(window: ForwardWindow) -> Self {
        let bytes = window.end().saturating_sub(window.at());
        Self {
            window,
            work: 0,
            most_work: LEAST_WORK_BYTES.saturating_add(bytes.saturating_mul(WORK_PER_BYTE)),
        }
    }

    /// The next frame, stream or end, and what is before it. What it is remains in the window, to be taken from there.
    pub(super) fn next(&mut self, info: &StreamInfo) -> Result<(Option<Skipped>, Piece), Fault> {
        let mut skipped = Skipped {
            at: self.window.at(),
            bytes: 0,
            frame: None,
            is_unfinished: false,
            is_given_up: false,
        };
        let piece = loop {
            if self.work > self.most_work {
                let end = self.window.end();
                self.window.jump(end);
                skipped = Skipped {
                    bytes: self.window.at() - skipped.at,
                    frame: None,
                    is_unfinished: false,
                    is_given_up: true,
                    ..skipped
                };
                break Piece::End;
            }
            self.window.fill(READ_AHEAD)?;
            skipped.bytes = self.window.at() - skipped.at;
            let bytes = self.window.bytes();
            if bytes.is_empty() {
                break Piece::End;
            }
            // Behind the marker comes a block of 34 bytes that describes the stream.
            if bytes.starts_with(b"fLaC") && bytes.get(5..8) == Some(&[0, 0, 34]) {
                break Piece::Stream;
            }
            if let Some(header) = FrameHeader::parse(bytes) {
                let ending = self.ending(&header, info)?;
                if let Ending::Whole(len) = ending {
                    break Piece::Frame(header, len);
                }
                if skipped.bytes == 0 {
                    skipped.frame = Some(header);
                    skipped.is_unfinished = ending == Ending::Unfinished;
                }
            } else if skipped.bytes == 0 && bytes.len() < MAX_HEADER_BYTES {
                // The first bytes of a header at the end of the file.
                let second = bytes.get(1);
                skipped.is_unfinished = bytes[0] == 0xff && second.is_none_or(|b| b & 0xfe == 0xf8);
            }
            self.skip_to_next_start();
        };
        Ok((Some(skipped).filter(|skipped| skipped.bytes > 0), piece))
    }

    /// Moves on to the next place where a frame or a stream may begin.
    fn skip_to_next_start(&mut self) {
        let bytes = self.window.bytes();
        let starts = |pair: &[u8]| matches!(pair, [0xff, 0xf8 | 0xf9] | [b'f', b'L']);
        let next = bytes[1..].windows(2).position(starts);
        // What the last byte is shows only with the next one.
        let rest = bytes.len() - usize::from(!self.window.is_to_end());
        self.window.advance(next.map_or(rest.max(1), |index| index + 1));
    }

    /// How the frame with this header, at the beginning of the window, ends.
    fn ending(&mut self, header: &FrameHeader, info: &StreamInfo) -> Result<Ending, Fault> {
        let longest = header.longest(info.bits());
        let mut crc = Crc16Ansi::new(0);
        // Bytes in the checksum, and where the next header is looked for.
        let (mut done, mut from) = (0, header.len);
        loop {
            self.window.fill(from + READ_AHEAD)?;
            let (bytes, is_to_end) = (self.window.bytes(), self.window.is_to_end());
            while let Some(at) = find_sync(bytes, from).filter(|at| *at <= longest) {
                from = at;
                if at + MAX_HEADER_BYTES > bytes.len() && !is_to_end {
                    break;
                }
                if FrameHeader::parse(&bytes[at..]).is_some() {
                    crc.process_buf_bytes(&bytes[done..at]);
                    done = at;
                    // Over a frame with its checksum it is zero.
                    if crc.crc() == 0 {
                        return Ok(Ending::Whole(at));
                    }
                }
                from = at + 1;
            }
            if is_to_end && bytes.len() <= longest {
                // Zeros behind it leave the checksum as it is.
                crc.process_buf_bytes(&bytes[done..]);
                if crc.crc() == 0 {
                    return Ok(Ending::Whole(bytes.len()));
                }
            }
            if is_to_end || bytes.len() > longest + MAX_HEADER_BYTES {
                let bytes = &bytes[..bytes.len().min(longest)];
                let ending = decoded_ending(bytes, header, info);
                let decodings = if ending == Ending::Unfinished {
                    1
                } else {
                    DECODINGS
                };
                let samples = u64::from(header.frames) * u64::from(header.channels);
                self.work += bytes.len() as u64 + decodings * samples / SAMPLES_PER_BYTE;
                return Ok(ending);
            }
            if from < bytes.len().saturating_sub(MAX_HEADER_BYTES) {
                // Nothing was found: a header may begin in the last byte.
                from = bytes.len() - 1;
            }
        }
    }

    /// Reads the header of the stream that begins the window, and moves on to its frames.
    pub(super) fn read_stream(&mut self) -> Result<FlacLayout, Fault> {
        let at = self.window.at();
        let layout = self.window.walk(|walker| read_flac_header(walker, at))?;
        self.window.jump(layout.frames_start);
        Ok(layout)
    }
}

/// How the frame that these bytes begin with ends, as decoding it shows: its length is the fewest bytes that decode, and the
/// checksum behind them.
fn decoded_ending(bytes: &[u8], header: &FrameHeader, info: &StreamInfo) -> Ending {
    let here = FilePosition::Byte(0);
    let info = info.for_frames(header.channels, header.frames);
    let decodes = |len: usize| {
        let result = guard(here, || {
            let mut decoder = flac_decoder(&info, false)?;
            let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, &bytes[..len]);
            let decoded = decoder.decode_ref(&packet).map(|buffer| buffer.frames());
            decoded.map_err(|e| decode_fault(e, here))
        });
        result.is_ok()
    };
    if !decodes(bytes.len()) {
        return Ending::Unfinished;
    }
    let (mut low, mut high) = (header.len, bytes.len());
    while low < high {
        let middle = low.midpoint(high);
        if decodes(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let Some(frame) = bytes.get(..high + 2) else {
        return Ending::Unfinished;
    };
    let mut crc = Crc16Ansi::new(0);
    crc.process_buf_bytes(frame);
    match crc.crc() {
        0 => Ending::Whole(frame.len()),
        _ => Ending::Damaged,
    }
}

/// A decoder of the frames of a stream; one that checks keeps the MD5 of what it gives.
pub(super) fn flac_decoder(info: &StreamInfo, checks: bool) -> Result<Box<dyn AudioDecoder>, Fault> {
    let mut params = AudioCodecParameters::new();
    params
        .for_codec(CODEC_ID_FLAC)
        .with_extra_data(Box::new(info.bytes));
    let options = AudioDecoderOptions::default().verify(checks);
    let decoder = symphonia::default::get_codecs().make_audio_decoder(&params, &options);
    decoder.map_err(|e| open_fault(e, "FLAC", FilePosition::Byte(0)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Headers with a right checksum, of the longest frames, before bytes that are no frame.
    #[test]
    fn what_only_looks_like_frames_is_given_up() {
        let mut bytes = Vec::new();
        for _ in 0..200 {
            bytes.extend([0xff, 0xf8, 0x70, 0x7c, 0x00, 0xff, 0xfe, 0x53]);
            bytes.extend([0x80; 992]);
        }
        assert!(FrameHeader::parse(&bytes).is_some());
        let mut info = StreamInfo { bytes: [0; 34] };
        info.bytes[10..18].copy_from_slice(&((8_000_u64 << 44) | (15 << 36)).to_be_bytes());
        let len = bytes.len() as u64;
        let mut frames = FlacFrames::new(ForwardWindow::new(Box::new(Cursor::new(bytes)), 0, len));
        assert_eq!(frames.most_work, LEAST_WORK_BYTES + WORK_PER_BYTE * len);
        frames.most_work = 1_000_000;
        let (skipped, piece) = frames.next(&info).unwrap();
        let rest = Skipped {
            at: 0,
            bytes: len,
            frame: None,
            is_unfinished: false,
            is_given_up: true,
        };
        assert_eq!((skipped, piece), (Some(rest), Piece::End));
        assert!(frames.work < 2_000_000, "{}", frames.work);
    }
}
