//! Earthquakes from USGS GeoJSON and QuakeML. `gridfile` reads them, as it does for files; here its refusals become those of the intake.

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
/// [`Refused`] when it is no document of either kind. Single features that cannot be read are in [`Document::refused`]: one bad
/// feature must not hide a great earthquake beside it.
pub fn read(payload: &[u8]) -> Result<Document, Refused> {
    let refused = |refusal: gridfile::usgs::Refusal| Refused {
        reason: refusal.reason,
        what: refusal.what,
    };
    let document = gridfile::read_solutions(payload).map_err(refused)?;
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

    /// What the documents may be and what is wrong with them is tested where they are read, in `gridfile`.
    #[test]
    fn refusals_keep_their_words_and_mechanisms_their_first_plane() {
        let theirs = gridfile::usgs::read(b"[]").expect_err("no GeoJSON");
        let ours = read(b"[]").expect_err("no GeoJSON");
        assert_eq!((ours.reason, ours.what), (theirs.reason, theirs.what));
        let plane = |n: u8, strike: f64| {
            format!(
                r#""nodal-plane-{n}-strike":{strike},"nodal-plane-{n}-dip":14,"nodal-plane-{n}-rake":90"#
            )
        };
        let document = format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","id":"x"}},
            {{"type":"Feature","id":"y","properties":{{"mag":8.8,"time":1267252451530,
            "products":{{"moment-tensor":[{{"properties":{{{},{}}}}}]}}}},
            "geometry":{{"type":"Point","coordinates":[-72.9,-36.1,22.9]}}}}]}}"#,
            plane(1, 18.0),
            plane(2, 178.0)
        );
        let document = read(document.as_bytes()).expect("a collection");
        assert_eq!(document.refused[0].reason, "quake_feature");
        let [(solution, Some(mechanism))] = &document.solutions[..] else {
            panic!("one with a mechanism: {document:?}")
        };
        assert_eq!(
            (solution.quake.id.as_str(), mechanism.strike_deg),
            ("y", 18.0)
        );
    }
}
