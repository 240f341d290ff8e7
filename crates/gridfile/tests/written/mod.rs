//! What the tests of this crate share: fields, the same one written in every format, byte by byte as the formats' own descriptions
//! say, and recorded data.
#![allow(dead_code)]

pub mod field;

use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use tiff::encoder::{TiffEncoder, colortype};
use tiff::tags::Tag;

pub use field::Field;

fn rows(f: &Field, from_north: bool) -> String {
    let order: Vec<usize> = if from_north {
        (0..f.ny).rev().collect()
    } else {
        (0..f.ny).collect()
    };
    let line = |j: usize| {
        f.row(j)
            .iter()
            .map(f32::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    order.into_iter().map(|j| line(j) + "\n").collect()
}

/// ESRI ASCII with the corner's edges or its centre.
pub fn esri(f: &Field, corner: bool) -> Vec<u8> {
    let (half, name) = if corner {
        (f.step / 2.0, "corner")
    } else {
        (0.0, "center")
    };
    format!(
        "ncols {}\r\nnrows {}\r\nXLL{name} {}\r\nyll{name}   {}\r\nCELLSIZE {}\r\nNODATA_value -9999\r\n{}",
        f.nx,
        f.ny,
        f.lon0 - half,
        f.lat0 - half,
        f.step,
        rows(f, true)
    )
    .into_bytes()
}

/// GeoClaw's header, then a row in a line (topotype 3) or a value in a line (2).
pub fn topotype(f: &Field, kind: u8) -> Vec<u8> {
    let values = if kind == 3 {
        rows(f, true)
    } else {
        f.north_first().map(|z| format!("{z:e}\n")).collect()
    };
    let head = format!(
        "  {}   mx\n  {}   my\n {:e}   xlower\n {:e}   ylower\n {:e}  dx\n {:e}  dy\n -9999 nodata_value\n",
        f.nx, f.ny, f.lon0, f.lat0, f.step, f.step
    );
    (head + &values).into_bytes()
}

/// GeoClaw's topotype 1.
pub fn triples(f: &Field) -> Vec<u8> {
    let line = |k: usize| {
        let (i, j) = (k % f.nx, f.ny - 1 - k / f.nx);
        format!("{} {} {}\n", f.lon(i), f.lat(j), f.row(j)[i])
    };
    (0..f.nx * f.ny).map(line).collect::<String>().into_bytes()
}

pub fn dsaa(f: &Field) -> Vec<u8> {
    let (east, north) = (f.lon(f.nx - 1), f.lat(f.ny - 1));
    format!(
        "DSAA\n{} {}\n{} {east}\n{} {north}\n-9000 9000\n{}",
        f.nx,
        f.ny,
        f.lon0,
        f.lat0,
        rows(f, false)
    )
    .into_bytes()
}

pub fn dsbb(f: &Field) -> Vec<u8> {
    let mut out = b"DSBB".to_vec();
    out.extend((f.nx as u16).to_le_bytes());
    out.extend((f.ny as u16).to_le_bytes());
    for edge in [
        f.lon0,
        f.lon(f.nx - 1),
        f.lat0,
        f.lat(f.ny - 1),
        -9000.0,
        9000.0,
    ] {
        out.extend(edge.to_le_bytes());
    }
    f.z.iter().for_each(|z| out.extend(z.to_le_bytes()));
    out
}

pub fn dsrb(f: &Field) -> Vec<u8> {
    let mut out = b"DSRB".to_vec();
    out.extend(4u32.to_le_bytes());
    out.extend(1u32.to_le_bytes());
    out.extend(b"GRID");
    out.extend(72u32.to_le_bytes());
    out.extend((f.ny as i32).to_le_bytes());
    out.extend((f.nx as i32).to_le_bytes());
    for number in [
        f.lon0, f.lat0, f.step, f.step, -9000.0, 9000.0, 0.0, 1.70141e38,
    ] {
        out.extend(number.to_le_bytes());
    }
    out.extend(b"DATA");
    out.extend(((f.z.len() * 8) as u32).to_le_bytes());
    f.z.iter()
        .for_each(|z| out.extend(f64::from(*z).to_le_bytes()));
    out
}

/// The two parts of our own format; values must be whole.
pub fn ours(f: &Field) -> (Vec<u8>, Vec<u8>) {
    let header = format!(
        r#"{{"nx":{},"ny":{},"lon0":{},"lat0":{},"dlon":{},"dlat":{}}}"#,
        f.nx, f.ny, f.lon0, f.lat0, f.step, f.step
    );
    let values: Vec<u8> = f.z.iter().flat_map(|z| (*z as i16).to_le_bytes()).collect();
    (header.into_bytes(), gzip(&values))
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).expect("in memory");
    out.finish().expect("in memory")
}

/// GeoTIFF with pixels as areas, or as points.
pub fn geotiff(f: &Field, points: bool, nodata: Option<&str>) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out).expect("in memory");
    let mut image = encoder
        .new_image::<colortype::Gray32Float>(f.nx as u32, f.ny as u32)
        .expect("an image");
    let half = if points { 0.0 } else { f.step / 2.0 };
    let tie = [0.0, 0.0, 0.0, f.lon0 - half, f.lat(f.ny - 1) + half, 0.0];
    let keys: [u16; 16] = [
        1,
        1,
        0,
        3,
        1024,
        0,
        1,
        2,
        1025,
        0,
        1,
        1 + u16::from(points),
        2048,
        0,
        1,
        4326,
    ];
    let tags = image.encoder();
    tags.write_tag(Tag::ModelPixelScaleTag, &[f.step, f.step, 0.0][..])
        .expect("a tag");
    tags.write_tag(Tag::ModelTiepointTag, &tie[..])
        .expect("a tag");
    tags.write_tag(Tag::GeoKeyDirectoryTag, &keys[..])
        .expect("a tag");
    if let Some(nodata) = nodata {
        tags.write_tag(Tag::GdalNodata, nodata).expect("a tag");
    }
    image
        .write_data(&f.north_first().collect::<Vec<f32>>())
        .expect("values");
    out.into_inner()
}

/// A netCDF file in the making.
#[derive(Debug, Clone, Default)]
pub struct Netcdf {
    pub version: u8,
    pub records: u32,
    /// Name and length; 0 is the record dimension.
    pub dims: Vec<(&'static str, u32)>,
    pub attributes: Vec<Attribute>,
    pub variables: Vec<Variable>,
}

/// Name, netCDF's type code, number of values, bytes.
pub type Attribute = (&'static str, u32, u32, Vec<u8>);

#[derive(Debug, Clone)]
pub struct Variable {
    pub name: &'static str,
    pub dims: Vec<u32>,
    pub attributes: Vec<Attribute>,
    pub kind: u32,
    /// Big-endian values.
    pub data: Vec<u8>,
}

pub fn text(name: &'static str, value: &str) -> Attribute {
    (name, 2, value.len() as u32, value.as_bytes().to_vec())
}

pub fn double(name: &'static str, value: f64) -> Attribute {
    (name, 6, 1, value.to_be_bytes().to_vec())
}

pub fn float(name: &'static str, value: f32) -> Attribute {
    (name, 5, 1, value.to_be_bytes().to_vec())
}

pub fn doubles(
    name: &'static str,
    dims: &[u32],
    values: impl IntoIterator<Item = f64>,
) -> Variable {
    Variable {
        name,
        dims: dims.to_vec(),
        attributes: Vec::new(),
        kind: 6,
        data: values.into_iter().flat_map(f64::to_be_bytes).collect(),
    }
}

pub fn floats(name: &'static str, dims: &[u32], values: impl IntoIterator<Item = f32>) -> Variable {
    Variable {
        name,
        dims: dims.to_vec(),
        attributes: Vec::new(),
        kind: 5,
        data: values.into_iter().flat_map(f32::to_be_bytes).collect(),
    }
}

impl Variable {
    pub fn with(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }
}

impl Netcdf {
    fn count(&self, out: &mut Vec<u8>, n: u32) {
        if self.version == 5 {
            out.extend(u64::from(n).to_be_bytes());
        } else {
            out.extend(n.to_be_bytes());
        }
    }

    fn name(&self, out: &mut Vec<u8>, name: &str) {
        self.count(out, name.len() as u32);
        out.extend(name.as_bytes());
        pad(out);
    }

    fn tag(&self, out: &mut Vec<u8>, tag: u32, n: usize) {
        out.extend((if n == 0 { 0 } else { tag }).to_be_bytes());
        self.count(out, n as u32);
    }

    fn attributes(&self, out: &mut Vec<u8>, attributes: &[Attribute]) {
        self.tag(out, 0x0C, attributes.len());
        for (name, kind, n, bytes) in attributes {
            self.name(out, name);
            out.extend(kind.to_be_bytes());
            self.count(out, *n);
            out.extend(bytes);
            pad(out);
        }
    }

    fn header(&self, begins: &[u64]) -> Vec<u8> {
        let mut out = vec![b'C', b'D', b'F', self.version];
        self.count(&mut out, self.records);
        self.tag(&mut out, 0x0A, self.dims.len());
        for (name, length) in &self.dims {
            self.name(&mut out, name);
            self.count(&mut out, *length);
        }
        self.attributes(&mut out, &self.attributes);
        self.tag(&mut out, 0x0B, self.variables.len());
        for (variable, begin) in self.variables.iter().zip(begins) {
            self.name(&mut out, variable.name);
            self.count(&mut out, variable.dims.len() as u32);
            variable.dims.iter().for_each(|&d| self.count(&mut out, d));
            self.attributes(&mut out, &variable.attributes);
            out.extend(variable.kind.to_be_bytes());
            self.count(&mut out, variable.data.len() as u32);
            if self.version == 1 {
                out.extend((*begin as u32).to_be_bytes());
            } else {
                out.extend(begin.to_be_bytes());
            }
        }
        out
    }

    fn is_record(&self, variable: &Variable) -> bool {
        variable
            .dims
            .first()
            .is_some_and(|&d| self.dims[d as usize].1 == 0)
    }

    /// The file: variables of fixed size, then the records.
    pub fn bytes(&self) -> Vec<u8> {
        let length = self.header(&vec![0; self.variables.len()]).len() as u64;
        let mut at = length;
        let mut begins = vec![0; self.variables.len()];
        let share =
            |v: &Variable| (v.data.len() / self.records.max(1) as usize).next_multiple_of(4);
        for (begin, variable) in begins
            .iter_mut()
            .zip(&self.variables)
            .filter(|(_, v)| !self.is_record(v))
        {
            *begin = at;
            at += (variable.data.len() as u64).next_multiple_of(4);
        }
        for (begin, variable) in begins
            .iter_mut()
            .zip(&self.variables)
            .filter(|(_, v)| self.is_record(v))
        {
            *begin = at;
            at += share(variable) as u64;
        }
        let mut out = self.header(&begins);
        for variable in self.variables.iter().filter(|v| !self.is_record(v)) {
            out.extend(&variable.data);
            pad(&mut out);
        }
        for record in 0..self.records as usize {
            for variable in self.variables.iter().filter(|v| self.is_record(v)) {
                let each = variable.data.len() / self.records as usize;
                out.extend(&variable.data[record * each..][..each]);
                pad(&mut out);
            }
        }
        out
    }
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}

/// Latitude, longitude and `name`, as GEBCO and ETOPO have them.
pub fn netcdf(f: &Field, version: u8, name: &'static str) -> Netcdf {
    Netcdf {
        version,
        records: 0,
        dims: vec![("lat", f.ny as u32), ("lon", f.nx as u32)],
        attributes: vec![text("Conventions", "CF-1.6"), double("zero", 0.0)],
        variables: vec![
            doubles("lat", &[0], (0..f.ny).map(|j| f.lat(j))).with(text("units", "degrees_north")),
            doubles("lon", &[1], (0..f.nx).map(|i| f.lon(i))).with(text("units", "degrees_east")),
            floats(name, &[0, 1], f.z.iter().copied()).with(text("units", "m")),
        ],
    }
}

/// GMT's format of version 3, with nodes or with pixels.
pub fn gmt_3(f: &Field, pixels: bool) -> Vec<u8> {
    let half = if pixels { f.step / 2.0 } else { 0.0 };
    let range = |name, from: f64, to: f64| doubles(name, &[0], [from - half, to + half]);
    let size = [f.nx as i32, f.ny as i32]
        .into_iter()
        .flat_map(i32::to_be_bytes)
        .collect();
    let z = floats("z", &[1], f.north_first()).with((
        "node_offset",
        4,
        1,
        i32::from(pixels).to_be_bytes().to_vec(),
    ));
    Netcdf {
        version: 1,
        records: 0,
        dims: vec![("side", 2), ("xysize", (f.nx * f.ny) as u32)],
        attributes: vec![text("title", "")],
        variables: vec![
            range("x_range", f.lon0, f.lon(f.nx - 1)),
            range("y_range", f.lat0, f.lat(f.ny - 1)),
            range("z_range", 0.0, 0.0),
            doubles("spacing", &[0], [f.step, f.step]),
            Variable {
                name: "dimension",
                dims: vec![0],
                attributes: Vec::new(),
                kind: 4,
                data: size,
            },
            z,
        ],
    }
    .bytes()
}

/// Every format that a field of whole metres can be written in: name and bytes.
pub fn every(f: &Field) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("esri corner", esri(f, true)),
        ("esri centre", esri(f, false)),
        ("topotype 1", triples(f)),
        ("topotype 2", topotype(f, 2)),
        ("topotype 3", topotype(f, 3)),
        ("esri, gzip", gzip(&esri(f, true))),
        ("dsaa", dsaa(f)),
        ("dsbb", dsbb(f)),
        ("dsbb, gzip", gzip(&dsbb(f))),
        ("dsrb", dsrb(f)),
        ("netcdf classic", netcdf(f, 1, "elevation").bytes()),
        ("netcdf 64-bit offset", netcdf(f, 2, "z").bytes()),
        ("netcdf 64-bit data", netcdf(f, 5, "anything").bytes()),
        ("gmt 3 nodes", gmt_3(f, false)),
        ("gmt 3 pixels", gmt_3(f, true)),
        ("geotiff areas", geotiff(f, false, None)),
        ("geotiff points", geotiff(f, true, Some("-32768"))),
    ]
}

/// A file of the recorded data, which do not ship; says so where it is not there.
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("WATCHFIRE_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let path = folder.join(name);
    if !path.exists() {
        println!(
            "skipped: {name} (recorded data not found at {})",
            path.display()
        );
        return None;
    }
    Some(path)
}
