//! Pictures made of values: feature maps and images, in cells or in the terminal's own pixels.

pub mod palette;
mod pixels;
mod tile;

pub use pixels::{Font, Gallery, Grid, Images, Paint, doubt, farewell, images};
pub use tile::Tile;
