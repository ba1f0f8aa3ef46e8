//! A features file is refused, or the same after it was written and read again.
#![no_main]

use earmark_features::Features;
use earmark_fuzz::check_message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let features = match Features::read_npy(data) {
        Ok(features) => features,
        Err(error) => return check_message(&error),
    };
    assert_eq!(
        features.data.len(),
        features.channels * features.bands * features.frames
    );
    assert!(features.data.len() * 4 < data.len(), "more numbers than bytes");
    let mut written = Vec::new();
    features.write_npy(&mut written).expect("writing to memory");
    let again = Features::read_npy(&written[..]).expect("what was written");
    let bits = |f: &Features| f.data.iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
    assert_eq!(
        (again.channels, again.bands, again.frames),
        (features.channels, features.bands, features.frames)
    );
    assert_eq!(bits(&again), bits(&features));
});
