//! Earthquakes from USGS GeoJSON. `gridfile` reads them, as it does for files; here its refusals become those of the intake.

pub use gridfile::usgs::{MAX_DOCUMENT, Solution};

use ocean::fault::Mechanism;

use super::open::Refused;

/// What a document held.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    /// The readable solutions, each with a nodal plane of its mechanism where the agency gives one.
    pub solutions: Vec<(Solution, Option<Mechanism>)>,
    /// Why others were not readable.
    pub refused: Vec<Refused>,
}

/// Reads a document.
///
/// # Errors
/// [`Refused`] when it is no GeoJSON of this shape at all. Single features that cannot be read are in [`Document::refused`]: one bad
/// feature must not hide a great earthquake beside it.
pub fn read(payload: &[u8]) -> Result<Document, Refused> {
    let refused = |refusal: gridfile::usgs::Refusal| Refused {
        reason: refusal.reason,
        what: refusal.what,
    };
    let document = gridfile::usgs::read(payload).map_err(refused)?;
    let planes = document.planes.into_iter().map(|planes| {
        planes.first().map(|p| Mechanism {
            strike_deg: p.strike_deg,
            dip_deg: p.dip_deg,
            rake_deg: p.rake_deg,
        })
    });
    Ok(Document {
        solutions: document.solutions.into_iter().zip(planes).collect(),
        refused: document.refused.into_iter().map(refused).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_keep_their_words() {
        for (payload, reason) in [
            ("", "json_syntax"),
            ("[]", "geojson_shape"),
            (r#"{"type":"FeatureCollection"}"#, "geojson_shape"),
        ] {
            assert_eq!(
                read(payload.as_bytes()).expect_err("refused").reason,
                reason
            );
        }
        let bad = br#"{"type":"FeatureCollection","features":[{"type":"Feature","id":"x"}]}"#;
        let document = read(bad).expect("a collection");
        assert_eq!(document.refused[0].reason, "quake_feature");
    }

    #[test]
    fn a_week_of_real_earthquakes_is_read() {
        let Some(path) = crate::shared_data("catalog/usgs_earthquakes_week.geojson") else {
            return;
        };
        let document = read(&std::fs::read(path).expect("readable")).expect("valid");
        assert!(
            document.solutions.len() > 1_650,
            "{} of 1707",
            document.solutions.len()
        );
        assert!(document.solutions.len() + document.refused.len() == 1_707);
    }
}
