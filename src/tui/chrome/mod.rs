//! What is around the panels and above them: header, seek bar, footer, help, questions, text
//! being typed.

pub mod footer;
pub mod header;
pub mod help;
pub mod input;
pub mod palette;
pub mod question;
pub mod seek_bar;
