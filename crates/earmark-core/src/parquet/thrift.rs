//! Thrift's compact protocol, in which Parquet describes files and pages.

use std::ops::Range;

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const I8: u8 = 3;
const I16: u8 = 4;
pub(super) const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
pub(super) const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;

/// Structures in structures that are read; Parquet has fewer.
const DEEPEST: usize = 16;

/// Writes the fields of a structure, by ascending number.
pub(super) struct StructWriter<'a> {
    out: &'a mut Vec<u8>,
    last: u8,
}

/// Appends a structure.
pub(super) fn structure(out: &mut Vec<u8>, fill: impl FnOnce(&mut StructWriter<'_>)) {
    fill(&mut StructWriter {
        out: &mut *out,
        last: 0,
    });
    out.push(0);
}

impl StructWriter<'_> {
    fn field(&mut self, id: u8, kind: u8) {
        self.out.push((id - self.last) << 4 | kind);
        self.last = id;
    }

    pub fn int(&mut self, id: u8, value: i32) {
        self.field(id, I32);
        write_int(self.out, value.into());
    }

    pub fn long(&mut self, id: u8, value: i64) {
        self.field(id, I64);
        write_int(self.out, value);
    }

    pub fn text(&mut self, id: u8, value: &str) {
        self.field(id, BINARY);
        write_text(self.out, value);
    }

    pub fn structure(&mut self, id: u8, fill: impl FnOnce(&mut StructWriter<'_>)) {
        self.field(id, STRUCT);
        structure(self.out, fill);
    }

    /// A list of `count` elements of a kind, which `write` appends.
    pub fn list(&mut self, id: u8, kind: u8, count: usize, write: impl FnOnce(&mut Vec<u8>)) {
        self.field(id, LIST);
        match u8::try_from(count) {
            Ok(count) if count < 15 => self.out.push(count << 4 | kind),
            _ => {
                self.out.push(0xf0 | kind);
                write_varint(self.out, count as u64);
            }
        }
        write(self.out);
    }
}

pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_varint(out, text.len() as u64);
    out.extend(text.as_bytes());
}

/// Zigzag: the sign is the lowest bit.
pub(super) fn write_int(out: &mut Vec<u8>, value: i64) {
    write_varint(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// Seven bits per byte, the lowest first.
pub(super) fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// What was read.
#[derive(Debug, PartialEq)]
pub(super) enum Thrift {
    Int(i64),
    Bytes(Vec<u8>),
    List(Vec<Self>),
    /// Fields by their number.
    Struct(Vec<(i64, Self)>),
    /// Of a kind that Parquet's readers need not know.
    Ignored,
}

impl Thrift {
    /// Reads a structure and moves `bytes` behind it; `None` where it is cut off or damaged.
    pub fn read(bytes: &mut &[u8]) -> Option<Self> {
        read_value(bytes, STRUCT, 0)
    }

    /// As [`Self::read`], without what may be long: elements of the list that is field `id` go to `each`, with the
    /// bytes that they take.
    pub fn read_elements(
        bytes: &mut &[u8],
        id: i64,
        mut each: impl FnMut(&Self, Range<usize>),
    ) -> Option<Self> {
        let size = bytes.len();
        let (mut fields, mut last) = (Vec::new(), 0);
        while let Some(kind) = read_head(bytes, &mut last)? {
            if (last, kind) != (id, LIST) {
                fields.push((last, read_value(bytes, kind, 1)?));
                continue;
            }
            let (count, kind) = read_list_head(bytes)?;
            for _ in 0..count {
                let start = size - bytes.len();
                let element = read_element(bytes, kind, 1)?;
                each(&element, start..size - bytes.len());
            }
        }
        Some(Self::Struct(fields))
    }

    /// A field of a structure.
    pub fn field(&self, id: i64) -> Option<&Self> {
        let Self::Struct(fields) = self else { return None };
        fields
            .iter()
            .find(|(found, _)| *found == id)
            .map(|(_, value)| value)
    }

    /// A field that is a number.
    pub fn int(&self, id: i64) -> Option<i64> {
        match self.field(id)? {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// A field that is a text.
    pub fn text(&self, id: i64) -> Option<String> {
        match self.field(id)? {
            Self::Bytes(bytes) => String::from_utf8(bytes.clone()).ok(),
            _ => None,
        }
    }

    /// The elements of a field that is a list; none where it is not.
    pub fn list(&self, id: i64) -> &[Self] {
        match self.field(id) {
            Some(Self::List(elements)) => elements,
            _ => &[],
        }
    }
}

fn read_value(bytes: &mut &[u8], kind: u8, depth: usize) -> Option<Thrift> {
    if depth > DEEPEST {
        return None;
    }
    Some(match kind {
        TRUE => Thrift::Int(1),
        FALSE => Thrift::Int(0),
        I8 => Thrift::Int(i64::from(take(bytes, 1)?.first()?.cast_signed())),
        I16 | I32 | I64 => Thrift::Int(read_int(bytes)?),
        DOUBLE => take(bytes, 8).map(|_| Thrift::Ignored)?,
        BINARY => {
            let length = usize::try_from(read_varint(bytes)?).ok()?;
            Thrift::Bytes(take(bytes, length)?.to_vec())
        }
        LIST | SET => {
            let (count, kind) = read_list_head(bytes)?;
            // Every element takes a byte or more, so that a wrong count soon ends.
            let elements = (0..count).map(|_| read_element(bytes, kind, depth));
            Thrift::List(elements.collect::<Option<_>>()?)
        }
        MAP => {
            let count = read_varint(bytes)?;
            let kinds = if count == 0 { 0 } else { *take(bytes, 1)?.first()? };
            for _ in 0..count {
                read_element(bytes, kinds >> 4, depth)?;
                read_element(bytes, kinds & 15, depth)?;
            }
            Thrift::Ignored
        }
        STRUCT => read_fields(bytes, depth)?,
        _ => return None,
    })
}

/// An element of a list: truth values, which are part of the head of a field, take a byte here.
fn read_element(bytes: &mut &[u8], kind: u8, depth: usize) -> Option<Thrift> {
    match kind {
        TRUE | FALSE => Some(Thrift::Int((*take(bytes, 1)?.first()? == TRUE).into())),
        _ => read_value(bytes, kind, depth + 1),
    }
}

fn read_fields(bytes: &mut &[u8], depth: usize) -> Option<Thrift> {
    let (mut fields, mut id) = (Vec::new(), 0);
    while let Some(kind) = read_head(bytes, &mut id)? {
        fields.push((id, read_value(bytes, kind, depth + 1)?));
    }
    Some(Thrift::Struct(fields))
}

/// The kind of the next field, with its number in place of the last one's; within, `None` after the last field.
fn read_head(bytes: &mut &[u8], id: &mut i64) -> Option<Option<u8>> {
    let head = *take(bytes, 1)?.first()?;
    if head == 0 {
        return Some(None);
    }
    *id = match head >> 4 {
        0 => read_int(bytes)?,
        step => id.checked_add(step.into())?,
    };
    Some(Some(head & 15))
}

/// How many elements a list has, and their kind.
fn read_list_head(bytes: &mut &[u8]) -> Option<(u64, u8)> {
    let head = *take(bytes, 1)?.first()?;
    let count = match head >> 4 {
        15 => read_varint(bytes)?,
        count => count.into(),
    };
    Some((count, head & 15))
}

/// The first `count` bytes, which are passed.
pub(super) fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn read_int(bytes: &mut &[u8]) -> Option<i64> {
    let value = read_varint(bytes)?;
    Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

pub(super) fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *take(bytes, 1)?.first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
