//! A report as LaTeX tables, with booktabs.

use super::document::{Document, DocumentTable, GridRow, Section};
use crate::domain::text::harmless;

/// Columns from which a table is shrunk to the width of the text.
const WIDE: usize = 9;

/// The document's tables as LaTeX, for `\input`.
pub fn text(document: &Document) -> String {
    let mut text = format!("{}% Needs \\usepackage{{booktabs,graphicx}}.\n", comment(&document.title));
    document.lead.iter().for_each(|line| text += &comment(line));
    document.sections.iter().for_each(|section| text += &self::section(section));
    text
}

fn section(section: &Section) -> String {
    let mut text = format!("\n{}", comment(&section.heading));
    for line in section.notes.iter().chain(&section.sentences) {
        text += &comment(line);
    }
    if !section.commands.is_empty() {
        text += "% To fill what is missing:\n";
        section.commands.iter().for_each(|command| text += &comment(command));
    }
    text + &grid(&section.grid)
}

fn grid(grid: &DocumentTable) -> String {
    let columns = grid.header.len();
    let (open, close) = match columns >= WIDE {
        true => ("\\resizebox{\\linewidth}{!}{%\n", "}\n"),
        false => ("", ""),
    };
    let alignment: String = (0..columns).map(|i| if i < grid.words { 'l' } else { 'r' }).collect();
    let mut text = format!(
        "\\begin{{table}}\n\\centering\n\\caption{{{}}}\n\\medskip\n{open}\\begin{{tabular}}{{{alignment}}}\n\\toprule\n",
        escape(&grid.caption)
    );
    if grid.spans.len() > 1 {
        let cell = |(title, n): &(String, usize)| format!("\\multicolumn{{{n}}}{{c}}{{{}}}", escape(title));
        text += &format!("{} \\\\\n", grid.spans.iter().map(cell).collect::<Vec<_>>().join(" & "));
        let mut first = 1;
        for (title, n) in &grid.spans {
            if !title.is_empty() {
                text += &format!("\\cmidrule(lr){{{first}-{}}}", first + n - 1);
            }
            first += n;
        }
        text.push('\n');
    }
    text += &format!("{} \\\\\n\\midrule\n", line(&grid.header));
    for (i, row) in grid.rows.iter().enumerate() {
        match row {
            GridRow::Heading(title) => {
                let rule = if i > 0 { "\\midrule\n" } else { "" };
                text +=
                    &format!("{rule}\\multicolumn{{{columns}}}{{l}}{{\\emph{{{}}}}} \\\\\n", escape(title));
            }
            GridRow::Cells(cells) => text += &format!("{} \\\\\n", line(cells)),
        }
    }
    format!("{text}\\bottomrule\n\\end{{tabular}}\n{close}\\end{{table}}\n")
}

fn line(cells: &[String]) -> String {
    cells.iter().map(|cell| self::cell(cell)).collect::<Vec<_>>().join(" & ")
}

/// Signed numbers get a minus sign, not a hyphen.
fn cell(text: &str) -> String {
    let word = |word: &str| match word.starts_with(['+', '-']) && word.parse::<f64>().is_ok() {
        true => format!("${word}$"),
        false => escape(word),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A line that LaTeX skips.
fn comment(text: &str) -> String {
    format!("% {}\n", harmless(text, 4000))
}

/// Text that means nothing to LaTeX; characters that its usual fonts lack are a question mark.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in harmless(text, 4000).chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => out.extend(['\\', c]),
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '<' => out.push_str("$<$"),
            '>' => out.push_str("$>$"),
            '|' => out.push_str("$|$"),
            '"' => out.push_str("\\textquotedbl{}"),
            // In a row's first cell it would be the argument of the `\\` before.
            '[' | ']' => out.extend(['{', c, '}']),
            'Δ' => out.push_str("$\\Delta$"),
            '–' => out.push_str("--"),
            '×' => out.push_str("$\\times$"),
            '…' => out.push_str("\\dots{}"),
            c if c.is_ascii() => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(
            escape(r"\input{x} 5% a_b & [P1] ␛"),
            r"\textbackslash{}input\{x\} 5\% a\_b \& {[}P1{]} ?"
        );
        assert_eq!(comment("a\n\\end{document}"), "% a␊\\end{document}\n");
        assert_eq!([cell("-0.31"), cell("+x"), cell("89.46(0.30)")], ["$-0.31$", "+x", "89.46(0.30)"]);
        assert_eq!(cell("-0.23 to +0.18"), "$-0.23$ to $+0.18$");
    }
}
