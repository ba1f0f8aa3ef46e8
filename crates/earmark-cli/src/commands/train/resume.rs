//! Where a training goes, and the command that resumes it.

use crate::given;
use crate::prelude::*;
use earmark::runs::run_dir::fresh_folder;
use earmark::train::TrainJob;
use earmark_core::text;

/// The command line as it was given; what is not UTF-8 is shown as well as possible.
pub fn given_command() -> Vec<String> {
    given::words()
}

/// The folder that a command line names, or a new one under runs/.
pub fn run_folder(named: Option<PathBuf>, name: &str) -> PathBuf {
    named.unwrap_or_else(|| fresh_folder(Path::new("runs"), name))
}

/// How to resume a training, whose run directory the command line may have named.
pub fn resume_note(job: &TrainJob, named: bool) -> String {
    let mut words = vec!["earmark".to_owned()];
    words.extend(job.command.iter().skip(1).cloned());
    if !named {
        words.extend(["--run".to_owned(), job.run.to_string_lossy().into_owned()]);
    }
    if !job.resume {
        words.push("--resume".to_owned());
    }
    format!("interrupted; resume with: {}", text::command_line(&words))
}
