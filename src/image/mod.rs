//! One file with all tables of a build, and places; what a run-time maps.

mod builder;
pub mod layout;
mod view;

pub use builder::{ImageContent, ImageError, ImagePlace, ImageType, encode_image};
pub use view::{FamilyView, GlobalType, ImageView, PlaceInfo};
