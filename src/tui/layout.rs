//! Which panels are where: pages for small, medium and wide terminals.
//!
//! A page is written as its columns from left to right between `|`, each with its panels
//! from top to bottom between `/`: `wiring / setup | curves / runs`.

use std::fmt;
use std::str::FromStr;

use ratatui::layout::{Constraint, Layout, Rect, Size};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::command::Panel;
use crate::domain::error::suggestion;

/// The smallest terminal that anything is shown on.
pub const LEAST: Size = Size { width: 40, height: 10 };

/// From this size on a terminal is medium.
const MEDIUM: Size = Size { width: 110, height: 32 };
/// From this size on it is wide.
const WIDE: Size = Size { width: 160, height: 45 };

/// One screenful: panels by column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page(Vec<Vec<Panel>>);

impl Page {
    fn single(panel: Panel) -> Self {
        Self(vec![vec![panel]])
    }

    /// Its panels, column by column.
    pub fn panels(&self) -> impl Iterator<Item = Panel> + '_ {
        self.0.iter().flatten().copied()
    }
}

impl FromStr for Page {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let panel = |word: &str| {
            let word = word.trim();
            Panel::named(word).ok_or_else(|| {
                let names = Panel::ALL.map(Panel::name);
                format!("no panel is called '{word}'{}", suggestion(word, &names))
            })
        };
        let column = |text: &str| text.split('/').map(panel).collect::<Result<Vec<_>, _>>();
        let page = Self(text.split('|').map(column).collect::<Result<_, _>>()?);
        let mut all: Vec<_> = page.panels().collect();
        all.sort_unstable();
        match all.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("{} is twice on one page", pair[0].name())),
            None => Ok(page),
        }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = |panels: &Vec<Panel>| panels.iter().map(|p| p.name()).collect::<Vec<_>>().join(" / ");
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
        use Panel::{Activations, Curves, Data, Features, Runs, Setup, Status, Table, Wiring};
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
    /// What trains, in one line.
    pub header: Rect,
    /// Panels with their frames.
    pub panels: Vec<(Panel, Rect)>,
    /// Keys, or the last message.
    pub footer: Rect,
}

impl Pages {
    /// The page of a terminal of `size` that `focus` is on.
    fn page(&self, size: Size, focus: Panel) -> Page {
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
    pub fn arrange(&self, size: Size, focus: Panel, zoomed: bool) -> Option<Arrangement> {
        if size.width < LEAST.width || size.height < LEAST.height {
            return None;
        }
        let lines = [Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)];
        let [header, body, footer] =
            Layout::vertical(lines).areas(Rect::from((ratatui::layout::Position::ORIGIN, size)));
        let page = if zoomed { Page::single(focus) } else { self.page(size, focus) };
        let share = |column: &Vec<Panel>| column.iter().map(|p| width_share(*p)).max().unwrap_or(1);
        let columns =
            Layout::horizontal(page.0.iter().map(|column| Constraint::Fill(share(column)))).split(body);
        let mut panels = Vec::new();
        for (column, area) in page.0.iter().zip(columns.iter()) {
            let rows =
                Layout::vertical(column.iter().map(|p| Constraint::Fill(height_share(*p)))).split(*area);
            panels.extend(column.iter().copied().zip(rows.iter().copied()));
        }
        Some(Arrangement { header, panels, footer })
    }
}

/// How much of the width a column with this panel wants, beside others.
const fn width_share(panel: Panel) -> u16 {
    match panel {
        Panel::Curves => 21,
        Panel::Features | Panel::Data | Panel::Table => 22,
        Panel::Activations => 20,
        Panel::Wiring => 15,
        Panel::Runs => 17,
        Panel::Status => 12,
        Panel::Setup => 10,
    }
}

/// How much of the height it wants, among others of its column.
const fn height_share(panel: Panel) -> u16 {
    match panel {
        Panel::Wiring => 20,
        Panel::Curves => 17,
        Panel::Features | Panel::Data | Panel::Table => 20,
        Panel::Activations => 13,
        Panel::Setup => 11,
        Panel::Runs => 10,
        Panel::Status => 8,
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
            for focus in Panel::ALL {
                for zoomed in [false, true] {
                    let Arrangement { header, panels, footer } = pages.arrange(size, focus, zoomed).unwrap();
                    assert!(panels.iter().any(|(panel, _)| *panel == focus));
                    let area: u32 = panels.iter().map(|(_, rect)| rect.area()).sum();
                    assert_eq!(area + header.area() + footer.area(), u32::from(width) * u32::from(height));
                }
            }
        }
        assert_eq!(pages.arrange(Size { width: 39, height: 24 }, Panel::Runs, false), None);
        assert_eq!(pages.arrange(Size { width: 80, height: 9 }, Panel::Runs, false), None);
    }

    #[test]
    fn all_panels_but_those_of_images_and_tables_are_on_one_page_from_120_columns_on() {
        for (width, height) in [(120, 40), (200, 60)] {
            let arranged = Pages::default().arrange(Size { width, height }, Panel::Runs, false).unwrap();
            assert_eq!(arranged.panels.len(), Panel::ALL.len() - 3);
            let alone = [Panel::Features, Panel::Data, Panel::Table];
            assert!(arranged.panels.iter().all(|(panel, _)| !alone.contains(panel)));
        }
    }
}
