//! Arguments of `earmark models get`.

use clap::Args as ClapArgs;

#[derive(ClapArgs)]
pub struct GetModel {
    /// A name from `earmark models list`
    pub name: String,
    /// Download from here instead, such as a mirror; the checksum must be the same
    #[arg(long)]
    pub url: Option<String>,
}
