//! Whether a program is static.

use object::LittleEndian;
use object::elf::{FileHeader64, PT_INTERP};
use object::read::elf::{FileHeader, ProgramHeader};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes that are read: headers are at the start of a program.
const HEAD: u64 = 64 * 1024;

/// Whether an ELF program names no dynamic loader, and so needs no library of the system. `None` for files that are not 64-bit
/// little-endian ELF.
pub(super) fn is_static(path: &Path) -> io::Result<Option<bool>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(names_no_loader(&head))
}

fn names_no_loader(head: &[u8]) -> Option<bool> {
    let header = FileHeader64::<LittleEndian>::parse(head).ok()?;
    let endian = header.endian().ok()?;
    let mut programs = header.program_headers(endian, head).ok()?.iter();
    Some(programs.all(|program| program.p_type(endian) != PT_INTERP))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(types: &[u32]) -> Vec<u8> {
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
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
    fn a_loader_is_found_in_any_position() {
        assert_eq!(names_no_loader(&elf(&[6, 1, 1])), Some(true));
        assert_eq!(names_no_loader(&elf(&[6, 3, 1])), Some(false));
        assert_eq!(names_no_loader(&elf(&[1, 1, 3])), Some(false));
        assert_eq!(names_no_loader(b"#!/bin/sh"), None);
        // Cut off within the table.
        assert_eq!(names_no_loader(&elf(&[1, 1])[..100]), None);
    }
}
