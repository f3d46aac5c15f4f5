//! One file with all tables of a build, and places; what a run-time maps.

mod builder;
mod classes;
mod dag;
pub mod diff;
mod family;
pub mod inspect;
pub mod layout;
mod open;
mod verify;
mod view;

pub use builder::{ImageContent, ImageError, ImagePlace, ImageType, encode_image};
pub use classes::TypeClass;
pub use dag::{DagNode, DecisionDag, Step};
pub use family::FamilyView;
pub use open::{DispatchImage, ImageOpenError};
pub use view::{GlobalType, ImageView, PlaceInfo};
