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
    format!("interrupted; {}", resume_with(&job.run, named, job.resume))
}

/// How to resume the given command, whose results are in `run`; `named` if the command line says so, `resumes` if it
/// has --resume already.
pub fn resume_with(run: &Path, named: bool, resumes: bool) -> String {
    let mut words = vec!["earmark".to_owned()];
    words.extend(given_command().into_iter().skip(1));
    if !named {
        words.extend(["--run".to_owned(), run.to_string_lossy().into_owned()]);
    }
    if !resumes {
        words.push("--resume".to_owned());
    }
    format!("resume with: {}", text::command_line(&words))
}
