//! The two file formats of `torch.save`: a zip archive since PyTorch 1.6, and a sequence of pickles before.

mod legacy;
mod zip_archive;

pub(crate) use legacy::LegacyFile;
pub(crate) use zip_archive::{ZipArchive, is_zip};
