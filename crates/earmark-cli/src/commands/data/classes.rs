//! `earmark data classes`

use super::source;
use crate::prelude::*;

/// Write the class map (index,name)
#[derive(Args)]
#[command(after_help = "Example: earmark data classes my-sounds -o classes.csv")]
pub struct DataClasses {
    #[command(flatten)]
    pub source: DataSource,
    /// File to write; default: stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// Writes the class map of a data folder.
pub fn run(args: &DataClasses, console: &Console) -> anyhow::Result<Status> {
    let classes = source::open(&args.source, console)?.classes;
    if classes.is_empty() {
        let folder = args.source.dir.display();
        bail!(
            "{folder}: no recording has a label, so there are no classes; name the table with --table, and its column \
             of labels with --label-column"
        );
    }
    let mut text = Vec::new();
    match args.json {
        true => serde_json::to_writer_pretty(&mut text, classes.names())?,
        false => classes.write(&mut text)?,
    }
    output::write_or_print(args.out.as_deref(), &text, console)?;
    Ok(Status::Done)
}
