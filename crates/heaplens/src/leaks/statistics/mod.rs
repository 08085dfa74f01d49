//! Statistics for trends: nothing here knows of heaps.

mod discoveries;
mod normal;
mod trend;

pub use discoveries::benjamini_hochberg;
pub use normal::{cdf, quantile, upper_tail};
pub use trend::{Slopes, Trend, detrended, mann_kendall};
