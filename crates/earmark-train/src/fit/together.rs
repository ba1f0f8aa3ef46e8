//! What belongs together, so that no fold should separate it: groups of the data, a column that looks like groups,
//! copies of a sound.

use earmark_data::check::RepeatedSounds;
use earmark_data::layout::GroupColumn;
use earmark_data::{DataSet, Item};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What belongs together in a set of clips.
pub(super) struct Together {
    /// The group of each clip by the data or by that column.
    groups: Vec<Option<String>>,
    /// Clips that sound the same or nearly the same.
    pub copies: Vec<Vec<usize>>,
    /// The group of each clip, copies included.
    pub joined: Vec<Option<String>>,
    /// Where the groups are those of cut-outs, the option with which other commands make them.
    pub cut_outs: Option<String>,
}

/// What folds separate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Separated {
    /// Groups with clips in several folds, or in one and in none.
    pub groups: usize,
    /// All groups.
    pub of: usize,
    /// Two clips of such a group.
    pub example: Option<(String, String)>,
}

impl Together {
    /// By the groups of the data, else by a column that is certainly one of groups, and by copies. Recordings that are
    /// merely similar count where most classes can still be held out.
    pub fn of(set: &DataSet, column: Option<&GroupColumn>, sounds: Option<&RepeatedSounds>) -> Self {
        let groups = match column.filter(|column| column.is_certain) {
            Some(column) => column.of_items.clone(),
            None => set.items.iter().map(|item| item.group.clone()).collect(),
        };
        let (same, similar) = sounds.map_or((&[][..], &[][..]), |sounds| {
            (&sounds.same[..], &sounds.similar[..])
        });
        // What is nearly the same within a group is kept together by it, and nothing new.
        let is_new = |cluster: &&Vec<usize>| {
            let first = &groups[cluster[0]];
            first.is_none() || cluster.iter().any(|&at| groups[at] != *first)
        };
        let similar: Vec<Vec<usize>> = similar.iter().filter(is_new).cloned().collect();
        let mut copies = [same, &similar[..]].concat();
        let mut joined = join(&set.items, &groups, &copies);
        if !similar.is_empty() && !set.classes_are_spread(&joined) {
            copies = same.to_vec();
            joined = join(&set.items, &groups, &copies);
        }
        Self {
            groups,
            copies,
            joined,
            cut_outs: None,
        }
    }

    /// Groups that the folds of a set separate; copies don't count.
    pub fn separated_groups(&self, items: &[Item]) -> Separated {
        Separated::of_groups(items, &self.groups)
    }

    /// Copies that the folds of a set separate.
    pub fn separated_copies(&self, items: &[Item]) -> Separated {
        Separated::of(items, self.copies.iter().map(Vec::as_slice))
    }

    /// Number of clips that sound like another one, and the first two.
    pub fn copied(&self, items: &[Item]) -> Option<(usize, [String; 2])> {
        let all: BTreeSet<usize> = self.copies.iter().flatten().copied().collect();
        let [first, second, ..] = self.copies.first()?[..] else {
            return None;
        };
        Some((all.len(), [first, second].map(|at| items[at].file.clone())))
    }
}

/// The clips of each group.
fn members(groups: &[Option<String>]) -> BTreeMap<&str, Vec<usize>> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, group) in groups.iter().enumerate() {
        if let Some(group) = group {
            members.entry(group).or_default().push(at);
        }
    }
    members
}

impl Separated {
    /// What the folds separate of the group of each clip.
    pub fn of_groups(items: &[Item], groups: &[Option<String>]) -> Self {
        let members = members(groups);
        Self::of(items, members.values().map(Vec::as_slice))
    }

    fn of<'a>(items: &[Item], groups: impl Iterator<Item = &'a [usize]>) -> Self {
        let mut found = Self::default();
        for group in groups {
            found.of += 1;
            let mut all = group.iter().copied();
            let first = all.clone().find(|&at| items[at].fold.is_some());
            // A clip without a fold is trained on in all of them.
            let other = first.and_then(|first| all.find(|&at| items[at].fold != items[first].fold));
            if let (Some(first), Some(other)) = (first, other) {
                found.groups += 1;
                let names = [first, other].map(|at| items[at].file.clone());
                found.example.get_or_insert(names.into());
            }
        }
        found
    }
}

/// The group of each clip where clips of one group, and those that sound the same, are in one: named after the first of
/// its groups, else after its first clip. One that is alone and in no group has none.
fn join(items: &[Item], groups: &[Option<String>], copies: &[Vec<usize>]) -> Vec<Option<String>> {
    let mut leader: Vec<usize> = (0..items.len()).collect();
    let mut first_of: HashMap<&str, usize> = HashMap::new();
    for (at, group) in groups.iter().enumerate() {
        if let Some(group) = group {
            let first = *first_of.entry(group).or_insert(at);
            unite(&mut leader, first, at);
        }
    }
    for cluster in copies {
        for pair in cluster.windows(2) {
            unite(&mut leader, pair[0], pair[1]);
        }
    }
    let leaders: Vec<usize> = (0..items.len()).map(|at| leader_of(&mut leader, at)).collect();
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    let mut names: HashMap<usize, &str> = HashMap::new();
    for (&unit, group) in leaders.iter().zip(groups) {
        *sizes.entry(unit).or_default() += 1;
        if let Some(group) = group {
            let name = names.entry(unit).or_insert(group);
            *name = (*name).min(group);
        }
    }
    let name = |&unit: &usize| match names.get(&unit) {
        Some(group) => Some((*group).to_owned()),
        None => (sizes[&unit] > 1).then(|| items[unit].file.clone()),
    };
    leaders.iter().map(name).collect()
}

/// The first clip of a unit. The way to it is made shorter, so that long chains of copies are followed once.
fn leader_of(leader: &mut [usize], at: usize) -> usize {
    let mut at = at;
    while leader[at] != at {
        leader[at] = leader[leader[at]];
        at = leader[at];
    }
    at
}

/// Makes one unit of two; the clip that comes first leads it.
fn unite(leader: &mut [usize], a: usize, b: usize) {
    let (a, b) = (leader_of(leader, a), leader_of(leader, b));
    let (first, last) = (a.min(b), a.max(b));
    leader[last] = first;
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_data::{DataOptions, load};

    /// Ten clips of two classes in turn; nothing opens the recordings.
    fn set(groups: &[&str]) -> DataSet {
        let dir = tempfile::tempdir().unwrap();
        let mut table = String::from("file,label,group\n");
        for k in 0..10 {
            std::fs::write(dir.path().join(format!("{k}.wav")), "").unwrap();
            let group = groups.get(k).copied().unwrap_or_default();
            table += &format!("{k}.wav,{},{group}\n", ["dog", "owl"][k % 2]);
        }
        std::fs::write(dir.path().join("t.csv"), table).unwrap();
        load(dir.path(), &DataOptions::default()).unwrap()
    }

    fn sounds(same: &[&[usize]], similar: &[&[usize]]) -> RepeatedSounds {
        let owned = |all: &[&[usize]]| all.iter().map(|cluster| cluster.to_vec()).collect();
        RepeatedSounds {
            same: owned(same),
            similar: owned(similar),
            ..RepeatedSounds::default()
        }
    }

    /// Copies join the groups that they are in, and make groups where there are none.
    #[test]
    fn copies_join_groups() {
        let set = set(&["b", "b", "a", "a"]);
        let found = Together::of(&set, None, Some(&sounds(&[&[1, 2], &[5, 8]], &[])));
        let names: Vec<Option<&str>> = found.joined.iter().map(Option::as_deref).collect();
        let (a, file) = (Some("a"), Some("5.wav"));
        assert_eq!(names, [a, a, a, a, None, file, None, None, file, None]);
        assert_eq!(
            found.copied(&set.items),
            Some((4, ["1.wav".to_owned(), "2.wav".to_owned()]))
        );
    }

    /// Ten clips of a class that all hum alike would leave nothing to hold out: only exact copies count then.
    #[test]
    fn similar_recordings_count_where_classes_can_be_held_out() {
        let set = set(&[]);
        let near = Together::of(&set, None, Some(&sounds(&[&[0, 2]], &[&[4, 6]])));
        assert_eq!(near.copies.len(), 2);
        let hum = Together::of(&set, None, Some(&sounds(&[&[0, 2]], &[&[0, 2, 4, 6, 8]])));
        assert_eq!(hum.copies, [[0, 2]]);
        assert_eq!(hum.joined[4], None);
    }

    /// Recordings of one site on one night sound nearly the same, as cut-outs of one recording do.
    #[test]
    fn similar_recordings_of_one_group_are_not_called_copies() {
        let set = set(&["a", "a", "b", "b", "b"]);
        let found = Together::of(
            &set,
            None,
            Some(&sounds(&[&[0, 1]], &[&[2, 3, 4], &[1, 2], &[6, 8]])),
        );
        assert_eq!(found.copies, [vec![0, 1], vec![1, 2], vec![6, 8]]);
    }

    #[test]
    fn what_folds_separate_is_counted() {
        let mut set = set(&["a", "a", "b", "b", "c"]);
        for (fold, item) in [1, 2, 2, 2, 1].into_iter().zip(&mut set.items) {
            item.fold = Some(fold);
        }
        let found = Together::of(&set, None, Some(&sounds(&[&[3, 4]], &[])));
        assert_eq!(
            found.separated_groups(&set.items),
            Separated {
                groups: 1,
                of: 3,
                example: Some(("0.wav".into(), "1.wav".into()))
            }
        );
        let copies = found.separated_copies(&set.items);
        assert_eq!((copies.groups, copies.of), (1, 1));
        assert_eq!(copies.example, Some(("3.wav".into(), "4.wav".into())));
        // The last five have no fold, and are trained on whichever fold is held out.
        let found = Together::of(&set, None, Some(&sounds(&[&[4, 7], &[8, 9]], &[])));
        let copies = found.separated_copies(&set.items);
        assert_eq!((copies.groups, copies.of), (1, 2));
        assert_eq!(copies.example, Some(("4.wav".into(), "7.wav".into())));
        set.items.iter_mut().for_each(|item| item.fold = Some(1));
        assert_eq!(found.separated_groups(&set.items).groups, 0);
    }
}
