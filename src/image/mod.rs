//! One file with all tables of a build, and places; what a run-time maps.
//!
//! | file | one idea |
//! |---|---|
//! | `layout`, `builder` | the fixed parts, and the only writer |
//! | `view`, `family`, `verify` | checked reads where the bytes lie, and the deep proof |
//! | `open` | an image in a file, mapped |
//! | `moved` | the same image with methods in other places |
//! | `bind`, `grow`, `numbered` | a process's own type ids, so that a call is array loads |
//! | `inline_cache`, `shared_cache` | the last answers of one call site, of one thread or of many |
//! | `reload` | a newer file takes the place of an older one while threads use both |

mod bind;
mod builder;
mod classes;
mod columnar;
mod dag;
pub mod diff;
mod family;
mod grow;
mod inline_cache;
pub mod inspect;
pub mod layout;
mod moved;
mod numbered;
mod open;
mod pressed;
mod reload;
mod shared_cache;
mod verify;
mod view;

pub use bind::{BindError, BoundFamily, FamilyStamp, OwnType, TypeBinding};
pub use builder::{ImageContent, ImageError, ImagePlace, ImageType, encode_image};
pub use classes::TypeClass;
pub use dag::{DagNode, DecisionDag, Step};
pub use family::FamilyView;
pub use inline_cache::{CallCounts, InlineCache};
pub use moved::{MoveError, MovedPlaces, Moves, move_places};
pub use open::{DispatchImage, ImageOpenError};
pub use pressed::{MAX_DECODED_BYTES, compress_image, decompress_image};
pub use reload::{ImageHandle, Reloaded};
pub use shared_cache::SharedInlineCache;
pub use view::{GlobalType, ImageView, PlaceInfo};
