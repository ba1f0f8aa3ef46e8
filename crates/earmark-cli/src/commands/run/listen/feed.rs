//! The stream that is tagged: a file, raw samples on stdin, or a microphone.

use super::Listen;
use crate::prelude::*;
use earmark::data::DamagedFiles;
use earmark::inference::stream::{Feed, PcmFormat, Playback};
#[cfg(not(feature = "mic"))]
use earmark_core::text::quote;

/// The input that is a microphone, and the one that is stdin.
const MICROPHONE: &str = "mic";
const STDIN: &str = "-";

/// Opens the stream.
pub fn open(args: &Listen) -> anyhow::Result<Feed> {
    let playback = match args.fast {
        true => Playback::Fast,
        false => Playback::RealTime,
    };
    match args.input.as_str() {
        STDIN => {
            let format = PcmFormat {
                rate_hz: args.rate,
                channels: args.channels,
                sample: args.encoding,
            };
            Ok(Feed::pcm(std::io::stdin(), "stdin", format, playback)?)
        }
        MICROPHONE if !Path::new(MICROPHONE).is_file() => microphone(args),
        file => {
            let damaged = args.damaged.unwrap_or(DamagedFiles::Salvage);
            Ok(Feed::file_with(Path::new(file), playback, damaged)?)
        }
    }
}

#[cfg(feature = "mic")]
fn microphone(args: &Listen) -> anyhow::Result<Feed> {
    if args.fast {
        bail!("--fast: a microphone records in real time; leave it out");
    }
    super::mic::feed()
}

#[cfg(not(feature = "mic"))]
fn microphone(args: &Listen) -> anyhow::Result<Feed> {
    let models = args.model.iter();
    let models: String = models.map(|model| format!("--model {} ", quote(model))).collect();
    bail!(
        "--input mic: this build has no microphone support; name a file with --input FILE, or pipe a recorder into it: \
         arecord -q -f S16_LE -r 44100 -t raw | earmark listen {models}--input - --rate 44100 \
         (or build with `cargo build --release --features mic`)"
    )
}
