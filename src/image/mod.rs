//! One file with all tables of a build, and places; what a run-time maps.

mod builder;
mod columnar;
mod family;
pub mod layout;
mod open;
mod pressed;
mod verify;
mod view;

pub use builder::{ImageContent, ImageError, ImagePlace, ImageType, encode_image};
pub use family::FamilyView;
pub use open::{DispatchImage, ImageOpenError};
pub use pressed::{compress_image, decompress_image};
pub use view::{GlobalType, ImageView, PlaceInfo};
