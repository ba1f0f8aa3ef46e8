//! What kind of AAC a stream is, by its AudioSpecificConfig (ISO/IEC 14496-3, section 1.6.2).

use super::bits_from_high::HighBits;
use crate::error::Fault;

/// Sample rates by their index.
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

/// What the configuration says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::containers) struct AacConfig {
    /// Rate that the core is coded at.
    pub(in crate::containers) sample_rate_hz: u32,
    pub(in crate::containers) channels: u16,
    /// Whether the upper half of the spectrum is coded as SBR, which makes it HE-AAC.
    pub(super) has_sbr: bool,
}

impl AacConfig {
    /// `None` where the configuration ends too early.
    pub(in crate::containers) fn read(config: &[u8]) -> Option<Self> {
        let mut bits = HighBits::new(config);
        let mut kind = object_type(&mut bits)?;
        let sample_rate_hz = sample_rate(&mut bits)?;
        let channels = bits.take(4)?;
        let mut has_sbr = matches!(kind, 5 | 29);
        if has_sbr {
            sample_rate(&mut bits)?;
            kind = object_type(&mut bits)?;
        } else if kind == 2 && channels != 0 {
            // Behind the core's own fields, an extension that old decoders pass over.
            has_sbr = extension(&mut bits).unwrap_or(false);
        }
        Some(Self {
            sample_rate_hz,
            channels: if channels == 7 { 8 } else { channels as u16 },
            has_sbr: has_sbr || matches!(kind, 5 | 29),
        })
    }

    /// Refuses HE-AAC. `stated_hz` is the rate that the container gives: twice the core's where the extension is in the
    /// frames only.
    pub(in crate::containers) fn refuse_sbr(self, stated_hz: u32) -> Result<(), Fault> {
        if !self.has_sbr && stated_hz != 2 * self.sample_rate_hz {
            return Ok(());
        }
        Err(Fault::unsupported(
            "is HE-AAC (SBR), of which only the lower half could be decoded",
        ))
    }
}

fn object_type(bits: &mut HighBits<'_>) -> Option<u64> {
    Some(match bits.take(5)? {
        31 => 32 + bits.take(6)?,
        object_type => object_type,
    })
}

fn sample_rate(bits: &mut HighBits<'_>) -> Option<u32> {
    match bits.take(4)? {
        15 => u32::try_from(bits.take(24)?).ok(),
        index => RATES.get(index as usize).copied(),
    }
}

/// Whether an extension says that there is SBR.
fn extension(bits: &mut HighBits<'_>) -> Option<bool> {
    bits.take(1)?;
    if bits.take(1)? == 1 {
        bits.take(14)?;
    }
    bits.take(1)?;
    Some(bits.take(11)? == 0x2b7 && bits.take(5)? == 5 && bits.take(1)? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_aac_are_distinguished() {
        // AAC-LC of 44.1 kHz, stereo.
        let config = AacConfig::read(&[0x12, 0x10]).expect("a configuration");
        assert_eq!(
            (config.sample_rate_hz, config.channels, config.has_sbr),
            (44_100, 2, false)
        );
        assert!(config.refuse_sbr(44_100).is_ok() && config.refuse_sbr(0).is_ok());
        assert!(
            config.refuse_sbr(88_200).is_err(),
            "the container states twice the rate"
        );
        // HE-AAC as an object type of its own: a core of 24 kHz under 48 kHz.
        let explicit = AacConfig::read(&[0x2b, 0x11, 0x88, 0x00]).expect("a configuration");
        assert_eq!((explicit.sample_rate_hz, explicit.has_sbr), (24_000, true));
        // AAC-LC of 22.05 kHz with an extension that says so.
        let extended = AacConfig::read(&[0x13, 0x88, 0x56, 0xe5, 0xa0]).expect("a configuration");
        assert_eq!((extended.sample_rate_hz, extended.has_sbr), (22_050, true));
        assert!(extended.refuse_sbr(22_050).is_err());
        assert_eq!(AacConfig::read(&[0x12]), None);
    }
}
