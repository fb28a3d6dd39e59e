//! Which panels are where: pages for small, medium and wide terminals.
//!
//! ```text
//!  Wiring  Setup  Curves  Activations  Features  …      epoch 3/10 · eta 52s    header
//! ╭─Wiring───────────────────────╮╭─Curves─────────────────────────────────────╮
//! │ stem ─ block 1 ─ block 2 ─ … ││ loss                                       │
//! │ 273,466 parameters           ││ ╲                                          │
//! │                              ││  ╲___                                      │
//! ├─Setup────────────────────────┤├─Activations────────────────────────────────┤
//! │ epochs        10             ││ F    ████████████                          │
//! │ lr            0.001          ││ 0→1  ██████                                │
//! ├─Log──────────────────────────┤├─Runs───────────────────────────────────────┤
//! │ 21:04:07 saving to runs/…    ││ ● resnet+hires s0          training   3/10 │
//! ╰──────────────────────────────╯╰────────────────────────────────────────────╯
//!  t train   Tab next panel   z zoom                           ? help  q quit    footer
//! ```
//!
//! Header and footer have a row each and always stay; above the footer is the seek bar of a
//! recording that is played. Between them is a page with the
//! focused panel: two columns on a medium or wide terminal (as here), one or two panels on a
//! small one. A panel can be on several pages: the page stays while it has the focused panel.
//! One that is on none has a page of its own. How large panes are is reckoned from what panels
//! ask for, or was given by a person ([`panes`](super::panes)).
//!
//! A page is written as its columns from left to right between `|`, each with its panels
//! from top to bottom between `/`: `wiring / setup | curves / runs`.

use std::fmt;
use std::str::FromStr;

use ratatui::layout::{Constraint, Layout, Position, Rect, Size};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::panels::PanelId;
use super::panes::{self, Border, PaneLine, PaneSizes, Wishes};
use crate::domain::error::suggestion;

/// The smallest terminal that anything is shown on.
pub const LEAST: Size = Size { width: 40, height: 10 };

/// From this size on a terminal is medium.
const MEDIUM: Size = Size { width: 110, height: 32 };
/// From this size on it is wide.
const WIDE: Size = Size { width: 160, height: 45 };

/// One screenful: panels by column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page(Vec<Vec<PanelId>>);

impl Page {
    /// Its panels, column by column.
    pub fn panels(&self) -> impl Iterator<Item = PanelId> + '_ {
        self.0.iter().flatten().copied()
    }
}

impl FromStr for Page {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let panel = |word: &str| {
            let word = word.trim();
            PanelId::named(word).ok_or_else(|| {
                let names = PanelId::ALL.iter().map(|id| id.facts().name).collect::<Vec<_>>();
                format!("unknown panel '{word}'{}", suggestion(word, &names))
            })
        };
        let column = |text: &str| text.split('/').map(panel).collect::<Result<Vec<_>, _>>();
        let page = Self(text.split('|').map(column).collect::<Result<_, _>>()?);
        let mut all: Vec<_> = page.panels().collect();
        all.sort_unstable();
        match all.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("{} is twice on one page", pair[0].facts().name)),
            None => Ok(page),
        }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column =
            |panels: &Vec<PanelId>| panels.iter().map(|p| p.facts().name).collect::<Vec<_>>().join(" / ");
        f.write_str(&self.0.iter().map(column).collect::<Vec<_>>().join(" | "))
    }
}

impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The pages of each size of terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pages {
    /// Below 110×32, such as 80×24.
    pub small: Vec<Page>,
    /// From there, such as 120×40.
    pub medium: Vec<Page>,
    /// From 160×45, such as 200×60.
    pub wide: Vec<Page>,
}

impl Default for Pages {
    fn default() -> Self {
        use PanelId::{Activations, Curves, Data, Features, Info, Runs, Setup, Status, Table, Wiring};
        // On a wide one the right column has the room that the left one cannot use.
        let details = Page(vec![vec![Runs, Info]]);
        let all = Page(vec![vec![Wiring, Setup, Status], vec![Curves, Activations, Runs]]);
        Self {
            small: vec![
                Page(vec![vec![Wiring], vec![Curves]]),
                Page(vec![vec![Wiring], vec![Setup]]),
                Page(vec![vec![Curves, Runs]]),
                Page(vec![vec![Activations, Status]]),
                Page::single(Features),
                Page::single(Data),
                Page::single(Table),
                details.clone(),
            ],
            medium: vec![
                all.clone(),
                Page::single(Features),
                Page::single(Data),
                Page::single(Table),
                details.clone(),
            ],
            wide: vec![all, Page::single(Features), Page::single(Data), Page::single(Table), details],
        }
    }
}

/// Where everything is, on a terminal of one size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// The run in progress, in one line.
    pub header: Rect,
    /// Panels with their frames.
    pub panels: Vec<(PanelId, Rect)>,
    /// Where the recording is, while one is played.
    pub seek_bar: Option<Rect>,
    /// The keys that matter now.
    pub footer: Rect,
    /// The page, as it is written.
    pub page: String,
    /// The widths of its columns.
    pub columns: Vec<u16>,
    /// The heights of the panels of each.
    pub rows: Vec<Vec<u16>>,
}

impl Arrangement {
    /// The sizes of the panes of a line.
    pub fn sizes(&self, line: PaneLine) -> &[u16] {
        match line {
            PaneLine::Columns => &self.columns,
            PaneLine::Rows(column) => self.rows.get(column).map_or(&[], Vec::as_slice),
        }
    }

    /// The column of a panel and its place in it.
    pub fn place(&self, panel: PanelId) -> Option<(usize, usize)> {
        let mut nth = self.panels.iter().position(|(id, _)| *id == panel)?;
        for (column, rows) in self.rows.iter().enumerate() {
            if nth < rows.len() {
                return Some((column, nth));
            }
            nth -= rows.len();
        }
        None
    }

    /// The first row below the panels.
    pub fn below_panels(&self) -> u16 {
        self.seek_bar.unwrap_or(self.footer).y
    }

    /// Every border between two panes, and the cells that it is grabbed by: the frames of both.
    /// Those between columns come last, and win where borders meet.
    pub fn borders(&self) -> Vec<(Rect, Border)> {
        let mut found = Vec::new();
        let (mut x, top) = (self.header.x, self.header.bottom());
        let height = self.below_panels().saturating_sub(top);
        for (column, rows) in self.rows.iter().enumerate() {
            let (width, mut y) = (self.columns[column], top);
            for (before, row) in rows.iter().enumerate().take(rows.len().saturating_sub(1)) {
                y += row;
                let border = Border { line: PaneLine::Rows(column), before };
                found.push((Rect { x, y: y - 1, width, height: 2 }, border));
            }
            x += width;
        }
        let mut x = self.header.x;
        for (before, width) in self.columns.iter().enumerate().take(self.columns.len().saturating_sub(1)) {
            x += width;
            let border = Border { line: PaneLine::Columns, before };
            found.push((Rect { x: x - 1, y: top, width: 2, height }, border));
        }
        found
    }
}

impl Pages {
    /// The page of a terminal of `size` that `focus` is on: the one with the number `now` where it
    /// is on that, too. `None` for a panel that is on none.
    pub fn find(&self, size: Size, focus: PanelId, now: usize) -> Option<usize> {
        let pages = self.of(size);
        let has = |page: &Page| page.panels().any(|panel| panel == focus);
        pages.get(now).filter(|page| has(page)).map(|_| now).or_else(|| pages.iter().position(has))
    }

    /// The page that [`Pages::find`] found.
    pub fn page(&self, size: Size, focus: PanelId, found: Option<usize>) -> Page {
        found.and_then(|i| self.of(size).get(i)).cloned().unwrap_or_else(|| Page::single(focus))
    }

    /// The pages of a terminal of `size`.
    fn of(&self, size: Size) -> &[Page] {
        let fits = |least: Size| size.width >= least.width && size.height >= least.height;
        match () {
            () if fits(WIDE) => &self.wide,
            () if fits(MEDIUM) => &self.medium,
            () => &self.small,
        }
    }
}

impl Page {
    /// The page of one panel, which has the whole screen.
    pub fn single(panel: PanelId) -> Self {
        Self(vec![vec![panel]])
    }

    /// Lays it out on a terminal of `size`, with a seek bar or without; `None` where that is too
    /// small.
    pub fn arrange(
        &self,
        size: Size,
        has_seek_bar: bool,
        wishes: &impl Wishes,
        given: &PaneSizes,
    ) -> Option<Arrangement> {
        if size.width < LEAST.width || size.height < LEAST.height {
            return None;
        }
        let bar = Constraint::Length(u16::from(has_seek_bar));
        let lines = [Constraint::Length(1), Constraint::Fill(1), bar, Constraint::Length(1)];
        let [header, body, seek_bar, footer] =
            Layout::vertical(lines).areas(Rect::from((Position::ORIGIN, size)));
        let page = self.to_string();
        let columns = given
            .get(&page, PaneLine::Columns, self.0.len(), body.width)
            .unwrap_or_else(|| panes::columns(body.width, &self.0, wishes));
        let (mut panels, mut rows) = (Vec::new(), Vec::new());
        let mut x = body.x;
        for (i, (column, width)) in self.0.iter().zip(&columns).enumerate() {
            let heights = given
                .get(&page, PaneLine::Rows(i), column.len(), body.height)
                .unwrap_or_else(|| panes::rows(body.height, *width, column, wishes));
            let mut y = body.y;
            for (panel, height) in column.iter().zip(&heights) {
                panels.push((*panel, Rect { x, y, width: *width, height: *height }));
                y += height;
            }
            x += width;
            rows.push(heights);
        }
        let seek_bar = has_seek_bar.then_some(seek_bar);
        Some(Arrangement { header, panels, seek_bar, footer, page, columns, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::super::panes::Wish;
    use super::*;

    #[test]
    fn pages_are_written_as_they_are_read() {
        for pages in [Pages::default().small, Pages::default().medium, Pages::default().wide] {
            for page in pages {
                assert_eq!(page.to_string().parse::<Page>(), Ok(page));
            }
        }
        assert!("wiring | setpu".parse::<Page>().unwrap_err().contains("did you mean 'setup'?"));
        assert!("wiring / wiring".parse::<Page>().unwrap_err().contains("twice"));
        assert!("".parse::<Page>().is_err());
    }

    struct Same(Wish);

    impl Wishes for Same {
        fn columns(&self, _panel: PanelId) -> Wish {
            self.0
        }

        fn rows(&self, _panel: PanelId, _width: u16) -> Wish {
            self.0
        }
    }

    fn arrange(size: (u16, u16), focus: PanelId, wish: Wish) -> Option<Arrangement> {
        let (pages, size) = (Pages::default(), Size { width: size.0, height: size.1 });
        let found = pages.find(size, focus, 0);
        pages.page(size, focus, found).arrange(size, false, &Same(wish), &PaneSizes::default())
    }

    #[test]
    fn every_panel_can_be_reached_at_every_size_and_none_overlaps() {
        for size in [(40, 10), (80, 24), (120, 40), (200, 60), (110, 32), (500, 11)] {
            for focus in PanelId::ALL.iter().copied() {
                for wish in [Wish::default(), Wish::new(5, 30), Wish::new(90, 900).or_more()] {
                    let arrangement = arrange(size, focus, wish).unwrap();
                    let Arrangement { header, panels, footer, .. } = &arrangement;
                    assert!(panels.iter().any(|(panel, _)| *panel == focus));
                    let area: u32 = panels.iter().map(|(_, rect)| rect.area()).sum();
                    let all = u32::from(size.0) * u32::from(size.1);
                    assert_eq!(area + header.area() + footer.area(), all);
                    for (panel, _) in panels {
                        let (column, row) = arrangement.place(*panel).unwrap();
                        assert!(row < arrangement.sizes(PaneLine::Rows(column)).len());
                    }
                }
            }
        }
        assert_eq!(arrange((39, 24), PanelId::Runs, Wish::default()), None);
        assert_eq!(arrange((80, 9), PanelId::Runs, Wish::default()), None);
    }

    #[test]
    fn all_panels_but_those_of_images_and_tables_are_on_one_page_from_120_columns_on() {
        for size in [(120, 40), (200, 60)] {
            let arranged = arrange(size, PanelId::Runs, Wish::default()).unwrap();
            assert_eq!(arranged.panels.len(), PanelId::ALL.len() - 5);
            let alone =
                [PanelId::Features, PanelId::Data, PanelId::Table, PanelId::Info, PanelId::Preferences];
            assert!(arranged.panels.iter().all(|(panel, _)| !alone.contains(panel)));
            assert_eq!(arranged.borders().len(), 5, "two in each column, one between them");
        }
    }

    #[test]
    fn a_page_stays_while_it_has_the_focused_panel() {
        use PanelId::{Curves, Data, Runs, Setup, Wiring};
        let (pages, size) = (Pages::default(), Size { width: 80, height: 24 });
        let mut now = 0;
        let shown = [Curves, Wiring, Setup, Wiring, Curves, Runs, Curves, Data].map(|focus| {
            now = pages.find(size, focus, now).unwrap();
            now
        });
        assert_eq!(shown, [0, 0, 1, 1, 0, 2, 2, 5]);
        let none = Pages { small: vec![Page::single(Runs)], ..pages };
        assert_eq!(none.find(size, Curves, 0), None);
        assert_eq!(none.page(size, Curves, None), Page::single(Curves));
    }
}
