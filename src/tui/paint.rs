//! Putting text into cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Widget};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::theme::Theme;

/// Puts `text` at a place, cut where `area` ends, and returns the column after it.
pub fn put(
    buf: &mut Buffer,
    area: Rect,
    column: u16,
    row: u16,
    text: &str,
    style: Style,
    theme: &Theme,
) -> u16 {
    let area = area.intersection(buf.area);
    if row < area.top() || row >= area.bottom() || column < area.left() || column >= area.right() {
        return column;
    }
    let width = usize::from(area.right() - column);
    buf.set_stringn(column, row, theme.plain(text), width, style).0
}

/// `text` in at most `width` columns, its end replaced by dots where it is longer.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// `text` in at most `width` columns, cut between words where it is longer: half a value is
/// another value.
pub fn cut_words(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut heads = text.rmatch_indices(' ').map(|(at, _)| &text[..at]);
    let longest = heads.find(|head| head.width() + 2 <= width);
    longest.map_or_else(|| cut(text, width), |head| format!("{head} …"))
}

/// `text` in at most `width` columns, its beginning replaced by dots where it is longer: of
/// an error that begins with a path, why it is one.
pub fn cut_front(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    let mut kept: Vec<char> = text.chars().rev().take_while(fits).collect();
    kept.extend((width > 0).then_some('…'));
    kept.into_iter().rev().collect()
}

/// Columns that a frame with this title has for what is at its right.
pub fn room_beside(area: Rect, title: &str) -> usize {
    usize::from(area.width.saturating_sub(7)).saturating_sub(title.width())
}

/// A panel's frame with its title, and something about its contents at the right.
pub fn frame(buf: &mut Buffer, area: Rect, title: &str, right: &str, focused: bool, theme: &Theme) {
    let border = theme.border(focused);
    Block::bordered().border_set(theme.frame()).border_style(border).render(area, buf);
    if area.width < 4 || area.height == 0 {
        return;
    }
    let inner = Rect { x: area.x + 2, width: area.width - 4, height: 1, ..area };
    let style = if focused { theme.accent() } else { theme.strong() };
    // The letter that, with Shift, brings the focus here.
    let (letter, rest) = title.split_at(title.chars().next().map_or(0, char::len_utf8));
    let underlined = style.add_modifier(ratatui::style::Modifier::UNDERLINED);
    let x = put(buf, inner, inner.x, inner.y, letter, underlined, theme);
    let x = put(buf, inner, x, inner.y, rest, style, theme);
    let room = usize::from(inner.right().saturating_sub(x + 1));
    if !right.is_empty() && room > 4 {
        let right = cut(&format!(" {right} "), room);
        let at = inner.right() - right.width() as u16;
        put(buf, inner, at, inner.y, &right, theme.dim(), theme);
    }
}

/// A bar of `width` cells, `part` of it full, 0 to 1.
pub fn gauge(
    buf: &mut Buffer,
    area: Rect,
    column: u16,
    row: u16,
    width: u16,
    part: f64,
    theme: &Theme,
) -> u16 {
    let full = (part.clamp(0.0, 1.0) * f64::from(width)).round() as usize;
    let (on, off) = theme.glyph(("━", "─"), ("=", "-"));
    let x = put(buf, area, column, row, &on.repeat(full), theme.accent(), theme);
    put(buf, area, x, row, &off.repeat(usize::from(width) - full), theme.off(), theme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_ends_in_dots() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("ab", 0), "");
        assert_eq!(cut_front("abcdef", 4), "…def");
        assert_eq!(cut_front("abcdef", 6), "abcdef");
        assert_eq!(cut_front("日本語", 4), "…語");
        assert_eq!(cut_front("ab", 0), "");
    }

    #[test]
    fn long_text_can_be_cut_between_words() {
        assert_eq!(cut_words("a=1 b=20 c=3", 12), "a=1 b=20 c=3");
        assert_eq!(cut_words("a=1 b=20 c=3", 10), "a=1 b=20 …");
        assert_eq!(cut_words("a=1 b=20 c=3", 9), "a=1 …");
        assert_eq!(cut_words("abcdef gh", 5), "abcd…");
    }

    #[test]
    fn nothing_is_painted_outside() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
        let inside = Rect::new(1, 0, 2, 1);
        assert_eq!(put(&mut buf, inside, 1, 0, "xyz", Style::new(), &Theme::FULL), 3);
        put(&mut buf, Rect::new(0, 0, 99, 99), 0, 7, "no", Style::new(), &Theme::FULL);
        assert_eq!(buf, Buffer::with_lines([" xy "]));
    }
}
