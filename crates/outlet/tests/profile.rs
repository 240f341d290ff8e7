//! The form in which a subscriber takes a message.

mod peer;

use std::sync::Arc;

use cap::{MsgType, Status};
use outlet::{Profile, Retag, Sign};
use peer::{alert, issued};

fn tags(profile: &Profile) -> Vec<String> {
    let issued = issued("a");
    let form = profile.form(&issued).expect("a form");
    let (alert, complaints) = cap::read(form.as_bytes()).expect("read");
    assert!(complaints.is_empty(), "{complaints:?}");
    alert.infos.into_iter().map(|info| info.language).collect()
}

fn languages(list: &[&str]) -> Profile {
    Profile {
        languages: list
            .iter()
            .map(|l| Retag::parse(l).expect("a language"))
            .collect(),
        ..Profile::default()
    }
}

#[test]
fn a_message_that_fits_leaves_as_it_is() {
    let issued = issued("a");
    for profile in [Profile::default(), languages(&["en", "es"])] {
        assert_eq!(profile.form(&issued).expect("a form"), &*issued.xml);
    }
}

#[test]
fn languages_are_chosen_and_named_as_the_subscriber_wants() {
    assert_eq!(tags(&languages(&["es"])), ["es"]);
    assert_eq!(tags(&languages(&["en=en-US", "es"])), ["en-US", "es"]);
    assert_eq!(tags(&languages(&["EN", "ja"])), ["en"]);
    let none = languages(&["ja", "e"].map(|l| if l == "e" { "eng" } else { l }));
    assert!(
        none.form(&issued("a"))
            .expect_err("no language")
            .contains("en, es")
    );
    for bad in ["", "e", "en=", "en_US", "en=en=x", "en-", "en us"] {
        assert!(Retag::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn outlines_are_simplified_outwards_until_they_fit() {
    let issued = issued("a");
    let (before, _) = cap::read(issued.xml.as_bytes()).expect("read");
    let count = |alert: &cap::Alert| -> usize {
        let areas = alert.infos.iter().flat_map(|i| &i.areas);
        areas
            .flat_map(|a| &a.polygons)
            .map(|p| p.points.len())
            .sum()
    };
    assert_eq!(count(&before), 182);
    for most in [181, 100, 30, 16] {
        let profile = Profile {
            points_max: Some(most),
            ..Profile::default()
        };
        let form = profile.form(&issued).expect("a form");
        let (alert, complaints) = cap::read(form.as_bytes()).expect("read");
        assert!(complaints.is_empty(), "{complaints:?}");
        assert!(count(&alert) <= most, "{most}: {}", count(&alert));
        // Every corner of the star is still inside: its tips are the farthest out.
        let polygon = &alert.infos[0].areas[0].polygons[0];
        let north = polygon
            .points
            .iter()
            .map(|p| p.lat_deg())
            .fold(f64::MIN, f64::max);
        let corner = before.infos[0].areas[0].polygons[0]
            .points
            .iter()
            .map(|p| p.lat_deg());
        assert!(north >= corner.fold(f64::MIN, f64::max), "{most}: {north}");
    }
    let none = Profile {
        points_max: Some(3),
        ..Profile::default()
    };
    assert!(none.form(&issued).is_err());
}

struct Stamp;

impl Sign for Stamp {
    fn sign(&self, xml: &str) -> Result<String, String> {
        Ok(xml.replace("</alert>", "<!-- signed --></alert>"))
    }
}

#[test]
fn what_was_rewritten_is_signed_again_and_nothing_else() {
    let issued = issued("a");
    let signed = |list| {
        let profile = Profile {
            signer: Some(Arc::new(Stamp)),
            ..languages(list)
        };
        profile.form(&issued).expect("a form").contains("signed")
    };
    assert!(signed(&["es"]));
    assert!(!signed(&["en", "es"]));
}

#[test]
fn statuses_are_checked_in_what_leaves() {
    let drill = peer::issued_of(&alert("a", MsgType::Alert, Status::Test));
    assert!(Profile::default().form(&drill).is_err());
    let tests = Profile {
        statuses: vec![Status::Test],
        ..Profile::default()
    };
    assert!(tests.form(&drill).is_ok());
    // A description that says one thing and a message that says another.
    let mut forged = (*drill).clone();
    forged.status = Status::Actual;
    assert!(Profile::default().form(&forged).is_err());
}
