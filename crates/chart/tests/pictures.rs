//! Pictures decoded again: the same input gives the same bytes, known places have known colours, and
//! whatever comes in, a picture or an error comes out.

use chart::{
    Area, Band, ChartError, CoastPoint, EventText, HeightScale, IsochroneMap, MAX_SIDE_PX, MapPage,
    Mareogram, MareogramPage, Marks, MaximumHeightMap, Projection, Rupture, Station,
};
use ocean::{Grid, GridHeader};
use proptest::prelude::*;

struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    fn of(png: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .expect("a PNG");
        let mut rgb = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut rgb).expect("its pixels");
        assert_eq!(info.color_type, png::ColorType::Rgb);
        Picture {
            width: info.width as usize,
            height: info.height as usize,
            rgb,
        }
    }
    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let k = (y * self.width + x) * 3;
        [self.rgb[k], self.rgb[k + 1], self.rgb[k + 2]]
    }
    /// How many pixels have exactly this colour.
    fn count(&self, colour: [u8; 3]) -> usize {
        self.rgb.chunks_exact(3).filter(|p| *p == colour).count()
    }
}

/// Sea of one depth from 165 E to 165 W about the equator: Kiribati, Tuvalu and Nauru aside there is no land.
fn grid(nx: usize, ny: usize, lon0: f64, lat0: f64, z: f32) -> Grid {
    let header = GridHeader {
        nx,
        ny,
        lon0,
        lat0,
        dlon: 1.0,
        dlat: 1.0,
        ..GridHeader::default()
    };
    Grid::from_metres(&header, vec![z; nx * ny]).expect("a grid")
}

fn page(area: Option<Area>) -> MapPage {
    MapPage {
        width_px: 640,
        height_px: 480,
        area,
        projection: Projection::Auto,
    }
}

fn event() -> EventText {
    EventText {
        title: "Tsunami: forecast maximum height".to_owned(),
        place: "Đà Nẵng, Kermadec Islands, Владивосток".to_owned(),
        origin_unix_s: Some(1_267_252_454),
        magnitude: Some(8.8),
        epicentre: Some((-36.12, -72.9)),
        depth_km: Some(23.0),
        ..EventText::default()
    }
}

fn heights(
    grid: &Grid,
    max_m: &[f32],
    marks: &Marks,
    page: &MapPage,
) -> Result<Vec<u8>, ChartError> {
    MaximumHeightMap {
        grid,
        lattice: grid.lattice(),
        max_m,
        scale: &HeightScale::default(),
        hours: Some(12.0),
        event: &event(),
        marks,
        page,
    }
    .png()
}

fn times(
    grid: &Grid,
    seconds: &[f32],
    marks: &Marks,
    page: &MapPage,
    bands: bool,
) -> Result<Vec<u8>, ChartError> {
    IsochroneMap {
        grid,
        lattice: grid.lattice(),
        seconds,
        bands,
        event: &event(),
        marks,
        page,
    }
    .png()
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let g = grid(60, 40, 150.0, -20.0, -4000.0);
    let seconds: Vec<f32> = (0..2400)
        .map(|k| ((k % 60) * 400 + k / 60 * 90) as f32)
        .collect();
    let marks = Marks {
        stations: vec![Station {
            name: "DART 51425".to_owned(),
            lat: -9.5,
            lon: -176.2,
        }],
        rupture: vec![Rupture::rectangle(0.0, 180.0, 400.0, 120.0, 20.0, 15.0)],
        ..Marks::default()
    };
    let draw = || times(&g, &seconds, &marks, &page(None), false).expect("a picture");
    assert_eq!(draw(), draw());
    let draw = || heights(&g, &vec![0.3; 2400], &marks, &page(None)).expect("a picture");
    assert_eq!(draw(), draw());
}

/// The map's frame begins 31 pixels from the left and 38 from the top of a page of this size: places are
/// found by the graticule's own arithmetic, here for a plain equirectangular map about the equator.
#[test]
fn land_and_classes_have_their_colours_on_both_sides_of_the_date_line() {
    let g = grid(90, 60, 140.0, -40.0, -3000.0);
    let class_colour = [0xdd, 0x51, 0x3a];
    let area = Area {
        west: 140.0,
        south: -40.0,
        east: -131.0,
        north: 19.0,
    };
    let png =
        heights(&g, &vec![0.3; 5400], &Marks::default(), &page(Some(area))).expect("a picture");
    let p = Picture::of(&png);
    assert!(p.width <= 640 && p.height <= 480);
    // Most of the picture is sea of 20 to 50 cm, right and left of the middle.
    for (from, to) in [(0.2, 0.35), (0.4, 0.6)] {
        let band = (from * p.width as f64) as usize..(to * p.width as f64) as usize;
        let sea = band
            .clone()
            .filter(|&x| p.at(x, p.height / 2) == class_colour)
            .count();
        assert!(sea * 10 > band.len() * 7, "{sea} of {}", band.len());
    }
    // Central Australia is land: warm grey, red above blue, not the sea's colour.
    let australia: Vec<[u8; 3]> = (35..45).map(|x| p.at(x, p.height * 6 / 10)).collect();
    assert!(
        australia
            .iter()
            .all(|c| c[0].abs_diff(0xd6) < 36 && c[0] >= c[2] && c[0] - c[2] < 40),
        "{australia:?}"
    );
}

#[test]
fn every_class_that_occurs_is_on_the_map_and_in_the_legend() {
    let g = grid(40, 30, 180.0, -15.0, -4000.0);
    let inferno = [[0xfb, 0xf3, 0xa2], [0xbc, 0x37, 0x54], [0x16, 0x0b, 0x39]];
    let flat = |m: f32| {
        Picture::of(
            &heights(&g, &vec![m; 1200], &Marks::default(), &page(None)).expect("a picture"),
        )
    };
    for (height, colour) in [0.015, 0.7, 30.0].into_iter().zip(inferno) {
        assert!(flat(height).count(colour) > 20_000, "{height} m");
        // The legend's swatch is there also when the sea is still.
        let swatch = flat(0.0).count(colour);
        assert!((60..2_000).contains(&swatch), "{height} m: {swatch}");
    }
    let nothing = vec![f32::NAN; 1200];
    let still =
        Picture::of(&heights(&g, &nothing, &Marks::default(), &page(None)).expect("a picture"));
    assert!(still.count([0xe9, 0xf1, 0xf6]) > 20_000);
}

/// The Caribbean lay in the blue of the sea floor beside the bands of a Pacific tsunami, and no legend said why.
#[test]
fn sea_that_no_wave_comes_to_has_a_colour_of_its_own_and_a_word() {
    let g = grid(40, 30, 180.0, -15.0, -4000.0);
    let unreached = [0xb4, 0xc6, 0xd4];
    let drawn = |reached: usize| {
        let seconds: Vec<f32> = (0..1200)
            .map(|k| {
                if k % 40 < reached {
                    (k % 40 * 600) as f32
                } else {
                    f32::NAN
                }
            })
            .collect();
        Picture::of(&times(&g, &seconds, &Marks::default(), &page(None), true).expect("a picture"))
            .count(unreached)
    };
    assert_eq!(drawn(40), 0, "all is reached");
    assert!(drawn(20) > 20_000, "{}", drawn(20));
}

#[test]
fn a_status_word_reddens_the_top_of_the_page() {
    let g = grid(40, 30, 180.0, -15.0, -4000.0);
    let mut event = event();
    let draw = |event: &EventText| {
        let page = page(None);
        let map = MaximumHeightMap {
            grid: &g,
            lattice: g.lattice(),
            max_m: &vec![0.0; 1200],
            scale: &HeightScale::default(),
            hours: None,
            event,
            marks: &Marks::default(),
            page: &page,
        };
        Picture::of(&map.png().expect("a picture"))
    };
    let red = [0xa8, 0x00, 0x1c];
    assert_eq!(draw(&event).count(red), 0);
    event.status = Some("EXERCISE".to_owned());
    let p = draw(&event);
    assert!((0..p.width).filter(|&x| p.at(x, 2) == red).count() == p.width);
}

#[test]
fn what_cannot_be_drawn_is_refused_by_name() {
    let g = grid(4, 4, 0.0, 0.0, -1.0);
    let none = Marks::default();
    assert_eq!(
        heights(&g, &[0.0; 3], &none, &page(None)),
        Err(ChartError::Field {
            expected: 16,
            found: 3
        })
    );
    assert!(matches!(
        times(&g, &[], &none, &page(None), true),
        Err(ChartError::Field { .. })
    ));
    let bad = Area {
        west: 0.0,
        south: f64::NAN,
        east: 1.0,
        north: 1.0,
    };
    assert!(matches!(
        heights(&g, &[0.0; 16], &none, &page(Some(bad))),
        Err(ChartError::Area { .. })
    ));
    for (width_px, height_px) in [
        (0, 0),
        (10, 600),
        (MAX_SIDE_PX + 1, 600),
        (u32::MAX, u32::MAX),
    ] {
        let page = MapPage {
            width_px,
            height_px,
            ..page(None)
        };
        assert!(matches!(
            heights(&g, &[0.0; 16], &none, &page),
            Err(ChartError::Size { .. })
        ));
    }
    let many = Marks {
        levels: vec![String::new(); 6],
        ..Marks::default()
    };
    assert!(matches!(
        heights(&g, &[0.0; 16], &many, &page(None)),
        Err(ChartError::TooMany { what: "levels", .. })
    ));
    let page = MareogramPage {
        panels: &[],
        event: &event(),
        width_px: 640,
        height_px: 480,
        span_s: None,
    };
    assert_eq!(page.png(), Err(ChartError::Empty));
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -400.0..400.0,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 0.0, 90.0, -90.0, 180.0]),
    ]
}

fn any_value() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -1.0f32..90_000.0,
        2 => prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 3e38, 1e-40]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn any_map_is_a_picture_or_an_error(
        (west, south, east, north) in (any_number(), -95.0..95.0f64, any_number(), -95.0..95.0f64),
        lon0 in -400.0..400.0f64,
        lat0 in -90.0..60.0f64,
        land in any::<bool>(),
        values in prop::collection::vec(any_value(), 20 * 12),
        places in prop::collection::vec((any_number(), any_number(), 0usize..9), 0..20),
        words in ".{0,40}",
        bands in any::<bool>(),
        projection in prop::sample::select(vec![Projection::Auto, Projection::Mercator, Projection::Equirectangular]),
        whole in any::<bool>(),
    ) {
        let g = grid(20, 12, lon0, lat0, if land { 300.0 } else { -3000.0 });
        let marks = Marks {
            stations: places.iter().map(|&(lat, lon, _)| Station { name: words.clone(), lat, lon }).collect(),
            points: places.iter().map(|&(lat, lon, level)| CoastPoint { name: words.clone(), lat, lon, level }).collect(),
            levels: vec![words.clone(); places.len() % 6],
            rupture: vec![Rupture { corners: places.iter().map(|p| (p.0, p.1)).collect() }],
        };
        let area = (!whole).then_some(Area { west, south, east, north });
        let page = MapPage { width_px: 480, height_px: 480, area, projection };
        let results = [heights(&g, &values, &marks, &page), times(&g, &values, &marks, &page, bands)];
        for png in results {
            match png {
                Ok(png) => prop_assert!(Picture::of(&png).width <= 480),
                Err(e) => prop_assert!(matches!(e, ChartError::Area { .. }), "{}", e),
            }
        }
    }

    #[test]
    fn any_mareogram_is_a_picture(
        record in prop::collection::vec((any_number(), any_number()), 0..60),
        seconds in prop::collection::vec(any_number(), 0..40),
        values in prop::collection::vec(any_number(), 0..40),
        scale in prop::sample::select(vec![1e-12, 1e-3, 1.0, 1e3, 1e12]),
        arrival in any_number(),
        span in prop::option::of((any_number(), any_number())),
        origin in any::<i64>(),
        words in ".{0,40}",
    ) {
        let scaled: Vec<f64> = values.iter().map(|v| v * scale).collect();
        let band = Band {
            seconds: seconds.iter().map(|s| s * 60.0).collect(),
            median_m: scaled.clone(),
            low_m: scaled.iter().map(|v| v - 0.1).collect(),
            high_m: scaled,
        };
        let panel = Mareogram {
            station: words.clone(),
            detail: words,
            observed: Some(&record),
            forecast: Some(&band),
            arrival_s: Some(arrival),
            used_until_s: Some(-arrival),
        };
        let panels = [panel, Mareogram::default()];
        let event = EventText { origin_unix_s: Some(origin), status: Some(String::new()), ..event() };
        let page = MareogramPage { panels: &panels, event: &event, width_px: 480, height_px: 480, span_s: span };
        prop_assert_eq!(Picture::of(&page.png().expect("a picture")).width, 480);
    }
}
