//! A JSON schema as a page: sections, keys, types, defaults, meanings.

mod keys_and_defaults;
mod kind_in_words;
mod markdown;

use crate::lookup::{bare, defs, description, object, tag, tag_key, variants};
use markdown::{heading, wrapped};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;

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
default that is not given here is \"none\", follows from other keys or, of a table, is made of those
of its keys. `[[train.phases]]` is a list of tables.

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
