//! Heap profiles of programs that use jemalloc: from a dump to the line that leaks.
//!
//! The way of the data is a straight line:
//!
//! ```text
//! bytes -> Dump -> Profile -> (symbolize | filter | diff : Profile -> Profile) -> view -> output
//! ```
//!
//! [`Profile`] is the one type to learn. From bytes to the table of functions:
//!
//! ```
//! use heaplens::profile::SampleType;
//! use heaplens::view::Top;
//! use heaplens::{filter, input, out, symbols};
//!
//! # fn main() -> Result<(), heaplens::Error> {
//! # let bytes = b"heap_v2/524288\n  t*: 2: 2097152 [0: 0]\n@ 0x1010 0x1020\n  t*: 2: 2097152 [0: 0]\n\n\
//! #     MAPPED_LIBRARIES:\n1000-2000 r-xp 00000000 fe:00 7 /no/such/server\n";
//! // `bytes` holds a dump, pprof or folded stacks, gzip-compressed or not.
//! let profile = input::read(bytes, &input::Limits::default())?;
//! let profile = symbols::symbolize(&profile, &symbols::Options::default());
//! let profile = filter::fold(&profile, filter::Folding::default());
//!
//! let top = Top::new(&profile, SampleType::InuseSpace);
//! for row in &top.rows {
//!     println!("{:.0} bytes in {}", row.flat.after.as_f64(), row.name);
//! }
//! # assert_eq!(top.rows[0].name, "server+0x10");
//! # assert_eq!(top.rows[0].flat.after.round(), 2_425_393); // two objects of 1 MiB at one sample in 512 KiB
//! // What could not be read or named stands beside the result, not in its place.
//! for warning in &profile.warnings {
//!     eprintln!("warning: {warning}");
//! }
//! # assert!(profile.warnings.iter().any(|w| w.code == "missing-symbols"));
//! let mut table = Vec::new();
//! out::text::write_top(&top, &out::text::Options::default(), &mut table)?;
//! # assert!(String::from_utf8(table).unwrap().starts_with("inuse_space: 2.3 MiB"));
//! # Ok(())
//! # }
//! ```
//!
//! [`diff::diff`] of two profiles is a profile as well, so the same views and outputs take it.

mod addresses;
pub mod check;
pub mod classify;
mod demangled;
pub mod diff;
pub mod dump;
pub mod error;
pub mod filter;
pub mod group;
pub mod input;
pub mod leaks;
pub mod maps;
mod octal;
pub mod out;
pub mod profile;
mod profile_proto;
pub mod sampling;
mod seeded;
pub mod series;
pub mod short;
pub mod symbols;
pub mod trailer;
pub mod view;

pub use dump::Dump;
pub use error::{Error, Warning};
pub use profile::Profile;
