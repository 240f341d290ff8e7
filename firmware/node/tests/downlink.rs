//! What a node refuses, and that refusing changes nothing.

mod rig;

use node::{Command, MAX_FRAME, Node, Refused};
use rig::{Edge, Faults, NODE, Rig, config, down, key};
use wire::frame::{Body, Direction, Header, Key, Version, encode};
use wire::quality::Quality;
use wire::quantity::Quantity;

fn header(boot: u32, counter: u32) -> Header {
    Header {
        node: NODE,
        boot,
        counter,
        direction: Direction::Down,
    }
}

/// A node with two samples sent and nothing acknowledged.
fn node() -> Node<64> {
    let mut node = Node::new(config(1, 0)).expect("no limits, so none invalid");
    node.sample(0, Quantity::SeaLevel, 1.0, Quality::GOOD);
    node.sample(0, Quantity::SeaLevel, 2.0, Quality::GOOD);
    let mut out = [0; MAX_FRAME];
    while node.poll(0, &mut out) > 0 {}
    node
}

fn feed<const N: usize>(node: &mut Node<N>, bytes: &[u8], mono_us: u64) {
    bytes.iter().for_each(|&byte| node.receive(byte, mono_us));
}

const ACK: Body = Body::Ack {
    boot: 1,
    next_seq: 2,
};

#[test]
fn a_wrong_key_is_counted_and_acknowledges_nothing() {
    let mut node = node();
    feed(&mut node, &down(&header(9, 0), &ACK, &Key::new([8; 32])), 0);
    assert_eq!(node.unacknowledged(), 2);
    assert_eq!(
        node.stats().refused,
        Refused {
            tag: 1,
            ..Refused::default()
        }
    );
    feed(&mut node, &down(&header(9, 0), &ACK, &key()), 0);
    assert_eq!(
        node.unacknowledged(),
        0,
        "the forged counter did not block the true one"
    );
}

#[test]
fn a_replayed_frame_is_counted_and_ignored() {
    let mut node = node();
    let frame = down(
        &header(9, 5),
        &Body::Ack {
            boot: 1,
            next_seq: 1,
        },
        &key(),
    );
    feed(&mut node, &frame, 0);
    feed(&mut node, &frame, 0);
    feed(&mut node, &down(&header(8, 6), &ACK, &key()), 0);
    assert_eq!(node.unacknowledged(), 1);
    assert_eq!(
        node.stats().refused,
        Refused {
            replayed: 2,
            ..Refused::default()
        }
    );
    feed(&mut node, &down(&header(10, 0), &ACK, &key()), 0);
    assert_eq!(node.unacknowledged(), 0, "a restarted edge counts anew");
}

#[test]
fn frames_for_others_echoes_and_other_boots_are_refused() {
    let mut node = node();
    feed(
        &mut node,
        &down(
            &Header {
                node: NODE + 1,
                ..header(9, 0)
            },
            &ACK,
            &key(),
        ),
        0,
    );
    let echo = Header {
        direction: Direction::Up,
        ..header(1, 0)
    };
    feed(
        &mut node,
        &down(&echo, &Body::TimeRequest { t1_us: 0 }, &key()),
        0,
    );
    feed(
        &mut node,
        &down(
            &header(9, 1),
            &Body::Ack {
                boot: 0,
                next_seq: 2,
            },
            &key(),
        ),
        0,
    );
    feed(
        &mut node,
        &down(
            &header(9, 2),
            &Body::Gap {
                boot: 2,
                from_seq: 0,
                to_seq: 2,
            },
            &key(),
        ),
        0,
    );
    assert_eq!(node.unacknowledged(), 2);
    assert_eq!(
        node.stats().refused,
        Refused {
            misaddressed: 4,
            ..Refused::default()
        }
    );
}

#[test]
fn senseless_bodies_are_refused() {
    let mut node = node();
    let bodies = [
        Body::Ack {
            boot: 1,
            next_seq: 3,
        },
        Body::Gap {
            boot: 1,
            from_seq: 2,
            to_seq: 9,
        },
        Body::Gap {
            boot: 1,
            from_seq: 1,
            to_seq: 1,
        },
        Body::TimeReply {
            t1_us: 77,
            t2_unix_us: 0,
            t3_unix_us: 0,
        },
        Body::TimeRequest { t1_us: 0 },
    ];
    for (counter, body) in bodies.iter().enumerate() {
        feed(
            &mut node,
            &down(&header(9, counter as u32), body, &key()),
            0,
        );
    }
    assert_eq!(node.unacknowledged(), 2);
    assert_eq!(
        node.stats().refused,
        Refused {
            senseless: 5,
            ..Refused::default()
        }
    );
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let frame = down(&header(9, 0), &ACK, &key());
    for bit in 0..frame.len() * 8 {
        let mut node = node();
        let mut bent = frame.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        feed(&mut node, &bent, 0);
        assert_eq!(node.unacknowledged(), 2, "bit {bit}");
    }
    // One byte short of all is the whole frame: the delimiter below completes it.
    for length in 0..frame.len() - 1 {
        let mut node = node();
        feed(&mut node, &frame[..length], 0);
        feed(&mut node, &[0, 0], 0);
        assert_eq!(node.unacknowledged(), 2, "cut at {length}");
        feed(&mut node, &frame, 0);
        assert_eq!(node.unacknowledged(), 0, "the next frame is found again");
    }
}

#[test]
fn noise_for_ever_is_counted_and_harmless() {
    let mut node = node();
    let mut random = rig::Random(3);
    for index in 0..200_000 {
        node.receive(random.next() as u8, index);
    }
    assert_eq!(node.unacknowledged(), 2);
    let refused = node.stats().refused;
    assert!(refused.damaged > 100);
    assert_eq!(refused.total(), refused.damaged);
    // The delimiter ends whatever the noise left behind.
    node.receive(0, 200_000);
    feed(&mut node, &down(&header(9, 0), &ACK, &key()), 200_000);
    assert_eq!(node.unacknowledged(), 0);
}

#[test]
fn commands_are_handed_over_once_and_not_after_they_expire() {
    let mut rig = Rig::<64>::new(config(1, 0), Edge::new(1), Faults::NONE, 1);
    rig.run_until(1_000_000);
    let now_unix_us = rig.node.unix_us(rig.mono_us()).expect("synchronised");
    let send = |rig: &mut Rig<64>, id, expires_unix_us| {
        let frame = rig.edge.frame(&Body::Command {
            id,
            code: 3,
            argument: 60,
            expires_unix_us,
        });
        let mono_us = rig.mono_us();
        feed(&mut rig.node, &frame, mono_us);
    };
    send(&mut rig, 1, now_unix_us + 10_000_000);
    send(&mut rig, 1, now_unix_us + 10_000_000);
    send(&mut rig, 2, now_unix_us - 10_000_000);
    let command = Command {
        id: 1,
        code: 3,
        argument: 60,
        expires_unix_us: now_unix_us + 10_000_000,
        received_us: rig.mono_us(),
    };
    assert_eq!(rig.node.take_command(rig.now_us), Some(command));
    assert_eq!(rig.node.take_command(rig.now_us), None);
    for id in 10..16 {
        send(&mut rig, id, now_unix_us + 10_000_000);
    }
    let refused = rig.node.stats().refused;
    assert_eq!(
        (
            refused.repeated_commands,
            refused.expired,
            refused.queue_full
        ),
        (1, 1, 2)
    );
    assert_eq!(rig.node.stats().commands, 5);
    assert_eq!(
        (0..9)
            .filter_map(|_| rig.node.take_command(rig.now_us))
            .count(),
        4
    );
    send(&mut rig, 15, now_unix_us + 10_000_000);
    assert_eq!(
        rig.node.take_command(rig.now_us).map(|command| command.id),
        Some(15),
        "refused for room, so not remembered"
    );
}

#[test]
fn the_rig_speaks_the_same_format() {
    // Guards the helper: a frame that the wire crate would refuse must not pass for a tested refusal.
    let mut out = [0; MAX_FRAME];
    let length = encode(Version::V2, &header(9, 0), &ACK, &key(), &mut out).expect("fits");
    assert_eq!(out[..length], down(&header(9, 0), &ACK, &key()));
}
