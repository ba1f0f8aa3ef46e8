//! What clippy can't see of the house rules: one type per name, files that fit their limits, the field's words.

mod circles;
mod documents;
mod functions;
mod lines;
mod source;
mod types;
mod words;

use source::Source;

/// Prints the state of the workspace and fails where a limit is missed.
pub fn house() -> anyhow::Result<()> {
    let sources = source::all()?;
    lines::print(&sources);
    let mut misses = 0;
    for (title, findings) in [
        ("functions above their limits", functions::findings(&sources)),
        ("public type names used twice", types::findings(&sources)),
        ("circles of imports", circles::findings(&sources)),
        ("files above 500 lines", lines::findings(&sources)),
        ("documents above their limits", documents::findings()?),
        ("old words", words::findings(&sources)?),
    ] {
        println!("\n{title}: {}", findings.len());
        for finding in &findings {
            println!("  {finding}");
        }
        misses += findings.len();
    }
    anyhow::ensure!(misses == 0, "{misses} misses");
    Ok(())
}
