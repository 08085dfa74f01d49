//! The gate: dumps to a verdict, and the verdict in every form.

mod baseline;
mod chosen;
mod dumps;
mod formats;
#[path = "../golden/mod.rs"]
mod golden;
mod lab;
mod rounds;
#[path = "../formats/schema.rs"]
#[allow(dead_code, reason = "speedscope's is checked elsewhere")]
mod schema;
mod series;
mod suppressed;
