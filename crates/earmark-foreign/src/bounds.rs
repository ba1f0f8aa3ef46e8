//! The lengths of a file's messages, compared with the bytes that are there before anything is allocated for them: a
//! reader of Protocol Buffers takes a length at its word.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding>, and `onnx.proto` for which fields are messages.

/// Messages within messages. A network has about ten.
const DEEPEST: usize = 32;

/// Most messages of a file: each takes memory, even an empty one. Large networks have some ten thousand.
const MOST_MESSAGES: usize = 1 << 20;

/// Kinds of messages that hold others.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    SequenceType,
    Shape,
    /// One without messages inside.
    Leaf,
}

impl Kind {
    /// The kind of message in a field; `None` where it is a string, bytes or numbers.
    ///
    /// # Errors
    ///
    /// For what no runtime of this program computes.
    fn of_field(self, field: u64) -> Result<Option<Self>, String> {
        Ok(match (self, field) {
            (Self::Model, 7) => Some(Self::Graph),
            (Self::Model, 25) => {
                return Err(
                    "has functions of its own, which are not supported; inline them (`onnx.inliner`)".into(),
                );
            }
            (Self::Graph, 1) => Some(Self::Node),
            (Self::Graph, 5) | (Self::Attribute, 5) => Some(Self::Tensor),
            (Self::Graph, 15) => {
                return Err("has sparse weights, which are not supported; store them as plain ones".into());
            }
            (Self::Graph, 11..=13) => Some(Self::ValueInfo),
            (Self::Node, 5) => Some(Self::Attribute),
            (Self::Attribute, 6) => Some(Self::Graph),
            (Self::ValueInfo, 2) | (Self::SequenceType, 1) => Some(Self::Type),
            (Self::Type, 1) => Some(Self::TensorType),
            (Self::Type, 4) => Some(Self::SequenceType),
            (Self::TensorType, 2) => Some(Self::Shape),
            (Self::Model, 8 | 14) | (Self::Tensor, 13) | (Self::Shape, 1) => Some(Self::Leaf),
            _ => None,
        })
    }
}

/// Refuses bytes whose messages are longer than what they are in, too deep or too many.
///
/// # Errors
///
/// For those, in words.
pub(crate) fn check_bounds(bytes: &[u8]) -> Result<(), String> {
    check_message(Kind::Model, bytes, 0, &mut 0)
}

fn check_message(kind: Kind, mut rest: &[u8], depth: usize, count: &mut usize) -> Result<(), String> {
    *count += 1;
    if *count > MOST_MESSAGES {
        return Err(format!(
            "has more than {MOST_MESSAGES} nodes, weights and other parts"
        ));
    }
    if depth > DEEPEST {
        return Err(format!(
            "has graphs within graphs, more than {DEEPEST} levels deep"
        ));
    }
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        match key & 7 {
            0 => {
                varint(&mut rest)?;
            }
            1 => {
                take(&mut rest, 8)?;
            }
            2 => {
                let length = varint(&mut rest)?;
                let part = take(&mut rest, length)?;
                if let Some(inner) = kind.of_field(key >> 3)? {
                    check_message(inner, part, depth + 1, count)?;
                }
            }
            5 => {
                take(&mut rest, 4)?;
            }
            _ => return Err("is not an ONNX file, or is damaged".into()),
        }
    }
    Ok(())
}

/// The next number; its bytes are taken off.
fn varint(rest: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("is not an ONNX file, or is damaged".into())
}

/// The next bytes, which are taken off.
fn take<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8], String> {
    let bytes: &'a [u8] = rest;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let split = bytes.split_at_checked(length);
    let (part, after) = split.ok_or("is not an ONNX file, or is cut off: a part is longer than the file")?;
    *rest = after;
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::protobuf::Message;

    #[test]
    fn lengths_must_fit() {
        let mut m = Message::default();
        m.int(1, 8);
        m.message(7, |m| m.message(1, |m| m.bytes(4, b"Relu")));
        let whole = m.finish();
        check_bounds(&whole).unwrap();
        for end in [3, 5, whole.len() - 1] {
            assert!(check_bounds(&whole[..end]).is_err(), "{end}");
        }
        // A graph of 2^60 bytes, in a file of some.
        let long = [0x3a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 0x0a];
        let message = check_bounds(&long).unwrap_err();
        assert!(message.contains("a part is longer than the file"), "{message}");
        let message = check_bounds(&[0xff; 20]).unwrap_err();
        assert!(message.contains("is not an ONNX file"), "{message}");
    }

    #[test]
    fn depth_and_number_are_limited() {
        // A graph in an attribute of a node of a graph.
        let mut graph = Vec::new();
        for _ in 0..20 {
            let mut m = Message::default();
            m.message(1, |m| m.message(5, |m| m.bytes(6, &graph)));
            graph = m.finish();
        }
        let mut m = Message::default();
        m.bytes(7, &graph);
        let message = check_bounds(&m.finish()).unwrap_err();
        assert!(message.starts_with("has graphs within graphs"), "{message}");
        let mut m = Message::default();
        m.bytes(7, &[0x0a_u8, 0].repeat(MOST_MESSAGES));
        let message = check_bounds(&m.finish()).unwrap_err();
        assert!(message.starts_with("has more than 1048576 nodes"), "{message}");
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (field, what) in [(25, "functions"), (7, "sparse")] {
            let mut m = Message::default();
            m.message(field, |m| m.bytes(15, b""));
            let message = check_bounds(&m.finish()).unwrap_err();
            assert!(message.contains(what), "{message}");
        }
    }
}
