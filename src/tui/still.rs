//! The screen without a terminal: a frame in a file, and the page of keys.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Size;

use super::action::{Action, Effect, Message};
use super::app::App;
use super::command::{Panel, Place};
use super::config::Config;
use super::jobs::{score, unseen};
use super::keymap::{Keymap, Overrides, parse};
use super::picture;
use super::screen::frame;
use super::start::{Options, app};
use super::theme::{Ground, Theme};
use crate::domain::error::SpecError;
use crate::engine::data::DatasetCache;
use crate::engine::data::preview::look;
use crate::engine::error::{EngineError, Result};
use crate::engine::features::{self, FeatureRequest};
use crate::engine::files;
use crate::engine::store::{self, SavedRun};

/// Paints the screen with the runs and data of `options`, after `keys` were pressed, into `file`: an
/// SVG picture, or text.
///
/// # Errors
/// When a run cannot be read, a key is none, or the file cannot be written.
pub fn picture_of(
    options: &Options,
    (width, height): (u16, u16),
    keys: &str,
    ground: Ground,
    file: &Path,
) -> Result<()> {
    let config = Config::default();
    let theme = Theme { ground, ..Theme::FULL };
    let mut app = app(options, &config, theme)?;
    if options.root.is_dir() {
        // Newest first, as the screen finds them.
        for saved in store::list(&options.root)?.0.into_iter().rev() {
            app.update(Action::Told(Message::Found(Box::new(saved))));
        }
    }
    let size = Size { width, height };
    let data = options.data.as_deref();
    let library = Mutex::new(DatasetCache::new(options.data.clone()));
    settle(&mut app, &library, data);
    for word in keys.split_whitespace() {
        // Where things are decides what some keys do.
        app.prepare(size);
        press(&mut app, word)?;
        settle(&mut app, &library, data);
    }
    let buffer = frame(&mut app, size);
    let is_text = file.extension().is_some_and(|extension| extension == "txt");
    let bytes = if is_text { text(&buffer) } else { picture::svg(&buffer, &theme) };
    files::write_atomically(file, bytes.as_bytes())
}

/// Does at once what would be done in the background; nothing is trained. Datasets are looked
/// for in `data` first.
fn settle(app: &mut App, library: &Mutex<DatasetCache>, data: Option<&Path>) {
    for effect in app.effects() {
        match effect {
            Effect::Load(id, path) => {
                let read = SavedRun::open(&path).map(|saved| Box::new(saved.state));
                app.update(Action::Told(Message::Loaded(id, read.map_err(|fault| fault.to_string()))));
            }
            Effect::Lesion { run, path, wanted, device } => {
                let scored = Mutex::new(Vec::new());
                let told = |lesioned| scored.lock().unwrap_or_else(PoisonError::into_inner).push(lesioned);
                let result = score(library, &path, &wanted, device, &AtomicBool::new(false), &told);
                for lesioned in scored.into_inner().unwrap_or_else(PoisonError::into_inner) {
                    app.update(Action::Told(Message::Lesioned(run, lesioned)));
                }
                let result = result.map_err(|fault| fault.to_string());
                app.update(Action::Told(Message::LesionsDone(run, result)));
            }
            Effect::Look { id, path, spec, image } => {
                let look = FeatureRequest { run: path, spec: *spec, image };
                let answer =
                    features::feature_maps(library, look).map(Arc::new).map_err(|fault| fault.to_string());
                app.update(Action::Told(Message::Looked(id, image, answer)));
            }
            Effect::LookAtData(ask) => {
                let seen =
                    look(library, ask.clone()).map(Arc::new).map_err(|fault| unseen(&fault, &ask, data));
                app.update(Action::Told(Message::DataSeen(ask, seen)));
            }
            _ => {}
        }
    }
}

fn press(app: &mut App, word: &str) -> Result<()> {
    if let Some(text) = word.strip_prefix("text:") {
        for c in text.chars() {
            app.update(Action::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
        return Ok(());
    }
    let key = parse(word).map_err(|reason| EngineError::from(SpecError::new("--keys", reason)))?;
    app.update(Action::Key(key.into()));
    Ok(())
}

/// A frame as lines of text.
pub fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let mut line = String::new();
        let mut x = area.left();
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += unicode_width::UnicodeWidthStr::width(symbol).max(1) as u16;
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// Every key as a page of Markdown, from the table that makes the help.
pub fn keys_page() -> String {
    let mut page = "# Keys of the interactive screen\n\n\
         Made by `hiresnet-tui keys` from the table that also makes the help (`?`). Any of them can be \
         changed in the config file under `[keys]`, by the name in the last column.\n"
        .to_owned();
    // The table itself is right: a test holds that.
    let Ok(keymap) = Keymap::new(&Overrides::new()) else { return page };
    let panels = Panel::ALL.map(Place::In);
    let others = [Place::Replaying, Place::Editing, Place::Asking, Place::Helping];
    for place in std::iter::once(Place::Anywhere).chain(panels).chain(others) {
        page += &format!("\n## {place}\n\n| keys | | name |\n|---|---|---|\n");
        for (binding, keys) in keymap.rows(place) {
            let keys: Vec<_> = keys.iter().map(|key| format!("`{}`", super::keymap::shown(*key))).collect();
            page += &format!("| {} | {} | `{}` |\n", keys.join(" "), binding.about, binding.name);
        }
    }
    page
}
