//! All files below a folder, whatever links are in it.

use super::{Repeated, is_hidden, real_path};
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file below a folder.
pub(super) struct FoundFile {
    pub path: PathBuf,
    /// Whether a link leads to it: its own, or that of a folder around it.
    pub by_link: bool,
}

/// The files below a folder.
pub(super) struct FolderWalk {
    /// Sorted by path; hidden ones are left out.
    pub files: Vec<FoundFile>,
    pub unlisted: Vec<(PathBuf, io::Error)>,
    /// Links to folders that are listed already.
    pub repeated: Repeated,
    /// Real paths of the folders so far: each is listed once, so that links that lead back end.
    listed: HashSet<PathBuf>,
    /// Links to folders, which come after all that is really there; in order, so that a folder always goes by the same one.
    links: BTreeSet<PathBuf>,
}

impl FolderWalk {
    /// Walks through a folder.
    pub fn of(root: &Path) -> Self {
        let mut walk = Self {
            files: Vec::new(),
            unlisted: Vec::new(),
            repeated: Repeated::default(),
            listed: HashSet::new(),
            links: BTreeSet::new(),
        };
        walk.folder(root, false);
        while let Some(link) = walk.links.pop_first() {
            match walk.listed.contains(&real_path(&link)) {
                true => walk.repeated.add(&link),
                false => walk.folder(&link, true),
            }
        }
        // As folders are listed one in the other: by the names of a path from its front.
        walk.files.sort_by(|a, b| a.path.cmp(&b.path));
        walk
    }

    /// Lists a folder and those really in it. A stack rather than recursion, as nesting has no limit.
    fn folder(&mut self, folder: &Path, by_link: bool) {
        let mut todo = vec![folder.to_path_buf()];
        while let Some(folder) = todo.pop() {
            if !self.listed.insert(real_path(&folder)) {
                continue;
            }
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unlisted.push((folder, error));
                    continue;
                }
            };
            for entry in entries {
                match entry {
                    Ok(entry) if is_hidden(&entry.file_name()) => {}
                    Ok(entry) => {
                        let path = entry.path();
                        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                        match (path.is_dir(), is_link) {
                            (true, true) => {
                                self.links.insert(path);
                            }
                            (true, false) => todo.push(path),
                            (false, _) => self.files.push(FoundFile {
                                path,
                                by_link: by_link || is_link,
                            }),
                        }
                    }
                    Err(error) => {
                        self.unlisted.push((folder.clone(), error));
                        break;
                    }
                }
            }
        }
    }
}
