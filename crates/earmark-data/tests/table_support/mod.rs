//! Tiny data sets on disk for the tests of the tables.
#![allow(dead_code)] // every test file uses another part of this

use std::path::{Path, PathBuf};

use earmark_data::{ClassMap, DataError, DataOptions, DataSet, Item, load};

/// A folder that vanishes with the test.
pub struct Tree {
    pub dir: tempfile::TempDir,
}

impl Tree {
    /// Writes the given files; audio names get a few samples of sound that differ by name.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        for (name, text) in files {
            tree.add(name, text);
        }
        tree
    }

    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    pub fn add(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if name.ends_with(".wav") && text.is_empty() {
            let seed = name
                .bytes()
                .fold(7u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b)));
            write_wav(&path, 8000, 1, &tone(seed, 400));
        } else {
            std::fs::write(path, text).unwrap();
        }
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub fn load(&self) -> Result<DataSet, DataError> {
        self.load_with(&DataOptions::default())
    }

    pub fn load_with(&self, options: &DataOptions) -> Result<DataSet, DataError> {
        load(self.root(), options)
    }

    /// The error message with the folder replaced by `DIR`.
    pub fn error(&self) -> String {
        self.error_with(&DataOptions::default())
    }

    pub fn error_with(&self, options: &DataOptions) -> String {
        let message = self
            .load_with(options)
            .expect_err("this data set has to be refused")
            .to_string();
        message.replace(&self.root().display().to_string(), "DIR")
    }
}

/// A tone whose pitch depends on the seed; at most half of full scale.
pub fn tone(seed: u32, samples: usize) -> Vec<i16> {
    let step = 0.02 + f64::from(seed % 997) * 0.001;
    (0..samples)
        .map(|n| ((n as f64 * step).sin() * 16_000.0) as i16)
        .collect()
}

/// Interleaved samples as 16-bit PCM.
pub fn write_wav(path: &Path, sample_rate: u32, channels: u16, samples: &[i16]) {
    let spec = hound::WavSpec {
        channels,
        sample_rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    samples.iter().for_each(|&s| writer.write_sample(s).unwrap());
    writer.finalize().unwrap();
}

/// An item that exists only by name.
pub fn item(file: &str, labels: &[usize], group: Option<&str>) -> Item {
    Item {
        file: file.to_owned(),
        path: PathBuf::from(file),
        labels: labels.to_vec(),
        subset: "train".to_owned(),
        group: group.map(str::to_owned),
        ..Item::default()
    }
}

pub fn class_map(names: &[&str]) -> ClassMap {
    ClassMap::from_names(names.iter().copied()).unwrap()
}

/// The test data shared between checkouts, or `None` after saying that the test is skipped.
#[allow(clippy::print_stderr)]
pub fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EARMARK_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    let required = std::env::var("EARMARK_REQUIRE_SHARED").is_ok_and(|v| v == "1");
    assert!(
        !required,
        "{} is not there, but EARMARK_REQUIRE_SHARED=1",
        path.display()
    );
    eprintln!("skipped: {} is not there", path.display());
    None
}
