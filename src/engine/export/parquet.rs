//! The two tables as Parquet files.

use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use ::parquet::errors::Result as Parquet;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;

use super::table::{ExportColumn, ExportTable, metrics, summary};
use super::{Product, Run};
use crate::engine::error::{EngineError, Result};

pub(super) fn products(runs: &[Run]) -> Result<Vec<Product>> {
    let product = |table: &ExportTable| {
        let name = format!("{}.parquet", table.name);
        match bytes(table) {
            Ok(bytes) => Ok(Product::new(&[&name], bytes)),
            Err(error) => Err(EngineError::run(&name, format!("cannot be encoded: {error}"))),
        }
    };
    [metrics(runs), summary(runs)].iter().map(product).collect()
}

fn bytes(table: &ExportTable) -> Parquet<Vec<u8>> {
    let fields = table.columns.iter().map(|(name, column)| field(name, column).map(Arc::new));
    let schema = Type::group_type_builder(table.name).with_fields(fields.collect::<Parquet<_>>()?).build()?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for (_, column) in &table.columns {
        match column {
            ExportColumn::Text(values) => {
                write::<ByteArrayType>(&mut group, values.iter().map(|v| v.as_deref().map(ByteArray::from)))?;
            }
            // Bit by bit: the column says that they have no sign.
            ExportColumn::Whole(values) => {
                write::<Int64Type>(&mut group, values.iter().map(|v| v.map(u64::cast_signed)))?;
            }
            ExportColumn::Real(values) => write::<DoubleType>(&mut group, values.iter().copied())?,
        }
    }
    group.close()?;
    file.into_inner()
}

fn field(name: &str, column: &ExportColumn) -> Parquet<Type> {
    let (physical, logical) = match column {
        ExportColumn::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        ExportColumn::Whole(_) => (Physical::INT64, Some(LogicalType::integer(64, false))),
        ExportColumn::Real(_) => (Physical::DOUBLE, None),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Parquet<()> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    let values: Vec<_> = values.collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    column.close()
}
