//! The gate, rule by rule.

mod common;

use common::*;
use desk::{Act, Actual, Author, Exercise, Grade, Hash, Outcome, Refusal, Standing};

const TWO: &str = r#"
[[rule]]
levels = ["warning", "major"]
approvals = 2
deadline = "3m"
at_deadline = "hold"

[[rule]]
levels = ["advisory"]
zones = ["north"]
approvals = 1
deadline = "2m"
at_deadline = "issue"
"#;

#[test]
fn without_a_gate_a_message_goes_out_at_once_and_every_later_one_refers_to_all_before() {
    let mut desk = desk::<Actual>("");
    let w = weight(&[("north", Grade::Warning)]);
    let first = issued(propose(&mut desk, proposal::<Actual>("e", 1, T0), &w));
    assert_eq!(first.identifier, "watchfire.coast.actual.e.1");
    assert_eq!((first.msg_type.as_str(), first.sent_us), ("Alert", T0));
    let second = issued(propose(&mut desk, proposal::<Actual>("e", 2, T0), &w));
    assert_eq!(
        second.sent_us,
        T0 + 1_000_000,
        "after what it refers to, to the second"
    );
    let last = issued(propose(
        &mut desk,
        ending::<Actual>("e", 3, T0 + HOUR_US),
        &w,
    ));
    let (alert, complaints) = cap::read(last.xml.as_bytes()).expect("readable");
    assert!(complaints.is_empty());
    assert_eq!(alert.msg_type, cap::MsgType::Cancel);
    let refers: Vec<&str> = alert
        .references
        .iter()
        .map(|r| r.identifier.as_str())
        .collect();
    assert_eq!(
        refers,
        ["watchfire.coast.actual.e.1", "watchfire.coast.actual.e.2"]
    );
}

#[test]
fn two_distinct_persons_and_the_same_one_twice_is_none() {
    let mut desk = desk::<Actual>(TWO);
    let id = waiting(propose(
        &mut desk,
        proposal::<Actual>("e", 1, T0),
        &weight(&[("south", Grade::Warning)]),
    ));
    assert_eq!(desk.approve(&id, None, "ana", T0 + 1).expect("taken"), None);
    let agreed = &desk.drafts()[0].agreed;
    assert_eq!((agreed[0].by.as_str(), agreed[0].at_us), ("ana", T0 + 1));
    assert_eq!(
        desk.approve(&id, None, "ana", T0 + 2),
        Err(Refusal::Twice("ana".to_owned()))
    );
    let message = desk
        .approve(&id, None, "ben", T0 + 30_000_000)
        .expect("taken")
        .expect("issued");
    assert_eq!(message.sent_us, T0 + 30_000_000, "sent when it was let out");
    assert!(matches!(
        desk.approve(&id, None, "eva", T0 + 3),
        Err(Refusal::Closed { .. })
    ));
}

#[test]
fn the_strictest_zone_decides_for_the_message() {
    let mut desk = desk::<Actual>(TWO);
    let both = weight(&[("north", Grade::Advisory), ("south", Grade::Major)]);
    let id = waiting(propose(&mut desk, proposal::<Actual>("e", 1, T0), &both));
    assert_eq!(desk.drafts()[0].gate.approvals, 2);
    assert_eq!(desk.drafts()[0].id, id);
    let south = weight(&[("south", Grade::Advisory)]);
    issued(propose(&mut desk, proposal::<Actual>("f", 1, T0), &south));
}

#[test]
fn nobody_answers_and_the_fail_safe_of_the_rule_acts_once() {
    let mut desk = desk::<Actual>(TWO);
    let north = weight(&[("north", Grade::Advisory)]);
    waiting(propose(
        &mut desk,
        proposal::<Actual>("issue", 1, T0),
        &north,
    ));
    let south = weight(&[("south", Grade::Warning)]);
    let held = waiting(propose(
        &mut desk,
        proposal::<Actual>("hold", 1, T0),
        &south,
    ));
    assert!(desk.tick(T0 + 2 * MINUTE_US - 1).is_empty());
    let out = desk.tick(T0 + 2 * MINUTE_US);
    assert_eq!(out.len(), 1);
    assert_eq!(out[0].event, "issue");
    assert!(desk.tick(T0 + 4 * MINUTE_US).is_empty());
    let view = desk
        .drafts()
        .into_iter()
        .find(|d| d.id == held)
        .expect("still there");
    assert_eq!(view.standing, Standing::Held);
    desk.approve(&held, None, "ana", T0 + 5 * MINUTE_US)
        .expect("still to be decided");
    assert!(
        desk.approve(&held, None, "ben", T0 + 5 * MINUTE_US)
            .expect("taken")
            .is_some()
    );
}

#[test]
fn a_newer_draft_gives_nobody_more_time_and_has_nobodys_agreement() {
    let issue = TWO.replace("\"hold\"", "\"issue\"");
    let mut desk = desk::<Actual>(&issue);
    let w = weight(&[("south", Grade::Warning)]);
    let first = waiting(propose(&mut desk, proposal::<Actual>("e", 1, T0), &w));
    desk.approve(&first, None, "ana", T0 + 1).expect("taken");
    let second = waiting(propose(
        &mut desk,
        proposal::<Actual>("e", 2, T0 + MINUTE_US),
        &w,
    ));
    let view = desk.drafts()[0].clone();
    assert_eq!(
        (view.id.as_str(), view.due_us),
        (second.as_str(), T0 + 3 * MINUTE_US)
    );
    assert!(
        view.approvals.is_empty(),
        "it asks the same of the same zones in words that ana has not read"
    );
    assert!(matches!(
        desk.approve(&first, None, "ben", T0 + 2),
        Err(Refusal::Closed { hint, .. }) if hint.contains("newer")
    ));
    // Ben agrees to the new words first, and they are not out: ana has to read them too.
    assert_eq!(
        desk.approve(&second, None, "ben", T0 + MINUTE_US + 1),
        Ok(None)
    );
    let worse = weight(&[("south", Grade::Major)]);
    waiting(propose(
        &mut desk,
        proposal::<Actual>("e", 3, T0 + 2 * MINUTE_US),
        &worse,
    ));
    let view = desk.drafts()[0].clone();
    assert!(
        view.approvals.is_empty(),
        "nobody has agreed to a major warning"
    );
    assert_eq!(view.due_us, T0 + 3 * MINUTE_US);
}

#[test]
fn an_approval_covers_what_asks_the_same_and_nothing_more() {
    let mut desk = desk::<Actual>(TWO);
    let w = weight(&[("south", Grade::Warning)]);
    let id = waiting(propose(&mut desk, proposal::<Actual>("e", 1, T0), &w));
    desk.approve(&id, None, "ana", T0 + 1).expect("taken");
    desk.approve(&id, None, "ben", T0 + 2)
        .expect("taken")
        .expect("issued");
    issued(propose(
        &mut desk,
        proposal::<Actual>("e", 2, T0 + MINUTE_US),
        &w,
    ));
    let more = weight(&[("south", Grade::Warning), ("north", Grade::Warning)]);
    waiting(propose(
        &mut desk,
        proposal::<Actual>("e", 3, T0 + 2 * MINUTE_US),
        &more,
    ));
}

#[test]
fn a_refusal_stands_until_it_is_worse() {
    let mut desk = desk::<Actual>(TWO);
    let w = weight(&[("south", Grade::Warning)]);
    let id = waiting(propose(&mut desk, proposal::<Actual>("e", 1, T0), &w));
    desk.refuse(&id, "ana", "a sensor under repair", T0 + 1)
        .expect("taken");
    // Again and again, as the forecast is renewed: nobody is asked, and no fail-safe lets it out.
    for n in 2..5 {
        let out = propose(
            &mut desk,
            proposal::<Actual>("e", n, T0 + i64::from(n) * MINUTE_US),
            &w,
        );
        assert!(matches!(out, Outcome::Refused(_)));
    }
    assert!(desk.tick(T0 + 10 * MINUTE_US).is_empty());
    let seen = desk::Weight {
        observed: true,
        ..w
    };
    waiting(propose(
        &mut desk,
        proposal::<Actual>("e", 6, T0 + 20 * MINUTE_US),
        &seen,
    ));
}

#[test]
fn an_author_never_lets_out_what_he_wrote() {
    let mut desk = desk::<Actual>("");
    let w = weight(&[("south", Grade::Warning)]);
    let author = Author::Person("ana".to_owned());
    let id = waiting(
        desk.propose(proposal::<Actual>("m", 1, T0), w.clone(), &author, T0)
            .expect("a proposal"),
    );
    assert_eq!(desk.approve(&id, None, "ana", T0 + 1).expect("noted"), None);
    assert!(
        desk.tick(T0 + 100 * HOUR_US).is_empty(),
        "and waiting does not either"
    );
    assert!(
        desk.approve(&id, None, "ben", T0 + 2)
            .expect("taken")
            .is_some()
    );
    // Nor by an approval that his earlier text was given.
    waiting(
        desk.propose(proposal::<Actual>("m", 2, T0 + 3), w, &author, T0 + 3)
            .expect("a proposal"),
    );
}

#[test]
fn a_correction_takes_one_person_and_one_step_and_stands() {
    let mut desk = desk::<Actual>("");
    let w = weight(&[("north", Grade::Major)]);
    issued(propose(&mut desk, proposal::<Actual>("e", 1, T0), &w));
    let message = desk
        .correct(
            ending::<Actual>("e", 100, T0 + MINUTE_US),
            "ana",
            T0 + MINUTE_US,
        )
        .expect("called back");
    assert_eq!(message.msg_type, "Cancel");
    assert!(matches!(
        desk.correct(
            ending::<Actual>("e", 101, T0 + MINUTE_US),
            "ana",
            T0 + MINUTE_US
        ),
        Err(Refusal::NotInForce(_))
    ));
    // The hub goes on computing the same: it is not said again, and its own all clear has nothing to call back.
    let again = propose(
        &mut desk,
        proposal::<Actual>("e", 2, T0 + 2 * MINUTE_US),
        &w,
    );
    assert!(matches!(again, Outcome::Refused(_)));
    let clear = propose(&mut desk, ending::<Actual>("e", 3, T0 + 3 * MINUTE_US), &w);
    assert!(matches!(clear, Outcome::Void(_)));
    let worse = weight(&[("north", Grade::Major), ("south", Grade::Major)]);
    issued(propose(
        &mut desk,
        proposal::<Actual>("e", 4, T0 + 4 * MINUTE_US),
        &worse,
    ));
}

#[test]
fn what_is_in_force_is_said_again_while_its_successor_waits() {
    let mut desk = desk::<Actual>(TWO);
    let advisory = weight(&[("south", Grade::Advisory)]);
    issued(propose(
        &mut desk,
        proposal::<Actual>("e", 1, T0),
        &advisory,
    ));
    let warning = weight(&[("south", Grade::Warning)]);
    waiting(propose(
        &mut desk,
        proposal::<Actual>("e", 2, T0 + MINUTE_US),
        &warning,
    ));
    desk.tick(T0 + 4 * MINUTE_US);
    assert!(desk.tick(T0 + 53 * MINUTE_US).is_empty());
    let out = desk.tick(T0 + 54 * MINUTE_US);
    assert_eq!(
        out.len(),
        1,
        "an advisory must not lapse because nobody decides about the warning"
    );
    assert_eq!(out[0].msg_type, "Update");
    assert_eq!(out[0].headline, "e 1");
    assert!(desk.tick(T0 + 55 * MINUTE_US).is_empty());
}

#[test]
fn an_all_clear_can_be_gated_and_what_was_never_said_is_not_called_back() {
    let gate = "[[rule]]\nlevels = [\"all_clear\"]\napprovals = 1\ndeadline = \"10m\"\nat_deadline = \"hold\"\n";
    let mut desk = desk::<Actual>(gate);
    let w = weight(&[("north", Grade::Warning)]);
    assert!(matches!(
        propose(&mut desk, ending::<Actual>("never", 1, T0), &w),
        Outcome::Void(_)
    ));
    issued(propose(&mut desk, proposal::<Actual>("e", 1, T0), &w));
    let id = waiting(propose(
        &mut desk,
        ending::<Actual>("e", 2, T0 + HOUR_US / 2),
        &w,
    ));
    assert!(
        desk.approve(&id, None, "ana", T0 + HOUR_US / 2 + 1)
            .expect("taken")
            .is_some()
    );
}

#[test]
fn the_end_of_a_message_without_successor_is_noted_once() {
    let mut desk = desk::<Actual>("");
    let w = weight(&[("north", Grade::Warning)]);
    issued(propose(&mut desk, proposal::<Actual>("e", 1, T0), &w));
    desk.take_unwritten();
    desk.tick(T0 + HOUR_US);
    desk.tick(T0 + 2 * HOUR_US);
    let records = desk.take_unwritten();
    assert!(matches!(&records[..], [r] if matches!(r.act, desk::Act::Expired { .. })));
}

#[test]
fn a_message_of_another_mode_does_not_reach_the_desk() {
    let mut desk = desk::<Actual>("");
    let drill = proposal::<Exercise>("e", 1, T0);
    let refused = desk.propose(
        drill,
        weight(&[("north", Grade::Warning)]),
        &Author::System,
        T0,
    );
    assert!(matches!(refused, Err(Refusal::Invalid(why)) if why.contains("Exercise")));
    assert!(desk.take_unwritten().is_empty());
}

#[test]
fn a_rule_that_cannot_be_meant_is_refused_with_what_to_do() {
    for (toml, says) in [
        (
            "[[rule]]\napprovals = 3\ndeadline = \"1m\"\nat_deadline = \"hold\"\n",
            "0, 1 or 2",
        ),
        ("[[rule]]\napprovals = 1\n", "issue"),
        (
            "[[rule]]\napprovals = 1\ndeadline = \"1s\"\nat_deadline = \"hold\"\n",
            "5 s to 24 h",
        ),
        (
            "[[rule]]\napprovals = 0\ndeadline = \"1m\"\n",
            "take them out",
        ),
        (
            "[[rule]]\nzones = [\"nroth\"]\napprovals = 1\ndeadline = \"1m\"\nat_deadline = \"hold\"\n",
            "nroth",
        ),
    ] {
        let policy: desk::gate::Policy = settings::parse("gate", toml).expect("parses");
        let why = policy.check(["north", "south"]).expect_err(toml);
        assert!(why.contains(says), "{why}");
    }
}

#[derive(Debug)]
struct Stamp(bool);

impl desk::Seal for Stamp {
    fn seal(&self, xml: &str) -> Result<String, String> {
        if self.0 {
            Ok(xml.replace("</alert>", "<!-- sealed --></alert>"))
        } else {
            Err("the key is gone".to_owned())
        }
    }
}

#[test]
fn what_is_issued_is_signed_and_a_key_that_fails_holds_nothing_back() {
    let mut desk = desk::<Actual>("");
    let w = weight(&[("north", Grade::Warning)]);
    desk.seal_with(std::sync::Arc::new(Stamp(true)));
    let first = issued(propose(&mut desk, proposal::<Actual>("e", 1, T0), &w));
    assert!(first.xml.contains("sealed"));
    assert_eq!(desk.unsealed(), None);
    desk.seal_with(std::sync::Arc::new(Stamp(false)));
    let second = issued(propose(&mut desk, proposal::<Actual>("e", 2, T0), &w));
    assert!(!second.xml.contains("sealed"));
    assert_eq!(desk.unsealed(), Some("the key is gone"));
}

/// A typing error of a colleague that an approver refused silenced the forecast.
#[test]
fn to_refuse_a_colleagues_text_silences_nobody_else() {
    let mut desk = desk::<Actual>(TWO);
    let advisory = weight(&[("south", Grade::Advisory)]);
    issued(propose(
        &mut desk,
        proposal::<Actual>("e", 1, T0),
        &advisory,
    ));
    let major = weight(&[("south", Grade::Major), ("north", Grade::Major)]);
    let ana = Author::Person("ana".to_owned());
    let id = waiting(
        desk.propose(
            proposal::<Actual>("e", 100, T0 + 1),
            major.clone(),
            &ana,
            T0 + 1,
        )
        .expect("a proposal"),
    );
    desk.refuse(&id, "ben", "all zones?", T0 + 2)
        .expect("taken");
    waiting(propose(
        &mut desk,
        proposal::<Actual>("e", 2, T0 + MINUTE_US),
        &major,
    ));
}

/// An operator's note displaced a warning that would have gone out by itself.
#[test]
fn an_officers_text_does_not_take_the_place_of_the_hubs_that_waits() {
    let mut desk = desk::<Actual>(TWO);
    let north = weight(&[("north", Grade::Advisory)]);
    waiting(propose(&mut desk, proposal::<Actual>("e", 1, T0), &north));
    let eva = Author::Person("eva".to_owned());
    let note = desk.propose(proposal::<Actual>("e", 100, T0 + 1), north, &eva, T0 + 1);
    assert!(matches!(note, Err(Refusal::Invalid(why)) if why.contains("decide about it first")));
    assert_eq!(desk.tick(T0 + 2 * MINUTE_US).len(), 1);
}

/// An officer's text has no deadline; the hub's that followed it took that over and went out unseen.
#[test]
fn a_deadline_is_taken_over_only_where_something_would_have_gone_out() {
    let gate = "[[rule]]\nlevels = [\"warning\"]\napprovals = 2\ndeadline = \"10m\"\nat_deadline = \"issue\"\n\
                [[rule]]\nlevels = [\"advisory\"]\napprovals = 1\ndeadline = \"1m\"\nat_deadline = \"hold\"\n";
    let mut desk = desk::<Actual>(gate);
    let eva = Author::Person("eva".to_owned());
    let information = weight(&[("south", Grade::Information)]);
    waiting(
        desk.propose(proposal::<Actual>("e", 100, T0), information, &eva, T0)
            .expect("a proposal"),
    );
    let warning = weight(&[("south", Grade::Warning)]);
    waiting(propose(
        &mut desk,
        proposal::<Actual>("e", 1, T0 + MINUTE_US),
        &warning,
    ));
    assert!(desk.tick(T0 + 11 * MINUTE_US - 1).is_empty());
    assert_eq!(desk.tick(T0 + 11 * MINUTE_US).len(), 1);

    let advisory = weight(&[("south", Grade::Advisory)]);
    waiting(propose(
        &mut desk,
        proposal::<Actual>("f", 1, T0),
        &advisory,
    ));
    desk.tick(T0 + 2 * MINUTE_US);
    waiting(propose(
        &mut desk,
        proposal::<Actual>("f", 2, T0 + 5 * MINUTE_US),
        &warning,
    ));
    assert!(desk.tick(T0 + 15 * MINUTE_US - 1).is_empty());
}

/// A zone with an advisory that is to be held held the next one's warning.
#[test]
fn what_is_said_of_a_lesser_zone_holds_no_warning_up() {
    let gate = "[[rule]]\nlevels = [\"warning\"]\napprovals = 1\ndeadline = \"3m\"\nat_deadline = \"issue\"\n\
                [[rule]]\nlevels = [\"advisory\"]\napprovals = 2\ndeadline = \"10m\"\nat_deadline = \"hold\"\n";
    let mut desk = desk::<Actual>(gate);
    let mixed = weight(&[("south", Grade::Warning), ("north", Grade::Advisory)]);
    waiting(propose(&mut desk, proposal::<Actual>("e", 1, T0), &mixed));
    assert_eq!(desk.tick(T0 + 3 * MINUTE_US).len(), 1);
}

/// To refuse that a warning is raised let the warning itself lapse.
#[test]
fn what_is_in_force_holds_while_more_is_refused() {
    let mut desk = desk::<Actual>(TWO);
    let advisory = weight(&[("south", Grade::Advisory)]);
    issued(propose(
        &mut desk,
        proposal::<Actual>("e", 1, T0),
        &advisory,
    ));
    let warning = weight(&[("south", Grade::Warning)]);
    let id = waiting(propose(
        &mut desk,
        proposal::<Actual>("e", 2, T0 + MINUTE_US),
        &warning,
    ));
    desk.refuse(&id, "ana", "no", T0 + 2 * MINUTE_US)
        .expect("taken");
    assert_eq!(desk.tick(T0 + 55 * MINUTE_US).len(), 1);
    // The hub goes on proposing the same, which is refused with it; and what is in force goes on.
    let again = propose(
        &mut desk,
        proposal::<Actual>("e", 3, T0 + 60 * MINUTE_US),
        &warning,
    );
    assert!(matches!(again, Outcome::Refused(_)));
    assert_eq!(desk.tick(T0 + 112 * MINUTE_US).len(), 1);
    // It does not go on for ever once nothing more is proposed.
    assert!(desk.tick(T0 + 170 * MINUTE_US).is_empty());
}

/// A hub that was off for three days sent what had waited as news.
#[test]
fn what_waited_while_the_hub_was_off_for_long_is_held() {
    let mut desk = desk::<Actual>(TWO);
    let north = weight(&[("north", Grade::Advisory)]);
    let id = waiting(propose(&mut desk, proposal::<Actual>("e", 1, T0), &north));
    assert!(desk.tick(T0 + 72 * HOUR_US).is_empty());
    let view = desk
        .drafts()
        .into_iter()
        .find(|d| d.id == id)
        .expect("there");
    assert_eq!(view.standing, Standing::Held);
}

/// A clock that was set forward passed deadlines that nobody had.
#[test]
fn a_fail_safe_waits_for_whoever_counts_time_too() {
    let mut desk = desk::<Actual>(TWO);
    let north = weight(&[("north", Grade::Advisory)]);
    let id = waiting(propose(&mut desk, proposal::<Actual>("e", 1, T0), &north));
    assert_eq!(
        desk.deadlines().collect::<Vec<_>>(),
        [(id.as_str(), T0 + 2 * MINUTE_US)]
    );
    assert!(desk.tick_when(T0 + 30 * MINUTE_US, |_| false).is_empty());
    assert_eq!(desk.tick_when(T0 + 30 * MINUTE_US, |_| true).len(), 1);
}

/// One approver could end a major warning by calling back a zone that no rule is about.
#[test]
fn to_end_or_shrink_a_message_takes_who_let_it_out() {
    let gate = "[[rule]]\nzones = [\"north\"]\napprovals = 2\ndeadline = \"3m\"\nat_deadline = \"issue\"\n";
    let mut desk = desk::<Actual>(gate);
    let major = weight(&[("north", Grade::Major)]);
    waiting(propose(&mut desk, proposal::<Actual>("e", 1, T0), &major));
    assert_eq!(desk.tick(T0 + 3 * MINUTE_US).len(), 1);
    let eva = Author::Person("eva".to_owned());
    let south = weight(&[("south", Grade::Information)]);
    for (n, ends) in [(100, true), (101, false)] {
        let at = T0 + (4 + n) * MINUTE_US / 10;
        let p = if ends {
            ending::<Actual>("e", n as u32, at)
        } else {
            proposal::<Actual>("e", n as u32, at)
        };
        let id = waiting(
            desk.propose(p, south.clone(), &eva, at)
                .expect("a proposal"),
        );
        assert_eq!(desk.drafts()[0].gate.approvals, 2);
        desk.withdraw(&id, "eva", at + 1).expect("taken");
    }
}

/// The journal lost the first try, and the next, much worse, was taken for it.
#[test]
fn a_worse_message_under_a_known_key_is_a_new_one() {
    let mut desk = desk::<Actual>("");
    let advisory = weight(&[("south", Grade::Advisory)]);
    issued(propose(
        &mut desk,
        proposal::<Actual>("e", 1, T0),
        &advisory,
    ));
    let same = propose(
        &mut desk,
        proposal::<Actual>("e", 1, T0 + MINUTE_US),
        &advisory,
    );
    assert_eq!(same, Outcome::Known);
    let major = weight(&[("south", Grade::Major)]);
    issued(propose(
        &mut desk,
        proposal::<Actual>("e", 1, T0 + MINUTE_US),
        &major,
    ));
}

/// Two officers sign one text: the digest that each names is of the words that go out, and the log keeps it beside each name.
#[test]
fn who_agrees_names_the_words_and_other_words_are_refused() {
    let mut desk = desk::<Actual>(TWO);
    let w = weight(&[("south", Grade::Warning)]);
    let first = waiting(propose(&mut desk, proposal::<Actual>("e", 1, T0), &w));
    let read = desk.drafts()[0].digest;
    assert_eq!(read, Hash::of_message(&desk.drafts()[0].xml));
    let second = waiting(propose(
        &mut desk,
        proposal::<Actual>("e", 2, T0 + MINUTE_US),
        &w,
    ));
    desk.take_unwritten();
    // The page still shows the first when the officer presses the key.
    assert!(matches!(
        desk.approve(&first, Some(read), "ana", T0 + MINUTE_US + 1),
        Err(Refusal::Closed { .. })
    ));
    // And a page that mixes the two up is not believed either.
    assert_eq!(
        desk.approve(&second, Some(read), "ana", T0 + MINUTE_US + 1),
        Err(Refusal::OtherWords(second.clone()))
    );
    assert!(
        desk.take_unwritten().is_empty(),
        "a refusal leaves no trace"
    );
    let now = desk.drafts()[0].clone();
    assert_ne!(now.digest, read);
    let agree = |desk: &mut desk::Desk<Actual>, name| {
        desk.approve(&second, Some(now.digest), name, T0 + MINUTE_US + 2)
            .expect("taken")
    };
    assert_eq!(agree(&mut desk, "ana"), None);
    assert!(agree(&mut desk, "ben").is_some());
    let signed: Vec<_> = desk
        .take_unwritten()
        .into_iter()
        .filter_map(|r| match r.act {
            Act::Approved { digest, .. } => Some((r.by.name().to_owned(), digest)),
            _ => None,
        })
        .collect();
    assert_eq!(
        signed,
        [
            ("ana".to_owned(), Some(now.digest)),
            ("ben".to_owned(), Some(now.digest))
        ]
    );
}

/// Logs from before the digest: what they say is read, and written again in the same bytes, so that their chain holds.
#[test]
fn an_approval_of_an_older_log_is_read_and_its_bytes_stay() {
    for old in [
        r#"{"what":"approved","draft":"0123456789abcdef"}"#,
        r#"{"what":"approved","draft":"0123456789abcdef","carried":true}"#,
    ] {
        let act: Act = serde_json::from_str(old).expect("an old record");
        assert!(matches!(act, Act::Approved { digest: None, .. }));
        assert_eq!(serde_json::to_string(&act).expect("JSON"), old);
    }
}

/// What an officer is shown before agreeing is what goes out, envelope and all, and showing it changes nothing.
#[test]
fn a_preview_is_the_message_that_is_issued_then() {
    let mut desk = desk::<Exercise>(TWO);
    let before = weight(&[("south", Grade::Advisory)]);
    issued(propose(
        &mut desk,
        proposal::<Exercise>("e", 1, T0),
        &before,
    ));
    let p = proposal::<Exercise>("e", 2, T0 + MINUTE_US);
    let id = waiting(propose(
        &mut desk,
        p.clone(),
        &weight(&[("south", Grade::Warning)]),
    ));
    let (head, at_us) = (desk.head(), T0 + 2 * MINUTE_US);
    let chains = desk.chains();
    let shown = chains.stamp(&p, at_us).expect("a message");
    assert_eq!(desk.head(), head);
    assert_eq!(shown.msg_type, "Update");
    desk.approve(&id, None, "ana", at_us).expect("taken");
    let out = desk.approve(&id, None, "ben", at_us).expect("taken");
    assert_eq!(out, Some(shown));
    assert_eq!(
        chains.in_force("e").map(|m| m.identifier.as_str()),
        Some("watchfire.coast.exercise.e.1")
    );
    // A message of another mode is shown no more than it is issued.
    let foreign = proposal::<Actual>("e", 3, at_us);
    assert!(matches!(
        chains.stamp(&foreign, at_us),
        Err(Refusal::Invalid(_))
    ));
}
