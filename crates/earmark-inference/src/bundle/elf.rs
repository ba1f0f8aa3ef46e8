//! Whether a program brings all it needs.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Type of the program header that names a dynamic loader.
const INTERPRETER: u32 = 3;

/// Bytes that are looked at: headers stand at the start of a program.
const HEAD: u64 = 64 * 1024;

/// Whether an ELF program names no dynamic loader, and so needs no library of the system. `None` for files that are no ELF of 64 bits
/// with the lower byte first (System V ABI, chapter 4 and 5).
pub(super) fn is_static(path: &Path) -> io::Result<Option<bool>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(has_no_interpreter(&head))
}

fn has_no_interpreter(head: &[u8]) -> Option<bool> {
    // Magic number, 64 bits, little-endian.
    if !head.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let number = |at: usize, bytes: usize| {
        let field = head.get(at..at.checked_add(bytes)?)?;
        let value = field.iter().rev().fold(0_u64, |sum, &b| sum << 8 | u64::from(b));
        usize::try_from(value).ok()
    };
    let (table, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    for k in 0..count {
        let at = table.checked_add(k.checked_mul(size)?)?;
        if number(at, 4)? == INTERPRETER as usize {
            return Some(false);
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(types: &[u32]) -> Vec<u8> {
        let mut file = b"\x7fELF\x02\x01".to_vec();
        file.resize(64, 0);
        file[32] = 64;
        file[54] = 56;
        file[56] = types.len() as u8;
        for kind in types {
            file.extend(kind.to_le_bytes());
            file.resize(file.len() + 52, 0);
        }
        file
    }

    #[test]
    fn a_loader_is_found_wherever_it_stands() {
        assert_eq!(has_no_interpreter(&elf(&[6, 1, 1])), Some(true));
        assert_eq!(has_no_interpreter(&elf(&[6, 3, 1])), Some(false));
        assert_eq!(has_no_interpreter(&elf(&[1, 1, 3])), Some(false));
        assert_eq!(has_no_interpreter(b"#!/bin/sh"), None);
        // Cut within its table it says nothing.
        assert_eq!(has_no_interpreter(&elf(&[1, 1])[..100]), None);
    }
}
