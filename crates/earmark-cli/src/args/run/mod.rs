//! Arguments of the commands that run models.

mod bench;
mod blend;
mod bundle;
mod completions;
mod embed;
mod export;
mod listen;
mod man;
mod models;
mod neighbours;
mod predict;
mod tag;

pub use bench::Bench;
pub use blend::Blend;
pub use bundle::Bundle;
pub use completions::Completions;
pub use embed::Embed;
pub use export::Export;
pub use listen::Listen;
pub use man::Man;
pub use models::{Average, GetModel, ImportModel, ModelInfo, Models};
pub use neighbours::Neighbours;
pub use predict::{Predict, ScoreFormat};
pub use tag::Tag;

use clap::Subcommand;

/// The commands that run models.
#[derive(Subcommand)]
pub enum RunCommand {
    /// Score recordings with a model or a run, or with a blend of several
    #[command(
        after_help = "Examples:\n  earmark predict runs/a@500 --data FSDKaggle2019 -o submission.csv --format kaggle2019\n  \
        earmark predict model.safetensors --files *.wav -o scores.csv\n  \
        earmark predict runs/cv --out-of-fold -o oof.csv"
    )]
    Predict(Predict),
    /// Detect sounds in recordings, with start and end times
    #[command(after_help = "Examples:\n  earmark tag dog.ogg --model runs/a\n  \
        earmark tag archive --model runs/a -o tags.csv\n  \
        earmark tag night.flac --model mn04.safetensors --threshold 0.2 --merge 2 --classes Owl,Frog\n  \
        earmark tag archive --model runs/a --format audacity --out-dir labels\n\n\
        Each window is scored like a clip of its length. An event is a time span in which the mean score of the windows around \
        each moment reaches the threshold.\n\n\
        Ctrl-C, a kill or a power cut lose nothing that is in the resume log beside --out: run the same command again to resume. \
        Recordings that cannot be read are listed at the end, and the exit code is then 2.")]
    Tag(Tag),
    /// Tag a live stream: a microphone, raw samples on stdin, or a file played in real time
    #[command(
        after_help = "Examples:\n  earmark listen --model runs/a --input evening.flac\n  \
        earmark listen --model runs/a --input evening.flac --fast --json\n  \
        arecord -q -f S16_LE -r 44100 -t raw | earmark listen --model runs/a --input - --rate 44100\n\n\
        In a terminal it draws a moving spectrogram (waterfall) and the best labels with their scores. Elsewhere, or where NO_COLOR \
        is set, it prints a line per hop. Ctrl-C ends it and prints the speed."
    )]
    Listen(Listen),
    /// Write embeddings of recordings: the input of a model's last layer
    #[command(after_help = "Example: earmark embed mn04.safetensors --data my-sounds -o sounds.npy")]
    Embed(Embed),
    /// Find recordings that sound similar
    #[command(
        after_help = "Example: earmark neighbours bird.wav --in sounds.npy --model mn04.safetensors --top-k 10"
    )]
    Neighbours(Neighbours),
    /// Blend score tables: all of them, or the combination that scores best
    #[command(
        after_help = "Examples:\n  earmark blend a.csv b.csv -o both.csv --mean geometric --weights 2,1\n  \
        earmark blend runs/a runs/b runs/stack --select -o oof.csv --chosen chosen.txt\n  \
        earmark blend a.csv b.csv --select --truth train.csv --fold-table folds.csv -o oof.csv"
    )]
    Blend(Blend),
    /// List, download, import, describe and average models
    #[command(
        after_help = "Examples:\n  earmark models list\n  earmark models get efficientat-mn04-as\n  earmark models info runs/a\n  \
        earmark models import mn04_as_mAP_432.pt --as efficientat-mn04 -o mn04.safetensors"
    )]
    Models {
        #[command(subcommand)]
        what: Models,
    },
    /// Write a model as ONNX for other programs: samples in, scores out
    #[command(
        after_help = "Examples:\n  earmark export runs/a --onnx -o model.onnx --check\n  \
        earmark export model.safetensors --onnx -o small.onnx --precision int8\n\n\
        The input `waveform` is float32 [batch, samples]: mono, -1 to 1, at the model's sample rate, clips of any length. The outputs \
        are `scores` [batch, classes] as from `earmark predict`, `logits` and `embedding`. Decoding and resampling are up to the \
        program that uses the file; classes, sample rate and licence are in its metadata."
    )]
    Export(Export),
    /// Pack models and this program into a folder that needs no network and no installation
    #[command(after_help = "Examples:\n  earmark bundle runs/cv -o my-bundle\n  \
        earmark bundle runs/a runs/b@500 --weights 2,1 -o my-bundle\n\n\
        Then, on the other machine: sh my-bundle/predict.sh DATA submission.csv")]
    Bundle(Bundle),
    /// Measure the speed of front end, training and inference on this machine
    #[command(after_help = "Example: earmark bench --recipe dcase2019-baseline/1-noisy --batch 16 --json")]
    Bench(Bench),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example: earmark completions bash > ~/.local/share/bash-completion/completions/earmark"
    )]
    Completions(Completions),
    /// Write the manual pages
    #[command(hide = true, after_help = "Example: earmark man target/man")]
    Man(Man),
}
