//! The two tables as CSV files.

use super::table::{ExportTable, metrics, summary};
use super::{Product, Run};
use crate::engine::error::{EngineError, Result};

pub(super) fn products(runs: &[Run]) -> Result<Vec<Product>> {
    [metrics(runs), summary(runs)].iter().map(product).collect()
}

fn product(table: &ExportTable) -> Result<Product> {
    let name = format!("{}.csv", table.name);
    let fail = |error: ::csv::Error| EngineError::run(&name, format!("cannot be encoded: {error}"));
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(table.columns.iter().map(|(name, _)| name)).map_err(fail)?;
    for row in 0..table.rows() {
        writer.write_record(table.columns.iter().map(|(_, column)| column.text(row))).map_err(fail)?;
    }
    let bytes = writer.into_inner().map_err(|error| fail(error.into_error().into()))?;
    Ok(Product::new(&[&name], bytes))
}
