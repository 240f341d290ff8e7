//! One event's message, and what was last made of it.

use std::sync::Arc;

use bytes::Bytes;
use cap::{Alert, MsgType};
use relief::outputs::{self, Header, Report, SourceState};
use relief::zone::{self, Threat};
use relief::{Assessment, Figure, Planning};

use crate::view::{AlertView, ReliefDocuments, ReliefView};

/// The latest message of an event that is about zones.
pub(super) struct Case {
    pub(super) event: String,
    pub(super) identifier: String,
    pub(super) expires_us: i64,
    alert: Alert,
    xml: Arc<str>,
    pub(super) threat: Threat,
}

impl Case {
    /// Reads a message; `None` when it is not about zones, or cannot be read, which is said.
    pub(super) fn read(view: &AlertView) -> Option<Self> {
        let alert = match cap::read(view.xml.as_bytes()) {
            Ok((alert, _)) => alert,
            Err(why) => {
                tracing::error!(identifier = view.identifier, %why, "an issued message cannot be read, and is not assessed");
                return None;
            }
        };
        let about_zones = alert.infos.iter().any(|info| {
            info.parameters.iter().any(|p| p.name.starts_with("zone:"))
                || info
                    .areas
                    .iter()
                    .any(|a| a.geocodes.iter().any(|code| code.name == "watchfire:zone"))
        });
        about_zones.then(|| Self {
            event: view.event.clone(),
            identifier: view.identifier.clone(),
            expires_us: view.expires_us,
            threat: zone::of_alert(&alert),
            alert,
            xml: view.xml.clone(),
        })
    }

    pub(super) fn over(&self) -> bool {
        self.threat.over
    }

    /// The assessment in every form.
    pub(super) fn publish(
        &self,
        assessment: &Assessment,
        planning: &Planning,
        sender: &Sender<'_>,
        sources: Vec<SourceState>,
        number: u32,
    ) -> ReliefView {
        let info = self.alert.infos.first();
        let header = Header {
            event: self.event.clone(),
            headline: info
                .and_then(|i| i.headline.clone())
                .unwrap_or_else(|| self.event.clone()),
            status: self.alert.status,
            msg_type: self.alert.msg_type,
            message: self.identifier.clone(),
            sent_us: self.alert.sent.us(),
            sender: sender.id.to_owned(),
            sender_name: sender.name.to_owned(),
            number,
            sources,
        };
        let report = Report {
            assessment,
            planning,
            header: &header,
        };
        let event = &self.event;
        let names = [
            ("GeoJSON", format!("{event}.geojson")),
            ("needs as CSV with HXL tags", format!("{event}.csv")),
            ("places as CSV with HXL tags", format!("{event}.places.csv")),
            ("EDXL-DE with the message", format!("{event}.edxl.xml")),
        ];
        let links: Vec<(&str, &str)> = names.iter().map(|(n, f)| (*n, f.as_str())).collect();
        let documents = ReliefDocuments {
            geojson: Bytes::from(outputs::geojson(&report)),
            needs_csv: Bytes::from(outputs::needs_csv(&report)),
            places_csv: Bytes::from(outputs::places_csv(&report)),
            edxl: Bytes::from(outputs::edxl(&report, &self.xml)),
            page: Bytes::from(outputs::page(&report, &links)),
        };
        let total = &assessment.total;
        let number_of = |figure: Figure| figure.people().map(|p| p.count());
        ReliefView {
            event: event.clone(),
            message: self.identifier.clone(),
            headline: header.headline.clone(),
            page: format!("relief/{event}.html"),
            number,
            made_us: assessment.now_us,
            over: self.alert.msg_type == MsgType::Cancel,
            zones: assessment.zones.len(),
            people: number_of(total.people),
            to_evacuate: number_of(total.to_evacuate),
            capacity_lacking: number_of(total.lacking),
            all_known: matches!(total.people, Figure::Known(_)),
            hospitals: total.hospitals,
            schools: total.schools,
            bridges_on_ways: total.bridges_on_ways,
            documents: Arc::new(documents),
        }
    }
}

/// Who speaks.
pub(super) struct Sender<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
}
