//! Class maps.

use std::path::Path;

use earmark_data::ClassMap;

use super::are_single_lines;
use crate::check_message;

/// A class map is refused, or valid and the same after it was written and read again.
pub fn class_map(data: &[u8]) {
    let path = Path::new("classes.csv");
    let map = match ClassMap::parse(data, path) {
        Ok(map) => map,
        Err(error) => return check_message(&error),
    };
    assert!(!map.is_empty());
    for (index, name) in map.names().iter().enumerate() {
        assert_eq!(map.index(name), Some(index));
        assert!(!name.is_empty() && name.trim() == name);
    }
    if let Err(error) = map.require(&String::from_utf8_lossy(&data[..data.len().min(40)])) {
        check_message(&error);
    }
    if are_single_lines(map.names()) {
        let mut written = Vec::new();
        map.write(&mut written).expect("writing to memory");
        assert_eq!(ClassMap::parse(&written, path).expect("what was written"), map);
    }
}
