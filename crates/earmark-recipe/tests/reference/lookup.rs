//! What is in a JSON schema: definitions, choices, tags, descriptions.

use serde_json::{Map, Value};

/// A value that may be missing as the value.
pub fn bare(value: &Value) -> &Value {
    let Some(choices) = value.get("anyOf").and_then(Value::as_array) else {
        return value;
    };
    let mut rest = choices
        .iter()
        .filter(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
    match (rest.next(), rest.next()) {
        (Some(only), None) => only,
        _ => value,
    }
}

/// The definitions that references point to.
pub fn defs(schema: &Value) -> Map<String, Value> {
    object(schema, "$defs")
}

/// The table at a key; empty where there is none.
pub fn object(value: &Value, key: &str) -> Map<String, Value> {
    value
        .get(key)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

/// The choices of a value, without null.
pub fn variants(value: &Value) -> Vec<&Value> {
    let list = value
        .get("oneOf")
        .or_else(|| value.get("anyOf"))
        .and_then(Value::as_array);
    list.map(|list| {
        list.iter()
            .filter(|choice| choice.get("type").is_none_or(|kind| kind != "null"))
            .collect()
    })
    .unwrap_or_default()
}

/// Whether a value is a list.
pub fn is_list(value: &Value) -> bool {
    value.get("items").is_some()
}

/// The key, such as `kind`, that chooses a variant.
pub fn tag_key(variant: &Value) -> Option<&str> {
    let properties = variant.get("properties")?.as_object()?;
    properties
        .iter()
        .find(|(_, value)| value.get("const").is_some())
        .map(|(key, _)| key.as_str())
}

/// The value of that key.
pub fn tag(variant: &Value) -> Option<&str> {
    variant
        .get("properties")?
        .get(tag_key(variant)?)?
        .get("const")?
        .as_str()
}

/// What a key or a type means, as one paragraph without links of rustdoc.
pub fn description(value: &Value) -> String {
    let text = value
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    text.replace("[`", "`")
        .replace("`]", "`")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
