//! Numbers in JSON, for tests that change one after the other.

use serde_json::Value;

/// Pointers to all numbers in a value.
pub fn numbers(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(at.to_owned()),
        Value::Array(all) => {
            all.iter().enumerate().for_each(|(i, value)| numbers(value, &format!("{at}/{i}"), found));
        }
        Value::Object(all) => {
            all.iter().for_each(|(key, value)| numbers(value, &format!("{at}/{key}"), found));
        }
        _ => {}
    }
}
