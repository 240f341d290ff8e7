//! The course of updates: who is offered what, and what becomes of it.

use super::*;

const MINUTE_US: i64 = 60_000_000;

fn image(version: Version) -> Image {
    Image {
        board: Board::Stm32f405,
        version,
        security: 1,
        digest: [2; 32],
        signature: [3; 64],
        bytes: (0..500u32).map(|byte| byte as u8).collect(),
    }
}

fn shelf(version: Version) -> Shelf {
    let mut shelf = Shelf::default();
    assert!(shelf.put(image(version)));
    shelf
}

fn running(version: Version, standing: Standing) -> Running {
    Running {
        board: Board::Stm32f405,
        version,
        standing,
    }
}

const OLD: Version = [1, 2, 3];
const NEW: Version = [1, 3, 0];

#[test]
fn an_image_is_offered_pulled_tried_and_confirmed() {
    let shelf = shelf(NEW);
    let mut course = Course::default();
    let node = running(OLD, Standing::Confirmed);
    assert!(matches!(
        course.due(node, &shelf, 0, || true),
        Some(Body::UpdateOffer {
            version: NEW,
            length: 500,
            ..
        })
    ));
    assert_eq!(
        course.due(node, &shelf, 1, || true),
        None,
        "an answer takes its time"
    );
    let mut got = Vec::new();
    let mut now_us = 1_000_000;
    while let Some(Body::UpdateData { offset, bytes }) = course.told(
        UpdateStep::WantsData,
        NEW,
        got.len() as u32,
        Board::Stm32f405,
        &shelf,
        now_us,
    ) {
        assert_eq!(offset as usize, got.len());
        got.extend(bytes);
        now_us += 1_000_000;
        assert_eq!(
            course.due(node, &shelf, now_us, || true),
            None,
            "it pulls by itself"
        );
    }
    assert_eq!(got, image(NEW).bytes);
    assert_eq!(course.report().unwrap().bytes, 500);
    course.told(
        UpdateStep::Verified,
        NEW,
        500,
        Board::Stm32f405,
        &shelf,
        now_us,
    );
    course.born(running(NEW, Standing::Trial), now_us);
    assert_eq!(course.report().unwrap().state, "trial");
    assert!(
        course.is_active(now_us),
        "its neighbours wait until it has proved itself"
    );
    course.born(running(NEW, Standing::Confirmed), now_us);
    assert_eq!(course.report().unwrap().state, "confirmed");
    assert!(!course.is_active(now_us) && !course.has_failed());
    assert_eq!(
        course.due(running(NEW, Standing::Confirmed), &shelf, i64::MAX, || true),
        None
    );
}

#[test]
fn downgrades_other_boards_trials_and_neighbours_get_no_offer() {
    let shelf = shelf(NEW);
    for node in [
        running(NEW, Standing::Confirmed),
        running([2, 0, 0], Standing::Confirmed),
        running(OLD, Standing::Trial),
        running(OLD, Standing::Unknown),
        Running {
            board: Board::Stm32f407,
            ..running(OLD, Standing::Confirmed)
        },
    ] {
        assert_eq!(
            Course::default().due(node, &shelf, 0, || true),
            None,
            "{node:?}"
        );
    }
    let node = running(OLD, Standing::Confirmed);
    let mut course = Course::default();
    assert_eq!(
        course.due(node, &shelf, 0, || false),
        None,
        "a neighbour is being updated"
    );
    assert!(course.due(node, &shelf, 1, || true).is_some());
    let mut two = shelf.clone();
    assert!(!two.put(image(OLD)) && two.put(image([2, 0, 0])));
    assert_eq!(two.images().count(), 1);
}

#[test]
fn what_a_node_refused_or_came_back_from_is_not_offered_again_but_something_newer_is() {
    let node = running(OLD, Standing::Confirmed);
    for step in [
        UpdateStep::RefusedSignature,
        UpdateStep::NoRoom,
        UpdateStep::StorageFault,
    ] {
        let shelf = shelf(NEW);
        let mut course = Course::default();
        assert!(course.due(node, &shelf, 0, || true).is_some());
        assert_eq!(course.told(step, NEW, 0, Board::Stm32f405, &shelf, 1), None);
        assert!(course.has_failed() && !course.is_active(2));
        assert_eq!(course.due(node, &shelf, i64::MAX, || true), None);
    }
    let mut course = Course::default();
    assert!(course.due(node, &shelf(NEW), 0, || true).is_some());
    // The edge is restarted while the node tries the image.
    let mut course = Course::restored(course.memory().clone());
    let back = running(OLD, Standing::Returned);
    course.born(back, 1);
    assert_eq!(course.report().unwrap().state, "returned");
    assert!(course.has_failed());
    assert_eq!(course.due(back, &shelf(NEW), i64::MAX, || true), None);
    assert!(course.due(back, &shelf([1, 3, 1]), 2, || true).is_some());
    assert!(!course.has_failed());
}

#[test]
fn a_node_that_falls_silent_is_offered_again_and_holds_nobody_up_for_ever() {
    let shelf = shelf(NEW);
    let node = running(OLD, Standing::Confirmed);
    let mut course = Course::default();
    let mut offers = Vec::new();
    for minute in 0..60 {
        if course
            .due(node, &shelf, minute * MINUTE_US, || true)
            .is_some()
        {
            offers.push(minute);
        }
    }
    assert_eq!(offers, [0, 1, 2, 4, 8, 16, 32]);
    let mut course = Course::default();
    course.due(node, &shelf, 0, || true);
    course.told(
        UpdateStep::WantsData,
        NEW,
        192,
        Board::Stm32f405,
        &shelf,
        MINUTE_US,
    );
    course.born(running(NEW, Standing::Trial), 2 * MINUTE_US);
    course.born(node, 2 * MINUTE_US);
    assert!(
        course.due(node, &shelf, 2 * MINUTE_US, || true).is_some(),
        "restarted while it pulled"
    );
    course.told(
        UpdateStep::WantsData,
        NEW,
        192,
        Board::Stm32f405,
        &shelf,
        MINUTE_US,
    );
    assert!(course.is_active(15 * MINUTE_US) && !course.is_active(16 * MINUTE_US));
    assert!(course.due(node, &shelf, 16 * MINUTE_US, || true).is_some());
}

#[test]
fn nonsense_about_an_update_brings_nothing() {
    let shelf = shelf(NEW);
    let mut course = Course::default();
    for (version, offset) in [(NEW, 500), (NEW, u32::MAX), (OLD, 0), ([9, 9, 9], 0)] {
        let answer = course.told(
            UpdateStep::WantsData,
            version,
            offset,
            Board::Stm32f405,
            &shelf,
            0,
        );
        assert_eq!(answer, None, "{version:?} {offset}");
    }
    assert_eq!(
        course.told(UpdateStep::Unknown, NEW, 0, Board::Stm32f405, &shelf, 0),
        None
    );
}

/// Only the latest failed version was remembered: after 1.3.0 and 1.4.0 had both failed and 1.4.0 had been taken off the shelf,
/// 1.3.0 was offered again.
#[test]
fn what_has_failed_once_is_never_offered_again() {
    const NEWER: Version = [1, 4, 0];
    let node = running(OLD, Standing::Confirmed);
    let mut course = Course::default();
    for version in [NEW, NEWER] {
        assert!(course.due(node, &shelf(version), 0, || true).is_some());
        course.born(running(OLD, Standing::Returned), 1);
        assert!(course.has_failed());
    }
    let mut later = Course::restored(course.memory().clone());
    for version in [NEW, NEWER] {
        assert_eq!(later.due(node, &shelf(version), 2, || true), None);
    }
    assert!(later.due(node, &shelf([1, 4, 1]), 3, || true).is_some());
    assert!(!later.has_failed());
}

/// The edge's clock was a year ahead when it offered, and was then set right: the node's neighbours waited for a year, and
/// itself for its next offer.
#[test]
fn a_clock_that_is_set_back_holds_nobody_up() {
    const YEAR_US: i64 = 365 * 24 * 60 * MINUTE_US;
    let node = running(OLD, Standing::Confirmed);
    let mut course = Course::default();
    assert!(course.due(node, &shelf(NEW), YEAR_US, || true).is_some());
    assert!(course.is_active(YEAR_US + MINUTE_US) && !course.is_active(0));
    assert!(course.due(node, &shelf(NEW), 0, || true).is_some());
    assert!(course.is_active(1) && course.due(node, &shelf(NEW), 1, || true).is_none());
}
