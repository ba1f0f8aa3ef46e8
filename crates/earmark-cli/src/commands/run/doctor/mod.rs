//! `earmark doctor`

#[cfg(feature = "gpu")]
mod gpus;

use crate::prelude::*;
use earmark::inference::device::{Device, GPU_KINDS};
use earmark::report::text_table;
use serde::Serialize;

/// Test the devices that networks can compute on, and say what the others lack
#[derive(Args)]
#[command(after_help = "Example: earmark doctor --json")]
pub struct Doctor {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Instead, compare every operation and every network on this device with the CPU
    #[cfg(feature = "gpu")]
    #[arg(long, value_name = "DEVICE")]
    pub compare: Option<String>,
}

/// What is known of a device, or of a kind of devices.
#[derive(Serialize)]
struct Diagnosis {
    /// As `--device` names it.
    device: String,
    state: State,
    /// What it is, or what is wrong.
    details: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Ready,
    #[cfg(feature = "gpu")]
    NotFound,
    NotBuilt,
    Refused,
}

impl State {
    fn words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            #[cfg(feature = "gpu")]
            Self::NotFound => "not found",
            Self::NotBuilt => "not built",
            Self::Refused => "refused",
        }
    }
}

/// Tests the devices, or compares one with the CPU.
pub fn run(args: &Doctor) -> anyhow::Result<Status> {
    #[cfg(feature = "gpu")]
    if let Some(device) = &args.compare {
        return gpus::compare(device, args.json);
    }
    let mut found = vec![cpu()];
    found.extend(GPU_KINDS.into_iter().flat_map(of_kind));
    #[cfg(feature = "gpu")]
    let tuning = Some(gpus::tuning());
    #[cfg(not(feature = "gpu"))]
    let tuning = None::<()>;
    if args.json {
        let version = earmark_core::VERSION;
        print_json(&json!({ "version": version, "devices": found, "tuning": tuning }))?;
        return Ok(Status::Done);
    }
    print_lines(text(&found).trim_end())?;
    #[cfg(feature = "gpu")]
    print(gpus::tuning().message())?;
    Ok(Status::Done)
}

fn text(found: &[Diagnosis]) -> String {
    let row = |one: &Diagnosis| {
        let remedy = one.remedy.iter().map(|remedy| format!("; {remedy}"));
        let details = format!("{}{}", one.details, String::from_iter(remedy));
        vec![one.device.clone(), one.state.words().to_owned(), details]
    };
    text_table(
        &["device", "state", "details"],
        &Vec::from_iter(found.iter().map(row)),
        &[],
    )
}

fn cpu() -> Diagnosis {
    let simd = Device::cpu().and_then(|cpu| cpu.instruction_set());
    let (state, details) = match simd {
        Ok(simd) => (
            State::Ready,
            format!("instruction set {}", simd.unwrap_or("portable")),
        ),
        Err(refused) => (State::Refused, refused.to_string()),
    };
    Diagnosis {
        device: "cpu".into(),
        state,
        details,
        remedy: None,
    }
}

/// The devices of a kind of GPU, or why they are missing.
fn of_kind(kind: &str) -> Vec<Diagnosis> {
    #[cfg(feature = "gpu")]
    if earmark::inference::device::is_built(kind) {
        return gpus::of_kind(kind);
    }
    vec![Diagnosis {
        device: kind.to_owned(),
        state: State::NotBuilt,
        details: "this build does not include it".into(),
        remedy: Some(format!("build with `cargo build --release --features {kind}`")),
    }]
}
