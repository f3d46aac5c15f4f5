//! One file with all tables of a build, and places; what a run-time maps.

mod builder;
pub mod layout;
mod open;
mod view;

pub use builder::{ImageContent, ImageError, ImagePlace, ImageType, encode_image};
pub use open::{DispatchImage, ImageOpenError};
pub use view::{FamilyView, GlobalType, ImageView, PlaceInfo};
