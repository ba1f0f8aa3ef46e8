//! The arguments of `earmark models import`.

use crate::prelude::*;

/// Convert a published PyTorch checkpoint, or anybody's ONNX graph, to a model file
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark models import mn04_as_mAP_432.pt --as efficientat-mn04 -o mn04.safetensors\n  \
    earmark models import birdnet.onnx --as birdnet --labels labels.txt --sample-rate-hz 48000 --window-seconds 3 \
    --scores Identity --embedding model/GLOBAL_AVG_POOL/Mean --licence CC-BY-NC-SA-4.0\n\n\
    No code in a checkpoint is executed: its tensors are read, and each is checked by name and shape. An ONNX graph is \
    tried on silence, noise and a tone, and kept in the model file with all that is needed to use it; opening it needs \
    a program with the feature `onnx-models`, as releases are."
)]
pub struct ImportModel {
    /// The published checkpoint, .pt or .pth; for mobilenet-v2-imagenet also .safetensors; or an ONNX graph, .onnx
    pub file: PathBuf,
    /// Its network: efficientat-mn04 (or another size), panns-cnn14, ..., argus-2019, or mobilenet-v2-imagenet, a
    /// backbone to start trainings from; of an ONNX graph, the name that the model gets
    #[arg(long = "as", value_name = "NAME")]
    pub architecture: String,
    /// Model file to write; default: NAME.safetensors in the models folder, or under the name in `models list` if the
    /// checkpoint is one of these
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Replace a model of that name in the models folder by another one
    #[arg(long, conflicts_with = "out")]
    pub replace: bool,
    /// Table of class names (`index,name` lines, or a name per line, such as `Turdus merula_Common Blackbird`), if they
    /// are not AudioSet's, or FSDKaggle2019's for argus-2019
    #[arg(long, value_name = "TABLE")]
    pub labels: Option<PathBuf>,
    /// Where the weights come from, to be recorded in the model file
    #[arg(long)]
    pub source: Option<String>,
    #[command(flatten)]
    pub graph: GraphArgs,
}

/// What a graph does not say about itself.
#[derive(Args)]
#[command(next_help_heading = "ONNX graphs")]
pub struct GraphArgs {
    /// Sample rate that the graph takes, in hertz
    #[arg(long, value_name = "HZ")]
    pub sample_rate_hz: Option<u32>,
    /// Length of the windows that the graph takes
    #[arg(long, value_name = "SECONDS")]
    pub window_seconds: Option<f64>,
    /// Recipe whose front end comes before the graph; by default the graph takes samples
    #[arg(long, value_name = "RECIPE")]
    pub front_end: Option<String>,
    /// Output of the graph with the scores
    #[arg(long, value_name = "OUTPUT")]
    pub scores: Option<String>,
    /// Output, or any other value of the graph, with the embedding; by default the scores stand for it
    #[arg(long, value_name = "OUTPUT")]
    pub embedding: Option<String>,
    /// What turns the scores into probabilities; by default what the last operator of the graph says
    #[arg(long, value_parser = ["sigmoid", "softmax", "none"])]
    pub activation: Option<String>,
    /// Licence of the network, kept in the model file and printed; `own` for yours
    #[arg(long, alias = "license", value_name = "TEXT")]
    pub licence: Option<String>,
}

impl GraphArgs {
    /// The first of these flags that is given.
    pub fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--sample-rate-hz", self.sample_rate_hz.is_some()),
            ("--window-seconds", self.window_seconds.is_some()),
            ("--front-end", self.front_end.is_some()),
            ("--scores", self.scores.is_some()),
            ("--embedding", self.embedding.is_some()),
            ("--activation", self.activation.is_some()),
            ("--licence", self.licence.is_some()),
        ];
        given
            .into_iter()
            .find_map(|(flag, is_given)| is_given.then_some(flag))
    }
}
