//! From a TOML value to a type, and where in the value it did not fit.
//!
//! `serde_path_to_error` does the same for any format, and costs the program 0.7 MB: it wraps what TOML does for every
//! type of a recipe once more.

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use std::fmt::{self, Display};
use toml::{Table, Value};

/// What did not fit.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// The keys that lead there, the innermost first.
    keys: Vec<Key>,
    /// In serde's words.
    pub message: String,
}

#[derive(Debug)]
enum Key {
    Name(String),
    Number(usize),
}

impl Misfit {
    /// Where it is, as `phases[0].epochs`; empty for the whole value.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for key in self.keys.iter().rev() {
            match key {
                Key::Number(number) => path += &format!("[{number}]"),
                Key::Name(name) if path.is_empty() => path.push_str(name),
                Key::Name(name) => path += &format!(".{name}"),
            }
        }
        path
    }

    fn below(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }
}

impl Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: Display>(message: T) -> Self {
        Self {
            keys: Vec::new(),
            message: message.to_string(),
        }
    }
}

/// Deserialises a table.
pub(crate) fn from_value<T: DeserializeOwned>(table: Table) -> Result<T, Misfit> {
    T::deserialize(Part(Value::Table(table)))
}

/// A value, or one in it.
struct Part(Value);

impl<'de> Deserializer<'de> for Part {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Boolean(value) => visitor.visit_bool(value),
            Value::Integer(value) => visitor.visit_i64(value),
            Value::Float(value) => visitor.visit_f64(value),
            Value::String(value) => visitor.visit_string(value),
            Value::Datetime(value) => visitor.visit_string(value.to_string()),
            Value::Array(list) => read_list(list, visitor),
            Value::Table(table) => read_table(table, visitor),
        }
    }

    /// What reads lists reads nothing else. (This and the next two are not [`Self::deserialize_any`], which costs the
    /// program all ways to read each type.)
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Array(list) => read_list(list, visitor),
            other => Err(of_another_type(&other, &visitor)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Table(table) => read_table(table, visitor),
            other => Err(of_another_type(&other, &visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    /// What is absent is not there at all: TOML has no null.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(name.into_deserializer()),
            Value::Table(table) => {
                let count = table.len();
                let mut fields = table.into_iter();
                match (fields.next(), count) {
                    (Some((name, value)), 1) => visitor.visit_enum(Variant { name, value }),
                    _ => Err(de::Error::custom("wanted exactly 1 element")),
                }
            }
            other => Err(of_another_type(&other, &"a string or a table")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct identifier ignored_any
    }
}

fn read_list<'de, V: Visitor<'de>>(list: Vec<Value>, visitor: V) -> Result<V::Value, Misfit> {
    let length = list.len();
    let mut entries = Entries {
        list: list.into_iter().enumerate(),
    };
    let value = visitor.visit_seq(&mut entries)?;
    match entries.list.len() {
        0 => Ok(value),
        _ => Err(de::Error::invalid_length(length, &"fewer elements in array")),
    }
}

fn read_table<'de, V: Visitor<'de>>(table: Table, visitor: V) -> Result<V::Value, Misfit> {
    visitor.visit_map(Fields {
        table: table.into_iter(),
        field: None,
    })
}

/// The error for a value of a type that is not wanted.
fn of_another_type(value: &Value, wanted: &dyn Expected) -> Misfit {
    let found = match value {
        Value::Boolean(value) => Unexpected::Bool(*value),
        Value::Integer(value) => Unexpected::Signed(*value),
        Value::Float(value) => Unexpected::Float(*value),
        Value::String(value) => Unexpected::Str(value),
        Value::Datetime(_) => Unexpected::Other("datetime"),
        Value::Array(_) => Unexpected::Seq,
        Value::Table(_) => Unexpected::Map,
    };
    de::Error::invalid_type(found, wanted)
}

/// The entries of a list.
struct Entries {
    list: std::iter::Enumerate<std::vec::IntoIter<Value>>,
}

impl<'de> SeqAccess<'de> for &mut Entries {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some((number, value)) = self.list.next() else {
            return Ok(None);
        };
        let read = seed.deserialize(Part(value));
        read.map(Some).map_err(|misfit| misfit.below(Key::Number(number)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.list.len())
    }
}

/// The fields of a table.
struct Fields {
    table: toml::map::IntoIter<String, Value>,
    /// That whose value is next.
    field: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        self.field = self.table.next();
        let Some((name, _)) = &self.field else {
            return Ok(None);
        };
        let key: StringDeserializer<Misfit> = name.clone().into_deserializer();
        let read = seed.deserialize(key);
        read.map(Some)
            .map_err(|misfit| misfit.below(Key::Name(name.clone())))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Misfit> {
        let Some((name, value)) = self.field.take() else {
            return Err(de::Error::custom("a value without a key"));
        };
        let read = seed.deserialize(Part(value));
        read.map_err(|misfit| misfit.below(Key::Name(name)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.table.len())
    }
}

/// A variant with content: `{ constant = 0.5 }`.
struct Variant {
    name: String,
    value: Value,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Misfit;
    type Variant = VariantContent;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, VariantContent), Misfit> {
        let Self { name, value } = self;
        let key: StringDeserializer<Misfit> = name.clone().into_deserializer();
        let variant = seed.deserialize(key)?;
        Ok((variant, VariantContent { name, value }))
    }
}

struct VariantContent {
    name: String,
    value: Value,
}

impl VariantContent {
    fn read<T>(self, read: impl FnOnce(Part) -> Result<T, Misfit>) -> Result<T, Misfit> {
        read(Part(self.value)).map_err(|misfit| misfit.below(Key::Name(self.name)))
    }
}

impl<'de> VariantAccess<'de> for VariantContent {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match &self.value {
            Value::Table(table) if table.is_empty() => Ok(()),
            _ => self.read(|_| {
                Err(de::Error::custom(
                    "takes no value: write its name alone, in quotes",
                ))
            }),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        self.read(|part| seed.deserialize(part))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.read(|part| part.deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.read(|part| part.deserialize_map(visitor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        #[serde(default)]
        rate: f64,
        #[serde(default)]
        count: Option<u8>,
        #[serde(default)]
        pair: Option<(u32, u32)>,
        #[serde(default)]
        steps: Vec<Step>,
        #[serde(default)]
        fill: Option<Fill>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
    enum Step {
        Crop { length: u32 },
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "kebab-case")]
    enum Fill {
        Wrap,
        Constant(f64),
        Range { low: f64 },
    }

    fn read(text: &str) -> Result<Whole, (String, String)> {
        from_value(text.parse().unwrap()).map_err(|e: Misfit| (e.path(), e.message))
    }

    #[test]
    fn values_are_read_as_toml_reads_them() {
        for text in [
            "rate = 1\ncount = 255\npair = [1, 2]\nfill = \"wrap\"",
            "rate = 0.5\nsteps = [{ kind = \"crop\", length = 3 }]\nfill = { constant = 1 }",
            "fill = { range = { low = -1.5 } }",
            "",
        ] {
            let wanted: Whole = toml::from_str(text).unwrap();
            assert_eq!(read(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn errors_say_where() {
        for (text, path, message) in [
            ("rate = \"x\"", "rate", "invalid type: string \"x\", expected f64"),
            (
                "count = 256",
                "count",
                "invalid value: integer `256`, expected u8",
            ),
            (
                "pair = [1, 2, 3]",
                "pair",
                "invalid length 3, expected fewer elements in array",
            ),
            (
                "pair = [1, -2]",
                "pair[1]",
                "invalid value: integer `-2`, expected u32",
            ),
            ("colour = 1", "colour", "unknown field `colour`"),
            (
                "steps = [{ kind = \"crop\" }]",
                "steps[0]",
                "missing field `length`",
            ),
            (
                "steps = [{ kind = \"x\" }]",
                "steps[0].kind",
                "unknown variant `x`",
            ),
            ("fill = \"x\"", "fill", "unknown variant `x`"),
            (
                "fill = { constant = \"a\" }",
                "fill.constant",
                "invalid type: string \"a\", expected f64",
            ),
            (
                "fill = { range = { low = true } }",
                "fill.range.low",
                "invalid type: boolean `true`",
            ),
            ("fill = { wrap = 1 }", "fill.wrap", "takes no value"),
            (
                "fill = 3",
                "fill",
                "invalid type: integer `3`, expected a string or a table",
            ),
            (
                "steps = 1",
                "steps",
                "invalid type: integer `1`, expected a sequence",
            ),
            (
                "fill = { range = 0.5 }",
                "fill.range",
                "invalid type: floating point `0.5`, expected struct variant Fill::Range",
            ),
            (
                "fill = { wrap = 1, constant = 2 }",
                "fill",
                "wanted exactly 1 element",
            ),
        ] {
            let (at, said) = read(text).unwrap_err();
            assert_eq!(at, path, "{text}: {said}");
            assert!(said.starts_with(message), "{text}: {said}");
        }
    }
}
