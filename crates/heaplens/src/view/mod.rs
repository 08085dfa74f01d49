//! Views: what people look at, as plain structs. Each is computed from a [`Profile`](crate::Profile) alone.

pub mod graph;
pub mod layout;
pub mod palette;
pub mod top;
pub mod tree;

pub use graph::{CallGraph, Edge, GraphNode};
pub use top::{Change, Order, Row, Top};
pub use tree::{Node, Place, Tree};
