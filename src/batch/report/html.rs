//! A report as one page that needs nothing else: no script, no font, no other file.

use super::document::{Document, DocumentTable, GridRow, Section};
use super::figures;
use crate::domain::text::xml_escaped;

const STYLE: &str = "\
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 72rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
nav ul { columns: 2; } .wide { overflow-x: auto; } figure { margin: 1rem 0; }
svg { max-width: 100%; height: auto; display: block; }
table { border-collapse: collapse; min-width: 32rem; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; color: #555; padding-top: .5rem; }
th, td { padding: .2rem .5rem; white-space: nowrap; text-align: right; }
th { font-weight: 600; } .w { text-align: left; }
thead tr:last-child th { border-bottom: 1.5px solid #1a1a1a; }
thead { border-top: 1.5px solid #1a1a1a; } tbody:last-child { border-bottom: 1.5px solid #1a1a1a; }
.span { text-align: center; border-bottom: 1px solid #999; }
tr.part th { text-align: left; font-weight: 400; font-style: italic; border-top: 1px solid #999; }
.missing { color: #767676; font-style: italic; }
pre { background: #f4f4f4; padding: .8rem; overflow-x: auto; font-size: .8rem; }
";

/// The document as one page.
pub fn page(document: &Document) -> String {
    let title = xml_escaped(&document.title);
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    document.lead.iter().for_each(|line| text += &format!("<p>{}</p>\n", xml_escaped(line)));
    if document.sections.len() > 2 {
        text += "<nav><ul>\n";
        for (i, section) in document.sections.iter().enumerate() {
            text += &format!("<li><a href=\"#s{i}\">{}</a></li>\n", xml_escaped(&section.heading));
        }
        text += "</ul></nav>\n";
    }
    for (i, section) in document.sections.iter().enumerate() {
        text += &self::section(section, i);
    }
    text + "</body>\n</html>\n"
}

fn section(section: &Section, number: usize) -> String {
    let mut text = format!("<section id=\"s{number}\">\n<h2>{}</h2>\n", xml_escaped(&section.heading));
    if let Some(figure) = &section.figure {
        text += &format!("<figure>\n{}</figure>\n", figures::draw(figure).inline(&section.heading));
    }
    text += &grid(&section.grid);
    list(&mut text, &section.sentences);
    list(&mut text, &section.notes);
    if !section.commands.is_empty() {
        let commands: Vec<String> = section.commands.iter().map(|command| xml_escaped(command)).collect();
        text += &format!(
            "<details><summary>Commands that fill what is missing</summary>\n<pre><code>{}</code></pre></details>\n",
            commands.join("\n")
        );
    }
    text + "</section>\n"
}

fn list(text: &mut String, items: &[String]) {
    if items.is_empty() {
        return;
    }
    *text += "<ul>\n";
    items.iter().for_each(|item| *text += &format!("<li>{}</li>\n", xml_escaped(item)));
    *text += "</ul>\n";
}

fn grid(grid: &DocumentTable) -> String {
    let class = |i: usize| if i < grid.words { " class=\"w\"" } else { "" };
    let mut text =
        format!("<div class=\"wide\"><table>\n<caption>{}</caption>\n<thead>\n", xml_escaped(&grid.caption));
    if grid.spans.len() > 1 {
        text += "<tr>";
        for (title, columns) in &grid.spans {
            match title.is_empty() {
                true => text += &format!("<td colspan=\"{columns}\"></td>"),
                false => {
                    text += &format!(
                        "<th class=\"span\" colspan=\"{columns}\" scope=\"colgroup\">{}</th>",
                        xml_escaped(title)
                    );
                }
            }
        }
        text += "</tr>\n";
    }
    text += "<tr>";
    for (i, title) in grid.header.iter().enumerate() {
        text += &format!("<th{} scope=\"col\">{}</th>", class(i), xml_escaped(title));
    }
    text += "</tr>\n</thead>\n<tbody>\n";
    for row in &grid.rows {
        match row {
            GridRow::Heading(title) => {
                let columns = grid.header.len();
                text += &format!(
                    "<tr class=\"part\"><th colspan=\"{columns}\">{}</th></tr>\n",
                    xml_escaped(title)
                );
            }
            GridRow::Cells(cells) => {
                text += "<tr>";
                for (i, cell) in cells.iter().enumerate() {
                    let class = if cell == super::compose::MISSING { " class=\"missing\"" } else { class(i) };
                    text += &format!("<td{class}>{}</td>", xml_escaped(cell));
                }
                text += "</tr>\n";
            }
        }
    }
    text + "</tbody>\n</table></div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(
            xml_escaped("<script>alert('x')</script>&\"\0"),
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;␀"
        );
    }
}
