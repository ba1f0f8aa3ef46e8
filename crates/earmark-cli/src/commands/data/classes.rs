//! `earmark data classes`

use super::source;
use crate::args::DataClasses;
use crate::console::Console;
use crate::status::Status;
use anyhow::bail;

/// Writes the class map of a data folder.
pub fn run(args: &DataClasses, console: &Console) -> anyhow::Result<Status> {
    let set = source::open(&args.source)?;
    if set.classes.is_empty() {
        bail!(
            "{}: no recording has a label, so there are no classes",
            args.source.dir.display()
        );
    }
    let text = if args.json {
        serde_json::to_string_pretty(set.classes.names())? + "\n"
    } else {
        let mut bytes = Vec::new();
        set.classes.write(&mut bytes)?;
        String::from_utf8(bytes)?
    };
    source::write(args.out.as_deref(), &text, console)?;
    Ok(Status::Done)
}
