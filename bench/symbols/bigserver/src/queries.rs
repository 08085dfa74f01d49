//! The work: SQL statements from a file, over a table of 40,000 rows. Everything on the way to their results is kept,
//! so that many parts of datafusion have allocated what is still live.

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{CsvReadOptions, SessionConfig, SessionContext};
use futures::StreamExt;
use std::fmt::Write as _;
use std::sync::Arc;

/// A statement's plans, its first batch with the stream that stopped behind it, and all its rows.
pub(crate) type Kept =
    (LogicalPlan, LogicalPlan, Arc<dyn ExecutionPlan>, SendableRecordBatchStream, Vec<RecordBatch>);

/// Runs all statements, which end with `;` and a newline, each round with another number of partitions.
pub(crate) async fn run(statements: &str, rounds: usize) -> Result<Vec<Kept>> {
    let table = std::env::temp_dir().join(format!("bigserver-{}.csv", std::process::id()));
    std::fs::write(&table, csv())?;
    let mut kept = Vec::new();
    for round in 0..rounds {
        let config = SessionConfig::new().with_target_partitions(2 + round % 3);
        let context = SessionContext::new_with_config(config);
        context.register_csv("t", &table.to_string_lossy(), CsvReadOptions::new()).await?;
        for statement in statements.split(";\n").filter(|statement| !statement.trim().is_empty()) {
            match one(&context, statement).await {
                Ok(what) => kept.push(what),
                Err(error) => eprintln!("{}: {error}", statement.trim()),
            }
        }
    }
    std::fs::remove_file(&table)?;
    Ok(kept)
}

async fn one(context: &SessionContext, statement: &str) -> Result<Kept> {
    let frame = context.sql(statement).await?;
    let logical = frame.logical_plan().clone();
    let optimized = frame.clone().into_optimized_plan()?;
    let physical = frame.clone().create_physical_plan().await?;
    let mut stream = execute_stream(Arc::clone(&physical), context.task_ctx())?;
    let first = stream.next().await.transpose()?;
    let mut rows = frame.collect().await?;
    rows.extend(first);
    Ok((logical, optimized, physical, stream, rows))
}

fn csv() -> String {
    let mut csv = String::from("id,host,path,value\n");
    for id in 0..40_000u32 {
        let value = f64::from(id.wrapping_mul(2_654_435_761) >> 8) / 1e5;
        let _ = writeln!(csv, "{id},host{},/api/v{}/r{},{value}", id % 37, id % 5, id % 211);
    }
    csv
}
