//! Arrays: features and embeddings.

use std::fs;

use earmark_features::Features;
use earmark_index::Embeddings;

use crate::{check_message, two_parts};

/// A features file is refused, or the same after it was written and read again.
pub fn npy(data: &[u8]) {
    let features = match Features::read_npy(data) {
        Ok(features) => features,
        Err(error) => return check_message(&error),
    };
    assert_eq!(
        features.data.len(),
        features.channels * features.bands * features.frames
    );
    assert!(features.data.len() * 4 < data.len(), "more numbers than bytes");
    let mut written = Vec::new();
    features.write_npy(&mut written).expect("writing to memory");
    let again = Features::read_npy(&written[..]).expect("what was written");
    let bits = |f: &Features| f.data.iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
    assert_eq!(
        (again.channels, again.bands, again.frames),
        (features.channels, features.bands, features.frames)
    );
    assert_eq!(bits(&again), bits(&features));
}

/// A table of embeddings, or one of recordings, a line `---` and the array that belongs to it: refused, or as many numbers as rows of this
/// width have.
pub fn embeddings(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = match two_parts(data) {
        Some((table, numbers)) => {
            fs::write(folder.path().join("e.npy.csv"), table).expect("a written table");
            fs::write(folder.path().join("e.npy"), numbers).expect("a written array");
            folder.path().join("e.npy")
        }
        None => {
            fs::write(folder.path().join("e.csv"), data).expect("a written table");
            folder.path().join("e.csv")
        }
    };
    let found = match Embeddings::read(&path) {
        Ok(found) => found,
        Err(error) => return check_message(&error),
    };
    assert_eq!(found.values.len(), found.files.len() * found.width);
    assert!(found.values.len() <= data.len(), "more numbers than bytes");
    if let Some(starts) = &found.starts {
        assert_eq!(starts.len(), found.files.len());
        assert!(starts.iter().all(|start| start.is_finite()));
    }
}
