//! Which folds ways are compared on: those of the data or of a table, or others where those separate what belongs
//! together.

use super::cut_outs::KeptCutOuts;
use super::job::FitFolderJob;
use super::together::{Separated, Together};
use earmark_core::human::human_amount;
use earmark_core::text::quote;
use earmark_data::DataSet;
use earmark_data::layout::GroupColumn;

/// Which folds are used, and what is to be known about them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FoldPlan {
    /// Whether folds are drawn.
    pub is_drawn: bool,
    /// Whether they are drawn in place of those of the data.
    pub is_redrawn: bool,
    /// The column of groups that nobody named, where it is certainly one.
    pub group_column: Option<String>,
    /// What is done, a line each.
    pub notes: Vec<String>,
    /// What is doubtful about the results, a sentence each.
    pub warnings: Vec<String>,
}

impl FoldPlan {
    /// Folds that were asked for, by a table or by the number of one, are used whatever they separate; those of the
    /// data where they separate nothing.
    pub fn of(job: &FitFolderJob, set: &DataSet, column: Option<&GroupColumn>, together: &Together) -> Self {
        let groups = together.separated_groups(&set.items);
        let copies = together.separated_copies(&set.items);
        let is_asked = job.fold_table.is_some() || job.fold.is_some();
        let has_folds = !set.folds().is_empty();
        let is_redrawn = has_folds && !is_asked && groups.groups + copies.groups > 0;
        let words = FoldWords {
            job,
            set,
            column,
            together,
        };
        let mut plan = Self {
            is_drawn: is_redrawn || !has_folds,
            is_redrawn,
            group_column: column.filter(|c| c.is_certain).map(|c| c.name.clone()),
            ..Self::default()
        };
        if plan.is_drawn {
            plan.notes
                .extend(is_redrawn.then(|| words.redrawn(&groups, &copies)));
            plan.notes.extend(words.kept_together());
            plan.notes.extend(words.copies_together());
        } else {
            plan.warnings.extend(words.groups_apart(&groups));
            plan.warnings.extend(words.copies_apart(&copies));
        }
        plan.notes.extend(words.perhaps(plan.is_drawn));
        plan
    }

    /// With what is known of cut-outs: what folds keep together, if they are drawn, and what they can't.
    pub fn add_cut_outs(&mut self, kept: KeptCutOuts) {
        if self.is_drawn {
            self.notes.push(kept.note);
            self.warnings.extend(kept.warning);
        }
        self.group_column = self.group_column.take().or(kept.column);
    }
}

/// The sentences about folds.
struct FoldWords<'a> {
    job: &'a FitFolderJob,
    set: &'a DataSet,
    column: Option<&'a GroupColumn>,
    together: &'a Together,
}

impl FoldWords<'_> {
    /// The column that is certainly one of groups.
    fn certain(&self) -> Option<&GroupColumn> {
        self.column.filter(|column| column.is_certain)
    }

    /// What recordings of a group have in common.
    fn one_group(&self) -> String {
        if self.together.cut_outs.is_some() {
            return "cut-outs of one recording".into();
        }
        let known = self
            .set
            .columns
            .as_ref()
            .and_then(|columns| columns.group.as_ref());
        match self.certain().map(|column| &column.name).or(known) {
            Some(name) => format!("recordings of one {name:?}"),
            None => "recordings of one group".into(),
        }
    }

    fn redrawn(&self, groups: &Separated, copies: &Separated) -> String {
        let mut what = Vec::new();
        if groups.groups > 0 {
            what.push(format!(
                "{} ({} of {})",
                self.one_group(),
                groups.groups,
                groups.of
            ));
        }
        if copies.groups > 0 {
            what.push(format!(
                "copies of one sound ({} of {})",
                copies.groups, copies.of
            ));
        }
        format!(
            "the folds of the data separate {}, so that scores would be too high: new folds keep them together; \
             --fold-table gives others",
            what.join(" and ")
        )
    }

    fn kept_together(&self) -> Option<String> {
        let column = self.certain()?;
        Some(format!(
            "{:?} looks like what was recorded together: folds keep its {} groups whole; --group-column names another \
             column",
            column.name, column.groups
        ))
    }

    fn copies_together(&self) -> Option<String> {
        let (count, [first, second]) = self.together.copied(&self.set.items)?;
        Some(format!(
            "{count} recordings sound the same as others, or nearly so, such as {first:?} and {second:?}: folds keep \
             copies together; {}",
            self.without_copies()
        ))
    }

    fn without_copies(&self) -> String {
        format!(
            "`earmark data check {} --write FIXED.csv` makes a table without them",
            quote(&self.job.data.to_string_lossy())
        )
    }

    fn groups_apart(&self, groups: &Separated) -> Option<String> {
        let (first, second) = groups.example.as_ref()?;
        let looks = match self.certain() {
            Some(column) => format!("{:?} looks like what was recorded together, and ", column.name),
            None => String::new(),
        };
        let option = self
            .certain()
            .map(|column| &column.name)
            .or(self.job.options.group_column.as_ref());
        let option = option.map(|name| format!(" --group-column {}", quote(name)));
        let option = option.or(self.together.cut_outs.clone()).unwrap_or_default();
        Some(format!(
            "{looks}{} are in several folds ({} of {}), such as {first:?} and {second:?}, so that the scores are too \
             high; make folds that keep them together, `earmark data folds {}{option} -o folds.csv`, and give them \
             with --fold-table folds.csv",
            self.one_group(),
            groups.groups,
            groups.of,
            quote(&self.job.data.to_string_lossy())
        ))
    }

    fn copies_apart(&self, copies: &Separated) -> Option<String> {
        let (first, second) = copies.example.as_ref()?;
        let sounds = human_amount(copies.groups, "sound is", "sounds are");
        Some(format!(
            "{sounds} in several folds, in recordings such as {first:?} and {second:?}, so that the scores are too \
             high; {}",
            self.without_copies()
        ))
    }

    /// A column that may be one of groups, where that would change the folds.
    fn perhaps(&self, is_drawn: bool) -> Option<String> {
        let column = self.column.filter(|column| !column.is_certain)?;
        let apart = || Separated::of_groups(&self.set.items, &column.of_items).groups > 0;
        (is_drawn || apart()).then(|| {
            format!(
                "{:?} may be what was recorded together ({} groups): --group-column {} keeps each in one fold",
                column.name,
                column.groups,
                quote(&column.name)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProbeClasses;
    use earmark_data::check::RepeatedSounds;
    use earmark_data::{DataOptions, load};

    fn job() -> FitFolderJob {
        FitFolderJob {
            data: "my sounds".into(),
            options: DataOptions::default(),
            fold_table: None,
            fold: None,
            model: None,
            classes: ProbeClasses::Auto,
            background: None,
            overrides: Vec::new(),
            out: "m.safetensors".into(),
            work: "m.safetensors.fit".into(),
            budget_seconds: None,
            restart: false,
            device: "cpu".into(),
            command: Vec::new(),
        }
    }

    /// Twenty clips of two classes in turn, in five groups of four by a column; nothing opens the recordings.
    fn set(column: &str, fold: impl Fn(usize) -> Option<u32>) -> DataSet {
        let dir = tempfile::tempdir().unwrap();
        let mut table = format!("file,label,{column}\n");
        for k in 0..20 {
            std::fs::write(dir.path().join(format!("{k}.wav")), "").unwrap();
            table += &format!("{k}.wav,{},s{}\n", ["dog", "owl"][k % 2], k / 4);
        }
        std::fs::write(dir.path().join("t.csv"), table).unwrap();
        let mut set = load(dir.path(), &DataOptions::default()).unwrap();
        // The folder is gone after this.
        set.items
            .iter_mut()
            .enumerate()
            .for_each(|(k, item)| item.fold = fold(k));
        set
    }

    /// The plan of a set whose column `name` gives the groups.
    fn plan(
        job: &FitFolderJob,
        set: &DataSet,
        name: &str,
        is_certain: bool,
        copies: &[[usize; 2]],
    ) -> FoldPlan {
        let column = GroupColumn {
            name: name.into(),
            is_certain,
            groups: 5,
            of_items: (0..20).map(|k| Some(format!("s{}", k / 4))).collect(),
        };
        let sounds = RepeatedSounds {
            same: copies.iter().map(|pair| pair.to_vec()).collect(),
            ..RepeatedSounds::default()
        };
        let together = Together::of(set, Some(&column), Some(&sounds));
        FoldPlan::of(job, set, Some(&column), &together)
    }

    #[test]
    fn folds_are_drawn_by_a_column_that_is_certainly_one_of_groups() {
        let found = plan(&job(), &set("usr_id", |_| None), "usr_id", true, &[]);
        assert!(found.is_drawn && !found.is_redrawn && found.warnings.is_empty());
        assert_eq!(found.group_column.as_deref(), Some("usr_id"));
        assert_eq!(
            found.notes,
            [
                "\"usr_id\" looks like what was recorded together: folds keep its 5 groups whole; --group-column names \
                 another column"
            ]
        );
        let perhaps = plan(&job(), &set("place", |_| None), "place", false, &[[1, 6]]);
        assert_eq!(perhaps.group_column, None);
        assert_eq!(
            perhaps.notes,
            [
                "2 recordings sound the same as others, or nearly so, such as \"1.wav\" and \"6.wav\": folds keep \
                 copies together; `earmark data check 'my sounds' --write FIXED.csv` makes a table without them",
                "\"place\" may be what was recorded together (5 groups): --group-column place keeps each in one fold"
            ]
        );
    }

    /// What is said of cut-outs is said of the folds that are used.
    #[test]
    fn cut_outs_are_named_as_such() {
        let set = set("group", |k| u32::try_from(k % 2).ok());
        let cut_outs = |job: &FitFolderJob| {
            let mut together = Together::of(&set, None, None);
            together.cut_outs = Some(" --group-column recording".into());
            let mut found = FoldPlan::of(job, &set, None, &together);
            found.add_cut_outs(KeptCutOuts {
                note: "kept".into(),
                warning: Some("doubtful".into()),
                column: Some("recording".into()),
                option: String::new(),
            });
            found
        };
        let found = cut_outs(&job());
        assert!(found.is_redrawn && found.notes[0].contains("separate cut-outs of one recording (5 of 5)"));
        assert_eq!(found.notes[1..], ["kept"]);
        assert_eq!(found.warnings, ["doubtful"]);
        assert_eq!(found.group_column.as_deref(), Some("recording"));
        let asked = FitFolderJob {
            fold: Some(1),
            ..job()
        };
        let found = cut_outs(&asked);
        assert!(found.notes.is_empty() && found.warnings.len() == 1, "{found:?}");
        assert!(
            found.warnings[0].starts_with("cut-outs of one recording are in several folds (5 of 5)")
                && found.warnings[0]
                    .contains("`earmark data folds 'my sounds' --group-column recording -o folds.csv`"),
            "{found:?}"
        );
    }

    #[test]
    fn folds_of_the_data_that_separate_nothing_are_used_as_they_are() {
        let by_group = |k: usize| u32::try_from(k / 4).ok();
        let found = plan(&job(), &set("usr_id", by_group), "usr_id", true, &[[0, 2]]);
        assert_eq!(
            found,
            FoldPlan {
                group_column: Some("usr_id".into()),
                ..FoldPlan::default()
            }
        );
    }

    #[test]
    fn folds_that_separate_what_belongs_together_are_replaced_unless_they_were_asked_for() {
        let set = set("usr_id", |k| u32::try_from(k % 2).ok());
        let found = plan(&job(), &set, "usr_id", true, &[[0, 5], [2, 4]]);
        assert!(found.is_drawn && found.is_redrawn && found.warnings.is_empty());
        assert!(
            found.notes[0].starts_with(
                "the folds of the data separate recordings of one \"usr_id\" (5 of 5) and copies of one sound (1 of \
                 2), so that"
            ),
            "{:?}",
            found.notes
        );
        let asked = FitFolderJob {
            fold: Some(1),
            ..job()
        };
        let found = plan(&asked, &set, "usr_id", true, &[[0, 5], [2, 4]]);
        assert!(!found.is_drawn && found.notes.is_empty());
        assert_eq!(
            found.warnings,
            [
                "\"usr_id\" looks like what was recorded together, and recordings of one \"usr_id\" are in several \
                 folds (5 of 5), such as \"0.wav\" and \"1.wav\", so that the scores are too high; make folds that \
                 keep them together, `earmark data folds 'my sounds' --group-column usr_id -o folds.csv`, and give \
                 them with --fold-table folds.csv",
                "1 sound is in several folds, in recordings such as \"0.wav\" and \"5.wav\", so that the scores are \
                 too high; `earmark data check 'my sounds' --write FIXED.csv` makes a table without them"
            ]
        );
    }
}
