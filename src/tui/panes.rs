//! How large panes are: what each asks for, how the screen is shared out among them, and the
//! sizes that a person gave them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::panels::PanelId;

/// The narrowest and lowest that a pane can be made by hand, columns and rows with its frame.
const NARROWEST: u16 = 12;
const LOWEST: u16 = 3;
/// Columns or rows of a frame.
const FRAME: u16 = 2;

/// The columns or rows that a panel asks for inside its frame, for what it has to show now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// Below this it shows too little to be of use.
    pub least: u16,
    /// With this it shows everything.
    pub wanted: u16,
    /// Whether it can use more than that.
    pub greedy: bool,
}

impl Wish {
    /// From `least` to `wanted`.
    pub const fn new(least: u16, wanted: u16) -> Self {
        Self { least, wanted: if wanted > least { wanted } else { least }, greedy: false }
    }

    /// Can use whatever is left.
    pub const fn or_more(self) -> Self {
        Self { greedy: true, ..self }
    }

    const fn framed(self) -> Self {
        Self { least: self.least + FRAME, wanted: self.wanted + FRAME, ..self }
    }

    fn max(self, other: Self) -> Self {
        Self {
            least: self.least.max(other.least),
            wanted: self.wanted.max(other.wanted),
            greedy: self.greedy || other.greedy,
        }
    }
}

/// What panels ask for.
pub trait Wishes {
    /// Columns.
    fn columns(&self, panel: PanelId) -> Wish;
    /// Rows, where it is so many columns wide.
    fn rows(&self, panel: PanelId, width: u16) -> Wish;
}

/// Shares `total` columns out among columns of panels.
pub fn columns(total: u16, page: &[Vec<PanelId>], wishes: &impl Wishes) -> Vec<u16> {
    let of = |column: &Vec<PanelId>| {
        let all = column.iter().map(|panel| wishes.columns(*panel));
        all.reduce(Wish::max).unwrap_or_default().framed()
    };
    share_out(total, &page.iter().map(of).collect::<Vec<_>>())
}

/// Shares `total` rows out among the panels of a column that is `width` columns wide, frames
/// included.
pub fn rows(total: u16, width: u16, column: &[PanelId], wishes: &impl Wishes) -> Vec<u16> {
    let inner = width.saturating_sub(FRAME);
    let of = |panel: &PanelId| wishes.rows(*panel, inner).framed();
    share_out(total, &column.iter().map(of).collect::<Vec<_>>())
}

/// First what each needs, then what each wants, then the rest to those that can use it.
fn share_out(total: u16, wishes: &[Wish]) -> Vec<u16> {
    let sum = |of: fn(&Wish) -> u16| wishes.iter().map(|wish| u32::from(of(wish))).sum::<u32>();
    let (least, wanted) = (sum(|wish| wish.least), sum(|wish| wish.wanted));
    let all = u32::from(total);
    if all <= least {
        return proportional(total, wishes.iter().map(|wish| wish.least));
    }
    if all <= wanted {
        let more = proportional((all - least) as u16, wishes.iter().map(|wish| wish.wanted - wish.least));
        return wishes.iter().zip(more).map(|(wish, more)| wish.least + more).collect();
    }
    let any = wishes.iter().any(|wish| wish.greedy);
    let rest = wishes.iter().map(|wish| if wish.greedy || !any { wish.wanted } else { 0 });
    let more = proportional((all - wanted) as u16, rest);
    wishes.iter().zip(more).map(|(wish, more)| wish.wanted + more).collect()
}

/// `total` in parts as `weights` are, whose sum it is.
fn proportional(total: u16, weights: impl IntoIterator<Item = u16>) -> Vec<u16> {
    let weights: Vec<u64> = weights.into_iter().map(u64::from).collect();
    let all: u64 = weights.iter().sum();
    let (weights, all) =
        if all > 0 { (weights, all) } else { (vec![1; weights.len()], weights.len() as u64) };
    // Where a part ends is rounded, not how long it is, so that nothing is left over.
    let (mut before, mut taken) = (0, 0);
    let part = |weight: u64| {
        before += weight;
        let end = (u64::from(total) * before + all / 2) / all.max(1);
        let part = end - taken;
        taken = end;
        part as u16
    };
    weights.into_iter().map(part).collect()
}

/// The sizes that a person gave panes, by page; what is not here is reckoned. To keep them,
/// serialise this, and give it back with [`App::set_pane_sizes`](super::app::App::set_pane_sizes).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PaneSizes {
    pages: BTreeMap<String, PageSizes>,
}

/// Those of one page, as parts of the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct PageSizes {
    /// Of the columns; empty where they are reckoned.
    columns: Vec<u16>,
    /// Of the panels of each column, as far as any were given; empty where they are reckoned.
    rows: Vec<Vec<u16>>,
}

/// The panes of a line, side by side or one above the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaneLine {
    /// The columns of the page.
    Columns,
    /// The panels of the column with this number.
    Rows(usize),
}

impl PaneLine {
    const fn smallest(self) -> u16 {
        match self {
            Self::Columns => NARROWEST,
            Self::Rows(_) => LOWEST,
        }
    }
}

/// A border between two panes of a line: the one with this number, and the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Border {
    /// Which line.
    pub line: PaneLine,
    /// The pane before it.
    pub before: usize,
}

impl PaneSizes {
    /// Whether all are reckoned.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Forgets all: every pane is as large as is reckoned.
    pub fn reset(&mut self) {
        self.pages.clear();
    }

    /// `total` shared out among the `count` panes of a line as a person wanted it; `None` where
    /// nobody did. What was kept for another number of panes is no answer.
    pub fn get(&self, page: &str, line: PaneLine, count: usize, total: u16) -> Option<Vec<u16>> {
        let page = self.pages.get(page)?;
        let parts = match line {
            PaneLine::Columns => &page.columns,
            PaneLine::Rows(column) => page.rows.get(column)?,
        };
        let fits = parts.len() == count && u32::from(line.smallest()) * count as u32 <= u32::from(total);
        if !fits || parts.iter().all(|part| *part == 0) {
            return None;
        }
        let mut sizes = proportional(total, parts.iter().copied());
        // On a smaller screen a small pane would vanish: the largest gives.
        while let Some(low) = sizes.iter().position(|size| *size < line.smallest()) {
            let most = sizes.iter().copied().max()?;
            let high = sizes.iter().position(|size| *size == most)?;
            sizes[low] += 1;
            sizes[high] -= 1;
        }
        Some(sizes)
    }

    /// Moves a border of panes that have these `sizes` now by so many cells, as far as the panes
    /// beside it can be smaller; `false` where it stays.
    pub fn drag(&mut self, page: &str, border: Border, by: i32, sizes: &[u16]) -> bool {
        let Border { line, before } = border;
        let (Some(first), Some(second)) = (sizes.get(before), sizes.get(before + 1)) else { return false };
        let room = |size: &u16| i32::from(size.saturating_sub(line.smallest()));
        let by = by.clamp(-room(first), room(second));
        if by == 0 {
            return false;
        }
        let mut sizes = sizes.to_vec();
        sizes[before] = (i32::from(sizes[before]) + by) as u16;
        sizes[before + 1] = (i32::from(sizes[before + 1]) - by) as u16;
        let page = self.pages.entry(page.to_owned()).or_default();
        match line {
            PaneLine::Columns => page.columns = sizes,
            PaneLine::Rows(column) => {
                page.rows.resize(page.rows.len().max(column + 1), Vec::new());
                page.rows[column] = sizes;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_proportional_and_nothing_is_left_over() {
        assert_eq!(proportional(10, [1, 1, 2]), [3, 2, 5]);
        assert_eq!(proportional(7, [0, 0]), [4, 3]);
        assert_eq!(proportional(0, [3, 4]), [0, 0]);
        assert_eq!(proportional(u16::MAX, [u16::MAX, u16::MAX]), [32768, 32767]);
        assert!(proportional(5, []).is_empty());
    }

    #[test]
    fn needs_come_before_wishes_and_wishes_before_greed() {
        let wishes = [Wish::new(4, 10), Wish::new(6, 8), Wish::new(2, 2).or_more()];
        assert_eq!(share_out(6, &wishes), [2, 3, 1]);
        assert_eq!(share_out(12, &wishes), [4, 6, 2]);
        assert_eq!(share_out(16, &wishes), [7, 7, 2]);
        assert_eq!(share_out(20, &wishes), [10, 8, 2]);
        assert_eq!(share_out(50, &wishes), [10, 8, 32]);
        let modest = [Wish::new(1, 10), Wish::new(1, 30)];
        assert_eq!(share_out(80, &modest), [20, 60], "somebody has to take it");
        for total in 0..100 {
            assert_eq!(share_out(total, &wishes).iter().sum::<u16>(), total);
        }
    }

    const LINE: PaneLine = PaneLine::Rows(1);

    #[test]
    fn borders_move_as_far_as_panes_can_shrink() {
        let mut sizes = PaneSizes::default();
        let border = Border { line: LINE, before: 0 };
        assert!(sizes.drag("page", border, 4, &[10, 10, 5]));
        assert_eq!(sizes.get("page", LINE, 3, 25), Some(vec![14, 6, 5]));
        assert!(sizes.drag("page", border, 100, &[14, 6, 5]));
        assert_eq!(sizes.get("page", LINE, 3, 25), Some(vec![17, 3, 5]));
        assert!(!sizes.drag("page", border, 1, &[17, 3, 5]));
        assert!(!sizes.drag("page", Border { before: 2, ..border }, 1, &[17, 3, 5]), "no border there");
        assert_eq!(sizes.get("page", PaneLine::Columns, 3, 25), None);
        assert_eq!(sizes.get("other", LINE, 3, 25), None);
        sizes.reset();
        assert!(sizes.is_empty());
    }

    #[test]
    fn sizes_hold_on_other_screens_and_survive_being_written() {
        let mut sizes = PaneSizes::default();
        sizes.drag("page", Border { line: LINE, before: 0 }, 7, &[10, 10]);
        assert_eq!(sizes.get("page", LINE, 2, 40), Some(vec![34, 6]));
        assert_eq!(sizes.get("page", LINE, 2, 8), Some(vec![5, 3]), "none is lower than a row");
        assert_eq!(sizes.get("page", LINE, 2, 5), None, "not enough for both");
        assert_eq!(sizes.get("page", LINE, 3, 40), None, "the page has other panels now");
        let text = serde_json::to_string(&sizes).unwrap();
        assert_eq!(serde_json::from_str::<PaneSizes>(&text).unwrap(), sizes);
        for strange in [
            r#"{"page":{"rows":[[],[0,0]]}}"#,
            r#"{"page":{"columns":[65535,65535],"rows":[[],[65535,1]]}}"#,
            r#"{"page":{"columns":[]}}"#,
        ] {
            let sizes: PaneSizes = serde_json::from_str(strange).unwrap();
            for line in [PaneLine::Columns, LINE] {
                let shared = sizes.get("page", line, 2, 80);
                assert!(shared.is_none_or(|parts| parts.iter().sum::<u16>() == 80), "{strange}");
            }
        }
    }
}
