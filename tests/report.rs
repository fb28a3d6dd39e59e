//! Reports: the paper's tables and figures from runs, and what differences are worth.
//!
//! The page is looked at in a headless Chromium; where there is none, that test says so
//! and passes, unless `HIRESNET_REQUIRE_CHROMIUM` is set.

#[path = "report/browser.rs"]
mod browser;
#[path = "made/mod.rs"]
mod events;
#[path = "report/formats.rs"]
mod formats;
#[path = "report/hops.rs"]
mod hops;
#[path = "report/made.rs"]
mod made;
#[path = "report/models.rs"]
mod models;
#[path = "report/pictures.rs"]
mod pictures;
#[path = "report/program.rs"]
mod program;
