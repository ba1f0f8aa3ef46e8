//! Sections of a file that Symphonia opens by itself, demultiplexes and decodes.

mod decoder;
mod file_section;
mod in_work;
mod reader;

pub(crate) use reader::CodedReader;
