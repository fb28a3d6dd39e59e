//! Where a recording is: a bar with the ends of epochs and the beginnings of runs, which can be
//! clicked and dragged.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::domain::text::duration;
use crate::tui::app::{HitTarget, Hits};
use crate::tui::paint::put;
use crate::tui::player::{Playback, TapeMarks};
use crate::tui::theme::Theme;

/// Columns between two marks, at least: closer together they say nothing.
const APART: usize = 3;

/// A column of the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Epoch,
    Run,
}

/// Paints the bar, with the time before it and the length behind it.
pub fn draw(
    playback: &Playback,
    marks: &TapeMarks,
    area: Rect,
    buf: &mut Buffer,
    hits: &mut Hits,
    theme: &Theme,
) {
    let whole = duration(playback.seconds);
    let sign = match playback.playing {
        true => theme.glyph("▶", ">"),
        false => theme.glyph("‖", "="),
    };
    // As wide as it will ever be, so that the bar stays where it is.
    let now = format!("{:>width$}", duration(playback.t), width = whole.width());
    let x = put(buf, area, area.x + 1, area.y, sign, theme.accent(), theme);
    let x = put(buf, area, x + 1, area.y, &now, theme.text(), theme) + 1;
    let end = area.right().saturating_sub(whole.width() as u16 + 1);
    put(buf, area, end, area.y, &whole, theme.dim(), theme);
    let bar = Rect { x, width: end.saturating_sub(x + 1), ..area };
    if bar.width < 2 {
        return;
    }
    let columns = usize::from(bar.width);
    let last = columns - 1;
    let column = |t: f64| {
        (last as f64 * (t / playback.seconds.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)).round() as usize
    };
    let here = column(playback.t);
    let marked = marks_of(marks, columns, column);
    for (i, mark) in marked.into_iter().enumerate() {
        let is_past = i < here;
        let (symbol, style) = match mark {
            _ if i == here => (theme.glyph("●", "O"), theme.accent()),
            Mark::Run => (theme.glyph("┃", "|"), theme.strong()),
            Mark::Epoch if is_past => (theme.glyph("┷", "+"), theme.accent()),
            Mark::Epoch => (theme.glyph("┴", "+"), theme.off()),
            Mark::None if is_past => (theme.glyph("━", "="), theme.accent()),
            Mark::None => (theme.glyph("─", "-"), theme.off()),
        };
        put(buf, bar, bar.x + i as u16, bar.y, symbol, style, theme);
    }
    hits.push((bar, HitTarget::SeekBar));
}

/// What stands in each column: runs always, epochs where there is room for all of them.
fn marks_of(marks: &TapeMarks, columns: usize, column: impl Fn(f64) -> usize) -> Vec<Mark> {
    let mut marked = vec![Mark::None; columns];
    if marks.epochs.len() * APART <= columns {
        marks.epochs.iter().for_each(|t| marked[column(*t)] = Mark::Epoch);
    }
    // The first begins where the bar does.
    if marks.runs.len() * APART <= columns {
        marks.runs.iter().skip(1).for_each(|t| marked[column(*t)] = Mark::Run);
    }
    marked
}

/// The part of the recording, 0 to 1, that column `x` of the bar stands for.
pub fn part_at(bar: Rect, x: u16) -> f64 {
    let last = f64::from(bar.width.saturating_sub(1).max(1));
    (f64::from(x.saturating_sub(bar.x)) / last).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(t: f64, marks: &TapeMarks, width: u16, theme: &Theme) -> String {
        let area = Rect::new(0, 0, width, 1);
        let mut buf = Buffer::empty(area);
        let playback = Playback { t, seconds: 100.0, playing: true, speed: 1.0, looping: false };
        draw(&playback, marks, area, &mut buf, &mut Hits::new(), theme);
        buf.content().iter().map(|cell| cell.symbol()).collect()
    }

    #[test]
    fn the_bar_has_epochs_runs_and_where_it_is() {
        let marks = TapeMarks { runs: vec![0.0, 50.0], epochs: vec![25.0, 48.0, 75.0, 98.0] };
        let bar = drawn(30.0, &marks, 40, &Theme::FULL);
        assert_eq!(bar.chars().count(), 40);
        assert_eq!(bar.chars().filter(|c| *c == '●').count(), 1, "{bar}");
        assert_eq!((bar.matches('┷').count(), bar.matches('┃').count()), (1, 1), "{bar}");
        let part = bar.split('●').next().unwrap().chars().filter(|c| "━┷".contains(*c)).count();
        assert_eq!(part, 6, "{bar}");
    }

    #[test]
    fn marks_without_room_are_left_out_and_no_width_is_too_small() {
        let marks = TapeMarks { runs: vec![0.0], epochs: (0..100).map(f64::from).collect() };
        assert!(!drawn(30.0, &marks, 80, &Theme::FULL).contains('┷'));
        let ascii = Theme { symbols: crate::tui::theme::Symbols::Ascii, ..Theme::FULL };
        for width in 0..30 {
            assert!(drawn(99.0, &marks, width, &ascii).is_ascii());
        }
    }

    #[test]
    fn columns_are_parts_of_the_whole() {
        let bar = Rect::new(10, 0, 11, 1);
        assert_eq!([5, 10, 15, 20, 99].map(|x| part_at(bar, x)), [0.0, 0.0, 0.5, 1.0, 1.0]);
    }
}
