//! What is wrong with a TOML file, on one line that begins with the number of its line.

use crate::domain::text::harmless;

/// `line 3: duplicate key`, of what the parser says of `text`.
pub fn describe(text: &str, error: &toml::de::Error) -> String {
    // Under which key it was is a line of its own, and said by the line's number.
    let message: String = error.message().lines().filter(|line| !line.starts_with("in `")).collect();
    let message = message.as_str();
    let span = error.span().filter(|span| text.get(span.clone()).is_some());
    // An error of the whole file is at no line.
    let span = span.filter(|span| span.start > 0 || (1..text.trim_end().len()).contains(&span.end));
    // What is wrong with a value is known once all are read; its key says where it is.
    let key = message.split_once(':').map_or("", |(key, _)| key);
    let of_key = text.lines().position(|line| is_of_key(line, key)).map(|line| line + 1);
    let line = of_key.or_else(|| span.map(|span| text[..span.start].matches('\n').count() + 1));
    let place = line.map_or(String::new(), |n| format!("line {n}: "));
    place + &harmless(message, 400)
}

/// Whether a line gives `key` a value, or begins the table that it is.
fn is_of_key(line: &str, key: &str) -> bool {
    let rest = line.trim_start().trim_start_matches('[').strip_prefix(key);
    !key.is_empty() && rest.is_some_and(|rest| rest.trim_start().starts_with(['=', ']']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::spec::ExperimentSpec;

    #[test]
    fn mistakes_are_told_with_their_line() {
        let said = |text: &str| describe(text, &toml::from_str::<ExperimentSpec>(text).unwrap_err());
        let begin = "family = \"resnet\"\ndataset = \"mnist\"\n";
        // The parser's own words follow, which another version of it may change.
        for (text, line) in [
            ("hops = \"P1\nseed = 3\n", 3),
            ("hops = 'P1\n", 3),
            ("hops = P1\n", 3),
            ("seed = 3\nlr =\n", 4),
            ("lr =\nseed = 3\n", 3),
            ("seed = 3\nlr 0.1\n", 4),
            ("lr\n", 3),
            ("lr = 1\n\nlr = 2\n", 5),
            ("lr = 1, seed = 2\n", 3),
            ("blocks = [2,3\nlr = 3\n", 4),
        ] {
            let told = said(&format!("{begin}{text}"));
            let words = told.strip_prefix(&format!("line {line}: ")).unwrap_or_default();
            assert!(words.len() > 10 && !words.contains('\n'), "{text}: {told}");
        }
        for (text, told_as) in [
            ("[optimizer]\nlr = 3\n", "line 3: optimizer: not a number, a name, or a list of these"),
            ("lr = {a = 1}\n", "line 3: lr: not a number, a name, or a list of these"),
            ("epoch = 3\n", "line 3: epoch: unknown key 'epoch' (did you mean 'epochs'?)"),
            ("epochs = 'many'\n", "line 3: epochs: 'many' is not a number from 1 to 1000000"),
        ] {
            assert_eq!(said(&format!("{begin}{text}")), told_as, "{text}");
        }
        assert!(said("family 'resnet'\n").starts_with("line 1: "));
        assert_eq!(said("family = 'resnet'\n"), "dataset: missing");
        assert_eq!(said(""), "family: missing");
    }
}
