//! Checkpoints of PyTorch.

use earmark_torch::parse;

use crate::check_message;

/// A checkpoint is refused with a message, or its tensors match their shapes and are in proportion to the file.
pub fn checkpoint(data: &[u8]) {
    let state = match parse(data) {
        Ok(state) => state,
        Err(refused) => return check_message(&refused),
    };
    let mut numbers = 0;
    for (name, tensor) in &state {
        let count: usize = tensor.shape.iter().product();
        if let Some(values) = &tensor.values {
            assert_eq!(values.len(), count, "{name}");
            numbers += count;
        }
    }
    assert!(
        numbers <= 2 * data.len(),
        "{numbers} numbers from {} bytes",
        data.len()
    );
}

/// The same of the pickle in a checkpoint whose other parts are right: those of an archive have checksums, which a changed file does not
/// get past.
pub fn pickle(data: &[u8]) {
    let storages: Vec<(String, Vec<u8>)> = (0..8)
        .map(|key| (format!("a/data/{key}"), vec![key; 48]))
        .collect();
    let mut files = vec![("a/data.pkl", data)];
    files.extend(
        storages
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_slice())),
    );
    checkpoint(&zip(&files));
}

/// An archive of stored files with their checksums.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let word = |n: usize| (n as u32).to_le_bytes();
    let half = |n: usize| (n as u16).to_le_bytes();
    let (mut out, mut directory) = (Vec::new(), Vec::<u8>::new());
    for &(name, content) in files {
        let sum = crc32fast::hash(content).to_le_bytes();
        let sizes = [sum, word(content.len()), word(content.len())].concat();
        let lengths = [half(name.len()), [0, 0]].concat();
        let at = word(out.len());
        for part in [
            b"PK\x03\x04".as_slice(),
            &[0; 10],
            &sizes,
            &lengths,
            name.as_bytes(),
            content,
        ] {
            out.extend(part);
        }
        for part in [
            b"PK\x01\x02".as_slice(),
            &[0; 12],
            &sizes,
            &lengths,
            &[0; 10],
            &at,
            name.as_bytes(),
        ] {
            directory.extend(part);
        }
    }
    let (size, at, count) = (word(directory.len()), word(out.len()), half(files.len()));
    out.extend(directory);
    for part in [
        b"PK\x05\x06".as_slice(),
        &[0; 4],
        &count,
        &count,
        &size,
        &at,
        &[0, 0],
    ] {
        out.extend(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_read() {
        let message = |pickle: &[u8]| parse(&zip(&[("a/data.pkl", pickle)])).unwrap_err().to_string();
        assert!(message(b"\x80\x02K\x01.").contains("not a dictionary"));
        assert!(message(b"\x80\x02Pname\n.").contains("instruction 0x50 at byte 2"));
    }
}
