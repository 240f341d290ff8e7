//! Draws every kind of picture from the shipped grids into a folder, to be looked at:
//!
//! ```text
//! cargo run --release -p chart --example gallery -- /tmp/gallery [NAME...]
//! ```

use std::io::Read;
use std::path::Path;

use chart::{
    Area, Band, CoastPoint, EventText, HeightScale, IsochroneMap, MapPage, Mareogram,
    MareogramPage, Marks, MaximumHeightMap, Rupture, Station,
};
use ocean::fault::{Fault, LiftOptions, lift};
use ocean::motion::Motion;
use ocean::shallow_water::{Model, Request, Settings};
use ocean::travel_time::solve;
use ocean::{Cell, Grid, GridHeader, Lattice};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, names @ ..] = arguments.as_slice() else {
        return Err("usage: gallery FOLDER [NAME...]".into());
    };
    let folder = Path::new(folder);
    std::fs::create_dir_all(folder)?;
    for scene in SCENES {
        if names.is_empty() || names.iter().any(|n| n == scene.name) {
            draw(&scene, folder)?;
        }
    }
    if names.is_empty() || names.iter().any(|n| n == "mareogram") {
        std::fs::write(folder.join("mareogram.png"), mareograms()?)?;
    }
    Ok(())
}

struct Scene {
    name: &'static str,
    grid: &'static str,
    area: Option<Area>,
    place: &'static str,
    epicentre: (f64, f64),
    magnitude: f64,
    depth_km: f64,
    origin: i64,
    status: Option<&'static str>,
    bands: bool,
    hours: f64,
    /// Pixels of the box that the picture fits in.
    size: (u32, u32),
}

const SCENES: [Scene; 7] = [
    Scene {
        name: "pacific",
        grid: "pacific_10min",
        area: None,
        place: "Off the coast of Maule, Chile",
        epicentre: (-36.12, -72.90),
        magnitude: 8.8,
        depth_km: 23.0,
        origin: 1_267_252_454,
        status: None,
        bands: false,
        hours: 24.0,
        size: (1600, 1200),
    },
    Scene {
        name: "japan",
        grid: "nwpacific_5min",
        area: Some(Area {
            west: 128.0,
            south: 28.0,
            east: 152.0,
            north: 46.0,
        }),
        place: "Near the east coast of Honshu, Japan",
        epicentre: (38.30, 142.37),
        magnitude: 9.1,
        depth_km: 29.0,
        origin: 1_299_822_384,
        status: Some("EXERCISE"),
        bands: false,
        hours: 4.0,
        size: (1600, 1200),
    },
    Scene {
        name: "manila",
        grid: "southchinasea_5min",
        area: None,
        place: "Manila Trench, west of Luzon",
        epicentre: (15.0, 119.2),
        magnitude: 8.4,
        depth_km: 15.0,
        origin: 1_780_000_000,
        status: Some("TEST"),
        bands: true,
        hours: 10.0,
        size: (1500, 1300),
    },
    Scene {
        name: "indian",
        grid: "indian_10min",
        area: None,
        place: "Off the west coast of northern Sumatra",
        epicentre: (3.30, 95.98),
        magnitude: 9.1,
        depth_km: 30.0,
        origin: 1_104_022_733,
        status: None,
        bands: false,
        hours: 12.0,
        size: (1600, 1200),
    },
    Scene {
        name: "dateline",
        grid: "pacific_10min",
        area: Some(Area {
            west: 160.0,
            south: 40.0,
            east: -150.0,
            north: 62.0,
        }),
        place: "Andreanof Islands, Aleutian Islands",
        epicentre: (51.5, -175.4),
        magnitude: 8.6,
        depth_km: 25.0,
        origin: 1_780_000_000,
        status: None,
        bands: false,
        hours: 5.0,
        size: (1600, 1200),
    },
    Scene {
        name: "chile",
        grid: "sepacific_5min",
        area: None,
        place: "Off the coast of Maule, Chile",
        epicentre: (-36.12, -72.90),
        magnitude: 8.8,
        depth_km: 23.0,
        origin: 1_267_252_454,
        status: None,
        bands: true,
        hours: 6.0,
        size: (1500, 1500),
    },
    Scene {
        name: "small",
        grid: "pacific_10min",
        area: Some(Area {
            west: 175.0,
            south: -25.0,
            east: -165.0,
            north: -10.0,
        }),
        place: "Tonga",
        epicentre: (-20.2, -174.1),
        magnitude: 7.9,
        depth_km: 30.0,
        origin: 1_780_000_000,
        status: Some("EXERCISE EXERCISE"),
        bands: false,
        hours: 3.0,
        size: (800, 620),
    },
];

fn grid(name: &str) -> Outcome<Grid> {
    let base = format!(
        "{}/../../configs/bathymetry/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let header: GridHeader = serde_json::from_slice(&std::fs::read(format!("{base}.json"))?)?;
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(format!("{base}.i16le.gz"))?)
        .read_to_end(&mut bytes)?;
    Ok(Grid::from_parts(&header, &bytes)?)
}

/// Stations and coastal towns, so that there is something to crowd the map with.
const STATIONS: [(&str, f64, f64); 16] = [
    ("DART 32412", -17.975, -86.392),
    ("DART 21418", 38.71, 148.69),
    ("DART 21413", 30.55, 152.12),
    ("DART 51407", 19.62, -156.51),
    ("DART 46409", 55.30, -148.49),
    ("DART 23401", 8.90, 88.50),
    ("DART 51425", -9.49, -176.25),
    ("DART 21414", 48.94, 178.28),
    ("DART 46402", 51.07, -164.01),
    ("Adak", 51.86, -176.63),
    ("Sand Point", 55.34, -160.50),
    ("Unalaska", 53.88, -166.54),
    ("Shemya", 52.73, 174.10),
    ("Valparaíso", -33.03, -71.63),
    ("Iwate South GPS", 39.26, 142.10),
    ("Pago Pago", -14.28, -170.69),
];

const TOWNS: [(&str, f64, f64); 44] = [
    ("Talcahuano", -36.70, -73.10),
    ("Constitución", -35.33, -72.41),
    ("Valparaíso", -33.03, -71.63),
    ("Coquimbo", -29.95, -71.34),
    ("Antofagasta", -23.65, -70.40),
    ("Iquique", -20.21, -70.15),
    ("Arica", -18.48, -70.33),
    ("Callao", -12.05, -77.15),
    ("Valdivia", -39.85, -73.40),
    ("Hilo", 19.73, -155.06),
    ("Kahului", 20.89, -156.47),
    ("Hanga Roa", -27.15, -109.43),
    ("Papeete", -17.54, -149.57),
    ("Apia", -13.83, -171.76),
    ("Nuku'alofa", -21.14, -175.20),
    ("Suva", -18.14, 178.42),
    ("Auckland", -36.84, 174.77),
    ("Sydney", -33.87, 151.23),
    ("Crescent City", 41.75, -124.20),
    ("Miyako", 39.64, 141.97),
    ("Kamaishi", 39.27, 141.89),
    ("Ofunato", 39.06, 141.72),
    ("Ishinomaki", 38.42, 141.27),
    ("Sendai", 38.27, 141.03),
    ("Iwaki", 36.94, 140.90),
    ("Oarai", 36.31, 140.57),
    ("Choshi", 35.73, 140.85),
    ("Hachinohe", 40.53, 141.53),
    ("Kushiro", 42.98, 144.37),
    ("Hanasaki", 43.28, 145.57),
    ("Petropavlovsk", 53.02, 158.65),
    ("Manila", 14.58, 120.95),
    ("San Fernando", 16.62, 120.30),
    ("Laoag", 18.20, 120.50),
    ("Đà Nẵng", 16.10, 108.25),
    ("Quy Nhơn", 13.77, 109.25),
    ("Hong Kong", 22.28, 114.18),
    ("Kaohsiung", 22.61, 120.27),
    ("Banda Aceh", 5.56, 95.28),
    ("Phuket", 7.88, 98.38),
    ("Chennai", 13.10, 80.30),
    ("Galle", 6.03, 80.22),
    ("Malé", 4.18, 73.51),
    ("Port Louis", -20.15, 57.50),
];

/// Cells that move by at least a tenth of the most that any does.
fn lifted(motions: &[Motion], l: &Lattice) -> Vec<Cell> {
    let most = motions
        .iter()
        .flat_map(|m| &m.patch.metres)
        .fold(0.0_f32, |a, b| a.max(b.abs()));
    let mut cells = Vec::new();
    for patch in motions.iter().map(|m| &m.patch) {
        for (j, row) in patch.rows().enumerate() {
            for (i, metres) in row.iter().enumerate() {
                if metres.abs() >= 0.1 * most {
                    cells.push(Cell {
                        i: (patch.i0 + i) % l.nx(),
                        j: patch.j0 + j,
                    });
                }
            }
        }
    }
    cells
}

fn draw(scene: &Scene, folder: &Path) -> Outcome<()> {
    let grid = grid(scene.grid)?;
    let l = *grid.lattice();
    let (lat, lon) = scene.epicentre;
    let quake = ocean::Quake {
        id: scene.name.to_owned(),
        magnitude: scene.magnitude,
        lat,
        lon,
        depth_km: scene.depth_km,
        origin_us: scene.origin * 1_000_000,
    };
    let fault = Fault::of(&quake, None)?.fault;
    let motions = lift(&[fault], &grid, &LiftOptions::default())?;
    let cells = lifted(&motions, &l);

    let clock = std::time::Instant::now();
    let field = solve(&grid, &cells)?;
    let model = Model::new(&grid, &Settings::default())?;
    let request = Request {
        motions: &motions,
        duration_s: scene.hours * 3600.0,
        gauges: &[],
        every_s: 60.0,
        maxima: true,
    };
    let simulation = model.simulate(&request, &mut |_| {})?;
    let highest = simulation.max_m.ok_or("no maxima")?;
    println!("{}: computed in {:.1?}", scene.name, clock.elapsed());

    let level_at = |lat: f64, lon: f64| {
        let height = grid
            .nearest_wet(lat, lon, 60.0)
            .and_then(|c| l.index(c))
            .map_or(0.0, |k| highest[k]);
        [0.05, 0.3, 1.0, 3.0]
            .iter()
            .filter(|&&b| height >= b)
            .count()
    };
    let place = |name: &str, lat, lon| CoastPoint {
        name: name.to_owned(),
        lat,
        lon,
        level: level_at(lat, lon),
    };
    let marks = Marks {
        stations: STATIONS
            .map(|(name, lat, lon)| Station {
                name: name.to_owned(),
                lat,
                lon,
            })
            .to_vec(),
        points: TOWNS.map(|(name, lat, lon)| place(name, lat, lon)).to_vec(),
        levels: [
            "below 5 cm",
            "5 – 30 cm",
            "0.3 – 1 m",
            "1 – 3 m",
            "above 3 m",
        ]
        .map(str::to_owned)
        .to_vec(),
        rupture: vec![Rupture::rectangle(
            fault.lat,
            fault.lon,
            fault.length_km,
            fault.width_km,
            fault.strike_deg,
            fault.dip_deg,
        )],
    };
    let mut event = EventText {
        title: "Tsunami travel times".to_owned(),
        issuer: "Watchfire gallery".to_owned(),
        status: scene.status.map(str::to_owned),
        place: scene.place.to_owned(),
        origin_unix_s: Some(scene.origin),
        magnitude: Some(scene.magnitude),
        epicentre: Some(scene.epicentre),
        depth_km: Some(scene.depth_km),
        source: "scaling law at the epicentre".to_owned(),
        grid: format!("{} (ETOPO5)", scene.grid),
        issued_unix_s: Some(scene.origin + 540),
        note: String::new(),
    };
    let page = MapPage {
        width_px: scene.size.0,
        height_px: scene.size.1,
        area: scene.area,
        ..MapPage::default()
    };
    let clock = std::time::Instant::now();
    let png = IsochroneMap {
        grid: &grid,
        lattice: field.lattice(),
        seconds: field.seconds(),
        bands: scene.bands,
        event: &event,
        marks: &marks,
        page: &page,
    }
    .png()?;
    std::fs::write(folder.join(format!("{}-times.png", scene.name)), &png)?;
    println!(
        "  times: {} kB in {:.2?}",
        png.len() / 1000,
        clock.elapsed()
    );

    event.title = "Tsunami: forecast maximum height".to_owned();
    let clock = std::time::Instant::now();
    let png = MaximumHeightMap {
        grid: &grid,
        lattice: &l,
        max_m: &highest,
        scale: &HeightScale::default(),
        hours: Some(scene.hours),
        event: &event,
        marks: &marks,
        page: &page,
    }
    .png()?;
    std::fs::write(folder.join(format!("{}-heights.png", scene.name)), &png)?;
    println!(
        "  heights: {} kB in {:.2?}",
        png.len() / 1000,
        clock.elapsed()
    );
    Ok(())
}

/// Made-up records of every kind: long, with a gap, tiny, empty.
fn mareograms() -> Outcome<Vec<u8>> {
    let wave = |t: f64, at: f64, size: f64| {
        let s = (t - at) / 900.0;
        if s < 0.0 {
            0.0
        } else {
            size * (s * 1.1).sin() * (-s * 0.18).exp()
        }
    };
    let seconds: Vec<f64> = (0..361).map(|k| k as f64 * 60.0).collect();
    let band = |at: f64, size: f64| {
        let median_m: Vec<f64> = seconds.iter().map(|&t| wave(t, at, size)).collect();
        let spread = |t: f64| if t < at { 0.01 * size } else { size * 0.18 };
        Band {
            seconds: seconds.clone(),
            low_m: seconds
                .iter()
                .map(|&t| wave(t, at, size) - spread(t))
                .collect(),
            high_m: seconds
                .iter()
                .map(|&t| wave(t, at, size) + spread(t))
                .collect(),
            median_m,
        }
    };
    let noise = |k: usize| ((k * 7919 % 101) as f64 / 101.0 - 0.5) * 0.1;
    let record = |at: f64, size: f64, until: usize, step: f64| -> Vec<(f64, f64)> {
        (0..until)
            .map(|k| (k as f64 * step - 600.0, k))
            .map(|(t, k)| (t, (wave(t, at + 120.0, size * 1.1) + size * noise(k))))
            .collect()
    };
    let (a, b, c) = (
        band(11_400.0, 0.2),
        band(2_400.0, 6.5),
        band(5_000.0, 0.004),
    );
    let first = record(11_400.0, 0.2, 370, 60.0);
    let mut second = record(2_400.0, 6.5, 400, 60.0);
    second.drain(150..200);
    for s in &mut second[90..100] {
        s.1 = f64::NAN;
    }
    let third = record(5_000.0, 0.004, 24, 900.0);
    let panel = |station: &str, detail: &str| Mareogram {
        station: station.to_owned(),
        detail: detail.to_owned(),
        ..Mareogram::default()
    };
    let panels = [
        Mareogram {
            observed: Some(&first),
            forecast: Some(&a),
            arrival_s: Some(11_400.0),
            used_until_s: Some(7_200.0),
            ..panel("DART 32412", "17.98°S 86.39°W · bottom pressure, 4325 m")
        },
        Mareogram {
            observed: Some(&second),
            forecast: Some(&b),
            arrival_s: Some(2_400.0),
            used_until_s: Some(2_700.0),
            ..panel("Talcahuano", "36.70°S 73.10°W · tide gauge")
        },
        Mareogram {
            observed: Some(&third),
            forecast: Some(&c),
            arrival_s: Some(5_000.0),
            ..panel(
                "Far and faint",
                "a wave of millimetres, one value in 15 min",
            )
        },
        Mareogram {
            forecast: Some(&a),
            arrival_s: Some(11_400.0),
            ..panel("Forecast only", "")
        },
        panel("Silent", "nothing received"),
    ];
    let event = EventText {
        title: "Tsunami: forecast and measurements".to_owned(),
        place: "Off the coast of Maule, Chile".to_owned(),
        status: Some("EXERCISE".to_owned()),
        origin_unix_s: Some(1_267_252_454),
        magnitude: Some(8.8),
        source: "inversion of DART 32412".to_owned(),
        issued_unix_s: Some(1_267_260_000),
        ..EventText::default()
    };
    let page = MareogramPage {
        panels: &panels,
        event: &event,
        width_px: 1300,
        height_px: 1500,
        span_s: None,
    };
    Ok(page.png()?)
}
