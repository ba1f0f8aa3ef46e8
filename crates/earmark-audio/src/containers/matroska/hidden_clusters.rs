//! Clusters inside of an element that can't contain any: its size is wrong.

use super::ebml::Element;
use super::element_ids as id;
use crate::containers::byte_walker::ByteWalker;
use crate::error::Fault;

/// Where the first cluster begins inside of an element other than a cluster; `None` where there is none, or where the size
/// of the element is right: it ends with what it is in (at `limit`), or a known element follows.
pub(super) fn hidden_cluster(
    walker: &mut ByteWalker<'_>,
    element: &Element,
    limit: u64,
) -> Result<Option<u64>, Fault> {
    if is_size_right(walker, element, limit)? {
        return Ok(None);
    }
    let pattern = id::CLUSTER.to_be_bytes();
    let mut from = element.body;
    while from < element.end {
        let window = walker.peek(from, 4096)?;
        let bytes = window.len() as u64;
        let found = window.windows(4).position(|four| four == pattern);
        let Some(index) = found else {
            from += bytes.saturating_sub(3).max(1);
            continue;
        };
        let at = from + index as u64;
        if at < element.end && is_cluster(walker, at, limit)? {
            return Ok(Some(at));
        }
        from = at + 1;
    }
    Ok(None)
}

fn is_size_right(walker: &mut ByteWalker<'_>, element: &Element, limit: u64) -> Result<bool, Fault> {
    if element.is_cut_off || element.end >= limit {
        return Ok(!element.is_cut_off);
    }
    let next = Element::read(walker, element.end, limit)?;
    Ok(next.is_some_and(|next| is_known(next.id)))
}

/// Whether a cluster begins here, and not only its identifier, which lists of positions contain as well.
fn is_cluster(walker: &mut ByteWalker<'_>, at: u64, limit: u64) -> Result<bool, Fault> {
    let Some(cluster) = Element::read(walker, at, limit)? else {
        return Ok(false);
    };
    let first = Element::read(walker, cluster.body, limit)?;
    Ok(first.is_some_and(|first| first.id != id::CLUSTER && is_known(first.id)))
}

fn is_known(element: u32) -> bool {
    let with_sound = [
        id::EBML,
        id::SEGMENT,
        id::CLUSTER,
        id::TIMESTAMP,
        id::SIMPLE_BLOCK,
        id::BLOCK_GROUP,
    ];
    with_sound.contains(&element) || id::OTHERS.contains(&element)
}
