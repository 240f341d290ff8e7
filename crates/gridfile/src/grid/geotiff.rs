//! GeoTIFF: one band of heights with its place, as GDAL, SWALS and most portals write it.
//!
//! The place comes from ModelPixelScale (33550) and ModelTiepoint (33922), or ModelTransformation (34264) without rotation; the values
//! are those of the pixels' centres, also where GTRasterTypeGeoKey (1025) says that the tie point is one. GDAL_NODATA (42113) and NaN are
//! holes. Format: OGC 19-008r4, "GeoTIFF standard 1.1".

use std::io::Cursor;

use ocean::grid::MAX_CELLS;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use crate::problem::Problem;
use crate::raster::{Axis, Stored, check_size};
use crate::utm::Zone;

/// GTModelTypeGeoKey: 1 projected, 2 geographic.
const MODEL_TYPE: u16 = 1024;
/// GTRasterTypeGeoKey: 1 pixel is area, 2 pixel is point.
const RASTER_TYPE: u16 = 1025;
/// ProjectedCSTypeGeoKey: an EPSG code.
const PROJECTED: u16 = 3072;
/// Most bytes that decoding may hold at a time, beside the values: a strip of the widest grid in double precision.
const BUFFER: usize = 256 << 20;

fn refused(e: tiff::TiffError) -> Problem {
    Problem::Malformed(format!("as a TIFF: {e}"))
}

pub(crate) fn read(bytes: &[u8]) -> Result<Stored, Problem> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = 8 * MAX_CELLS;
    limits.intermediate_buffer_size = BUFFER;
    limits.ifd_value_size = 64 << 20;
    let mut decoder = Decoder::new(Cursor::new(bytes))
        .map_err(refused)?
        .with_limits(limits);
    let (nx, ny) = decoder.dimensions().map_err(refused)?;
    let (nx, ny) = (nx as usize, ny as usize);
    check_size(nx, ny)?;
    let samples = decoder.colortype().map_err(refused)?.num_samples();
    if samples != 1 {
        return Err(Problem::malformed(format!(
            "has {samples} bands; one of heights is needed"
        )));
    }
    let keys = Keys::read(&mut decoder)?;
    let (x, y) = place(&mut decoder, &keys, nx, ny)?;
    let nodata = decoder
        .get_tag_ascii_string(Tag::GdalNodata)
        .ok()
        .and_then(|text| text.trim_end_matches('\0').trim().parse::<f64>().ok());
    let z = heights(decoder.read_image().map_err(refused)?, nodata)?;
    let mut stored = Stored::new(x, y, z);
    stored.zone = keys
        .get(PROJECTED)
        .and_then(|code| Zone::of_epsg(u32::from(code)));
    Ok(stored)
}

/// The GeoKeys that hold their value themselves.
struct Keys(Vec<u16>);

impl Keys {
    fn read(decoder: &mut Decoder<Cursor<&[u8]>>) -> Result<Self, Problem> {
        match decoder.find_tag(Tag::GeoKeyDirectoryTag).map_err(refused)? {
            None => Ok(Keys(Vec::new())),
            Some(value) => value.into_u16_vec().map(Keys).map_err(refused),
        }
    }

    fn get(&self, key: u16) -> Option<u16> {
        let entries = self.0.get(4..)?.chunks_exact(4);
        entries
            .into_iter()
            .find(|e| e[0] == key && e[1] == 0)
            .map(|e| e[3])
    }
}

fn place(
    decoder: &mut Decoder<Cursor<&[u8]>>,
    keys: &Keys,
    nx: usize,
    ny: usize,
) -> Result<(Axis, Axis), Problem> {
    let mut numbers = |tag| -> Result<Vec<f64>, Problem> {
        match decoder.find_tag(tag).map_err(refused)? {
            None => Ok(Vec::new()),
            Some(value) => value.into_f64_vec().map_err(refused),
        }
    };
    let (scale, tie, matrix) = (
        numbers(Tag::ModelPixelScaleTag)?,
        numbers(Tag::ModelTiepointTag)?,
        numbers(Tag::ModelTransformationTag)?,
    );
    // Steps, and the model coordinates of raster position 0, 0.
    let (dx, dy, x0, y0) = match (&scale[..], &tie[..], &matrix[..]) {
        ([sx, sy, ..], [i, j, _, x, y, _, ..], _) => (*sx, -*sy, x - i * sx, y + j * sy),
        (_, _, [a, b, _, d, e, f, _, h, ..]) if *b == 0.0 && *e == 0.0 => (*a, *f, *d, *h),
        (_, _, [_, _, _, _, ..]) => {
            return Err(Problem::malformed(
                "is rotated against latitude and longitude; warp it first (`gdalwarp`)",
            ));
        }
        _ => {
            return Err(Problem::malformed(
                "says nowhere where it lies: no tie point and scale, no transformation",
            ));
        }
    };
    let projected = keys.get(MODEL_TYPE) == Some(1);
    if projected
        && keys
            .get(PROJECTED)
            .and_then(|code| Zone::of_epsg(u32::from(code)))
            .is_none()
    {
        return Err(Problem::malformed(
            "is projected; bring it to latitude and longitude first (`gdalwarp -t_srs EPSG:4326 in.tif out.tif`)",
        ));
    }
    let half = if keys.get(RASTER_TYPE) == Some(2) {
        0.0
    } else {
        0.5
    };
    let axis = |first, step: f64, n| Axis {
        first: first + half * step,
        step,
        n,
    };
    Ok((axis(x0, dx, nx), axis(y0, dy, ny)))
}

fn heights(image: DecodingResult, nodata: Option<f64>) -> Result<Vec<f32>, Problem> {
    fn of<T: Copy>(values: &[T], nodata: Option<f64>, number: impl Fn(T) -> f64) -> Vec<f32> {
        let hole = |x: f64| Some(x) == nodata || nodata.is_some_and(|n| n as f32 == x as f32);
        values
            .iter()
            .map(|&v| number(v))
            .map(|x| if hole(x) { f32::NAN } else { x as f32 })
            .collect()
    }
    Ok(match image {
        DecodingResult::F32(v) => of(&v, nodata, f64::from),
        DecodingResult::F64(v) => of(&v, nodata, |x| x),
        DecodingResult::I8(v) => of(&v, nodata, f64::from),
        DecodingResult::I16(v) => of(&v, nodata, f64::from),
        DecodingResult::I32(v) => of(&v, nodata, f64::from),
        DecodingResult::I64(v) => of(&v, nodata, |x| x as f64),
        DecodingResult::U8(v) => of(&v, nodata, f64::from),
        DecodingResult::U16(v) => of(&v, nodata, f64::from),
        DecodingResult::U32(v) => of(&v, nodata, f64::from),
        DecodingResult::U64(v) => of(&v, nodata, |x| x as f64),
        _ => {
            return Err(Problem::malformed(
                "its values are of a kind that heights do not come in",
            ));
        }
    })
}
