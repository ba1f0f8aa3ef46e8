//! A JSON schema as a page: sections, keys, types, defaults, meanings.

use crate::lookup::{bare, defs, description, is_list, object, tag, tag_key, variants};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;

const WIDTH: usize = 100;

/// The sections of a recipe in the order of the data.
pub const ORDER: [&str; 12] = [
    "data",
    "front-end",
    "network",
    "train",
    "batches",
    "augment",
    "predict",
    "validation",
    "folds",
    "checkpoints",
    "cache",
    "stack",
];

/// What the page begins with.
pub const INTRO: &str = "\
# Recipe reference

Every key of a recipe. Written by `cargo xtask reference` from the documentation of the code; don't
edit it here. How recipes are put together is described in [recipes.md](recipes.md).

A key is named by its path: `size` in the section `[batches]` is `batches.size` for `--set`. A
default that is not given here is \"none\", or follows from other keys. `[[train.phases]]` is a list
of tables.

";

/// The page of a recipe's schema; sections come in the order given, then all others.
pub fn page(schema: &Value, order: &[&str]) -> String {
    let mut page = Page {
        defs: defs(schema),
        sections: BTreeMap::new(),
        text: String::new(),
        open: Vec::new(),
    };
    let properties = object(schema, "properties");
    let (tables, keys): (Vec<_>, Vec<_>) = properties.iter().partition(|(_, value)| page.has_section(value));
    page.text += "## Top level\n";
    page.keys(schema, &keys, "");
    let rank = |key: &str| order.iter().position(|name| *name == key).unwrap_or(order.len());
    let mut tables: Vec<&str> = tables.iter().map(|(key, _)| key.as_str()).collect();
    tables.sort_by_key(|key| (rank(key), *key));
    for key in tables {
        page.section(&properties[key], key, "##");
        while !page.open.is_empty() {
            let (path, value) = page.open.remove(0);
            page.section(&value, &path, "###");
        }
    }
    while page.text.contains("\n\n\n") {
        page.text = page.text.replace("\n\n\n", "\n\n");
    }
    page.text
}

struct Page {
    defs: Map<String, Value>,
    /// Where each definition has its section: name to path.
    sections: BTreeMap<String, String>,
    text: String,
    /// Sections that are still to be written.
    open: Vec<(String, Value)>,
}

impl Page {
    /// A value without references: what it points to, and the name of that.
    fn resolved<'a>(&'a self, value: &'a Value) -> (&'a Value, Option<&'a str>) {
        let value = bare(value);
        match value
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|path| path.rsplit('/').next())
        {
            Some(name) if value.get("properties").is_none() => {
                (self.defs.get(name).unwrap_or(value), Some(name))
            }
            _ => (value, None),
        }
    }

    /// Whether a value is a table, or a list of tables, with keys of its own.
    fn has_section(&self, value: &Value) -> bool {
        let (value, _) = self.resolved(value);
        if let Some(items) = value.get("items") {
            return self.has_section(items);
        }
        value.get("properties").is_some() || variants(value).iter().any(|variant| tag(variant).is_some())
    }

    fn section(&mut self, value: &Value, path: &str, level: &str) {
        let intro = description(value);
        let (mut value, mut name) = self.resolved(value);
        let mut list = false;
        while let Some(items) = value.get("items") {
            (value, name) = self.resolved(items);
            list = true;
        }
        let (value, name) = (value.clone(), name.map(str::to_owned));
        if let Some(name) = name {
            if self.sections.contains_key(&name) {
                return;
            }
            self.sections.insert(name, path.to_owned());
        }
        let _ = write!(self.text, "\n{level} `{}`\n\n", heading(path, list));
        let own = description(&value);
        for text in [&intro, &own] {
            if !text.is_empty() && (text == &intro || own != intro) {
                self.text += &wrapped(text, "", "");
                self.text.push('\n');
            }
        }
        if value.get("properties").is_some() {
            let keys: Vec<_> = object(&value, "properties").into_iter().collect();
            let keys: Vec<_> = keys.iter().map(|(key, value)| (key, value)).collect();
            self.keys(&value, &keys, path);
        }
        for variant in variants(&value) {
            let Some(tag) = tag(variant) else { continue };
            let whole = self.merged(variant);
            let _ = write!(
                self.text,
                "\n#### `{} = \"{tag}\"`\n\n",
                tag_key(variant).unwrap_or("kind")
            );
            self.text += &wrapped(&description(&whole), "", "");
            let mut keys = object(&whole, "properties");
            keys.retain(|_, value| value.get("const").is_none());
            let keys: Vec<_> = keys.iter().collect();
            self.keys(&whole, &keys, path);
        }
        while self.text.ends_with("\n\n") {
            self.text.pop();
        }
    }

    /// A variant with the keys of the table that it points to.
    fn merged(&self, variant: &Value) -> Value {
        let mut whole = variant.clone();
        let name = variant
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|path| path.rsplit('/').next());
        if let Some(inner) = name.and_then(|name| self.defs.get(name)) {
            let mut properties = object(inner, "properties");
            properties.extend(object(variant, "properties"));
            whole["properties"] = properties.into();
            if description(variant).is_empty() {
                whole["description"] = description(inner).into();
            }
            if let Some(required) = inner.get("required") {
                whole["required"] = required.clone();
            }
        }
        whole
    }

    fn keys(&mut self, table: &Value, keys: &[(&String, &Value)], path: &str) {
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

    /// A type in words.
    fn kind(&self, value: &Value) -> String {
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
fn toml(value: &Value) -> String {
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

fn heading(path: &str, list: bool) -> String {
    if list {
        format!("[[{path}]]")
    } else {
        format!("[{path}]")
    }
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_')
        .collect()
}

fn wrapped(text: &str, first: &str, rest: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut lines = vec![first.to_owned()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("one from the start");
        let started = line.len() > first.len().max(rest.len()) || !line.trim_matches([' ', '-']).is_empty();
        if started && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{rest}{word}"));
        } else {
            if started {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn a_small_schema_as_a_page() {
    let schema = serde_json::json!({
        "properties": {
            "name": { "type": "string", "description": "Short name." },
            "train": { "$ref": "#/$defs/Train" },
        },
        "required": ["name", "train"],
        "$defs": {
            "Train": {
                "description": "Optimisation.",
                "properties": {
                    "learning-rate": { "type": "number", "description": "Rate at the\nstart." },
                    "loss": { "$ref": "#/$defs/Loss", "default": { "kind": "lq", "q": 0.5 } },
                    "steps": { "type": ["integer", "null"], "default": null, "description": "Length." },
                    "mean": { "oneOf": [
                        { "const": "geometric", "description": "The root." },
                        { "type": "object", "properties": { "power": { "$ref": "#/$defs/Power" } } },
                    ] },
                },
                "required": ["learning-rate"],
            },
            "Power": { "properties": { "p": { "type": "number", "description": "The power." } } },
            "Loss": { "description": "What is minimised.", "oneOf": [
                { "properties": { "kind": { "const": "lq" } }, "required": ["kind"], "$ref": "#/$defs/Lq" },
                { "properties": { "kind": { "const": "focal" } }, "description": "Focal." },
            ] },
            "Lq": { "description": "Zhang 2018.", "properties": { "q": { "type": "number", "default": 0.5 } } },
        },
    });
    let expected = "## Top level

- **`name`** (string, **required**). Short name.

## `[train]`

Optimisation.

- **`learning-rate`** (number, **required**). Rate at the start.
- **`loss`** (table, default `{ kind = \"lq\", q = 0.5 }`, see [`train.loss`](#trainloss)).
- **`mean`** (`\"geometric\"` or table).
  - `\"geometric\"`: The root.
  - `{ power = { p } }`:
    - `p` (number): The power.
- **`steps`** (integer). Length.

### `[train.loss]`

What is minimised.

#### `kind = \"lq\"`

Zhang 2018.

- **`q`** (number, default `0.5`).

#### `kind = \"focal\"`

Focal.
";
    assert_eq!(page(&schema, &["train"]), expected);
}
