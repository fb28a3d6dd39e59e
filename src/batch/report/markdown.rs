//! A report as Markdown, as GitHub renders it.

use super::compose::{DELTA, PAPER};
use super::document::{Document, DocumentTable, GridRow, Section};
use crate::domain::text::harmless;

/// The document as Markdown.
pub fn text(document: &Document) -> String {
    let mut text = format!("# {}\n", escape(&document.title));
    for line in &document.lead {
        text += &format!("\n{}\n", escape(line));
    }
    document.sections.iter().for_each(|section| text += &self::section(section));
    text
}

fn section(section: &Section) -> String {
    let mut text = format!("\n## {}\n\n{}", escape(&section.heading), grid(&section.grid));
    for sentence in &section.sentences {
        text += &format!("\n{}\n", escape(sentence));
    }
    if !section.notes.is_empty() {
        text.push('\n');
        section.notes.iter().for_each(|note| text += &format!("- {}\n", escape(note)));
    }
    if !section.commands.is_empty() {
        let commands: Vec<String> = section.commands.iter().map(|command| harmless(command, 4000)).collect();
        // Longer than any row of backticks inside.
        let longest = commands.iter().flat_map(|c| c.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        text += &format!("\nTo fill what is missing:\n\n{fence}sh\n{}\n{fence}\n", commands.join("\n"));
    }
    text
}

fn grid(grid: &DocumentTable) -> String {
    // One row of headings only: those above go into each.
    let mut above = Vec::new();
    for (title, columns) in &grid.spans {
        above.extend(std::iter::repeat_n(title.as_str(), *columns));
    }
    let heading = |(i, title): (usize, &String)| match above.get(i) {
        // Not again where the column belongs to the one before it.
        Some(over) if !over.is_empty() && ![PAPER, DELTA].contains(&title.as_str()) => {
            format!("{} {}", escape(over), escape(title))
        }
        _ => escape(title),
    };
    let header: Vec<String> = grid.header.iter().enumerate().map(heading).collect();
    let rule = (0..header.len()).map(|i| if i < grid.words { "---" } else { "---:" });
    let mut text = format!("| {} |\n|{}|\n", header.join(" | "), rule.collect::<Vec<_>>().join("|"));
    for row in &grid.rows {
        match row {
            GridRow::Heading(title) => {
                text +=
                    &format!("| **{}** |{}\n", escape(title), " |".repeat(header.len().saturating_sub(1)));
            }
            GridRow::Cells(cells) => {
                let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
                text += &format!("| {} |\n", cells.join(" | "));
            }
        }
    }
    format!("{text}\n{}\n", escape(&grid.caption))
}

/// Text that means nothing to Markdown or HTML.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in harmless(text, 4000).chars() {
        if r"\`*_[]<>|~&#".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(escape("a|b [x](y) <b>\n# `c`"), r"a\|b \[x\](y) \<b\>␊\# \`c\`");
        let section = Section {
            heading: "x".into(),
            figure: None,
            grid: DocumentTable::default(),
            sentences: Vec::new(),
            notes: Vec::new(),
            commands: vec!["cd '```\n</pre>'".into()],
        };
        assert!(self::section(&section).contains("````sh\ncd '```␊</pre>'\n````\n"));
    }
}
