//! Fig. 2: grouped bars for each block, with the standard deviation over seeds.

use super::canvas::{Anchor, Canvas, FAINT, INK, Svg, width_of};
use super::scale::FigureScale;
use crate::domain::report::activations::{ActivationSummary, Bar, BlockBars};

const HEIGHT: f64 = 300.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 44.0;

/// The figure of one network.
pub fn draw(figure: &ActivationSummary) -> Svg {
    let orders: Vec<usize> = std::iter::once(0).chain(figure.orders()).collect();
    let bars: usize = figure.blocks.iter().map(|block| block.bars.len()).sum();
    let gaps = figure.blocks.len() as f64 * 1.2;
    // Wide enough for a figure above each bar, where there are not too many.
    let bar = (900.0 / (bars as f64 + gaps)).clamp(12.0, 46.0);
    let width = LEFT + (bars as f64 + gaps) * bar + 20.0;
    let width = width.max(legend_width(&orders) + LEFT + 20.0);
    let mut canvas = Canvas::new(width, HEIGHT);
    let tops = figure.blocks.iter().flat_map(|block| &block.bars);
    let highest = tops.map(|bar| bar.value.mean + bar.value.std.unwrap_or(0.0)).fold(0.0, f64::max);
    let y = FigureScale::new((0.0, highest * 1.08), (HEIGHT - BOTTOM, TOP));
    for (value, name) in y.ticks(5) {
        canvas.line((LEFT, y.at(value)), (width - 10.0, y.at(value)), FAINT, 0.7);
        canvas.text(LEFT - 6.0, y.at(value) + 4.0, 11.0, Anchor::End, &name);
    }
    canvas.upright_text(16.0, (TOP + HEIGHT - BOTTOM) / 2.0, 12.0, "mean |activation|");
    let mut x = LEFT + 0.6 * bar;
    for block in &figure.blocks {
        x = group(&mut canvas, block, x, bar, y);
    }
    canvas.line((LEFT, y.at(0.0)), (width - 10.0, y.at(0.0)), INK, 1.0);
    legend(&mut canvas, &orders, bar >= LABELLED);
    canvas.done()
}

/// The bars of one block from `x` on; returns where the next may begin.
fn group(canvas: &mut Canvas, block: &BlockBars, mut x: f64, width: f64, y: FigureScale) -> f64 {
    let middle = x + block.bars.len() as f64 * width / 2.0;
    for bar in &block.bars {
        let Bar { value, percent_of_f, .. } = bar;
        let top = y.at(value.mean);
        canvas.bar(x + 1.0, top, width - 2.0, y.at(0.0) - top, bar.order(block.block));
        let centre = x + width / 2.0;
        let mut above = top;
        if let Some(std) = value.std {
            canvas.spread((centre, y.within(value.mean - std)), (centre, y.at(value.mean + std)), INK);
            above = y.at(value.mean + std);
        }
        if width >= LABELLED {
            let label = percent_of_f.map_or(format!("{:.2}", value.mean), |p| format!("{p:.0}%"));
            canvas.text(centre, above - 4.0, 10.0, Anchor::Middle, &label);
        }
        x += width;
    }
    canvas.text(middle, HEIGHT - BOTTOM + 18.0, 12.0, Anchor::Middle, &format!("block {}", block.block));
    x + 1.2 * width
}

/// Pixels that a bar needs for a figure above it.
const LABELLED: f64 = 26.0;
const LEGEND_SIZE: f64 = 11.0;
const KEY: &str = "above: mean of F, and hops in % of F";

fn entry(k: usize) -> String {
    if k == 0 { "F, the block's own".into() } else { format!("P{k}") }
}

fn legend_width(orders: &[usize]) -> f64 {
    let key = width_of(KEY, LEGEND_SIZE);
    key + orders.iter().map(|k| 34.0 + width_of(&entry(*k), LEGEND_SIZE)).sum::<f64>()
}

fn legend(canvas: &mut Canvas, orders: &[usize], labelled: bool) {
    let mut x = LEFT;
    for k in orders.iter().copied() {
        canvas.bar(x, 10.0, 14.0, 12.0, k);
        canvas.text(x + 19.0, 20.0, LEGEND_SIZE, Anchor::Start, &entry(k));
        x += 34.0 + width_of(&entry(k), LEGEND_SIZE);
    }
    if labelled {
        canvas.text(x + 6.0, 20.0, LEGEND_SIZE, Anchor::Start, KEY);
    }
}
