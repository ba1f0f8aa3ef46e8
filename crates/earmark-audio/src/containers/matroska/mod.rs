//! Matroska and WebM: elements of EBML, in which the tracks are described and blocks hold the packets.

pub(super) mod blocks;
mod ebml;
mod element_ids;
mod hidden_clusters;
mod lacing;
mod tracks;
mod walk;

pub(super) use walk::inspect;
