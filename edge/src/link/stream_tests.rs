//! Noise at any byte costs the frame that it touches and no other.

use super::*;
use crate::link::trial::{NeverDrained, Speaker, Trial, node};

/// Feeds three frames with `harm` done to them at `at`; how many frames were taken.
async fn taken(harm: impl Fn(&mut Vec<u8>, usize), at: usize) -> (u32, usize) {
    let trial = Trial::new(&[node(1)]);
    let stats = trial.intake.lines.named("line", "serial");
    let (mut ear, _answers) = Ear::new(&trial.intake, &stats, Peer::Line);
    let mut speaker = Speaker::new(1);
    let mut bytes = vec![0];
    bytes.extend(speaker.sample());
    bytes.extend(speaker.sample());
    bytes.extend(speaker.sample());
    let length = bytes.len();
    if at < length {
        harm(&mut bytes, at);
    }
    // In pieces, as a serial port gives them.
    let mut frames = 0;
    for piece in bytes.chunks(7) {
        frames += ear.take(piece, false).await.frames;
    }
    (frames, length)
}

#[tokio::test]
async fn noise_at_any_byte_costs_one_frame() {
    let (all, length) = taken(|_, _| {}, 0).await;
    assert_eq!(all, 3);
    for at in 0..length {
        for byte in [0x00, 0x01, 0x55, 0xff] {
            let (frames, _) = taken(|bytes, at| bytes.insert(at, byte), at).await;
            assert!(frames >= 2, "{byte:#x} put in before byte {at}: {frames}");
        }
        let (frames, _) = taken(|bytes, at| bytes[at] ^= 0x10, at).await;
        // The delimiter is part of the frame before and of the one behind it.
        assert!(frames >= 1, "a bit of byte {at} is wrong: {frames}");
        let (frames, _) = taken(
            |bytes, at| {
                bytes.remove(at);
            },
            at,
        )
        .await;
        assert!(frames >= 1, "byte {at} is lost: {frames}");
        let storm = [0xaa; 1000];
        let (frames, _) = taken(|bytes, at| drop(bytes.splice(at..at, storm)), at).await;
        assert!(frames >= 2, "a storm before byte {at}: {frames}");
    }
}

#[tokio::test]
async fn a_frame_that_breaks_off_costs_no_more_than_the_next() {
    for cut in 1..30 {
        let trial = Trial::new(&[node(1)]);
        let stats = trial.intake.lines.named("line", "serial");
        let (mut ear, _answers) = Ear::new(&trial.intake, &stats, Peer::Line);
        let mut speaker = Speaker::new(1);
        // The node is reset in the middle of a frame; it begins with a zero.
        let broken = speaker.sample();
        let mut bytes = broken[..cut].to_vec();
        bytes.push(0);
        bytes.extend(speaker.sample());
        assert_eq!(ear.take(&bytes, false).await.frames, 1, "{cut}");
        let errors = trial.intake.lines.report()[0].errors.clone();
        assert_eq!(errors.values().sum::<u64>(), 1, "{errors:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_slowed_down_and_a_mute_guest_sent_away() {
    let trial = Trial::new(&[node(1)]);
    let stats = trial.intake.lines.named("socket", "tcp");
    let (mut near, far) = tokio::io::duplex(4096);
    let intake = trial.intake.clone();
    let served = tokio::spawn({
        let stats = stats.clone();
        async move { serve(far, &stats, &intake, Peer::Guest(Duration::from_secs(120))).await }
    });
    let begun = Instant::now();
    let mut written = 0;
    while begun.elapsed() < Duration::from_secs(10) {
        near.write_all(&[0x55; 1024]).await.unwrap();
        written += 1024;
    }
    assert!(written < 12 * BYTES_PER_S, "{written}");
    assert!(!served.await.unwrap(), "nobody introduced himself");
    assert_eq!(trial.intake.tally.get("no_introduction"), 1);
    assert_eq!(stats.report().open, 0);
}

/// Each answer was flushed. On a serial port that is `tcdrain` inside of poll: it held one of the two threads of the agent for as
/// long as the bytes took, and for good where the other side's flow control stopped them.
#[tokio::test(start_paused = true)]
async fn answers_do_not_wait_until_a_serial_port_is_drained() {
    let trial = Trial::new(&[node(1)]);
    let stats = trial.intake.lines.named("port", "serial");
    let (mut near, far) = tokio::io::duplex(4096);
    let intake = trial.intake.clone();
    let serving = tokio::spawn({
        let stats = stats.clone();
        async move { serve(NeverDrained(far), &stats, &intake, Peer::Line).await }
    });
    let mut speaker = Speaker::new(1);
    for t1_us in 0..3 {
        let asked = speaker.say(&wire::frame::Body::TimeRequest { t1_us });
        near.write_all(&asked).await.unwrap();
    }
    let mut answers = Vec::new();
    while answers.len() < 3 {
        let mut buffer = [0; 256];
        let length = near.read(&mut buffer).await.unwrap();
        let frames = crate::link::trial::opened(&buffer[..length]);
        answers.extend(
            frames
                .into_iter()
                .filter(|frame| matches!(frame.body, wire::frame::Body::TimeReply { .. })),
        );
    }
    assert_eq!(trial.intake.tally.get("write_failed"), 0);
    trial.stop.send_replace(true);
    assert!(serving.await.unwrap());
}
