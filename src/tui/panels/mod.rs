//! The panels, and the one list of them.
//!
//! To add a panel, write a type that implements [`PanelKind`] and [`Panel`] in a file here,
//! and add its line to the list below. It then has a page of its own, a tab in the header,
//! a key, and its place in the help and in `assets/KEYS.md`. On which page it stands beside
//! others is said in [`Pages`](super::layout::Pages).

pub mod activations;
pub mod curves;
pub mod data;
pub mod features;
mod info;
mod preferences;
mod runs;
mod setup;
mod status;
mod table;
pub mod wiring;

use super::command::{AppCommand, Binding, KeyScope};
use super::panel::{Panel, PanelFacts, PanelKind};
pub use wiring::WiringTarget;

macro_rules! panels {
    ($($id:ident, $field:ident: $panel:ty;)*) => {
        /// Which panel.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is documented where its panel is")]
        pub enum PanelId {
            $($id,)*
        }

        impl PanelId {
            /// All, in the order in which Tab visits them.
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];

            /// What it is called.
            pub const fn facts(self) -> &'static PanelFacts {
                match self {
                    $(Self::$id => &<$panel as PanelKind>::FACTS,)*
                }
            }

            /// Its keys.
            pub(super) fn bindings(self) -> Vec<Binding> {
                match self {
                    $(Self::$id => bindings::<$panel>(self),)*
                }
            }
        }

        /// Every panel's state.
        #[derive(Debug, Default)]
        #[expect(missing_docs, reason = "each is documented where its panel is")]
        pub struct Panels {
            $(pub $field: $panel,)*
        }

        impl Panels {
            /// One of them.
            pub fn get(&self, id: PanelId) -> &dyn Panel {
                match id {
                    $(PanelId::$id => &self.$field,)*
                }
            }

            /// One of them, to change.
            pub fn get_mut(&mut self, id: PanelId) -> &mut dyn Panel {
                match id {
                    $(PanelId::$id => &mut self.$field,)*
                }
            }
        }
    };
}

panels! {
    Wiring, wiring: wiring::WiringPanel;
    Setup, setup: setup::SetupPanel;
    Curves, curves: curves::CurvesPanel;
    Activations, activations: activations::ActivationsPanel;
    Features, features: features::FeaturesPanel;
    Data, data: data::DataPanel;
    Table, table: table::TablePanel;
    Runs, runs: runs::RunsPanel;
    Info, info: info::InfoPanel;
    Status, status: status::StatusPanel;
    Preferences, preferences: preferences::PreferencesPanel;
}

impl PanelId {
    /// The panel that the config file calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.facts().name == name)
    }
}

fn bindings<P: PanelKind>(id: PanelId) -> Vec<Binding> {
    let binding = |(i, key): (usize, &super::panel::PanelKey<P>)| Binding {
        scope: KeyScope::In(id),
        name: key.name,
        keys: key.keys,
        command: AppCommand::Panel(id, i),
        about: key.about,
        hint: key.hint,
    };
    P::KEYS.iter().enumerate().map(binding).collect()
}
