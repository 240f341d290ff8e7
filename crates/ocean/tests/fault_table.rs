//! Finite-fault tables: published ones where they are at hand (`WATCHFIRE_DATA` or `../shared/data` beside the workspace), made ones
//! for what those do not show, and anything at all, which must be read or refused.

mod shared_data;

use ocean::fault::table::{
    BYTES_MAX, Format, ReadOptions, Reference, Remark, Table, TableError, parse, read,
};
use ocean::fault::{Fault, magnitude};
use ocean::sphere::distance_km;
use proptest::prelude::*;

fn published(name: &str) -> Option<String> {
    shared_data::text(&format!("sources/{name}"))
}

fn table(text: &str) -> Table {
    let t = read(text, &ReadOptions::default()).expect("a table");
    println!(
        "{:?}, {:?}, {} subfaults, {:?}, Mw {:.2}",
        t.format,
        t.reference,
        t.faults.len(),
        t.remarks,
        magnitude(&t.faults).unwrap_or(0.0)
    );
    t
}

fn apart_km(a: &Fault, b: &Fault) -> f64 {
    distance_km(a.lat, a.lon, b.lat, b.lon)
}

#[test]
fn lorito_2011_is_the_same_from_both_its_files() {
    let (Some(csv), Some(fsp)) = (
        published("chile2010/LoritoEtAl2011_source_model.csv"),
        published("chile2010/s2010MAULEC02LORI.fsp"),
    ) else {
        return;
    };
    let (csv, fsp) = (table(&csv), table(&fsp));
    assert_eq!(
        (csv.format, csv.reference),
        (Format::Delimited, Reference::Centre)
    );
    assert_eq!(
        (fsp.format, fsp.reference),
        (Format::Fsp, Reference::TopCentre)
    );
    assert_eq!((csv.faults.len(), fsp.faults.len()), (200, 200));
    for (a, b) in csv.faults.iter().zip(&fsp.faults) {
        assert!(apart_km(a, b) < 0.3, "{a:?} {b:?}");
        assert!((a.depth_km - b.depth_km).abs() < 0.05, "{a:?} {b:?}");
        assert_eq!(
            (a.slip_m, a.strike_deg, a.dip_deg),
            (b.slip_m, b.strike_deg, b.dip_deg)
        );
        assert_eq!((b.length_km, b.width_km), (25.0, 25.0));
    }
    // 1.78e22 N m in the file; its rigidity is not ours.
    assert!((magnitude(&csv.faults).expect("slips") - 8.8).abs() < 0.1);
}

#[test]
fn satake_2013_with_times_and_corners() {
    let Some(text) = published("tohoku2011/jgrb52507-sup-0002-Data_S2.txt") else {
        return;
    };
    let t = table(&text);
    assert_eq!((t.reference, t.faults.len()), (Reference::TopCorner, 60));
    assert!(t.remarks.is_empty());
    let f = &t.faults[0];
    assert_eq!((f.start_s, f.rise_s, f.slip_m), (95.0, 50.0, 25.0));
    // Half a side along strike (to the south-south-west) and down dip (landward) of the corner.
    assert!((f.depth_km - 20.0 * 9f64.to_radians().sin()).abs() < 1e-9);
    let corner = distance_km(f.lat, f.lon, 39.609, 144.36515);
    assert!(
        (corner - 20f64.hypot(20.0 * 9f64.to_radians().cos())).abs() < 0.01,
        "{corner}"
    );
    assert!(f.lat < 39.609 && f.lon < 144.36515);
    // Rows below each other join: the second row's upper edge is the first row's lower one.
    let (a, b) = (&t.faults[0], &t.faults[10]);
    assert!((apart_km(a, b) - 39.4).abs() < 1.0, "{}", apart_km(a, b));
    assert!((magnitude(&t.faults).expect("slips") - 9.0).abs() < 0.1);
}

#[test]
fn fujii_and_satake_2007_from_corners_to_the_centres_that_others_worked_out() {
    let (Some(corners), Some(centres)) = (
        published("sumatra2004/Fuji_satake_2004_joint_inversion_1ms.txt"),
        published("sumatra2004/rupture_summary.csv"),
    ) else {
        return;
    };
    let (a, b) = (table(&corners), table(&centres));
    assert_eq!(
        (a.reference, b.reference),
        (Reference::TopCorner, Reference::Centre)
    );
    assert!(a.remarks.contains(&Remark::ReferenceByDepth));
    let Some(Remark::SizeBySpacing {
        length_km,
        width_km,
    }) = a
        .remarks
        .iter()
        .find(|r| matches!(r, Remark::SizeBySpacing { .. }))
    else {
        panic!("no size: {:?}", a.remarks);
    };
    assert!((length_km - 100.0).abs() < 8.0 && (width_km - 100.0).abs() < 8.0);
    // With the size that the paper gives, positions agree to a few kilometres (the table's have two digits).
    let options = ReadOptions {
        size_km: Some((100.0, 100.0)),
        ..ReadOptions::default()
    };
    let a = read(&corners, &options).expect("a table");
    for (a, b) in a.faults.iter().zip(&b.faults) {
        assert!(apart_km(a, b) < 3.0, "{a:?} {b:?}");
        assert!((a.depth_km - b.depth_km).abs() < 0.1);
        assert_eq!(a.slip_m, b.slip_m);
    }
}

#[test]
fn fujii_and_satake_2013_has_but_places_depths_and_slips() {
    let Some(text) = published("chile2010/Chile2010_table1_tsunamiANDgeodetic.csv") else {
        return;
    };
    let t = table(&text);
    assert_eq!((t.reference, t.faults.len()), (Reference::TopCorner, 36));
    assert!(t.remarks.contains(&Remark::RakeAssumed(90.0)));
    // The paper: 50 km x 50 km, strike 16, dip 14.
    for f in &t.faults {
        assert!(
            (f.strike_deg - 16.0).abs() < 1.0 && (f.dip_deg - 14.0).abs() < 0.5,
            "{f:?}"
        );
        assert!(
            (f.length_km - 50.0).abs() < 1.0 && (f.width_km - 50.0).abs() < 2.0,
            "{f:?}"
        );
        assert!(f.lat < -32.0 && f.lon < -70.0);
    }
    // 1.72e22 N m (Mw 8.8) with 50 GPa in the paper; with 40 GPa that is 8.69.
    assert!((magnitude(&t.faults).expect("slips") - 8.69).abs() < 0.03);
}

#[test]
fn illapel_2015_by_centres_and_by_corners() {
    if let Some(text) = published("chile2015/subfaults.csv") {
        let t = table(&text);
        assert_eq!((t.reference, t.faults.len()), (Reference::Centre, 152));
        let f = &t.faults[0];
        assert!(
            (f.length_km - 24.0).abs() < 2.0 && (f.width_km - 23.0).abs() < 3.0,
            "{f:?}"
        );
        assert!((magnitude(&t.faults).expect("slips") - 8.3).abs() < 0.2);
    }
    if let Some(text) = published("chile2015/fault_geometry.dat") {
        let t = table(&text);
        assert_eq!(t.reference, Reference::Corners);
        let f = &t.faults[0];
        assert!(
            (f.start_s, f.strike_deg, f.dip_deg) == (96.0, 3.3, 11.4),
            "{f:?}"
        );
        assert!(
            (f.length_km - 20.0).abs() < 0.5 && (f.width_km - 19.5).abs() < 1.0,
            "{f:?}"
        );
        // The same as triangles, two a rectangle: half the area each, the same plane by the corners alone.
        if let Some(three) = published("chile2015/multiseg_derived_from_fault_geometry.dat") {
            let u = table(&three);
            assert!(u.remarks.contains(&Remark::TrianglesAsSquares));
            let (g, h) = (&u.faults[0], &u.faults[160]);
            let area = g.length_km * g.width_km + h.length_km * h.width_km;
            assert!(
                (area / (f.length_km * f.width_km) - 1.0).abs() < 0.03,
                "{area}"
            );
            for g in [g, h] {
                assert!(apart_km(f, g) < 6.0, "{g:?}");
                let off = (g.strike_deg - 3.3 + 180.0).rem_euclid(360.0) - 180.0;
                assert!(off.abs() < 3.0 && (g.dip_deg - 11.4).abs() < 1.0, "{g:?}");
            }
            let both = [magnitude(&t.faults), magnitude(&u.faults)].map(|m| m.expect("slips"));
            assert!((both[0] - both[1]).abs() < 0.02);
        }
    }
}

#[test]
fn the_reference_is_told_by_what_joins() {
    let Some(text) = published("sumatra2004/rupture_parameters.csv") else {
        return;
    };
    // Positions of this table are the lower edges' southern corners: only so do the steep deep planes begin where the shallow end.
    let t = table(&text);
    assert_eq!(t.reference, Reference::BottomCorner);
    assert!(t.remarks.contains(&Remark::ReferenceByJoints));
    assert_eq!(t.faults[0].depth_km, 40.0);
    assert!((magnitude(&t.faults).expect("slips") - 9.2).abs() < 0.15);
}

#[test]
fn tables_that_are_not_finite_faults_are_refused_with_what_is_missing() {
    for (name, lacks) in [
        ("tohoku2011/satake13_data.csv", "depth"),
        (
            "java2006/FujiSatake2006_Java2006_time_varying_forcing_realistic_zonly.csv",
            "latitude",
        ),
        ("chile1960/jgrb53314-sup-0001-2018jb016996-si.txt", "depth"),
    ] {
        let Some(text) = published(name) else {
            continue;
        };
        match parse(&text) {
            Err(TableError::MissingColumn { what, line, .. }) => {
                assert_eq!(what, lacks, "{name}");
                assert!(line >= 1);
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

const PARAM: &str = "#Total number of fault_segments=     1
#Fault_segment =   1 nx(Along-strike)=   2 Dx= 20.00km ny(downdip)=  1 Dy= 15.50km
#Boundary of Fault_segment     1. EQ in cell   1,  1. Lon:  142.3730  Lat:   38.2970
#Lon.  Lat.  Depth
      144.00000       39.00000       5.00000
      143.00000       38.00000       5.00000
      143.00000       38.00000      25.00000
      144.00000       39.00000      25.00000
      144.00000       39.00000       5.00000
#Lat. Lon. depth slip rake strike dip t_rup t_ris t_fal mo
   38.90000  143.90000    7.50000  1234.50  88.00 203.00 10.00  12.50   8.00   4.00  1.0e+19
   38.70000  143.80000    7.50000     0.00  92.00 203.00 10.00  20.00   2.00   2.00  0.0e+00
";

#[test]
fn usgs_param_is_in_centimetres_at_centres() {
    let t = table(PARAM);
    assert_eq!(
        (t.format, t.reference, t.faults.len()),
        (Format::Param, Reference::Centre, 2)
    );
    let f = &t.faults[0];
    assert_eq!(
        (f.lat, f.lon, f.depth_km, f.slip_m),
        (38.9, 143.9, 7.5, 12.345)
    );
    assert_eq!((f.length_km, f.width_km), (20.0, 15.5));
    assert_eq!((f.strike_deg, f.dip_deg, f.rake_deg), (203.0, 10.0, 88.0));
    assert_eq!((f.start_s, f.rise_s), (12.5, 12.0));
    let broken = PARAM.replace("1234.50", "12x");
    assert_eq!(
        parse(&broken),
        Err(TableError::NotANumber {
            line: 11,
            column: "slip".into(),
            text: "12x".into()
        })
    );
    // An older form ends with t_rise and the moment.
    let old = PARAM.replace("8.00   4.00  1.0e+19", "8.00  1.0e+19");
    assert_eq!(parse(&old).expect("a table")[0].rise_s, 8.0);
}

const FSP: &str = "% Event : Somewhere  01/01/2020 [USGS]
% Loc  : LAT  = -30.1   LON = -71.9   DEP = 12.0
% Size : LEN  = 60 km    WID = 30 km   Mw = 7.5 Mo = 2.0e+20 Nm
% Mech : STRK = 5        DIP = 20      RAKE = 95      Htop = 4.0 km
% Invs : Nx = 3 Nz = 2 Fmin = 999 Hz
% Invs : Dx = 20.00 km Dz = 15.00 km
%  LAT LON X==EW Y==NS Z SLIP RAKE TRUP RISE SF_MOMENT
 -30.0 -72.0 0 0 6.565 1.5 999 3.0 999 1e18
 -30.2 -72.0 0 0 6.565 0.5 80 6.0 2.0 1e18
";

#[test]
fn fsp_of_one_segment_tells_its_reference_by_depth() {
    let t = table(FSP);
    // Rows begin half a subfault below Htop: centres.
    assert_eq!((t.format, t.reference), (Format::Fsp, Reference::Centre));
    assert_eq!(t.remarks, [Remark::ReferenceByDepth]);
    let f = &t.faults[0];
    assert_eq!(
        (f.length_km, f.width_km, f.strike_deg, f.dip_deg),
        (20.0, 15.0, 5.0, 20.0)
    );
    assert_eq!((f.rake_deg, f.start_s, f.rise_s), (95.0, 3.0, 0.0));
    assert_eq!((t.faults[1].rake_deg, t.faults[1].rise_s), (80.0, 2.0));
    let top = table(&FSP.replace("6.565", "4.0"));
    assert_eq!(top.reference, Reference::TopCentre);
    assert!((top.faults[0].depth_km - 6.565).abs() < 0.001);
    let said = FSP.replace(
        "%  LAT",
        "% Coordinates are given for center of each subfault\n%  LAT",
    );
    let t = table(&said.replace("6.565", "5.0"));
    assert_eq!((t.reference, t.remarks.len()), (Reference::Centre, 0));
    let sizeless = FSP.replace("Dx = 20.00 km Dz = 15.00 km", "");
    // The whole over Nx and Nz.
    assert_eq!(table(&sizeless).faults[0].length_km, 20.0);
    let nothing = sizeless.replace("Nx = 3 Nz = 2", "");
    assert!(matches!(
        parse(&nothing),
        Err(TableError::Header { line: 8, .. })
    ));
    assert!(matches!(
        parse(&FSP.replace("STRK = 5", "STRK = 999")),
        Err(TableError::Header { what: "STRIKE", .. })
    ));
}

#[test]
fn columns_by_any_customary_name() {
    let rows = [
        // Quoted, semicolons, a byte-order mark, units in the header.
        "\u{feff}\"Lon\";\"Lat\";\"Depth(m)\";\"Length(km)\";\"Width(km)\";\"Strike\";\"Dip\";\"Rake\";\"Slip(cm)\";\"Rise time\"\n-72;-30;15000;40;20;5;20;95;250;12\n",
        // Blanks, the header in a comment, west and south positive.
        "# made by hand\n#  lonW latS depth L W strike dip rake slip trise\n72 30 15 40 20 5 20 95 2.5 12\n\n",
        // Tabs, other columns in between, Windows line ends.
        "No\tlat\tname\tlon\tdepth_km\tlength\twidth\tstrike\tdip\trake\tslip_m\trise\r\n1\t-30\ta b\t288\t15\t40\t20\t365\t20\t95\t2.5\t12\r\n",
    ];
    for text in rows {
        let t = table(text);
        assert_eq!(t.faults.len(), 1);
        let f = t.faults[0];
        assert_eq!((f.lat, f.lon.rem_euclid(360.0)), (-30.0, 288.0), "{text}");
        assert_eq!((f.length_km, f.width_km, f.slip_m), (40.0, 20.0, 2.5));
        assert!((f.depth_km - 15.0).abs() < 1e-9 && f.strike_deg == 5.0 && f.rise_s == 12.0);
        assert_eq!(
            (t.reference, &t.remarks[..]),
            (Reference::Centre, &[Remark::ReferenceAssumed][..])
        );
    }
}

#[test]
fn the_reference_can_be_said() {
    let text = "lon,lat,depth,length,width,strike,dip,rake,slip\n-72,-30,15,40,20,0,30,90,1\n";
    let at = |reference| {
        let options = ReadOptions {
            reference: Some(reference),
            ..ReadOptions::default()
        };
        let t = read(text, &options).expect("a table");
        assert_eq!((t.reference, t.remarks.len()), (reference, 0));
        t.faults[0]
    };
    let centre = at(Reference::Centre);
    assert_eq!(
        (centre.lat, centre.lon, centre.depth_km),
        (-30.0, -72.0, 15.0)
    );
    let top = at(Reference::TopCentre);
    assert!(top.lon > -72.0 && (top.lat + 30.0).abs() < 1e-3 && (top.depth_km - 20.0).abs() < 1e-9);
    let corner = at(Reference::TopCorner);
    assert!((distance_km(top.lat, top.lon, corner.lat, corner.lon) - 20.0).abs() < 0.01);
    assert!(corner.lat > top.lat);
    let bottom = at(Reference::BottomCentre);
    assert!(bottom.lon < -72.0 && (bottom.depth_km - 10.0).abs() < 1e-9);
}

#[test]
fn refusals_name_the_line_and_what_to_do() {
    let head = "lon,lat,depth,length,width,strike,dip,rake,slip\n";
    let row = "-72,-30,15,40,20,0,30,90,1\n";
    let said = |text: &str| parse(text).expect_err("refused").to_string();
    assert_eq!(parse(""), Err(TableError::Empty));
    assert_eq!(parse(head), Err(TableError::Empty));
    assert_eq!(parse(" {\"type\":1}"), Err(TableError::Json));
    assert_eq!(parse(row), Err(TableError::NoHeader { line: 1 }));
    assert_eq!(
        said(&format!("{head}{row}-72,-30,15,40,20,0,30,90\n")),
        "line 3: 8 fields, the header has 9"
    );
    assert_eq!(
        said(&format!("{head}{row}\n-72,-30,,40,20,0,30,90,1\n")),
        "line 4: depth = \"\" is not a number"
    );
    assert_eq!(
        said(&format!("{head}-72,-30,15,40,20,0,30,90,NaN\n")),
        "line 2: slip = \"NaN\" is not a number"
    );
    assert_eq!(
        said(&format!("{head}-72,-130,15,40,20,0,30,90,1\n")),
        "line 2: latitude = -130 is outside -90..90"
    );
    assert_eq!(
        said(&format!("{head}-72,-30,15000,40,20,0,30,90,1\n")),
        "line 2: depth = 15000 is outside 0..300"
    );
    assert_eq!(
        said("lon,lat,depth,slip\n-72,-30,15,1\n"),
        "line 1: no column for strike and dip; the header has: lon, lat, depth, slip"
    );
    assert_eq!(
        said("lon,lat,depth,strike,dip,slip\n-72,-30,15,0,10,1\n"),
        "line 1: no column for length; the header has: lon, lat, depth, strike, dip, slip"
    );
    assert_eq!(
        said("lon,long,lat,depth,slip\n"),
        "line 1: columns \"lon\" and \"long\" both say longitude; rename one of them"
    );
    let large = " ".repeat(BYTES_MAX + 1);
    assert_eq!(parse(&large), Err(TableError::TooLarge(BYTES_MAX + 1)));
    let many = format!("{head}{}", row.repeat(20_001));
    assert_eq!(parse(&many), Err(TableError::TooManyRows { line: 20_002 }));
}

fn lawful(text: &str) {
    let Ok(t) = read(text, &ReadOptions::default()) else {
        return;
    };
    assert!(!t.faults.is_empty() && t.faults.len() <= 20_000);
    for f in &t.faults {
        assert!(f.lat.abs() <= 90.0 && f.lon.abs() <= 1080.0);
        assert!((0.0..=90.0).contains(&f.dip_deg) && (0.0..=300.0).contains(&f.depth_km));
        assert!(f.length_km > 0.0 && f.width_km > 0.0 && f.slip_m.abs() <= 200.0);
        assert!(f.start_s >= 0.0 && f.rise_s >= 0.0);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        lawful(&text);
    }

    #[test]
    fn any_bytes_after_a_header(bytes in proptest::collection::vec(any::<u8>(), 0..400), head in 0usize..4) {
        let head = ["lon,lat,depth,length,width,strike,dip,rake,slip\n", PARAM, FSP, "lonW latS depth slip\n"][head];
        lawful(&format!("{head}{}", String::from_utf8_lossy(&bytes)));
    }

    #[test]
    fn any_numbers_in_any_columns(
        names in proptest::collection::vec(proptest::sample::select(vec![
            "lat", "lon", "latS", "lonW", "depth", "topdepth", "bottomdepth", "strike", "dip", "rake", "slip", "length",
            "width", "time", "rise", "lat1", "lon1", "depth1", "lat2", "lon2", "depth2", "lat3", "lon3", "depth3", "lonR", "x",
        ]), 1..14),
        rows in proptest::collection::vec(proptest::collection::vec(-200.0f64..200.0, 14), 1..12),
    ) {
        let mut text = names.join(",");
        for r in &rows {
            text.push('\n');
            let fields: Vec<String> = r.iter().take(names.len()).map(|v| format!("{v}")).collect();
            text.push_str(&fields.join(","));
        }
        lawful(&text);
    }

    #[test]
    fn a_flipped_byte_is_read_or_refused(which in 0usize..2, at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = [PARAM, FSP][which].as_bytes().to_vec();
        let k = at.index(bytes.len());
        bytes[k] = byte;
        lawful(&String::from_utf8_lossy(&bytes));
    }
}
