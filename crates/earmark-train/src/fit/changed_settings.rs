//! How the settings of a fit differ from those that it began with, in the words of its command line.

use serde_json::Value;

/// How the folder is read, by key: for words alone. What is compared is `options`, as in earlier versions.
pub(super) const READING: &str = "reading";

/// Options of the command line that set a key of the section `[data]`; all other keys are set by `--set data.KEY`.
const FLAGS: [(&str, &str); 10] = [
    ("layout", "--layout"),
    ("table", "--table"),
    ("file-column", "--file-column"),
    ("label-column", "--label-column"),
    ("fold-column", "--fold-column"),
    ("group-column", "--group-column"),
    ("subset-column", "--subset-column"),
    ("label-separator", "--label-separator"),
    ("subsets", "--subset"),
    ("damaged", "--damaged"),
];

/// What differs, in words; nothing where the settings are the same.
pub(super) fn changes(before: &Value, now: &Value) -> Vec<String> {
    let keys = now.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    let changed = keys.filter(|key| *key != READING && before.get(*key) != now.get(*key));
    let changed: Vec<&str> = changed.collect();
    // Another fold or reading is other data as well, which says less.
    if changed == ["data"] {
        return vec!["the recordings, labels or folds have changed since".into()];
    }
    let mut words = Vec::new();
    for key in changed {
        match key {
            "data" => {}
            "options" => words.extend(changed_reading(before.get(READING), now.get(READING))),
            "model" => words.push("--model is another network".into()),
            "classes" => words.push("--independent was given in one of the two only".into()),
            other => words.push(change(&format!("--{other}"), before.get(other), now.get(other))),
        }
    }
    words
}

/// What differs in how the folder is read.
fn changed_reading(before: Option<&Value>, now: Option<&Value>) -> Vec<String> {
    let mut words = Vec::new();
    if let (Some(Value::Object(before)), Some(Value::Object(now))) = (before, now) {
        // Some keys are left out where they have their default.
        let mut keys: Vec<&String> = before.keys().chain(now.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let (was, is) = (before.get(key), now.get(key));
            if was != is {
                words.push(change_of_reading(key, was, is));
            }
        }
    }
    if words.is_empty() {
        // Earlier versions did not keep the keys; and the text of a file of corrections is not among them.
        words.push("the folder was read with other options".into());
    }
    words
}

fn change_of_reading(key: &str, was: Option<&Value>, is: Option<&Value>) -> String {
    let flag = FLAGS.iter().find(|(name, _)| *name == key);
    let flag = flag.map_or_else(|| format!("data.{key}"), |(_, flag)| (*flag).to_owned());
    let refuse = Value::from("refuse");
    let default = (key == "damaged").then_some(&refuse);
    change(&flag, was.or(default), is.or(default))
}

fn change(name: &str, was: Option<&Value>, is: Option<&Value>) -> String {
    format!("{name} was {}, now {}", shown(was), shown(is))
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "not given".into(),
        Some(Value::String(text)) if text.is_empty() => "\"\"".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(values)) if values.is_empty() => "not given".into(),
        Some(Value::Array(values)) => {
            let words: Vec<String> = values.iter().map(|value| shown(Some(value))).collect();
            words.join(" ")
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_data::{DamagedFiles, DataOptions};
    use serde_json::json;

    fn settings(options: &DataOptions) -> Value {
        let reading = serde_json::to_value(options).unwrap();
        json!({ "data": ["a", "b"], "options": format!("{options:?}"), "reading": reading, "fold": null, "set": [] })
    }

    #[test]
    fn other_recordings_are_said_where_nothing_else_differs() {
        let before = settings(&DataOptions::default());
        assert!(changes(&before, &before).is_empty());
        let mut now = before.clone();
        now["data"] = json!(["a", "c"]);
        assert_eq!(
            changes(&before, &now),
            ["the recordings, labels or folds have changed since"]
        );
        now["fold"] = json!(2);
        now["set"] = json!(["train.epochs=1", "train.seed=3"]);
        assert_eq!(
            changes(&before, &now),
            [
                "--fold was not given, now 2",
                "--set was not given, now train.epochs=1 train.seed=3"
            ]
        );
    }

    #[test]
    fn options_are_said_as_they_are_given() {
        let before = settings(&DataOptions::default());
        let now = settings(&DataOptions {
            damaged: DamagedFiles::Salvage,
            label_column: Some("species".into()),
            multi_label: Some(true),
            ..DataOptions::default()
        });
        assert_eq!(
            changes(&before, &now),
            [
                "--damaged was refuse, now salvage",
                "--label-column was not given, now species",
                "data.multi-label was not given, now true"
            ]
        );
        let mut earlier = before;
        earlier.as_object_mut().unwrap().remove(READING);
        assert_eq!(
            changes(&earlier, &now),
            ["the folder was read with other options"]
        );
    }
}
