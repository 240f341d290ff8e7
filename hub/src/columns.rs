//! Readings as Arrow columns: the shape that every stage after intake, the archive and the exports share.
//!
//! Schema (docs: DESIGN, "Arrow schema"): `station` and `quantity` dictionary-encoded utf8, `time` and `received`
//! timestamp[us, UTC], `value` float64, `quality` uint8 flags, `seq` uint64. The unit of each quantity is in the schema's metadata
//! (`unit:<quantity>`), since one batch carries many quantities.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::{
    Float64Type, TimestampMicrosecondType, UInt8Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    ArrayRef, DictionaryArray, PrimitiveArray, RecordBatch, StringArray, UInt8Array, UInt32Array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use wire::quantity::Quantity;

/// Most stations that a hub keeps apart, configured or not.
pub const MOST_STATIONS: usize = 100_000;

/// Station names by index, in order of first appearance; the configured ones first.
#[derive(Debug, Clone)]
pub struct Stations {
    names: Vec<Arc<str>>,
    index: HashMap<Arc<str>, u32>,
    dictionary: Arc<StringArray>,
}

impl Stations {
    /// Starts with the configured stations.
    pub fn new<'a>(configured: impl IntoIterator<Item = &'a str>) -> Self {
        let mut stations = Self {
            names: Vec::new(),
            index: HashMap::new(),
            dictionary: Arc::new(StringArray::from(Vec::<&str>::new())),
        };
        for name in configured {
            stations.add(name);
        }
        stations
    }

    fn add(&mut self, name: &str) -> u32 {
        let index = self.names.len() as u32;
        let name: Arc<str> = Arc::from(name);
        self.names.push(name.clone());
        self.index.insert(name, index);
        index
    }

    /// The index of a station; a new one gets the next index. `None` past [`MOST_STATIONS`].
    pub fn index_of(&mut self, name: &str) -> Option<u32> {
        if let Some(&i) = self.index.get(name) {
            return Some(i);
        }
        (self.names.len() < MOST_STATIONS).then(|| self.add(name))
    }

    /// The index of a known station.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.index.get(name).copied()
    }

    /// The name behind an index.
    pub fn name(&self, index: u32) -> &str {
        self.names.get(index as usize).map_or("", |n| n)
    }

    /// How many stations are known.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no station is known.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn dictionary(&mut self) -> Arc<StringArray> {
        use arrow_array::Array;
        if self.dictionary.len() != self.names.len() {
            self.dictionary = Arc::new(StringArray::from_iter_values(self.names.iter()));
        }
        self.dictionary.clone()
    }
}

/// Columns while they are being filled.
#[derive(Debug, Default)]
pub struct Columns {
    /// Index into [`Stations`].
    pub station: Vec<u32>,
    /// Event time, microseconds since the Unix epoch.
    pub time: Vec<i64>,
    /// Position in [`Quantity::ALL`].
    pub quantity: Vec<u8>,
    /// Value in the quantity's unit; NaN when the quality says that there is none.
    pub value: Vec<f64>,
    /// `wire::quality` flags.
    pub quality: Vec<u8>,
    /// Sequence number of the node.
    pub seq: Vec<u64>,
}

impl Columns {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// Turns the columns into a record batch without copying them; they start over empty.
    ///
    /// All columns have one length by construction of [`crate::intake::Intake`]; a mismatch is our own bug and gives an error, not a
    /// panic.
    pub fn take(
        &mut self,
        stations: &mut Stations,
        schema: &SchemaRef,
        received_us: i64,
    ) -> Result<RecordBatch, arrow_schema::ArrowError> {
        let rows = self.len();
        let spare = rows.next_power_of_two().min(1 << 16);
        let take_u8 = |v: &mut Vec<u8>| std::mem::replace(v, Vec::with_capacity(spare));
        let utc = || Some(Arc::from("UTC"));
        let times = std::mem::replace(&mut self.time, Vec::with_capacity(spare));
        let time = PrimitiveArray::<TimestampMicrosecondType>::new(times.into(), None)
            .with_timezone_opt(utc());
        let received =
            PrimitiveArray::<TimestampMicrosecondType>::new(vec![received_us; rows].into(), None)
                .with_timezone_opt(utc());
        let station = DictionaryArray::<UInt32Type>::try_new(
            UInt32Array::new(
                std::mem::replace(&mut self.station, Vec::with_capacity(spare)).into(),
                None,
            ),
            stations.dictionary(),
        )?;
        let quantity = DictionaryArray::<UInt8Type>::try_new(
            UInt8Array::new(take_u8(&mut self.quantity).into(), None),
            quantities(),
        )?;
        let values = std::mem::replace(&mut self.value, Vec::with_capacity(spare));
        let seqs = std::mem::replace(&mut self.seq, Vec::with_capacity(spare));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(station),
            Arc::new(quantity),
            Arc::new(time),
            Arc::new(PrimitiveArray::<Float64Type>::new(values.into(), None)),
            Arc::new(PrimitiveArray::<UInt8Type>::new(
                take_u8(&mut self.quality).into(),
                None,
            )),
            Arc::new(PrimitiveArray::<UInt64Type>::new(seqs.into(), None)),
            Arc::new(received),
        ];
        RecordBatch::try_new(schema.clone(), columns)
    }
}

fn quantities() -> Arc<StringArray> {
    static NAMES: std::sync::OnceLock<Arc<StringArray>> = std::sync::OnceLock::new();
    NAMES
        .get_or_init(|| {
            Arc::new(StringArray::from_iter_values(
                Quantity::ALL.iter().map(|q| q.name()),
            ))
        })
        .clone()
}

/// Position of a quantity in [`Quantity::ALL`], which is its dictionary key.
pub fn quantity_key(quantity: Quantity) -> u8 {
    static KEYS: std::sync::OnceLock<[u8; 256]> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| {
        let mut keys = [u8::MAX; 256];
        for (i, q) in Quantity::ALL.iter().enumerate() {
            keys[q.code() as usize] = i as u8;
        }
        keys
    })[quantity.code() as usize]
}

/// The schema of every batch.
pub fn schema() -> SchemaRef {
    let timestamp = || DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")));
    let words = |key| DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8));
    let units = Quantity::ALL
        .iter()
        .map(|q| (format!("unit:{}", q.name()), q.unit().to_owned()));
    Arc::new(Schema::new_with_metadata(
        vec![
            Field::new("station", words(DataType::UInt32), false),
            Field::new("quantity", words(DataType::UInt8), false),
            Field::new("time", timestamp(), false),
            Field::new("value", DataType::Float64, false),
            Field::new("quality", DataType::UInt8, false),
            Field::new("seq", DataType::UInt64, false),
            Field::new("received", timestamp(), false),
        ],
        units.collect::<HashMap<String, String>>(),
    ))
}

/// The rows of a batch as plain slices, for stages that walk them.
pub struct Rows<'a> {
    /// Index into [`Stations`].
    pub station: &'a [u32],
    /// Position in [`Quantity::ALL`].
    pub quantity: &'a [u8],
    /// Event time, microseconds since the Unix epoch.
    pub time: &'a [i64],
    /// Value.
    pub value: &'a [f64],
    /// Flags.
    pub quality: &'a [u8],
}

impl<'a> Rows<'a> {
    /// The slices behind a batch of [`schema`]; `None` for any other batch.
    pub fn of(batch: &'a RecordBatch) -> Option<Self> {
        let column = |name| batch.column_by_name(name);
        let any = |name| column(name).map(|c| c.as_any());
        Some(Self {
            station: any("station")?
                .downcast_ref::<DictionaryArray<UInt32Type>>()?
                .keys()
                .values(),
            quantity: any("quantity")?
                .downcast_ref::<DictionaryArray<UInt8Type>>()?
                .keys()
                .values(),
            time: any("time")?
                .downcast_ref::<PrimitiveArray<TimestampMicrosecondType>>()?
                .values(),
            value: any("value")?
                .downcast_ref::<PrimitiveArray<Float64Type>>()?
                .values(),
            quality: any("quality")?.downcast_ref::<UInt8Array>()?.values(),
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }
}
