//! Type and meaning of the board's own counters.
//!
//! The board knows names and numbers only. A name that ends in a measure (`_bytes`, `_waiting`, ...) is a gauge; everything
//! else only ever grows and is a counter, whose name Prometheus wants to end in `_total`.

/// Endings that name a level rather than a count.
const MEASURES: [&str; 7] = [
    "_bytes", "_waiting", "_depth", "_seconds", "_ratio", "_active", "_now",
];

/// What the hub's counters mean; a name that is not here is its own explanation.
const MEANINGS: &[(&str, &str)] = &[
    (
        "subscriber_messages",
        "Messages pushed to subscribers since the start, by what came of them; failed_attempt counts attempts.",
    ),
    (
        "subscriber_messages_waiting",
        "Messages that a subscriber is owed.",
    ),
    (
        "subscriber_state_now",
        "1 for the state that a subscriber is in, 0 for the others.",
    ),
    (
        "alerts_published",
        "CAP messages published since the start, by message type.",
    ),
    (
        "alert_feed_known_now",
        "1 when what another sender's feed tells is known, 0 when it is silent, empty, unread or no feed.",
    ),
    (
        "alert_feed_looks",
        "Looks at other senders' feeds, by feed and result.",
    ),
    (
        "alert_messages",
        "Messages of other senders that were read, by feed and what became of them.",
    ),
    (
        "alert_messages_refused",
        "Messages of other senders that were not read, by feed and reason.",
    ),
    (
        "alert_signatures_bad",
        "Messages of other senders whose signature does not hold, by feed.",
    ),
    (
        "alerts_of_others_let_go",
        "Messages of other senders that were in force and are not shown for want of room.",
    ),
    (
        "alerts_of_others_now",
        "Messages of other senders shown now, by whether they are meant and who vouches for them.",
    ),
    (
        "chronicle_bytes",
        "Size on disk of what the page showed, bytes.",
    ),
    (
        "chronicle_gaps",
        "Times that the recording of what the page shows missed something.",
    ),
    (
        "series_readings_dropped",
        "Readings that did not reach the memory behind /api/stations for want of time; they are in the journal.",
    ),
    (
        "fields_computed",
        "Fields and curves of events computed for pages, by what.",
    ),
    (
        "fields_cancelled",
        "Fields and curves left unfinished because the event's source had changed, by what.",
    ),
    (
        "fields_dropped",
        "Fields that waited to be computed and gave way to a newer source or a newer event.",
    ),
    (
        "siren_commands",
        "Signed commands to edges with sirens, by whether they could be handed to the broker.",
    ),
    ("siren_reports", "Reports of edges about their sirens."),
    (
        "siren_reports_refused",
        "Reports of edges about their sirens that were not believed, by reason.",
    ),
    (
        "sirens_expected_now",
        "Sirens of a zone that are expected to answer.",
    ),
    (
        "sirens_now",
        "Sirens of a zone that have taken what is ordered, that sound, whose output fails, and of which nothing is known.",
    ),
    (
        "batches_refused",
        "Batches from edges that were not understood or did not belong, by reason.",
    ),
    (
        "batches_repeated",
        "Batches from edges that had been acknowledged before.",
    ),
    (
        "alerts_known_before",
        "Messages computed while running that an earlier run had proposed; not proposed twice.",
    ),
    (
        "open_messages_lost",
        "Messages from third parties that were neither stored nor kept by the broker, by reason.",
    ),
    (
        "outbox_offsets_forgotten",
        "Outbox entries that an edge is asked to send again because too many holes lie before them.",
    ),
    (
        "quakes_passed_over",
        "Earthquake solutions that changed nothing, by reason.",
    ),
    (
        "findings_ungrouped",
        "Findings for which there was no room among the situations; they were told all the same.",
    ),
    (
        "ground_shaking",
        "Times that a station's ground, or that of several together, began to shake.",
    ),
    ("journal_bytes", "Size of the journal on disk, bytes."),
    (
        "journal_entries_let_go",
        "Journal entries that were not kept because the disk was full.",
    ),
    (
        "journal_entries_waiting",
        "Journal entries that are not on disk yet.",
    ),
    ("messages_received", "MQTT messages received, by channel."),
    (
        "messages_refused",
        "MQTT messages that were not understood, by reason.",
    ),
    (
        "quake_feed_looks",
        "Looks at the earthquake feeds that are followed, by feed and result.",
    ),
    ("quakes", "Earthquake solutions taken in."),
    (
        "quakes_refused",
        "Earthquake messages that were not understood, by reason.",
    ),
    ("readings", "Readings taken in."),
    (
        "relief_assessments",
        "Assessments of what issued messages mean for people and places.",
    ),
    (
        "relief_assessment_us_now",
        "How long the last assessment took, microseconds.",
    ),
    (
        "relief_rows_refused",
        "Rows and features of relief sources that were not taken, by source and reason.",
    ),
    (
        "relief_source_looks",
        "Looks at the relief sources that are followed, by source and result.",
    ),
    (
        "readings_duplicate",
        "Readings that had been taken in before.",
    ),
    (
        "readings_flagged",
        "Readings kept with a quality flag that the hub set, by reason.",
    ),
    (
        "readings_refused",
        "Readings that were not taken in, by reason.",
    ),
    (
        "readings_too_late_to_detect",
        "Readings stored that came too late for a detector to look at, by detector.",
    ),
    (
        "sequence_holes_given_up",
        "Holes in a station's numbering that are no longer waited for.",
    ),
];

/// The exposed name, without `watchfire_`, of a counter of the board.
pub(super) fn exposed(name: &str) -> String {
    let name = name.strip_prefix("watchfire_").unwrap_or(name);
    if name.ends_with("_total") || MEASURES.iter().any(|measure| name.ends_with(measure)) {
        name.to_owned()
    } else {
        format!("{name}_total")
    }
}

/// One sentence on a metric with this exposed name.
pub(super) fn meaning(exposed: &str) -> String {
    let plain = exposed.strip_suffix("_total").unwrap_or(exposed);
    if let Some((_, meaning)) = MEANINGS.iter().find(|(name, _)| *name == plain) {
        return (*meaning).to_owned();
    }
    let words = plain.replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(chars).chain(['.']).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_gauges_and_everything_else_counts() {
        assert_eq!(exposed("readings"), "readings_total");
        assert_eq!(exposed("watchfire_readings_total"), "readings_total");
        assert_eq!(exposed("journal_bytes"), "journal_bytes");
        assert_eq!(meaning("readings_total"), "Readings taken in.");
        assert_eq!(meaning("buoys_adrift_total"), "Buoys adrift.");
    }
}
