//! The format before PyTorch 1.6: a magic number, a version, facts about the machine, the object and a list of keys, each a
//! separate pickle; then each storage, preceded by its length.

use crate::error::CheckpointFault;
use crate::little_endian;
use crate::pickle::{self, PickleObjects, PickleValue};
use std::collections::HashMap;

/// The pickle of 0x1950a86a20f9469cfc6c, protocol 2.
const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
/// The only version there has been.
const VERSION: usize = 1001;

/// A file whose pickles have been run.
pub(crate) struct LegacyFile<'a> {
    /// The saved object.
    pub objects: PickleObjects,
    storages: HashMap<String, &'a [u8]>,
}

impl<'a> LegacyFile<'a> {
    /// Reads the file; nothing is copied.
    pub fn open(bytes: &'a [u8]) -> Result<Self, CheckpointFault> {
        if !bytes.starts_with(MAGIC) {
            return Err(CheckpointFault::Foreign);
        }
        let mut at = MAGIC.len();
        if pickle::run(bytes, &mut at)?.result.size() != Some(VERSION) {
            return Err(CheckpointFault::archive("has a version other than 1001"));
        }
        let machine = pickle::run(bytes, &mut at)?;
        if !is_little_endian(&machine) {
            return Err(CheckpointFault::big_endian());
        }
        let objects = pickle::run(bytes, &mut at)?;
        let keys = pickle::run(bytes, &mut at)?;
        let unlisted = || CheckpointFault::archive("does not list its storages");
        let PickleValue::List(list) = keys.result else {
            return Err(unlisted());
        };
        // Only the object says how many bytes a number has.
        let sizes = sizes(&objects);
        let mut storages = HashMap::new();
        for key in &keys.lists[list] {
            let key = key.text().ok_or_else(unlisted)?;
            let what = || CheckpointFault::truncated(format!("the storage {key}"));
            let count = little_endian(bytes.get(at..at + 8).ok_or_else(what)?);
            let size = sizes.get(key).ok_or_else(|| {
                CheckpointFault::archive(format!("lists a storage {key} that no tensor uses"))
            })?;
            let len = usize::try_from(count).ok().and_then(|n| n.checked_mul(*size));
            let end = len.and_then(|len| (at + 8).checked_add(len)).ok_or_else(what)?;
            storages.insert(key.to_owned(), bytes.get(at + 8..end).ok_or_else(what)?);
            at = end;
        }
        Ok(Self { objects, storages })
    }

    /// The bytes of a storage.
    pub fn storage(&self, key: &str) -> Result<&'a [u8], CheckpointFault> {
        let storage = self.storages.get(key).copied();
        storage.ok_or_else(|| CheckpointFault::archive(format!("has no storage {key}")))
    }
}

fn is_little_endian(machine: &PickleObjects) -> bool {
    let PickleValue::Dict(dict) = machine.result else {
        return true;
    };
    let mut facts = machine.dicts[dict].iter();
    let found = facts.find(|(k, _)| k.text() == Some("little_endian"));
    !matches!(found, Some((_, PickleValue::Bool(false))))
}

/// Bytes per number of each storage that the object's tensors refer to.
fn sizes(objects: &PickleObjects) -> HashMap<String, usize> {
    let values = objects.dicts.iter().flatten().map(|(_, v)| v);
    let values = values.chain(objects.lists.iter().flatten());
    values
        .filter_map(|v| match v {
            PickleValue::Tensor(view) => Some((view.storage.key.clone(), view.storage.dtype.size())),
            _ => None,
        })
        .collect()
}
