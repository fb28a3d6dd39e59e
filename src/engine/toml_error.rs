//! What is wrong with a TOML file, in plain words and with the line where it is.

use crate::domain::text::harmless;

/// `line 3: a quote is missing at the end of this text`, of what the parser says of `text`.
pub fn describe(text: &str, error: &toml::de::Error) -> String {
    // Under which key it was is a line of its own, and said by the line's number.
    let message: String = error.message().lines().filter(|line| !line.starts_with("in `")).collect();
    let message = message.as_str();
    let span = error.span().filter(|span| text.get(span.clone()).is_some());
    // An error of the whole file is at no line.
    let span = span.filter(|span| span.start > 0 || (1..text.trim_end().len()).contains(&span.end));
    let at = span.as_ref().map_or("", |span| &text[span.clone()]);
    // What is wrong with a value is known once all are read; its key says where it is.
    let key = message.split_once(':').map_or("", |(key, _)| key);
    let of_key = text.lines().position(|line| is_of_key(line, key)).map(|line| line + 1);
    let line = of_key.or_else(|| span.map(|span| text[..span.start].matches('\n').count() + 1));
    let place = line.map_or(String::new(), |n| format!("line {n}: "));
    place + &plain(message, at)
}

/// Whether a line gives `key` a value, or begins the table that it is.
fn is_of_key(line: &str, key: &str) -> bool {
    let rest = line.trim_start().trim_start_matches('[').strip_prefix(key);
    !key.is_empty() && rest.is_some_and(|rest| rest.trim_start().starts_with(['=', ']']))
}

/// The parser's words are those of TOML's grammar; `at` is what they are about.
fn plain(message: &str, at: &str) -> String {
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    match what {
        "invalid basic string" | "invalid literal string" if expected.contains(['"', '\'']) => {
            "a quote is missing at the end of this text".into()
        }
        "string values must be quoted" if at.trim().is_empty() => "there is no value after the '='".into(),
        "string values must be quoted" => {
            format!("a text must be in quotes: \"{}\"", harmless(at.trim(), 60))
        }
        "key with no value" | "missing value for key" => "there is no '=' after the key".into(),
        "unexpected key or value" => "something follows the value; each key has a line of its own".into(),
        "missing comma between array elements" | "unclosed array" => {
            "a list that begins here or above is not closed by ']', or lacks a comma".into()
        }
        "duplicate key" => format!("the key '{}' is given twice", harmless(at.trim(), 60)),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::spec::ExperimentSpec;

    #[test]
    fn mistakes_are_told_with_their_line_in_plain_words() {
        let said = |text: &str| describe(text, &toml::from_str::<ExperimentSpec>(text).unwrap_err());
        for (text, told_as) in [
            ("hops = \"P1\nseed = 3\n", "line 3: a quote is missing at the end of this text"),
            ("hops = 'P1\n", "line 3: a quote is missing at the end of this text"),
            ("hops = P1\n", "line 3: a text must be in quotes: \"P1\""),
            ("seed = 3\nlr =\n", "line 4: there is no value after the '='"),
            ("lr =\nseed = 3\n", "line 3: there is no value after the '='"),
            ("seed = 3\nlr 0.1\n", "line 4: there is no '=' after the key"),
            ("lr: 0.1\n", "line 3: there is no '=' after the key"),
            ("lr\n", "line 3: there is no '=' after the key"),
            ("lr = 1\n\nlr = 2\n", "line 5: the key 'lr' is given twice"),
            ("lr = 1, seed = 2\n", "line 3: something follows the value; each key has a line of its own"),
            (
                "blocks = [2,3\nlr = 3\n",
                "line 4: a list that begins here or above is not closed by ']', or lacks a comma",
            ),
            ("[optimizer]\nlr = 3\n", "line 3: optimizer: not a number, a name, or a list of these"),
            ("lr = {a = 1}\n", "line 3: lr: not a number, a name, or a list of these"),
            ("epoch = 3\n", "line 3: epoch: no key is called 'epoch'; did you mean 'epochs'?"),
            ("epochs = 'many'\n", "line 3: epochs: 'many' is not a number from 1 to 1000000"),
        ] {
            assert_eq!(said(&format!("family = \"resnet\"\ndataset = \"mnist\"\n{text}")), told_as, "{text}");
        }
        assert_eq!(said("family 'resnet'\n"), "line 1: there is no '=' after the key");
        assert_eq!(said("family = 'resnet'\n"), "dataset: missing");
        assert_eq!(said(""), "family: missing");
    }
}
