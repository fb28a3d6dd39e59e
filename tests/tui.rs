//! The workbench, driven as a user and the engine would: keys, the mouse and messages in;
//! state, effects and frames out. Nothing waits and nothing trains.

#[path = "tui/data.rs"]
mod data;
#[path = "tui/detaching.rs"]
mod detaching;
#[path = "tui/draft.rs"]
mod draft;
#[path = "tui/features.rs"]
mod features;
#[path = "tui/fetching.rs"]
mod fetching;
#[path = "tui/keys.rs"]
mod keys;
#[path = "tui/lesion_views.rs"]
mod lesion_views;
#[path = "tui/lesions.rs"]
mod lesions;
mod made;
#[path = "tui/marked.rs"]
mod marked;
#[path = "tui/mouse.rs"]
mod mouse;
#[path = "tui/notices.rs"]
mod notices;
#[path = "tui/overlays.rs"]
mod overlays;
#[path = "tui/panes.rs"]
mod panes;
#[path = "tui/pixels.rs"]
mod pixels;
#[path = "tui/preferences.rs"]
mod preferences;
#[path = "tui/presets.rs"]
mod presets;
#[path = "tui/remembering.rs"]
mod remembering;
#[path = "tui/replay.rs"]
mod replay;
#[path = "tui/robust.rs"]
mod robust;
#[path = "tui/runs.rs"]
mod runs;
#[path = "tui/screens.rs"]
mod screens;
#[path = "tui/table.rs"]
mod table;
#[path = "tui/training.rs"]
mod training;
#[path = "tui/twins.rs"]
mod twins;
#[path = "tui/world.rs"]
mod world;
