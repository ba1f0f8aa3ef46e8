//! `earmark man`, which `cargo xtask man` runs

use crate::commands::command_line;
use crate::prelude::*;

/// Write the manual pages
#[derive(Args)]
#[command(after_help = "Example: earmark man target/man")]
pub struct Man {
    /// Folder for the pages, one per command
    pub dir: PathBuf,
}

/// Writes a manual page per command.
pub fn run(args: &Man) -> anyhow::Result<Status> {
    let place = || args.dir.display().to_string();
    std::fs::create_dir_all(&args.dir).with_context(place)?;
    // A page needs no list by groups: it has a section of subcommands.
    let mut program = command_line().disable_help_subcommand(true);
    program.build();
    write_pages(&program, &args.dir)?;
    print(format!("{}: manual pages, such as earmark-tag.1", place()))?;
    Ok(Status::Done)
}

/// Writes the pages of a command and of those below it.
fn write_pages(command: &clap::Command, dir: &Path) -> anyhow::Result<()> {
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        write_pages(below, dir)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let page = page(command)?;
    output::write(&dir.join(format!("{name}.1")), |w| w.write_all(page.as_bytes()))?;
    Ok(())
}

/// A page as roff: that of clap, with the usage as the help has it, and examples that can be copied.
fn page(command: &clap::Command) -> anyhow::Result<String> {
    let mut rendered = Vec::new();
    let source = format!("earmark {}", earmark_core::VERSION);
    clap_mangen::Man::new(command.clone())
        .source(source)
        .render(&mut rendered)?;
    let rendered = String::from_utf8(rendered)?;
    let mut sections = rendered.split("\n.SH ");
    // Words are neither spread nor hyphenated: names of flags stay whole.
    let mut page = format!("{}\n.ad l\n.nh\n", sections.next().unwrap_or_default());
    for section in sections {
        let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
        page += &match heading {
            "SYNOPSIS" => format!(".SH SYNOPSIS\n.nf\n{}\n.fi\n", usage(command)),
            "EXTRA" => examples_and_notes(text),
            // It is at the foot of the page.
            "VERSION" => String::new(),
            _ => format!(".SH {}\n", section.trim_end()),
        };
    }
    Ok(page)
}

fn usage(command: &clap::Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").replace('-', "\\-")
}

/// What the help has below the options, as roff: a section of each list under a heading, its lines as they are, and
/// the other paragraphs as notes.
fn examples_and_notes(text: &str) -> String {
    let (mut lists, mut notes) = (String::new(), String::new());
    for paragraph in text.trim_end().split("\n\n") {
        let list = paragraph.split_once(":\n");
        let list = list.filter(|(heading, lines)| !heading.contains('\n') && lines.starts_with("  "));
        let example = paragraph.strip_prefix("Example: ").map(|line| ("Example", line));
        match list.or(example) {
            Some((heading, lines)) => {
                lists += &format!(".SH {}\n.nf\n{lines}\n.fi\n", heading.to_uppercase());
            }
            None => notes += &format!(".PP\n{paragraph}\n"),
        }
    }
    match notes.is_empty() {
        true => lists,
        false => format!("{lists}.SH NOTES\n{notes}"),
    }
}
