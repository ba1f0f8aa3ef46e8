//! A JSON schema for editors: as the structs say, without what only a whole recipe must have.
//!
//! A recipe may extend another, so no key is required; a variant is one table, because editors complete from tables
//! and not from what these refer to; and several variants may fit as long as `kind` is missing.

use serde_json::{Map, Value, json};

/// The schema for editors, from that of a whole recipe.
pub fn schema(recipe: &Value) -> Value {
    let defs = recipe["$defs"].as_object().cloned().unwrap_or_default();
    let mut schema = loosened(recipe, &defs);
    // `false` takes away a whole section of the extended recipe, too.
    let sections = schema["properties"].as_object_mut().into_iter();
    for section in sections.flat_map(Map::values_mut) {
        if section.get("$ref").is_some() {
            *section = json!({ "anyOf": [section.take(), { "const": false }] });
        }
    }
    schema
}

fn loosened(value: &Value, defs: &Map<String, Value>) -> Value {
    match value {
        Value::Array(list) => list.iter().map(|value| loosened(value, defs)).collect(),
        // TOML has no null; `false` takes away a table or list that the extended recipe has.
        Value::Object(table) if table.get("type") == Some(&json!("null")) => json!({ "const": false }),
        Value::Object(table) => {
            let mut table = table.clone();
            let name = table
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|path| path.rsplit('/').next());
            if let (true, Some(Value::Object(inner))) =
                (table.contains_key("properties"), name.and_then(|n| defs.get(n)))
            {
                let mut merged = inner.clone();
                let own = table["properties"].as_object().cloned().unwrap_or_default();
                let properties = merged.entry("properties").or_insert_with(|| json!({}));
                properties
                    .as_object_mut()
                    .expect("properties are a table")
                    .extend(own);
                table.remove("$ref");
                table.remove("properties");
                merged.extend(table);
                table = merged;
            }
            if table.get("required").is_some_and(Value::is_array) {
                table.remove("required");
            }
            if let Some(variants) = table.remove("oneOf") {
                table.insert("anyOf".to_owned(), variants);
            }
            let each = table.iter();
            let mut table: Map<String, Value> = each
                .map(|(key, value)| (key.clone(), loosened(value, defs)))
                .collect();
            if table.get("type") != Some(&json!(["array", "null"])) {
                return Value::Object(table);
            }
            table.insert("type".to_owned(), json!("array"));
            let mut either = json!({ "anyOf": [{}, { "const": false }] });
            if let Some(description) = table.remove("description") {
                either["description"] = description;
            }
            either["anyOf"][0] = Value::Object(table);
            either
        }
        other => other.clone(),
    }
}

/// What of a value does not fit a schema: the path and why. Knows what schemas of recipes are made of.
pub fn misfit(value: &Value, schema: &Value, root: &Value, path: &str) -> Option<String> {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let inner = root
            .pointer(target.trim_start_matches('#'))
            .expect("a reference within the schema");
        return misfit(value, inner, root, path);
    }
    if let Some(variants) = schema.get("anyOf").and_then(Value::as_array) {
        let misfits: Option<Vec<String>> = variants
            .iter()
            .map(|variant| misfit(value, variant, root, path))
            .collect();
        return misfits.map(|all| format!("{path} fits no variant: {}", all.join("; ")));
    }
    if schema.get("const").is_some_and(|constant| constant != value)
        || schema
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|values| !values.contains(value))
    {
        return Some(format!("{path} = {value}: not in {schema}"));
    }
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        _ => value.is_null(),
    };
    let fits = match schema.get("type") {
        Some(Value::String(kind)) => is(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    };
    if !fits {
        return Some(format!("{path} = {value}: not of type {}", schema["type"]));
    }
    if let (Some(list), Some(items)) = (value.as_array(), schema.get("items")) {
        return list
            .iter()
            .find_map(|item| misfit(item, items, root, &format!("{path}[]")));
    }
    let table = value.as_object()?;
    let closed = schema.get("additionalProperties");
    table.iter().find_map(|(key, value)| {
        let path = format!("{path}.{key}");
        match schema
            .get("properties")
            .and_then(|properties| properties.get(key))
            .or(closed)
        {
            Some(Value::Bool(false)) => Some(format!("{path}: unknown key")),
            Some(inner) if inner.is_object() => misfit(value, inner, root, &path),
            _ => None,
        }
    })
}

#[test]
fn variants_become_tables_and_nothing_is_required() {
    let recipe = json!({
        "type": "object",
        "properties": {
            "loss": { "$ref": "#/$defs/Loss" },
            "subsets": { "type": ["array", "null"], "items": { "type": "string" } },
        },
        "required": ["loss"],
        "additionalProperties": false,
        "$defs": {
            "Loss": { "oneOf": [
                {
                    "type": "object",
                    "properties": { "kind": { "const": "lq" } },
                    "$ref": "#/$defs/Lq",
                    "required": ["kind"],
                },
                { "const": "none" },
            ] },
            "Lq": { "type": "object", "properties": { "q": { "type": "number" } }, "additionalProperties": false },
        },
    });
    let schema = schema(&recipe);
    let misfit = |value: Value| misfit(&value, &schema, &schema, "");
    assert_eq!(misfit(json!({})), None);
    assert_eq!(misfit(json!({ "loss": { "kind": "lq", "q": 0.5 } })), None);
    assert_eq!(misfit(json!({ "loss": { "q": 0.5 } })), None);
    assert_eq!(misfit(json!({ "loss": "none" })), None);
    assert_eq!(misfit(json!({ "loss": false, "subsets": false })), None);
    assert_eq!(misfit(json!({ "subsets": ["a"] })), None);
    assert!(misfit(json!({ "subsets": [1] })).is_some() && misfit(json!({ "subsets": true })).is_some());
    assert!(
        misfit(json!({ "loss": { "kind": "lq", "p": 1 } }))
            .is_some_and(|text| text.contains(".loss.p: unknown key"))
    );
    assert!(misfit(json!({ "lost": 1 })).is_some());
}
