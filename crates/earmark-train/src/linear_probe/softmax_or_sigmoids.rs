//! Whether classes exclude each other (one softmax) or are independent (a sigmoid for each).

use super::background::SeparatedClips;
use super::examples::Examples;
use super::job::{ProbeClasses, ProbeJob};
use crate::PipelineError;
use earmark_core::human::human_amount;
use earmark_data::DataSet;

/// Whether one softmax is fitted rather than a sigmoid for each class.
pub(super) fn single_label(
    job: &ProbeJob,
    data: &DataSet,
    separated: &SeparatedClips,
    has_files: bool,
) -> Result<bool, PipelineError> {
    let has_background = has_files || !separated.background.is_empty();
    let single_label = match job.classes {
        ProbeClasses::Auto => !data.multi_label && !has_background,
        ProbeClasses::Independent => false,
        ProbeClasses::Exclusive if has_files => {
            return Err(PipelineError::Request(
                "--exclusive: with --background, a recording may have none of the classes; leave one of the two \
                 out".into(),
            ));
        }
        ProbeClasses::Exclusive if data.multi_label => {
            return Err(PipelineError::Request(format!(
                "--exclusive: clips of {} have several labels; leave it out, and classes are independent",
                data.root.display()
            )));
        }
        ProbeClasses::Exclusive => true,
    };
    if separated.classes.is_empty() {
        return Err(PipelineError::Request(format!(
            "{}: all its classes ({}) are names of background; rename those that are not, or add --exclusive",
            data.root.display(),
            separated.names.join(", ")
        )));
    }
    if !has_background {
        data.refuse_one_class()?;
    }
    Ok(single_label)
}

/// What is fitted, in a line.
pub(super) fn describe(examples: &Examples, separated: &SeparatedClips) -> String {
    let background = match examples.background() {
        0 => String::new(),
        pieces => {
            let pieces = human_amount(pieces, "piece of background", "pieces of background");
            let names = match separated.names.as_slice() {
                [] => String::new(),
                names => format!(" ({}; with --exclusive a class)", names.join(", ")),
            };
            let copies = match examples.copies().len() {
                0 => String::new(),
                copies => format!(
                    "; also fitted to {} mixed with it or at other levels (--background-copies 0: none)",
                    human_amount(copies, "copy", "copies")
                ),
            };
            format!("; none of them in {pieces}{names}{copies}")
        }
    };
    match examples.single_label {
        true => {
            let copies = match examples.copies().len() {
                0 => String::new(),
                copies => format!(
                    "; also fitted to {} that begin or end elsewhere",
                    human_amount(copies, "copy", "copies")
                ),
            };
            format!("classes exclude each other: one softmax (--independent fits a sigmoid for each){copies}")
        }
        false => format!("classes are independent: a sigmoid for each{background}"),
    }
}
