//! The work: queries over a table of 40,000 rows, of many kinds, so that many parts of datafusion allocate.

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use datafusion::prelude::{CsvReadOptions, DataFrame, SessionConfig, SessionContext};
use std::fmt::Write as _;

const QUERIES: &[&str] = &[
    "SELECT host, count(*), avg(value), stddev(value), approx_distinct(path) FROM t GROUP BY host ORDER BY 2 DESC",
    "SELECT a.host, b.path, sum(a.value) FROM t a JOIN t b ON a.id = b.id + 7 WHERE b.value > 10 GROUP BY 1, 2",
    "SELECT id, value, row_number() OVER (PARTITION BY host ORDER BY value), \
     lag(value) OVER (PARTITION BY path ORDER BY id) FROM t",
    "SELECT regexp_replace(path, '([a-z]+)', '<\\1>'), upper(host), date_trunc('hour', to_timestamp(id)) FROM t \
     ORDER BY 1 LIMIT 5000",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 200) \
     SELECT i, (SELECT max(value) FROM t) FROM n",
    "SELECT host, array_agg(path ORDER BY value), percentile_cont(0.9) WITHIN GROUP (ORDER BY value) FROM t \
     GROUP BY host",
    "SELECT * FROM t WHERE path IN (SELECT path FROM t GROUP BY path HAVING count(*) > 3) \
     UNION SELECT * FROM t WHERE value < 5",
    "SELECT CASE WHEN value > 50 THEN 'high' ELSE 'low' END, cast(value AS decimal(10,2)), md5(path), \
     substr(host, 2, 3) FROM t",
    "EXPLAIN ANALYZE SELECT host, path, sum(value) FROM t GROUP BY CUBE (host, path)",
];

/// What the queries gave, with their plans.
pub(crate) type Kept = Vec<(DataFrame, Vec<RecordBatch>)>;

/// Runs all queries, each time with other numbers of partitions, and keeps everything.
pub(crate) async fn run(rounds: usize) -> Result<Kept> {
    let table = std::env::temp_dir().join(format!("bigserver-{}.csv", std::process::id()));
    std::fs::write(&table, csv())?;
    let mut kept = Vec::new();
    for round in 0..rounds {
        let config = SessionConfig::new().with_target_partitions(2 + round % 3);
        let context = SessionContext::new_with_config(config);
        context.register_csv("t", &table.to_string_lossy(), CsvReadOptions::new()).await?;
        for query in QUERIES {
            let frame = context.sql(query).await?;
            kept.push((frame.clone(), frame.collect().await?));
        }
    }
    std::fs::remove_file(&table)?;
    Ok(kept)
}

fn csv() -> String {
    let mut csv = String::from("id,host,path,value\n");
    for id in 0..40_000u32 {
        let value = f64::from(id.wrapping_mul(2_654_435_761) >> 8) / 1e5;
        let _ = writeln!(csv, "{id},host{},/api/v{}/r{},{value}", id % 37, id % 5, id % 211);
    }
    csv
}
