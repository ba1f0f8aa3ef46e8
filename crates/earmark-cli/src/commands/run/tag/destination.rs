//! Where the results of `earmark tag` go.

use super::Tag;
use crate::prelude::*;
use earmark::inference::shards::{Shard, refuse_other_shards};
use earmark::inference::tag::Format;
use std::io::IsTerminal;

/// Where results go, in which format, of which shard, and whether their summary is for programs.
pub struct Output<'a> {
    pub to: Destination<'a>,
    pub format: Format,
    pub shard: Option<Shard>,
    pub json: bool,
}

/// A place for results.
pub enum Destination<'a> {
    Stdout,
    /// A pipe or device, which cannot be replaced and has no resume log.
    Device(&'a Path),
    File(&'a Path),
    Folder(&'a Path),
}

impl<'a> Output<'a> {
    /// From the command line.
    pub fn of(args: &'a Tag) -> anyhow::Result<Self> {
        let to = match (&args.out, &args.out_dir) {
            (_, Some(folder)) => Destination::Folder(folder),
            (None, None) => Destination::Stdout,
            (Some(path), None) if output::is_stdout(path) => Destination::Stdout,
            (Some(path), None) if !path.exists() || path.is_file() || path.is_dir() => {
                Destination::File(path)
            }
            (Some(path), None) => Destination::Device(path),
        };
        let format = match (args.format, &to) {
            (Some(format), _) => format,
            (None, Destination::Stdout | Destination::Device(_)) => Format::Table,
            (None, Destination::File(path)) => Format::named_by(path)?,
            (None, Destination::Folder(_)) => bail!("--out-dir: give the format with --format"),
        };
        let streamed = matches!(to, Destination::Stdout | Destination::Device(_));
        if streamed && (args.fresh || args.keep_journal) {
            bail!("--fresh, --keep-journal: only files have a resume log; give -o FILE or --out-dir DIR");
        }
        if streamed && args.json {
            bail!(
                "--json: prints a summary, and the results themselves would go to stdout; name a file with -o FILE or \
                 --out-dir DIR, or take --format json for results as JSON"
            );
        }
        let shard = args.shard.shard()?;
        match (shard, &to) {
            (None, _) => {}
            (Some(_), Destination::Stdout | Destination::Device(_)) => {
                bail!("--shard: shards are merged into a file or folder; give -o FILE or --out-dir DIR");
            }
            (Some(shard), Destination::File(path)) => {
                output::check(path)?;
                refuse_other_shards(path, false, shard)?;
            }
            (Some(shard), Destination::Folder(path)) => refuse_other_shards(path, true, shard)?,
        }
        let on_screen = matches!(to, Destination::Stdout) && std::io::stdout().is_terminal();
        if on_screen && format == Format::Parquet {
            bail!("--format parquet: cannot be printed to a terminal; give -o FILE.parquet");
        }
        Ok(Self {
            to,
            format,
            shard,
            json: args.json,
        })
    }

    /// The file or folder, where results can be found again.
    pub fn path(&self) -> Option<&'a Path> {
        match self.to {
            Destination::File(path) | Destination::Folder(path) => Some(path),
            Destination::Stdout | Destination::Device(_) => None,
        }
    }
}
