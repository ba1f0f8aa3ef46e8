//! The microphone, through cpal. Only in builds with the cargo feature `mic`.

use anyhow::{Context, anyhow, bail};
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{ErrorKind, FromSample, Sample, SampleFormat, SizedSample, StreamConfig};
use earmark::inference::PipelineError;
use earmark::inference::stream::{Feed, FeedSender};
use std::sync::mpsc::channel;

/// The system's default input, at its default rate; channels are averaged.
pub fn feed() -> anyhow::Result<Feed> {
    let device = cpal::default_host()
        .default_input_device()
        .context("--input mic: this system has no microphone, or denies this program access to it")?;
    let offered = device
        .default_input_config()
        .context("--input mic: the microphone does not report its format")?;
    let (sender, feed) = Feed::open(offered.sample_rate(), true);
    let (result, started) = channel();
    // The stream lives in a thread of its own: on some systems it may not leave the thread that made it.
    let recording = move || {
        let config: StreamConfig = offered.config();
        let started = match offered.sample_format() {
            SampleFormat::F32 => start::<f32>(&device, &config, sender),
            SampleFormat::I16 => start::<i16>(&device, &config, sender),
            SampleFormat::I32 => start::<i32>(&device, &config, sender),
            SampleFormat::U16 => start::<u16>(&device, &config, sender),
            SampleFormat::U8 => start::<u8>(&device, &config, sender),
            other => Err(anyhow!(
                "--input mic: the microphone records {other}, which is not supported"
            )),
        };
        match started {
            Ok(_stream) => {
                let _ = result.send(Ok(())); // the other side is gone: nothing to keep alive
                loop {
                    std::thread::park();
                }
            }
            Err(e) => {
                let _ = result.send(Err(e)); // as above
            }
        }
    };
    let thread = std::thread::Builder::new().spawn(recording);
    thread.context("--input mic: a thread for it can't be started; end other programs")?;
    match started.recv() {
        Ok(outcome) => outcome.map(|()| feed),
        Err(_) => bail!("--input mic: the microphone could not be started"),
    }
}

fn start<S>(device: &cpal::Device, config: &StreamConfig, sender: FeedSender) -> anyhow::Result<cpal::Stream>
where
    S: SizedSample,
    f32: FromSample<S>,
{
    let channels = usize::from(config.channels.max(1));
    let failing = sender.clone();
    let stream = device
        .build_input_stream(
            *config,
            move |samples: &[S], _: &_| {
                let mono = samples.chunks_exact(channels).map(|frame| {
                    let sum: f32 = frame.iter().map(|&s| f32::from_sample(s)).sum();
                    sum / channels as f32
                });
                // The sound card does not wait; samples without room are counted as lost.
                sender.offer(mono.collect());
            },
            move |e: cpal::Error| {
                // A gap, another device of the same name, no priority: the stream continues.
                if matches!(
                    e.kind(),
                    ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied
                ) {
                    return;
                }
                failing.fail(PipelineError::Request(format!("the microphone: {e}")));
            },
            None,
        )
        .context("--input mic")?;
    stream.play().context("--input mic")?;
    Ok(stream)
}
