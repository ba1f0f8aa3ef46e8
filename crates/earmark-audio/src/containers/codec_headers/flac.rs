//! FLAC inside another container: its STREAMINFO block (RFC 9639, section 8.2).

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;

use crate::containers::byte_walker::big_endian;
use crate::containers::packet_layout::SymphoniaCodec;
use crate::error::Fault;
use crate::limit_checks::check_shape;

/// FLAC with this STREAMINFO block of 34 bytes.
pub(in crate::containers) fn codec(info: &[u8]) -> Result<SymphoniaCodec, Fault> {
    // Behind the sizes of blocks and frames: 20 bits of rate, 3 of channels minus one.
    let packed = big_endian(&info[10..18]);
    let (sample_rate_hz, channels) = ((packed >> 44) as u32, ((packed >> 41) & 7) + 1);
    check_shape(sample_rate_hz, channels)?;
    let mut params = AudioCodecParameters::new();
    params
        .for_codec(CODEC_ID_FLAC)
        .with_sample_rate(sample_rate_hz)
        .with_extra_data(info.into());
    Ok(SymphoniaCodec {
        name: "FLAC",
        params,
        sample_rate_hz,
        channels: channels as u16,
        is_lossy: false,
    })
}
