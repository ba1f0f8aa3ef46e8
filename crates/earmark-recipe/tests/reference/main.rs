//! The recipe reference is what the config structs say. `cargo xtask reference` writes it by running these tests with
//! `EARMARK_WRITE_REFERENCE=1`.

mod editor;
mod is_current;
mod lookup;
mod page;

use earmark_recipe::{Recipe, StackConfig, built_in_recipes};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// What may be in a recipe file.
fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = Value::from(Recipe::json_schema(&mut generator));
    schema["properties"]["stack"] = Value::from(generator.subschema_for::<StackConfig>());
    schema["properties"]["extends"] = json!({
        "type": "string",
        "description": "The recipe that this one is laid over: a path from here, or the name of a built-in one.",
    });
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$defs"] = Value::Object(generator.take_definitions(true));
    schema
}

#[test]
fn every_built_in_recipe_fits_the_schema() {
    let schema = editor::schema(&schema());
    for name in built_in_recipes::names() {
        let (_, text) = built_in_recipes::find(name).unwrap();
        let recipe: toml::Table = text.parse().unwrap();
        let recipe = serde_json::to_value(recipe).unwrap();
        if let Some(misfit) = editor::misfit(&recipe, &schema, &schema, name) {
            panic!("{misfit}");
        }
    }
}

#[test]
fn every_key_is_described() {
    let schema = schema();
    let mut bare = Vec::new();
    undescribed(&schema, &schema, "", &mut bare);
    assert!(bare.is_empty(), "without a doc comment:\n{}", bare.join("\n"));
}

/// Keys without a description of their own or of their type, by the definition that they are in.
fn undescribed(value: &Value, root: &Value, path: &str, found: &mut Vec<String>) {
    let Some(table) = value.as_object() else {
        for item in value.as_array().into_iter().flatten() {
            undescribed(item, root, path, found);
        }
        return;
    };
    // A variant with one key is described as a whole.
    let variant = path == "oneOf" && table.contains_key("description");
    let properties = table.get("properties").and_then(Value::as_object);
    for (key, inner) in properties.filter(|_| !variant).into_iter().flatten() {
        let target = inner.get("$ref").and_then(Value::as_str).map(|path| &path[1..]);
        let known = |value: &Value| value.get("description").is_some() || value.get("const").is_some();
        if !known(inner) && !target.and_then(|target| root.pointer(target)).is_some_and(known) {
            found.push(format!("{path}: {key}"));
        }
    }
    for (key, inner) in table {
        let below = if key == "properties" || key == "$defs" {
            path
        } else {
            key
        };
        undescribed(inner, root, below, found);
    }
}
