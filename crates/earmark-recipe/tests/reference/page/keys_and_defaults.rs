//! The keys of a section, each with its type, default and meaning, and the values that it may have.

use super::Page;
use super::markdown::{anchor, heading, wrapped};
use crate::lookup::{description, is_list, object, variants};
use serde_json::Value;
use std::fmt::Write;

impl Page {
    /// Keys that are required come first.
    pub(super) fn keys(&mut self, table: &Value, keys: &[(&String, &Value)], path: &str) {
        let required = |key: &str| {
            table
                .get("required")
                .and_then(Value::as_array)
                .is_some_and(|keys| keys.iter().any(|name| name == key))
        };
        let mut keys = keys.to_vec();
        keys.sort_by_key(|(key, _)| (!required(key), (*key).clone()));
        if !keys.is_empty() {
            self.text.push('\n');
        }
        for (key, value) in keys {
            let below = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            let mut facts = self.kind(value);
            if required(key) {
                facts += ", **required**";
            }
            match value.get("default").filter(|default| !default.is_null()) {
                Some(default) if !is_nothing(default) && toml(default).len() <= 60 => {
                    let _ = write!(facts, ", default `{}`", toml(default));
                }
                _ => {}
            }
            if self.has_section(value) {
                let name = self.inner(value);
                let known = name.as_ref().and_then(|name| self.sections.get(name)).cloned();
                let queued = self
                    .open
                    .iter()
                    .find(|(_, open)| self.inner(open) == name && name.is_some());
                let target = known
                    .or_else(|| queued.map(|(path, _)| path.clone()))
                    .unwrap_or_else(|| below.clone());
                if target == below {
                    self.open.push((below.clone(), value.clone()));
                }
                let list = is_list(self.resolved(value).0);
                let anchor = anchor(&heading(&target, list));
                let _ = write!(facts, ", see [`{target}`](#{anchor})");
            }
            let text = format!("**`{key}`** ({facts}). {}", description(value));
            self.text += &wrapped(&text, "- ", "  ");
            if !self.has_section(value) {
                let listed = self.values(value);
                self.text += &listed;
            }
        }
    }

    /// The name of what a table, or a list of tables, is made of.
    fn inner(&self, value: &Value) -> Option<String> {
        let (mut value, mut name) = self.resolved(value);
        while let Some(items) = value.get("items") {
            (value, name) = self.resolved(items);
        }
        name.map(str::to_owned)
    }

    /// The choices of a closed set, a line each where any is described.
    fn values(&self, value: &Value) -> String {
        let (mut value, _) = self.resolved(value);
        if let Some(items) = value.get("items") {
            (value, _) = self.resolved(items);
        }
        let variants = variants(value);
        if variants.iter().all(|variant| description(variant).is_empty()) {
            return String::new();
        }
        let mut text = String::new();
        for variant in variants {
            if let Some(constant) = variant.get("const") {
                let line = format!("`{}`: {}", toml(constant), description(variant));
                text += &wrapped(&line, "  - ", "    ");
                continue;
            }
            if let Some(names) = variant.get("enum").and_then(Value::as_array) {
                let names: Vec<String> = names.iter().map(|name| format!("`{}`", toml(name))).collect();
                text += &wrapped(&names.join(", "), "  - ", "    ");
                continue;
            }
            for (key, inner) in object(variant, "properties") {
                let (table, _) = self.resolved(&inner);
                let keys = object(table, "properties");
                let names = keys.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                let shown = if keys.is_empty() {
                    format!("`{{ {key} = x }}`")
                } else {
                    format!("`{{ {key} = {{ {names} }} }}`")
                };
                let mut meaning = description(variant);
                if meaning.is_empty() {
                    meaning = description(table);
                }
                text += &wrapped(&format!("{shown}: {meaning}"), "  - ", "    ");
                for (name, value) in &keys {
                    let mut facts = self.kind(value);
                    if let Some(default) = value.get("default").filter(|default| !is_nothing(default)) {
                        let _ = write!(facts, ", default `{}`", toml(default));
                    }
                    text += &wrapped(
                        &format!("`{name}` ({facts}): {}", description(value)),
                        "    - ",
                        "      ",
                    );
                }
            }
        }
        text
    }
}

/// Whether a default says nothing and is left out.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(table) => table.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// A value as TOML in one line.
pub(super) fn toml(value: &Value) -> String {
    match value {
        Value::Array(list) => format!("[{}]", list.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(table) => {
            let keys: Vec<String> = table
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| format!("{key} = {}", toml(value)))
                .collect();
            format!("{{ {} }}", keys.join(", "))
        }
        other => other.to_string(),
    }
}
