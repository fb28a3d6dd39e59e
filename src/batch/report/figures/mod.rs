//! Figures of a report, drawn as SVG: text as text, colours that most of the colour-blind
//! can tell apart (Okabe and Ito's), and nothing said by colour alone.

mod bars;
mod canvas;
mod dots;
mod forest;
mod lines;
mod scale;

use super::document::{Document, Figure};
use crate::domain::text::wrap;
pub use canvas::Svg;
use canvas::{Anchor, Canvas};

/// One figure.
pub fn draw(figure: &Figure) -> Svg {
    match figure {
        Figure::Dots(table) => dots::draw(table),
        Figure::Bars(activations) => bars::draw(activations),
        Figure::Lines(curves) => lines::draw(curves),
        Figure::Forest(comparison) => forest::of_comparison(comparison),
        Figure::Hops(effects) => forest::of_hops(effects),
    }
}

/// Every figure of the document, one above the other, under its heading.
pub fn sheet(document: &Document) -> Svg {
    const SIZE: f64 = 15.0;
    const LINE: f64 = 20.0;
    let figures: Vec<(&str, Svg)> = document
        .sections
        .iter()
        .filter_map(|section| Some((section.heading.as_str(), draw(section.figure.as_ref()?))))
        .collect();
    let width = figures.iter().map(|(_, svg)| svg.width).fold(0.0, f64::max);
    let columns = ((width - 28.0) / canvas::width_of("m", SIZE)) as usize;
    let mut canvas = Canvas::new(width, 0.0);
    let mut y = 0.0;
    for (heading, svg) in figures {
        for line in wrap(heading, columns.max(20)) {
            y += LINE;
            canvas.text(14.0, y + 4.0, SIZE, Anchor::Start, &line);
        }
        y += LINE;
        canvas.place(0.0, y, &svg);
        y += svg.height;
    }
    let mut sheet = canvas.done();
    sheet.height = y;
    sheet
}
