//! Writing Protocol Buffers: a message is a sequence of fields, each a key and a value.
//!
//! A hundred lines in place of a schema compiler: ONNX graphs and TensorBoard events need four kinds of field.
//! Source: <https://protobuf.dev/programming-guides/encoding>

/// A value as a varint.
const VARINT: u64 = 0;
/// Eight bytes: a double.
const FIXED64: u64 = 1;
/// Bytes with their length in front: strings, bytes, messages.
const BYTES: u64 = 2;
/// Four bytes: a float.
const FIXED32: u64 = 5;

/// Writes the fields of one message.
#[derive(Debug, Default)]
pub struct Message(Vec<u8>);

impl Message {
    /// Seven bits per byte, the low ones first; the eighth says whether more follow.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, field: u64, kind: u64) {
        self.varint(field << 3 | kind);
    }

    /// An integer or an enum; a negative number takes ten bytes.
    pub fn int(&mut self, field: u64, value: i64) {
        self.key(field, VARINT);
        self.varint(value.cast_unsigned());
    }

    /// A length or a dimension.
    pub fn size(&mut self, field: u64, value: usize) {
        self.key(field, VARINT);
        self.varint(value as u64);
    }

    /// A 32-bit float.
    pub fn float(&mut self, field: u64, value: f32) {
        self.key(field, FIXED32);
        self.0.extend(value.to_le_bytes());
    }

    /// A 64-bit float.
    pub fn double(&mut self, field: u64, value: f64) {
        self.key(field, FIXED64);
        self.0.extend(value.to_le_bytes());
    }

    /// A string, or bytes.
    pub fn bytes(&mut self, field: u64, value: &[u8]) {
        self.key(field, BYTES);
        self.varint(value.len() as u64);
        self.0.extend(value);
    }

    /// A message inside this one.
    pub fn message(&mut self, field: u64, fill: impl FnOnce(&mut Message)) {
        let mut inner = Message::default();
        fill(&mut inner);
        self.bytes(field, &inner.0);
    }

    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the format's own documentation, and what it says of negative numbers.
    #[test]
    fn fields_are_written_as_documented() {
        let bytes = |fill: fn(&mut Message)| {
            let mut m = Message::default();
            fill(&mut m);
            m.finish()
        };
        assert_eq!(bytes(|m| m.int(1, 150)), [0x08, 0x96, 0x01]);
        let testing = [0x12, 0x07, b't', b'e', b's', b't', b'i', b'n', b'g'];
        assert_eq!(bytes(|m| m.bytes(2, b"testing")), testing);
        let inner = [0x1a, 0x03, 0x08, 0x96, 0x01];
        assert_eq!(bytes(|m| m.message(3, |m| m.int(1, 150))), inner);
        let minus_two = [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(bytes(|m| m.int(1, -2)), minus_two);
        assert_eq!(bytes(|m| m.size(20, 1)), [0xa0, 0x01, 0x01]);
        assert_eq!(bytes(|m| m.float(2, 1.0)), [0x15, 0, 0, 0x80, 0x3f]);
        assert_eq!(bytes(|m| m.double(1, 1.0)), [0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
    }
}
