//! stub
/// x
pub fn svg(_: &ratatui::buffer::Buffer, _: &super::theme::Theme) -> String {
    String::new()
}
