//! Ogg: pages, and the logical streams whose packets they carry.

pub(super) mod pages;
mod streams;
mod walk;

pub(super) use walk::inspect;
