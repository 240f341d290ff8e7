//! Writes a tsunami warning in two languages, and its cancellation.
//!
//! `cargo run -p cap --example write_alert`

use cap::{
    Alert, Area, Category, Certainty, Info, MsgType, NamedValue, Point, ResponseType, Severity,
    Status, Time, Urgency,
};

const MINUTE_US: i64 = 60_000_000;
/// 2010-02-27T06:34:14 UTC, the Maule earthquake.
const ORIGIN_US: i64 = 1_267_252_454_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Any outline will do: it is closed, simplified to what consumers accept and cut at the antimeridian.
    let coast = [
        (-30.0, -71.8),
        (-30.0, -71.3),
        (-37.0, -73.0),
        (-37.0, -73.8),
    ];
    let coast: Vec<Point> = coast
        .iter()
        .map(|&(lat, lon)| Point::new(lat, lon))
        .collect();
    let polygons = cap::cover(&coast, cap::MAX_POLYGON_POINTS)?;

    let sent = Time::from_us(ORIGIN_US + 5 * MINUTE_US);
    let mut alert = Alert::new(
        "urn:oid:2.49.0.1.152.0.2010.2.27.1",
        "watchfire@example.org",
        sent,
        Status::Exercise,
        MsgType::Alert,
    );
    alert.note = Some("Exercise: replay of 27 February 2010".to_owned());
    for (language, event, headline, place) in [
        (
            "en",
            "Tsunami Warning",
            "EXERCISE: tsunami warning for central Chile",
            "Central Chile",
        ),
        (
            "es",
            "Alerta de tsunami",
            "SIMULACRO: alerta de tsunami en Chile central",
            "Chile central",
        ),
    ] {
        let mut info = Info::new(
            language,
            Category::Geo,
            event,
            Urgency::Immediate,
            Severity::Extreme,
            Certainty::Likely,
        );
        info.response_types = vec![ResponseType::Evacuate];
        info.onset = Some(Time::from_us(ORIGIN_US + 20 * MINUTE_US));
        info.expires = Some(Time::from_us(ORIGIN_US + 125 * MINUTE_US));
        info.headline = Some(headline.to_owned());
        info.parameters = vec![NamedValue::new("EventPreliminaryMagnitude", "8.8 Mw")];
        info.areas = vec![Area {
            polygons: polygons.clone(),
            ..Area::new(place)
        }];
        alert.infos.push(info);
    }
    println!("{}\n", alert.to_xml()?);

    // The chain keeps status, sender and incidents, and refers to all messages before.
    let sent = Time::from_us(ORIGIN_US + 90 * MINUTE_US);
    let mut end = alert.follow("urn:oid:2.49.0.1.152.0.2010.2.27.2", sent, MsgType::Cancel);
    end.note = Some("Exercise: the threat has passed".to_owned());
    println!("{}\n", end.to_xml()?);

    // What breaks a rule is refused, with the element and the rule.
    end.sent = alert.sent;
    println!("refused: {}", end.to_xml().unwrap_err());
    Ok(())
}
