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
//! Header and footer have a row each and always stay. Between them is the page with the
//! focused panel: two columns on a medium terminal (as here), three on a wide one, one or
//! two panels on a small one. A panel that is on no page has one of its own.
//!
//! A page is written as its columns from left to right between `|`, each with its panels
//! from top to bottom between `/`: `wiring / setup | curves / runs`.

use std::fmt;
use std::str::FromStr;

use ratatui::layout::{Constraint, Layout, Rect, Size};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::panels::PanelId;
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
    fn single(panel: PanelId) -> Self {
        Self(vec![vec![panel]])
    }

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
        use PanelId::{Activations, Curves, Data, Features, Runs, Setup, Status, Table, Wiring};
        Self {
            small: vec![
                Page(vec![vec![Wiring], vec![Setup]]),
                Page(vec![vec![Curves, Runs]]),
                Page(vec![vec![Activations, Status]]),
                Page::single(Features),
                Page::single(Data),
                Page::single(Table),
            ],
            medium: vec![
                Page(vec![vec![Wiring, Setup, Status], vec![Curves, Activations, Runs]]),
                Page::single(Features),
                Page::single(Data),
                Page::single(Table),
            ],
            wide: vec![
                Page(vec![vec![Wiring, Setup], vec![Curves, Activations], vec![Runs, Status]]),
                Page::single(Features),
                Page::single(Data),
                Page::single(Table),
            ],
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
    /// Keys, or the last message.
    pub footer: Rect,
}

impl Pages {
    /// The page of a terminal of `size` that `focus` is on.
    fn page(&self, size: Size, focus: PanelId) -> Page {
        let fits = |least: Size| size.width >= least.width && size.height >= least.height;
        let pages = match () {
            () if fits(WIDE) => &self.wide,
            () if fits(MEDIUM) => &self.medium,
            () => &self.small,
        };
        // A panel that is on no page has one of its own when it gets the focus.
        let found = pages.iter().find(|page| page.panels().any(|panel| panel == focus));
        found.cloned().unwrap_or_else(|| Page::single(focus))
    }

    /// Lays out a terminal of `size`; `None` where it is too small.
    pub fn arrange(&self, size: Size, focus: PanelId, zoomed: bool) -> Option<Arrangement> {
        if size.width < LEAST.width || size.height < LEAST.height {
            return None;
        }
        let lines = [Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)];
        let [header, body, footer] =
            Layout::vertical(lines).areas(Rect::from((ratatui::layout::Position::ORIGIN, size)));
        let page = if zoomed { Page::single(focus) } else { self.page(size, focus) };
        let share = |column: &Vec<PanelId>| column.iter().map(|p| p.facts().share.0).max().unwrap_or(1);
        let columns =
            Layout::horizontal(page.0.iter().map(|column| Constraint::Fill(share(column)))).split(body);
        let mut panels = Vec::new();
        for (column, area) in page.0.iter().zip(columns.iter()) {
            let rows =
                Layout::vertical(column.iter().map(|p| Constraint::Fill(p.facts().share.1))).split(*area);
            panels.extend(column.iter().copied().zip(rows.iter().copied()));
        }
        Some(Arrangement { header, panels, footer })
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn every_panel_can_be_reached_at_every_size_and_none_overlaps() {
        let pages = Pages::default();
        for (width, height) in [(40, 10), (80, 24), (120, 40), (200, 60), (110, 32), (500, 11)] {
            let size = Size { width, height };
            for focus in PanelId::ALL.iter().copied() {
                for zoomed in [false, true] {
                    let Arrangement { header, panels, footer } = pages.arrange(size, focus, zoomed).unwrap();
                    assert!(panels.iter().any(|(panel, _)| *panel == focus));
                    let area: u32 = panels.iter().map(|(_, rect)| rect.area()).sum();
                    assert_eq!(area + header.area() + footer.area(), u32::from(width) * u32::from(height));
                }
            }
        }
        assert_eq!(pages.arrange(Size { width: 39, height: 24 }, PanelId::Runs, false), None);
        assert_eq!(pages.arrange(Size { width: 80, height: 9 }, PanelId::Runs, false), None);
    }

    #[test]
    fn all_panels_but_those_of_images_and_tables_are_on_one_page_from_120_columns_on() {
        for (width, height) in [(120, 40), (200, 60)] {
            let arranged = Pages::default().arrange(Size { width, height }, PanelId::Runs, false).unwrap();
            assert_eq!(arranged.panels.len(), PanelId::ALL.len() - 3);
            let alone = [PanelId::Features, PanelId::Data, PanelId::Table];
            assert!(arranged.panels.iter().all(|(panel, _)| !alone.contains(panel)));
        }
    }
}
