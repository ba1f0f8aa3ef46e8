//! The tables of a set like a published one, in the published form.

use std::path::Path;

use earmark_core::atomic::{self, WriteError};

use super::published_plan::SynthClip;
use super::published_shape::{SubsetShape, SynthLike};

/// Writes the table of every subset, and the sample submission.
pub(super) fn write_tables(root: &Path, like: SynthLike, clips: &[SynthClip]) -> Result<(), WriteError> {
    for (subset, shape) in like.subsets().iter().enumerate() {
        write_table(
            root,
            like,
            shape,
            clips.iter().filter(|clip| clip.subset == subset),
        )?;
    }
    write_sample_submission(root, like, clips)
}

fn write_table<'a>(
    root: &Path,
    like: SynthLike,
    shape: &SubsetShape,
    clips: impl Iterator<Item = &'a SynthClip>,
) -> Result<(), WriteError> {
    let (classes, is_2018) = (like.classes(), like == SynthLike::Fsdkaggle2018);
    let label = if is_2018 { "label" } else { "labels" };
    let has_verified = is_2018 && shape.verified < shape.labelled;
    let columns = if has_verified { 3 } else { 2 };
    atomic::write(&root.join(shape.table), |out| {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(&["fname", label, "manually_verified"][..columns])?;
        for clip in clips {
            let labels = match clip.labels[..] {
                // A clip that was not scored.
                [] => "None".to_owned(),
                ref labels => {
                    let names: Vec<&str> = labels.iter().map(|label| classes[*label]).collect();
                    names.join(",")
                }
            };
            let verified = u8::from(clip.verified).to_string();
            table.write_record(&[clip.file(), labels, verified][..columns])?;
        }
        table.flush()
    })
}

fn write_sample_submission(root: &Path, like: SynthLike, clips: &[SynthClip]) -> Result<(), WriteError> {
    let classes = like.classes();
    let (header, cells) = match like {
        SynthLike::Fsdkaggle2018 => ("label".to_owned(), ",Laughter Hi-hat Flute".to_owned()),
        SynthLike::Fsdkaggle2019 => (classes.join(","), ",0".repeat(classes.len())),
    };
    atomic::write(&root.join("sample_submission.csv"), |out| {
        writeln!(out, "fname,{header}")?;
        let mut of_test = clips
            .iter()
            .filter(|clip| like.subsets()[clip.subset].name == "test");
        of_test.try_for_each(|clip| writeln!(out, "{}{cells}", clip.file()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::published_plan::plan;
    use super::*;
    use crate::{DataOptions, LayoutKind, load};
    use std::fs::{self, File};

    #[test]
    fn the_layouts_open_the_tables() {
        let dir = tempfile::tempdir().unwrap();
        for (like, layout) in [
            (SynthLike::Fsdkaggle2018, LayoutKind::Fsdkaggle2018),
            (SynthLike::Fsdkaggle2019, LayoutKind::Fsdkaggle2019),
        ] {
            let root = dir.path().join(like.name());
            let clips = plan(like, 0.001, 1);
            for clip in &clips {
                let folder = root.join(like.subsets()[clip.subset].folder);
                fs::create_dir_all(&folder).unwrap();
                File::create(folder.join(clip.file())).unwrap();
            }
            write_tables(&root, like, &clips).unwrap();
            let data = load(&root, &DataOptions::default()).unwrap();
            assert_eq!(
                (data.layout, data.multi_label),
                (layout, like == SynthLike::Fsdkaggle2019)
            );
            assert_eq!(data.classes.names(), like.classes());
            assert_eq!(data.items.len(), clips.len());
            for (item, clip) in data.items.iter().zip(&clips) {
                assert_eq!((&item.file, &item.labels), (&clip.file(), &clip.labels));
                assert_eq!(item.subset, like.subsets()[clip.subset].name);
                let has_verified = like == SynthLike::Fsdkaggle2018 && item.subset == "train";
                assert_eq!(item.verified, has_verified.then_some(clip.verified));
            }
            let submission = fs::read_to_string(root.join("sample_submission.csv")).unwrap();
            let of_test = data.items.iter().filter(|item| item.subset == "test");
            assert_eq!(submission.lines().count(), 1 + of_test.count());
        }
    }
}
