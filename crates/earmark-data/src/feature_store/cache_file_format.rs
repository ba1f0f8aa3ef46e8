//! What is cached for a clip, and its form on disk.
//!
//! ```text
//! bytes  0..8    "EARMFEAT"
//!        8..12   format version, as all numbers little endian
//!       12..16   channels      16..20  bands      20..28  frames
//!       28..32   1 if the file contained no samples
//!       32..36   the file's own sample rate if it was resampled, else 0      36..40  the rate after that
//!       40..44   the file's channels if they were mixed down, else 0
//!       44..76   BLAKE3 of all other bytes
//!       76..     float32, [channels, bands, frames]
//! ```
//!
//! A file with further notes, or of which a part could not be read, has version 2: behind the numbers is JSON with both.

use std::io::{self, Write};
use std::sync::Arc;

use earmark_audio::ClipNote;
use earmark_features::Features;
use serde::{Deserialize, Serialize};

use crate::damaged_recordings::ClipDamage;

/// Features of one clip, and what decoding noted about its file. Clip-level features have a file of their own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CacheEntry {
    pub(super) features: Arc<Features>,
    pub(super) notes: Vec<ClipNote>,
    pub(super) damage: Option<ClipDamage>,
}

/// What the header has no place for.
#[derive(Default, Serialize, Deserialize)]
struct Further {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    contradictions: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cancels: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    damage: Option<ClipDamage>,
}

const MAGIC: &[u8; 8] = b"EARMFEAT";
const VERSION: u32 = 1;
const VERSION_WITH_FURTHER: u32 = 2;
const CHECKSUM: std::ops::Range<usize> = 44..76;
const HEADER_BYTES: usize = 76;

impl CacheEntry {
    /// Memory that it takes, approximately.
    pub(super) fn bytes(&self) -> u64 {
        let numbers = self.features.data.len() + self.features.clip_features.len();
        (HEADER_BYTES + numbers * size_of::<f32>()) as u64
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut payload = Vec::with_capacity(self.features.data.len() * size_of::<f32>());
        payload.extend(self.features.data.iter().flat_map(|value| value.to_le_bytes()));
        let further = self.further();
        if let Some(further) = &further {
            serde_json::to_writer(&mut payload, further)?;
        }
        let version = further.map_or(VERSION, |_| VERSION_WITH_FURTHER);
        let mut header = self.header(version)?;
        let sum = checksum(&header, &payload);
        header[CHECKSUM].copy_from_slice(sum.as_bytes());
        out.write_all(&header)?;
        out.write_all(&payload)
    }

    /// What the header has no place for, if there is anything.
    fn further(&self) -> Option<Further> {
        let mut further = Further {
            damage: self.damage.clone(),
            ..Further::default()
        };
        for note in &self.notes {
            match note {
                ClipNote::Contradiction(what) => further.contradictions.push(what.clone()),
                ClipNote::Cancels => further.cancels = true,
                _ => {}
            }
        }
        let nothing = further.contradictions.is_empty() && !further.cancels && further.damage.is_none();
        (!nothing).then_some(further)
    }

    fn header(&self, version: u32) -> io::Result<[u8; HEADER_BYTES]> {
        let small =
            |value: usize| u32::try_from(value).map_err(|_| io::Error::from(io::ErrorKind::InvalidData));
        let (mut empty, mut from_hz, mut to_hz, mut mixed) = (0, 0, 0, 0);
        for note in &self.notes {
            match *note {
                ClipNote::EmptyFile => empty = 1,
                ClipNote::Resampled { from, to } => (from_hz, to_hz) = (from, to),
                ClipNote::DownMixed { channels } => mixed = u32::from(channels),
                _ => {}
            }
        }
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(MAGIC);
        header[20..28].copy_from_slice(&(self.features.frames as u64).to_le_bytes());
        let channels = small(self.features.channels)?;
        let bands = small(self.features.bands)?;
        let fields = [
            (8, version),
            (12, channels),
            (16, bands),
            (28, empty),
            (32, from_hz),
            (36, to_hz),
            (40, mixed),
        ];
        for (at, value) in fields {
            header[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        Ok(header)
    }

    /// Reads what [`write`](Self::write) wrote; `None` for anything else, be it cut, changed or of another version.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (header, payload) = bytes.split_first_chunk::<HEADER_BYTES>()?;
        let number = |at: usize| header[at..at + 4].try_into().map(u32::from_le_bytes).ok();
        let version = number(8)?;
        if &header[..8] != MAGIC
            || !(VERSION..=VERSION_WITH_FURTHER).contains(&version)
            || header[CHECKSUM] != *checksum(header, payload).as_bytes()
        {
            return None;
        }
        let (channels, bands) = (number(12)? as usize, number(16)? as usize);
        let frames = usize::try_from(u64::from_le_bytes(header[20..28].try_into().ok()?)).ok()?;
        let numbers = channels.checked_mul(bands)?.checked_mul(frames)?;
        let (numbers, further) = payload.split_at_checked(numbers.checked_mul(size_of::<f32>())?)?;
        let further: Further = match version {
            VERSION if further.is_empty() => Further::default(),
            VERSION => return None,
            _ => serde_json::from_slice(further).ok()?,
        };
        let data = numbers
            .as_chunks::<4>()
            .0
            .iter()
            .map(|value| f32::from_le_bytes(*value))
            .collect();
        let features = Arc::new(Features::new(channels, bands, frames, data).ok()?);
        let mut notes = Vec::new();
        if number(28)? != 0 {
            notes.push(ClipNote::EmptyFile);
        }
        if number(32)? != 0 {
            notes.push(ClipNote::Resampled {
                from: number(32)?,
                to: number(36)?,
            });
        }
        if number(40)? != 0 {
            notes.push(ClipNote::DownMixed {
                channels: u16::try_from(number(40)?).ok()?,
            });
        }
        notes.extend(further.contradictions.into_iter().map(ClipNote::Contradiction));
        if further.cancels {
            notes.push(ClipNote::Cancels);
        }
        Some(Self {
            features,
            notes,
            damage: further.damage,
        })
    }
}

fn checksum(header: &[u8; HEADER_BYTES], payload: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&header[..CHECKSUM.start]);
    hasher.update(&header[CHECKSUM.end..]);
    hasher.update(payload);
    hasher.finalize()
}
