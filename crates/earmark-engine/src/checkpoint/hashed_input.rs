//! A safetensors file from its begin to its end: its header, its tensors straight to where they stay, and the hash of all.

use super::error::ModelFileError;
use super::host_tensor::HostTensor;
use earmark_core::checksum::Checksum;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

/// Longest header that is read, in bytes: the limit of the safetensors format.
pub(super) const MAX_HEADER: u64 = 100_000_000;

/// A file's bytes, and how many there are.
pub(super) fn open(path: &Path) -> Result<(Box<dyn Read>, u64), ModelFileError> {
    let failed = |e| ModelFileError::read(path, e);
    let mut file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if about.is_file() {
        return Ok((Box::new(file), about.len()));
    }
    // Of a pipe, the length is known at its end.
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let length = bytes.len() as u64;
    Ok((Box::new(Cursor::new(bytes)), length))
}

/// A safetensors file that is read from its begin to its end, with the hash of what was read.
pub(super) struct HashedInput<R> {
    input: R,
    hash: Checksum,
    block: Vec<u8>,
    /// How much of the block was taken.
    taken: usize,
}

impl<R: Read> HashedInput<R> {
    /// Bytes that are read and hashed together: BLAKE3 is quicker on whole blocks than on tensors of any length.
    const BLOCK: u64 = 1 << 18;

    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            hash: Checksum::default(),
            block: Vec::new(),
            taken: 0,
        }
    }

    pub(super) fn fill(&mut self, path: &Path, mut bytes: &mut [u8]) -> Result<(), ModelFileError> {
        while !bytes.is_empty() {
            if self.taken == self.block.len() {
                self.next_block(path)?;
            }
            let left = &self.block[self.taken..];
            let (now, later) = bytes.split_at_mut(left.len().min(bytes.len()));
            now.copy_from_slice(&left[..now.len()]);
            self.taken += now.len();
            bytes = later;
        }
        Ok(())
    }

    /// BLAKE3 of all that was read, in hexadecimal digits.
    pub(super) fn hash(&self) -> String {
        self.hash.long_hex()
    }

    fn next_block(&mut self, path: &Path) -> Result<(), ModelFileError> {
        self.block.clear();
        self.taken = 0;
        let read = (&mut self.input).take(Self::BLOCK).read_to_end(&mut self.block);
        if read.map_err(|e| ModelFileError::read(path, e))? == 0 {
            return Err(ModelFileError::broken(path, "it ends too soon"));
        }
        self.hash.update(&self.block);
        Ok(())
    }

    pub(super) fn float_tensor(
        &mut self,
        path: &Path,
        name: &str,
        info: &TensorInfo,
    ) -> Result<HostTensor, ModelFileError> {
        if info.dtype != Dtype::F32 {
            let reason = format!("`{name}` holds {:?} instead of float32", info.dtype);
            return Err(ModelFileError::broken(path, reason));
        }
        // As many as the file is long, which was compared.
        let mut values = vec![0.0_f32; info.shape.iter().product()];
        self.fill(path, bytemuck::cast_slice_mut(&mut values))?;
        if cfg!(target_endian = "big") {
            values
                .iter_mut()
                .for_each(|v| *v = f32::from_bits(u32::from_le(v.to_bits())));
        }
        let shape = info.shape.clone();
        Ok(HostTensor { shape, values })
    }
}

/// The header of a file of `length` bytes, if its tensors take all of the rest.
pub(super) fn read_header<R: Read>(
    path: &Path,
    input: &mut HashedInput<R>,
    length: u64,
) -> Result<Metadata, ModelFileError> {
    let mut size = [0; 8];
    input.fill(path, &mut size)?;
    let size = u64::from_le_bytes(size);
    if size > MAX_HEADER {
        return Err(ModelFileError::broken(path, "the header is too long"));
    }
    if size > length {
        return Err(ModelFileError::broken(path, "it ends within its header"));
    }
    let mut header = vec![0; size as usize];
    input.fill(path, &mut header)?;
    let header: Metadata = serde_json::from_slice(&header).map_err(|e| ModelFileError::broken(path, e))?;
    let wanted = 8 + size + header.data_len() as u64;
    if wanted != length {
        let reason = format!("it has {length} bytes instead of {wanted}");
        return Err(ModelFileError::broken(path, reason));
    }
    Ok(header)
}
