//! Writing: provenance and heights into an Arrow IPC file.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, FixedSizeListArray, Float32Array, RecordBatch, StringArray};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use crate::provenance::{KEY, Provenance};

/// Key of the footer's metadata under which the digest of the provenance stands: the heights have theirs in it.
pub(crate) const SEAL: &str = "watchfire.bank.blake3";

/// Digest of a provenance as it stands in the file.
pub(crate) fn seal(json: &str) -> String {
    blake3::hash(json.as_bytes()).to_hex().to_string()
}

/// The schema of a bank; `json` is its provenance.
pub(crate) fn schema(samples: usize, json: String) -> SchemaRef {
    let item = Arc::new(Field::new("item", DataType::Float32, false));
    // `Provenance::check` has bounded the samples far below i32.
    let length = i32::try_from(samples).unwrap_or(i32::MAX);
    let fields = vec![
        Field::new("receiver", DataType::Utf8, false),
        Field::new("unit", DataType::Utf8, false),
        Field::new("height_m", DataType::FixedSizeList(item, length), false),
    ];
    // One key only: more would be written in the order of a hash map, which changes from run to run.
    Arc::new(Schema::new_with_metadata(
        fields,
        HashMap::from([(KEY.to_owned(), json)]),
    ))
}

/// Writes a bank whose receivers' heights come from `heights`, in order; returns what was written to.
pub(crate) fn write<W: Write>(
    to: W,
    provenance: &Provenance,
    mut heights: impl FnMut(usize) -> io::Result<Vec<f32>>,
) -> io::Result<W> {
    let json = serde_json::to_string(provenance)?;
    let schema = schema(provenance.samples, json.clone());
    let DataType::FixedSizeList(item, length) = schema.field(2).data_type() else {
        unreachable!("the third column is a list");
    };
    let units: ArrayRef = Arc::new(StringArray::from_iter_values(
        provenance.units.iter().map(|u| &u.id),
    ));
    let mut writer = FileWriter::try_new(to, &schema).map_err(io_error)?;
    for (k, receiver) in provenance.receivers.iter().enumerate() {
        let id = std::iter::repeat_n(&receiver.place.id, provenance.units.len());
        let values = Arc::new(Float32Array::from(heights(k)?));
        let list =
            FixedSizeListArray::try_new(item.clone(), *length, values, None).map_err(io_error)?;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(id)),
            units.clone(),
            Arc::new(list),
        ];
        let batch = RecordBatch::try_new(schema.clone(), columns).map_err(io_error)?;
        writer.write(&batch).map_err(io_error)?;
    }
    writer.write_metadata(SEAL, seal(&json));
    writer.into_inner().map_err(io_error)
}

fn io_error(e: ArrowError) -> io::Error {
    match e {
        ArrowError::IoError(_, e) => e,
        e => io::Error::other(e),
    }
}
