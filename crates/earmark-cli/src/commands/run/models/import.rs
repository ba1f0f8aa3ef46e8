//! `earmark models import`

use crate::prelude::*;
use earmark::hub::{Import, PublishedArchitecture, import, models_folder, published_models};

/// Convert a published PyTorch checkpoint to a model file
#[derive(Args)]
#[command(
    after_help = "Example:\n  earmark models import mn04_as_mAP_432.pt --as efficientat-mn04 -o mn04.safetensors\n\n\
    No code in the checkpoint is executed: its tensors are read, and each is checked by name and shape."
)]
pub struct ImportModel {
    /// The published checkpoint, .pt or .pth; for mobilenet-v2-imagenet also .safetensors
    pub file: PathBuf,
    /// Its network: efficientat-mn04 (or another size), panns-cnn14, ..., argus-2019, or mobilenet-v2-imagenet, a
    /// backbone to start trainings from
    #[arg(long = "as", value_name = "NAME")]
    pub architecture: String,
    /// Model file to write; default: NAME.safetensors in the models folder
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Table of class names (`index,name` lines), if they are not AudioSet's, or FSDKaggle2019's for argus-2019
    #[arg(long, value_name = "TABLE")]
    pub labels: Option<PathBuf>,
    /// Where the weights come from, to be recorded in the model file
    #[arg(long)]
    pub source: Option<String>,
}

/// Makes a model file of a published checkpoint.
pub fn run(args: ImportModel, console: &Console) -> anyhow::Result<Status> {
    let job = Import {
        out: match args.out {
            Some(out) => out,
            None => default_path(&args.file, &args.architecture)?,
        },
        file: args.file,
        architecture: args.architecture,
        labels: args.labels,
        source: args.source,
    };
    let done = import(&job)?;
    let ignored = match done.ignored {
        0 => String::new(),
        n => {
            let tensors = human_amount(n, "tensor", "tensors");
            format!("; {tensors} that prediction does not use left out")
        }
    };
    let tensors = human_amount(done.tensors, "tensor", "tensors");
    let (network, parameters) = (&done.architecture, human_count(done.parameters as u64));
    console.note(format!(
        "{network}: {tensors} with {parameters} parameters{ignored}"
    ));
    let content = match done.classes {
        0 => "a backbone without classes, to start trainings from (train.start)".into(),
        n => human_amount(n, "class", "classes"),
    };
    print(format!("{content}: {}", job.out.display()))?;
    Ok(Status::Done)
}

/// Where a model goes without `-o`: into the models folder, under the catalogue's name if the checkpoint has its file
/// name, else under that of its network.
fn default_path(file: &Path, architecture: &str) -> anyhow::Result<PathBuf> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let published = published_models().iter().find(|model| model.file_name() == name);
    let network = PublishedArchitecture::parse(architecture).map(|a| a.name());
    let name = published.map(|model| model.name.clone()).or(network);
    let name = name.unwrap_or_else(|| "model".into());
    let folder = models_folder()
        .context("-o: this system has no data folder for users to keep models in; say where to write")?;
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder.join(format!("{name}.safetensors")))
}
