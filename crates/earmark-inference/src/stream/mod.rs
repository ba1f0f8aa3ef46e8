//! Scores of a live stream, window by window.
//!
//! ```text
//! file, pipe, microphone -- Feed --> blocks -- StreamTagger --> the last window at every hop -- models --> scores
//! ```
//!
//! Memory does not grow with the length of the stream: a [`Feed`] buffers a few seconds, each model the samples of one window, and
//! [`StreamMeter`] counts times in bins.

mod config;
mod feed;
mod model;
mod pcm;
mod player;
mod real_time;
mod sources;
mod speed_and_latency;
mod tagger;

pub use config::StreamConfig;
pub use feed::{BUFFERED_BLOCKS, Feed, FeedBlock, FeedSender};
pub use pcm::{PcmFormat, PcmSample};
pub use player::Playback;
pub use real_time::tag_stream;
pub use speed_and_latency::{LatencySummary, StreamMeter, StreamSummary};
pub use tagger::{StreamResult, StreamTagger};
