//! WAV files whose sizes are wrong, and what follows their samples: nothing is dropped without a word.

mod common;

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use common::{fmt, frames_and_losses, refusal, wav, wav16, whole};
use earmark_audio::{AudioStream, ClipNote, Decoded, Fault, MediaSource};

/// 400 frames of two channels at 8 kHz; no sample looks like a name.
fn stereo() -> Vec<u8> {
    let samples = (0..800_i32).map(|i| (i * 37 % 499 - 250) as i16);
    samples.flat_map(i16::to_le_bytes).collect()
}

fn file_of(data: &[u8]) -> Vec<u8> {
    wav(&fmt(1, 2, 8_000, 16), data)
}

fn with_sizes(mut file: Vec<u8>, riff: u32, data: u32) -> Vec<u8> {
    file[4..8].copy_from_slice(&riff.to_le_bytes());
    file[40..44].copy_from_slice(&data.to_le_bytes());
    file
}

fn contradictions(decoded: &Decoded) -> usize {
    let is_one = |note: &&ClipNote| matches!(note, ClipNote::Contradiction(_));
    decoded.notes.iter().filter(is_one).count()
}

#[test]
fn sizes_that_the_file_contradicts_cost_no_sample() {
    let data = stereo();
    let (bytes, riff) = (data.len() as u32, data.len() as u32 + 36);
    let wanted = whole(file_of(&data)).clip;
    for size in [
        bytes + 8,
        bytes + 44,
        bytes + 3,
        bytes * 7,
        u32::MAX - 7,
        0x8000_0000 - 20,
        0x7fff_f000 + 36,
    ] {
        let decoded = whole(with_sizes(file_of(&data), riff, size));
        assert_eq!(decoded.clip, wanted, "{size:#x}");
        assert_eq!(contradictions(&decoded), 1, "{size:#x}: {:?}", decoded.notes);
    }
    // A size of samples that is right needs no word, whatever the outer one is.
    for riff in [0, 1, riff - 8, riff + 8, u32::MAX] {
        let decoded = whole(with_sizes(file_of(&data), riff, bytes));
        assert_eq!(
            (decoded.clip.clone(), contradictions(&decoded)),
            (wanted.clone(), 0),
            "{riff:#x}"
        );
    }
    // Too small, while the outer size knows better.
    let decoded = whole(with_sizes(file_of(&data), riff, bytes / 2));
    assert_eq!((decoded.clip.clone(), contradictions(&decoded)), (wanted, 1));
}

#[test]
fn a_cut_is_reported_with_what_is_missing() {
    let data = stereo();
    let mut cut = file_of(&data);
    cut.truncate(44 + 1_001);
    let fault = refusal(cut.clone());
    assert!(matches!(fault, Fault::Truncated(..)), "{fault}");
    let (frames, losses) = frames_and_losses(cut);
    assert_eq!((frames, losses.len()), (250, 1));
    assert!(losses[0].is_cut_off);
    assert_eq!(losses[0].seconds, Some(150.0 / 8_000.0));
    // A recorder that fills up files to 2 GiB means its size.
    let near = 0x8000_0000 - 44;
    let (frames, losses) = frames_and_losses(with_sizes(file_of(&data), near + 36, near));
    assert_eq!((frames, losses.len()), (400, 1));
}

#[test]
fn what_is_known_to_be_harmless_needs_no_word() {
    let data = stereo();
    let wanted = whole(file_of(&data)).clip;
    let mut tag = b"TAG".to_vec();
    tag.resize(128, b'x');
    for behind in [
        b"LIST\x04\0\0\0INFO".to_vec(),
        b"iXML\x03\0\0\0<x>\0bext\x02\0\0\0ab".to_vec(),
        vec![0; 3_001],
        tag,
        b"ID3\x03\0\0\0\0\0\x04abcd".to_vec(),
    ] {
        let file = [file_of(&data), behind.clone()].concat();
        let decoded = whole(file);
        assert_eq!(
            (&decoded.clip, contradictions(&decoded)),
            (&wanted, 0),
            "{behind:?}"
        );
    }
    // A comment that is cut off is said, and costs no sound.
    let decoded = whole([file_of(&data), b"LIST\x40\0\0\0INFO".to_vec()].concat());
    assert_eq!((&decoded.clip, contradictions(&decoded)), (&wanted, 1));
}

#[test]
fn what_is_not_known_is_reported() {
    let data = stereo();
    let file = file_of(&data);
    let len = file.len() as u64;
    let unknown = [file.clone(), vec![5; 500]].concat();
    assert!(matches!(refusal(unknown.clone()), Fault::Corrupt(..)));
    let (frames, losses) = frames_and_losses(unknown);
    assert_eq!((frames, losses.len(), losses[0].bytes), (400, 1, Some(500)));
    assert!(
        losses[0].to_string().contains(&format!("at byte {len}")),
        "{}",
        losses[0]
    );
    // Two files joined.
    let (frames, losses) = frames_and_losses([file.clone(), file].concat());
    assert_eq!((frames, losses.len(), losses[0].bytes), (400, 1, Some(len)));
}

#[test]
fn chunks_in_a_list_of_waves_and_behind_an_empty_one_are_found() {
    let format = [b"fmt \x10\0\0\0".to_vec(), fmt(1, 1, 8_000, 16)].concat();
    let head = |rest: &[u8]| [b"RIFF\0\0\0\0WAVE".as_slice(), format.as_slice(), rest].concat();
    let waves = head(b"LIST\x1a\0\0\0wavldata\x04\0\0\0\x01\0\x02\0data\x02\0\0\0\x03\0");
    assert_eq!(whole(waves).clip.len(), 3);
    assert_eq!(
        whole(head(b"data\0\0\0\0data\x04\0\0\0\x01\0\x02\0")).clip.len(),
        2
    );
    // The format behind the samples, and a forgotten byte of padding before them.
    let samples = b"data\x02\0\0\0\x07\0".as_slice();
    let late = [b"RIFF\0\0\0\0WAVE".as_slice(), samples, format.as_slice()].concat();
    assert_eq!(whole(late).clip.samples, [7.0 / 32_768.0]);
    assert_eq!(
        whole(head(b"note\x03\0\0\0abcdata\x02\0\0\0\x07\0")).clip.samples,
        [7.0 / 32_768.0]
    );
    // A damaged comment, in whose text the name stands as well.
    let decoded = whole(head(
        b"LIST\xff\xff\xff\x00my data from 1999..data\x02\0\0\0\x07\0",
    ));
    assert_eq!(
        (decoded.clip.samples.as_slice(), contradictions(&decoded)),
        ([7.0 / 32_768.0].as_slice(), 1)
    );
}

#[test]
fn samples_within_a_chunk_that_claims_them_are_found() {
    let plain = file_of(&stereo());
    let wanted = whole(plain.clone()).clip;
    for claimed in [4_u8, 5, 60, 200] {
        let list = [b"LIST".as_slice(), &[claimed, 0, 0, 0], b"INFO"].concat();
        let decoded = whole([&plain[..36], &list, &plain[36..]].concat());
        assert_eq!(decoded.clip, wanted, "{claimed}");
        assert_eq!(contradictions(&decoded), usize::from(claimed > 4), "{claimed}");
    }
    // A text that only mentions samples, in a file without any.
    let list = b"LIST\x08\0\0\0my data!".as_slice();
    assert!(matches!(
        refusal([&plain[..36], list].concat()),
        Fault::Truncated(..)
    ));
}

#[test]
fn rf64_that_was_never_finished_extends_to_the_end() {
    let format = [b"fmt \x10\0\0\0".to_vec(), fmt(1, 1, 8_000, 16)].concat();
    for fill in [0, 0xff] {
        let sizes = [b"ds64\x1c\0\0\0".to_vec(), vec![fill; 28]].concat();
        let head = [b"RF64\xff\xff\xff\xffWAVE".to_vec(), sizes, format.clone()].concat();
        let file = [head, b"data\xff\xff\xff\xff\x01\0\x02\0\x03\0".to_vec()].concat();
        assert_eq!(whole(file).clip.len(), 3);
    }
    // The chunk of sizes is missing.
    let head = [b"RF64\xff\xff\xff\xffWAVE".to_vec(), format].concat();
    let file = [head, b"data\xff\xff\xff\xff\x01\0\x02\0".to_vec()].concat();
    assert_eq!(whole(file).clip.len(), 2);
}

#[test]
fn a_fact_chunk_that_contradicts_the_samples_is_said() {
    let plain = wav16(8_000, &[1, 2, 3, 4]);
    let fact = b"fact\x04\0\0\0\x09\0\0\0".as_slice();
    let mut bytes = [&plain[..36], fact, &plain[36..]].concat();
    let decoded = whole(bytes.clone());
    assert_eq!((decoded.clip.len(), contradictions(&decoded)), (4, 1));
    for right in [4, 0] {
        bytes[44] = right;
        assert_eq!(contradictions(&whole(bytes.clone())), 0);
    }
}

/// A file of zeros behind its first bytes, which takes no memory.
struct Zeros {
    head: Vec<u8>,
    len: u64,
    pos: u64,
}

impl Read for Zeros {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len - self.pos).unwrap_or(usize::MAX);
        let count = out.len().min(left);
        for (i, byte) in out[..count].iter_mut().enumerate() {
            let at = usize::try_from(self.pos).unwrap_or(usize::MAX).saturating_add(i);
            *byte = self.head.get(at).copied().unwrap_or(0);
        }
        self.pos += count as u64;
        Ok(count)
    }
}

impl Seek for Zeros {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.pos = match to {
            SeekFrom::Start(at) => at.min(self.len),
            SeekFrom::End(_) => self.len,
            SeekFrom::Current(by) => self.pos.saturating_add_signed(by).min(self.len),
        };
        Ok(self.pos)
    }
}

impl MediaSource for Zeros {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}

#[test]
fn sizes_that_wrapped_beyond_4_gib_are_noticed() {
    // Eight channels of doubles, so that there are few frames.
    let frames = (1_u64 << 32) / 64 + 100;
    let size = (frames * 64) as u32;
    assert_eq!(size, 6_400);
    let mut head = wav(&fmt(3, 8, 192_000, 64), &[]);
    head[4..8].copy_from_slice(&(size + 36).to_le_bytes());
    head[40..44].copy_from_slice(&size.to_le_bytes());
    let len = head.len() as u64 + frames * 64;
    let source = Box::new(Zeros { head, len, pos: 0 });
    let stream = AudioStream::from_source(source, Path::new("long.wav"), None).expect("opens");
    assert_eq!(stream.info().frames, Some(frames));
    assert!(
        stream
            .notes()
            .iter()
            .any(|note| note.to_string().contains("beyond 4 GiB"))
    );
}
