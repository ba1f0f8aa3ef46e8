//! Settings as TOML: those of earlier runs are still read, those of today go there and back.

use earmark_core::Check;
use earmark_data::augment::Augment;
use earmark_data::augment::spectrogram::ShiftFill;
use earmark_data::batches::BatchConfig;
use toml::{Table, Value};

/// What `key` holds, as `T`.
fn section<T: serde::de::DeserializeOwned>(text: &str, key: &str) -> T {
    let mut table: Table = text.parse().unwrap();
    table.remove(key).unwrap().try_into().unwrap()
}

#[test]
fn a_run_of_format_1_is_read_as_it_was_meant() {
    let text = include_str!("../../earmark-cli/tests/format-1/run/recipe.toml");
    let (batches, augment): (BatchConfig, Augment) = (section(text, "batches"), section(text, "augment"));
    assert!(batches.mixup.is_some() && batches.mix.is_none() && batches.sample.is_none());
    assert_eq!(augment.time_shift.map(|shift| shift.fill), Some(ShiftFill::Wrap));
    assert!(augment.list.is_empty() && augment.waveform.is_empty() && augment.between_class.is_none());
}

#[test]
fn every_kind_goes_to_toml_and_back() {
    let text = r#"
        [augment]
        between-class = {}
        waveform = [
            { kind = "crop" }, { kind = "gain" }, { kind = "time-stretch" }, { kind = "pitch-shift" }, { kind = "noise" },
            { kind = "equalise" }, { kind = "reverb" },
        ]
        list = [
            { kind = "pad", fill = { constant = -80.0 } }, { kind = "random-crop" },
            { kind = "one-of", choices = [{ step = { kind = "filter" } }, { weight = 2, step = { kind = "noise" } }] },
            { kind = "with-prob", prob = 0.5, step = { kind = "sequence", steps = [{ kind = "flip-time" }, { kind = "flip-freq" }] } },
            { kind = "resized-crop" }, { kind = "spec-augment", value = "mean" }, { kind = "gain-db" }, { kind = "time-shift" },
            { kind = "freq-shift", fill = "edge" }, { kind = "erase", value = { uniform = { min = 0, max = 1 } } },
            { kind = "time-mask", value = { constant = 1.5 } }, { kind = "freq-mask" },
        ]
        [batches]
        mix = { one-of = [{ mixer = { kind = "mixup" } }, { mixer = { kind = "add", share = { beta = { alpha = 0.4 } } } }] }
        sample = { items = 7, sources = [{ subset = "noisy", weight = 1 }], draw = "in-turn" }
    "#;
    let (augment, batches): (Augment, BatchConfig) = (section(text, "augment"), section(text, "batches"));
    augment.check().unwrap();
    batches.check().unwrap();
    let mut whole = Table::new();
    whole.insert("augment".into(), Value::try_from(&augment).unwrap());
    whole.insert("batches".into(), Value::try_from(&batches).unwrap());
    let written = toml::to_string_pretty(&whole).unwrap();
    assert_eq!(section::<Augment>(&written, "augment"), augment);
    assert_eq!(section::<BatchConfig>(&written, "batches"), batches);
}
