//! Specs as tables of keys and values, in TOML and JSON.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::keys::KeyValue;
use super::spec::ExperimentSpec;

impl Serialize for ExperimentSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.pairs())
    }
}

impl<'de> Deserialize<'de> for ExperimentSpec {
    /// Reads keys and values as TOML and JSON have them, checks included.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Pairs)
    }
}

/// Visits a table of keys and values.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = ExperimentSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of keys and values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ExperimentSpec, A::Error> {
        let mut texts: Vec<(String, String)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            // Here the key is still known; an error further down would not name it.
            let value: KeyValue = map.next_value().map_err(|e| Error::custom(format!("{key}: {e}")))?;
            if let KeyValue::List(items) = &value
                && items.iter().any(|item| matches!(item, KeyValue::List(_)))
            {
                return Err(Error::custom(format!("{key}: a list within a list")));
            }
            texts.push((key, value.to_string()));
        }
        let spec = ExperimentSpec::from_pairs(texts.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let spec = spec.and_then(ExperimentSpec::checked).map_err(Error::custom)?;
        for needed in ["family", "dataset"] {
            if !texts.iter().any(|(key, _)| key == needed) {
                return Err(Error::custom(format!("{needed}: missing")));
            }
        }
        Ok(spec)
    }
}
