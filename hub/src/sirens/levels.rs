//! At which level a message puts each zone with sirens.
//!
//! A message about zones says the level of each in its parameter `zone:<id>` (`level=warning;...`); one severity holds for the whole
//! message, and would sound zones that are at a lower level. Where there is no such parameter, severity and the areas' names count.

use crate::alert::Level;
use crate::sirens::settings::SirenZone;
use crate::view::AlertView;

/// The level of every siren zone, in their order; none for a message that calls everything off.
pub fn of(alert: &AlertView, zones: &[SirenZone]) -> Vec<Level> {
    let nothing = vec![Level::None; zones.len()];
    if alert.msg_type == "Cancel" {
        return nothing;
    }
    let Ok((message, _)) = cap::read(alert.xml.as_bytes()) else {
        // It was written by our own strict writer; whatever this is, it orders nothing.
        tracing::error!(
            identifier = alert.identifier,
            "an issued message cannot be read: no siren is ordered by it"
        );
        return nothing;
    };
    let told: Vec<(&str, Level)> = message
        .infos
        .first()
        .into_iter()
        .flat_map(|info| &info.parameters)
        .filter_map(|parameter| {
            let zone = parameter.name.strip_prefix("zone:")?;
            let level = parameter
                .value
                .split(';')
                .find_map(|part| part.strip_prefix("level="))?;
            Some((zone, named(level)?))
        })
        .collect();
    let of_severity = match alert.severity.as_str() {
        "Extreme" => Level::Major,
        "Severe" => Level::Warning,
        "Moderate" => Level::Advisory,
        _ => Level::None,
    };
    zones
        .iter()
        .map(|zone| {
            let by_zone = told
                .iter()
                .filter(|(id, _)| zone.has_zone(id))
                .map(|(_, level)| *level)
                .max();
            let by_area = || {
                let named = zone.areas.iter().any(|area| alert.areas.contains(area));
                (told.is_empty() && named).then_some(of_severity)
            };
            by_zone.or_else(by_area).unwrap_or(Level::None)
        })
        .collect()
}

fn named(word: &str) -> Option<Level> {
    [Level::None, Level::Advisory, Level::Warning, Level::Major]
        .into_iter()
        .find(|level| level.name() == word)
}

#[cfg(test)]
mod tests {
    use cap::{
        Alert, Area, Category, Certainty, Circle, Info, MsgType, NamedValue, Point, Severity,
        Status, Time, Urgency,
    };
    use wire::topic::Mode;

    use super::*;

    fn zone(id: &str, zones: &[&str], areas: &[&str]) -> SirenZone {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        SirenZone {
            id: id.to_owned(),
            zones: owned(zones),
            areas: owned(areas),
            sirens: Vec::new(),
            places: Default::default(),
            advisory: None,
            warning: Some("warning".to_owned()),
            major: None,
        }
    }

    /// A message of severity Extreme about the area Harbour, with these parameters.
    fn message(msg_type: MsgType, parameters: &[(&str, &str)]) -> AlertView {
        let mut alert = Alert::new(
            "w.1",
            "w@example.org",
            Time::from_us(0),
            Status::Exercise,
            msg_type,
        );
        let mut info = Info::new(
            "en",
            Category::Geo,
            "Tsunami",
            Urgency::Immediate,
            Severity::Extreme,
            Certainty::Likely,
        );
        info.parameters = parameters
            .iter()
            .map(|(name, value)| NamedValue::new(*name, *value))
            .collect();
        let mut area = Area::new("Harbour");
        area.circles
            .push(Circle::new(Point::new(-33.0, -71.6), 5.0));
        info.areas.push(area);
        alert.infos.push(info);
        if msg_type == MsgType::Cancel {
            alert.references.push(cap::Reference {
                sender: "w@example.org".to_owned(),
                identifier: "w.0".to_owned(),
                sent: Time::from_us(-1_000_000),
            });
        }
        AlertView {
            identifier: alert.identifier.clone(),
            file: String::new(),
            event: "e".to_owned(),
            mode: Mode::Exercise,
            msg_type: if msg_type == MsgType::Cancel {
                "Cancel"
            } else {
                "Alert"
            }
            .to_owned(),
            severity: "Extreme".to_owned(),
            sent_us: 0,
            expires_us: 1,
            headline: String::new(),
            summary: String::new(),
            areas: vec!["Harbour".to_owned()],
            superseded: false,
            xml: alert.to_xml().expect("a message").into(),
        }
    }

    /// The message's severity is that of its worst zone: it must not sound the others.
    #[test]
    fn each_zone_has_its_own_level() {
        let zones = [
            zone("a", &[], &[]),
            zone("b", &[], &[]),
            zone("both", &["a", "b"], &[]),
            zone("none", &["c"], &[]),
            zone("named", &[], &["Harbour"]),
        ];
        let told = [
            ("zone:a", "level=advisory;height_m=0.40"),
            ("zone:b", "level=major;height_m=8"),
            ("model", "run"),
        ];
        let levels = of(&message(MsgType::Alert, &told), &zones);
        assert_eq!(
            levels,
            [
                Level::Advisory,
                Level::Major,
                Level::Major,
                Level::None,
                Level::None
            ]
        );
    }

    #[test]
    fn without_zones_the_severity_of_its_areas_counts() {
        let zones = [
            zone("named", &[], &["Harbour"]),
            zone("other", &[], &["Hill"]),
            zone("Harbour", &[], &[]),
        ];
        let levels = of(&message(MsgType::Alert, &[]), &zones);
        assert_eq!(levels, [Level::Major, Level::None, Level::None]);
    }

    #[test]
    fn a_cancellation_and_what_cannot_be_read_order_nothing() {
        let zones = [zone("a", &[], &["Harbour"])];
        let told = [("zone:a", "level=major")];
        assert_eq!(of(&message(MsgType::Cancel, &told), &zones), [Level::None]);
        let mut broken = message(MsgType::Alert, &told);
        broken.xml = "<alert".into();
        assert_eq!(of(&broken, &zones), [Level::None]);
    }
}
