//! `earmark serve`, in programs with the feature `serve`

use crate::args::threads;
use crate::prelude::*;
use earmark::inference::tag::default_model::default_model;
use earmark_serve::{ServeConfig, ServeLimits, ServeObserver, ServedRequest, Server};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Heading of the arguments that limit what clients may ask for.
const LIMITS: &str = "Limits";

/// Serve models over HTTP: tags, scores, embeddings, live streams, a page for the microphone
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark serve --model runs/a\n  \
    earmark serve --model birds.safetensors --model bats.safetensors --bind 127.0.0.1:9000\n  \
    earmark serve --model runs/a --bind 0.0.0.0:8080 --token-file token.txt --json\n\n\
    The page is at http://127.0.0.1:8080/, the description of the interface at /openapi.json. Every request is \
    logged on stderr. Ctrl-C and SIGTERM answer what is in progress and end it; what takes longer than --drain is \
    given up, and the exit code is then 2.")]
pub struct Serve {
    /// Model: MODEL.safetensors, RUN or RUN@STEP; each is served under its own name, the first is the default one;
    /// default: the only model in the folder EARMARK_MODELS or in the user's data folder
    #[arg(long, short, env = "EARMARK_MODEL", num_args = 1)]
    pub model: Vec<String>,
    /// Address to listen on; one that other machines reach needs a token
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,
    /// File with the token that clients must send, a line of 16 to 256 letters, digits or -._~
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Largest request
    #[arg(long, value_name = "MIB", default_value_t = 64, help_heading = LIMITS)]
    pub max_mib: u64,
    /// Longest recording
    #[arg(long, value_name = "SECONDS", default_value_t = 600.0, help_heading = LIMITS)]
    pub max_seconds: f64,
    /// Most recordings of a request
    #[arg(long, value_name = "N", default_value_t = 64, help_heading = LIMITS)]
    pub max_files: usize,
    /// Most recordings that wait
    #[arg(long, value_name = "N", default_value_t = 64, help_heading = LIMITS)]
    pub queue: usize,
    /// Most open connections
    #[arg(long, value_name = "N", default_value_t = 512, help_heading = LIMITS)]
    pub connections: usize,
    /// Most live streams at a time
    #[arg(long, value_name = "N", default_value_t = 8, help_heading = LIMITS)]
    pub streams: usize,
    /// Longest time to end what is in progress when the server is stopped
    #[arg(long, value_name = "SECONDS", default_value_t = 30, help_heading = LIMITS)]
    pub drain: u64,
    /// Print the address, and log requests, as lines of JSON
    #[arg(long)]
    pub json: bool,
    /// Number of recordings computed at a time (0 = one per core)
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = threads, help_heading = "Compute")]
    pub workers: usize,
    #[command(flatten)]
    pub compute: Compute,
}

/// Serves until it is stopped.
pub fn run(args: Serve, console: &Console) -> anyhow::Result<Status> {
    let as_json = args.json;
    let shown = console.clone();
    let observer: ServeObserver = Arc::new(move |request: &ServedRequest| match as_json {
        true => shown.note(json!(request)),
        false => shown.note(log_line(request)),
    });
    let server = Server::start(&config(args)?, observer)?;
    for note in server.precision_notes() {
        console.note(note);
    }
    let stop = console.stop_flag()?;
    let (address, names) = (server.address(), server.model_names());
    match as_json {
        true => output::print_json_line(&json!({ "address": address.to_string(), "models": names }))?,
        false => print(format!("http://{address}/ serves {}", names.join(", ")))?,
    }
    if server.run(&stop)? {
        return Ok(Status::Done);
    }
    console.warning("some requests took longer than --drain and were given up");
    Ok(Status::SkippedSome)
}

fn config(args: Serve) -> anyhow::Result<ServeConfig> {
    let mut models = args.model;
    if models.is_empty() {
        models.push(default_model()?.to_string_lossy().into_owned());
    }
    Ok(ServeConfig {
        models,
        device: args.compute.device,
        bind: args.bind,
        token_file: args.token_file,
        limits: ServeLimits {
            bytes: args.max_mib.saturating_mul(1 << 20),
            seconds: args.max_seconds,
            files: args.max_files,
            queue: args.queue,
            workers: args.workers,
            connections: args.connections,
            streams: args.streams,
            drain: Duration::from_secs(args.drain),
            ..ServeLimits::default()
        },
    })
}

/// A request as a line for people.
fn log_line(request: &ServedRequest) -> String {
    let ServedRequest {
        client,
        method,
        path,
        status,
        milliseconds,
    } = request;
    format!("{client} {method} {path} {status} {milliseconds:.1} ms")
}
