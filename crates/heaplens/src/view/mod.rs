//! Views: what people look at, as plain structs. Each is computed from a [`Profile`](crate::Profile) alone.

pub mod layout;
pub mod palette;
pub mod top;
pub mod tree;

pub use top::{Change, Order, Row, Top};
pub use tree::{Node, Place, Tree};
