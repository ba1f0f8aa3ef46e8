//! What a key takes, in words: string, number, a list of either, one of a few values.

use super::Page;
use super::keys_and_defaults::toml;
use crate::lookup::{tag, variants};
use serde_json::Value;

impl Page {
    /// A type in words.
    pub(super) fn kind(&self, value: &Value) -> String {
        let (value, _) = self.resolved(value);
        if let Some(items) = value.get("items") {
            return format!("list of {}", plural(&self.kind(items)));
        }
        if value.get("properties").is_some() {
            return "table".to_owned();
        }
        let variants = variants(value);
        let mut names: Vec<String> = Vec::new();
        if let Some(values) = value.get("enum").and_then(Value::as_array) {
            names.extend(values.iter().map(|value| format!("`{}`", toml(value))));
        }
        for variant in &variants {
            let (variant, _) = self.resolved(variant);
            if let Some(constant) = variant.get("const") {
                names.push(format!("`{}`", toml(constant)));
            } else if let Some(values) = variant.get("enum").and_then(Value::as_array) {
                names.extend(values.iter().map(|value| format!("`{}`", toml(value))));
            } else if tag(variant).is_some() || variant.get("properties").is_some() {
                names.push("table".to_owned());
            } else {
                names.push(self.kind(variant));
            }
        }
        names.dedup();
        if !names.is_empty() {
            return names.join(" or ");
        }
        let kinds = match value.get("type") {
            Some(Value::Array(kinds)) => kinds
                .iter()
                .filter_map(Value::as_str)
                .filter(|kind| *kind != "null")
                .collect(),
            Some(Value::String(kind)) => vec![kind.as_str()],
            _ => vec!["any value"],
        };
        let name = |kind: &str| match kind {
            "object" => "table".to_owned(),
            "array" => "list".to_owned(),
            "boolean" => "true or false".to_owned(),
            other => other.to_owned(),
        };
        kinds.into_iter().map(name).collect::<Vec<_>>().join(" or ")
    }
}

fn plural(kind: &str) -> String {
    match kind {
        "string" | "number" | "integer" | "table" | "list" => format!("{kind}s"),
        other => other.to_owned(),
    }
}
