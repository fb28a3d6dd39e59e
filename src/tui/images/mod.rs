//! Pictures made of values: feature maps and images, in cells or in the terminal's own pixels.

mod key;
pub mod palette;
mod pixels;
mod tile;

pub use key::PictureKey;
pub use pixels::{Font, Gallery, ImageProtocol, Paint, PixelGrid, doubt, farewell, images};
pub use tile::Tile;
