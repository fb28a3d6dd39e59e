//! stub
use super::theme::Theme;
use crate::domain::run_state::RunState;
use ratatui::{buffer::Buffer, layout::Rect};
/// x
#[derive(Debug, Default)]
pub struct Activations;
impl Activations {
    /// x
    pub fn scrub(&mut self, _: i32, _: &RunState) {}
    /// x
    pub fn first(&mut self, _: &RunState) {}
    /// x
    pub fn follow(&mut self) {}
    /// x
    pub fn scroll(&mut self, _: i32) {}
    /// x
    pub fn draw(
        &self,
        _: Option<(&str, &RunState)>,
        _: Option<(&str, &RunState)>,
        _: Rect,
        _: &mut Buffer,
        _: &Theme,
    ) {
    }
}
