//! Uploads: an object is there when all of it is.

use crate::address::Address;
use crate::failure::explain;
use crate::opened_stores::{Bucket, wait_for};
use earmark_core::remote::FillRemote;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore as _, PutMultipartOptions, PutOptions, PutPayload};
use std::io::{self, Write};

/// Bytes of a part: what is shorter goes in one request.
const PART: usize = 8 << 20;

/// Writes an object by `fill`.
pub(crate) fn upload(bucket: Bucket, path: Path, address: &Address, fill: FillRemote) -> io::Result<()> {
    let mut writer = Uploader {
        bucket,
        path,
        address,
        buffer: Vec::new(),
        parts: None,
    };
    let filled = fill(&mut writer).and_then(|()| writer.finish());
    if filled.is_err() {
        writer.abort();
    }
    filled
}

/// Whether an object could be written: begins an upload and ends it without an object.
pub(crate) fn try_upload(bucket: &Bucket, path: &Path, address: &Address) -> io::Result<()> {
    let tried = wait_for(async {
        let mut upload = bucket
            .put_multipart_opts(path, PutMultipartOptions::default())
            .await?;
        upload.abort().await
    })?;
    tried.map_err(|error| explain(address, &error))
}

struct Uploader<'a> {
    bucket: Bucket,
    path: Path,
    address: &'a Address,
    buffer: Vec<u8>,
    /// Of an object that is longer than a part.
    parts: Option<Box<dyn MultipartUpload>>,
}

impl Uploader<'_> {
    fn failed(&self, error: &object_store::Error) -> io::Error {
        explain(self.address, error)
    }

    fn send_part(&mut self) -> io::Result<()> {
        let payload = PutPayload::from(std::mem::take(&mut self.buffer));
        let mut parts = match self.parts.take() {
            Some(parts) => parts,
            None => {
                let options = PutMultipartOptions::default();
                let begun = wait_for(self.bucket.put_multipart_opts(&self.path, options))?;
                begun.map_err(|error| self.failed(&error))?
            }
        };
        let sent = wait_for(parts.put_part(payload));
        self.parts = Some(parts);
        sent?.map_err(|error| self.failed(&error))
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.parts.is_none() {
            let payload = PutPayload::from(std::mem::take(&mut self.buffer));
            let put = wait_for(self.bucket.put_opts(&self.path, payload, PutOptions::default()))?;
            return put.map(drop).map_err(|error| self.failed(&error));
        }
        if !self.buffer.is_empty() {
            self.send_part()?;
        }
        let Some(parts) = &mut self.parts else {
            return Ok(());
        };
        let completed = wait_for(parts.complete())?;
        completed.map(drop).map_err(|error| self.failed(&error))
    }

    /// Removes the parts of what becomes no object. Where that fails, the store's own rules remove them some day.
    fn abort(&mut self) {
        if let Some(mut parts) = self.parts.take() {
            let _ = wait_for(parts.abort());
        }
    }
}

impl Write for Uploader<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(PART - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..n]);
        if self.buffer.len() == PART {
            self.send_part()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
