//! Pictures of the screen and figures, as viewers draw them: every letter in its cell, whatever the font.

use std::fs;
use std::sync::Arc;

use hiresnet_tui::cli::{ReportFormat, ReportKind};
use hiresnet_tui::tui::picture::svg;
use hiresnet_tui::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use resvg::{tiny_skia, usvg};
use tempfile::TempDir;

use crate::browser::{chromium, look};
use crate::formats::rendered;
use crate::made::{many, on};

/// What the screen has: words far apart, ligatures, other scripts, boxes, blocks and curves.
const ROWS: [&str; 8] = [
    "╭ Runs ─────────────────────── sort: age ╮",
    "│  resnet s0      completed     87.05%   │",
    "│  resnet+hires   -> != fi <=  -0.35 × 10│",
    "│●on  ○off   0→2  ±0.70 │F│ Σ λ   ℓ=8     │",
    "│▸日本語 name   é  a < b & \"c\"       ▁▃▅▇ │",
    "│⡠⠊⢁ ▀▀▄▄ ░▒▓ ┄┄┄┆                       │",
    "│WWWWWWWWWWW iiiiiiiiiii WiWiWi   MMM  .,│",
    "╰────────────────────────────────────────╯",
];

fn screen() -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 42, 8));
    for (y, row) in ROWS.iter().enumerate() {
        buffer.set_string(0, y as u16, row, Style::new());
    }
    buffer.set_style(Rect::new(3, 1, 9, 1), Style::new().add_modifier(Modifier::BOLD));
    buffer.set_style(Rect::new(3, 2, 6, 1), Style::new().add_modifier(Modifier::ITALIC));
    buffer
}

/// Letters that a font sets, with row and column.
fn letters(buffer: &Buffer) -> Vec<(usize, usize, String)> {
    let drawn = |c: char| {
        matches!(c, '\u{2500}'..='\u{259f}' | '\u{2800}'..='\u{28ff}') || "●○■□▸".contains(c) || c == ' '
    };
    let mut found = Vec::new();
    for (y, row) in buffer.content().chunks(buffer.area.width.into()).enumerate() {
        for (x, cell) in row.iter().enumerate() {
            if !cell.symbol().is_empty() && !cell.symbol().chars().any(drawn) {
                found.push((y, x, cell.symbol().to_owned()));
            }
        }
    }
    found
}

/// Measures every letter where the browser drew it: its picture, row, and the middle of its advance
/// in cells, which is a column and a half (a whole number for wide letters).
const MEASURE: &str = "<script>
const found = [];
document.querySelectorAll('svg').forEach((svg, picture) => {
  for (const text of svg.querySelectorAll('text')) {
    for (let i = 0; i < text.getNumberOfChars(); i++) {
      const letter = text.textContent[i];
      if (letter === ' ') continue;
      const box = text.getExtentOfChar(i);
      const row = Math.round((text.y.baseVal[0].value - 14 - 26) / 18);
      found.push([picture, row, (box.x + box.width / 2 - 14) / 9, letter]);
    }
  }
});
document.title = JSON.stringify(found);
</script>";

#[test]
fn chromium_draws_every_letter_in_its_cell() {
    let Some(browser) = chromium() else { return };
    let (buffer, folder) = (screen(), TempDir::new().unwrap());
    let picture = svg(&buffer, &Theme::FULL);
    // As it is, and where the named fonts are missing: another monospaced font, and none.
    let start = picture.find("font-family=\"").unwrap() + 13;
    let named = &picture[start..start + picture[start..].find('"').unwrap()];
    let fonts = [named, "monospace", "serif"];
    let pictures: Vec<_> = fonts.iter().map(|font| picture.replace(named, font)).collect();
    let page = folder.path().join("page.html");
    let html = format!("<!DOCTYPE html><meta charset=\"utf-8\"><body>{}{MEASURE}</body>", pictures.concat());
    fs::write(&page, html).unwrap();
    let (dom, _) = look(browser, folder.path(), &page, "--dump-dom");
    let title = dom.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).unwrap().0;
    let title = title.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let found: Vec<(usize, usize, f64, String)> = serde_json::from_str(&title).unwrap();
    for (n, font) in fonts.into_iter().enumerate() {
        let found: Vec<_> = found.iter().filter(|(picture, ..)| *picture == n).collect();
        for (row, column, symbol) in letters(&buffer) {
            let middle = column as f64 + unicode_width::UnicodeWidthStr::width(symbol.as_str()) as f64 / 2.0;
            let first = symbol.chars().next().unwrap().to_string();
            let is_there = |(_, y, x, letter): &&&(usize, usize, f64, String)| {
                *y == row && *letter == first && (x - middle).abs() < 0.1
            };
            let near = || found.iter().filter(|(_, y, _, letter)| *y == row && *letter == first);
            assert!(
                found.iter().any(|letter| is_there(&letter)),
                "{font}: {symbol} of row {row} is not at {middle}: {:?}",
                near().collect::<Vec<_>>()
            );
        }
        let set: usize = letters(&buffer).iter().map(|(_, _, symbol)| symbol.chars().count()).sum();
        assert_eq!(found.len(), set, "{font}: nothing else is drawn");
    }
}

/// Columns of pixels with ink in the rows `from..to` of the picture that resvg makes, four pixels to
/// one of the SVG's, as the first and the last of those beside each other.
fn ink(svg: &str, fonts: usvg::fontdb::Database, (from, to): (u32, u32)) -> Vec<(u32, u32)> {
    const SCALE: u32 = 4;
    let options = usvg::Options { fontdb: Arc::new(fonts), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options).unwrap();
    let size = tree.size();
    let mut pixels =
        tiny_skia::Pixmap::new(size.width() as u32 * SCALE, size.height() as u32 * SCALE).unwrap();
    let scale = tiny_skia::Transform::from_scale(SCALE as f32, SCALE as f32);
    resvg::render(&tree, scale, &mut pixels.as_mut());
    let paper = pixels.pixel(40, (from + to) / 2 * SCALE).unwrap();
    let is_ink = |x: u32| {
        (from * SCALE..to * SCALE).any(|y| {
            let pixel = pixels.pixel(x, y).unwrap();
            pixel.red().abs_diff(paper.red()) > 90
        })
    };
    let mut found: Vec<(u32, u32)> = Vec::new();
    for x in (8..pixels.width() - 8).filter(|x| is_ink(*x)) {
        match found.last_mut() {
            Some((_, last)) if *last + 1 == x => *last = x,
            _ => found.push((x, x)),
        }
    }
    found
}

#[test]
fn resvg_draws_every_letter_in_its_cell() {
    // Letters that are the same from left and right, so that the middle of their ink is theirs.
    let row = "  o  x H  v   o T  8  x   o      H";
    let mut buffer = Buffer::empty(Rect::new(0, 0, 36, 1));
    buffer.set_string(0, 0, row, Style::new());
    let picture = svg(&buffer, &Theme::FULL);
    let columns: Vec<usize> =
        row.char_indices().filter(|(_, letter)| *letter != ' ').map(|(column, _)| column).collect();
    // A font that is not monospaced, under the name of a monospaced one; and one that is named, where it is installed.
    let mut narrow = usvg::fontdb::Database::new();
    narrow.load_font_data(include_bytes!("../../assets/fonts/DejaVuSans-subset.ttf").to_vec());
    narrow.set_monospace_family("DejaVu Sans");
    let installed = fs::read("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf").ok().map(|font| {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(font);
        fonts
    });
    let fonts = [Some(narrow), installed];
    for fonts in fonts.into_iter().flatten() {
        let found = ink(&picture, fonts, (26, 44));
        assert_eq!(found.len(), columns.len(), "{found:?}");
        for ((first, last), column) in found.into_iter().zip(&columns) {
            let middle = f64::from(first + last + 1) / 8.0;
            let cell = 14.0 + 9.0 * (*column as f64 + 0.5);
            assert!((middle - cell).abs() < 0.8, "column {column}: ink around {middle}, cell around {cell}");
        }
    }
}

/// For each SVG of a page and each of its fonts, texts that stick out of it or lie on another.
const OVERLAPS: &str = "<script>
const faults = [];
let texts = 0;
for (const font of ['DejaVu Sans', 'serif', 'sans-serif']) {
  document.querySelectorAll('svg').forEach((svg, figure) => {
    const frame = svg.getBoundingClientRect();
    const boxes = [];
    for (const text of svg.querySelectorAll('text')) {
      text.setAttribute('font-family', font);
      texts++;
      const box = text.getBoundingClientRect();
      const inside = box.left >= frame.left - 1 && box.right <= frame.right + 1
        && box.top >= frame.top - 2 && box.bottom <= frame.bottom + 2;
      if (!inside) faults.push(`${font}: figure ${figure}: '${text.textContent}' sticks out`);
      boxes.push([box, text.textContent]);
    }
    boxes.forEach(([a, one], i) => boxes.slice(i + 1).forEach(([b, other]) => {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      // Lines of text may touch, letters may not.
      if (across > 2 && down > 5) faults.push(`${font}: figure ${figure}: '${one}' lies on '${other}'`);
    }));
  });
}
document.title = JSON.stringify([texts, faults]);
</script>";

#[test]
fn texts_of_figures_have_room_in_every_font() {
    let Some(browser) = chromium() else { return };
    let folder = TempDir::new().unwrap();
    let html =
        String::from_utf8(rendered(&many(), ReportKind::All, ReportFormat::Html, &on("cifar10"))).unwrap();
    // Without the policy that lets no script run.
    let policy = html.find("<meta http-equiv").unwrap();
    let end = policy + html[policy..].find('\n').unwrap();
    let html =
        format!("{}{}", &html[..policy], &html[end..]).replace("</body>", &format!("{OVERLAPS}</body>"));
    let page = folder.path().join("report.html");
    fs::write(&page, html).unwrap();
    let (dom, _) = look(browser, folder.path(), &page, "--dump-dom");
    let title = dom.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).unwrap().0;
    let title = title.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let (texts, faults): (usize, Vec<String>) = serde_json::from_str(&title).unwrap();
    assert!(texts > 300 && faults.is_empty(), "{texts} texts: {faults:#?}");
}
