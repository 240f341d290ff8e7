//! A fault as one line of text, read and written.

use super::bytes::Direction;
use super::tamper::Tamper;
use super::{
    ByteFault, Channel, ClockFault, EdgeFault, Effect, Fault, Kind, Params, PowerFault, ValueFault,
    Window,
};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Longest text of a fault, bytes.
pub const MAX_TEXT: usize = 256;

/// Longest name of a target, bytes.
pub const MAX_TARGET: usize = 48;

/// Counters wrap this long after the node's start unless `before` says otherwise.
const WRAP_BEFORE_US: u64 = 10_000_000;

/// Why text is not a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a fault: {why}; write CHANNEL:KIND(name=value,...)@BEGIN+LENGTH, for instance \"sensor:garbage@3600s+120s\""
)]
pub struct FaultError {
    /// The text, cut.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        read(text).map_err(|why| FaultError {
            text: text.chars().take(120).collect(),
            why,
        })
    }
}

fn read(text: &str) -> Result<Fault, String> {
    if text.len() > MAX_TEXT {
        return Err(format!("longer than {MAX_TEXT} bytes"));
    }
    let text = text.trim();
    let (place, what) = text
        .split_once(':')
        .ok_or("there is no ':' between channel and kind")?;
    // A time may stand in the parameters, an '@' may not.
    let (what, when) = match what.split_once('@') {
        Some((what, when)) => (what, Some(when)),
        None => (what, None),
    };
    let (kind, written) = match what.trim().split_once('(') {
        Some((kind, rest)) => {
            let inner = rest
                .strip_suffix(')')
                .ok_or("the parameters have no closing ')'")?;
            (kind, pairs(inner)?)
        }
        None => (what.trim(), Vec::new()),
    };
    let window = when.map_or(Ok(Window::ALWAYS), window)?;
    assemble(place, kind, Params::new(written)?, window)
}

fn pairs(inner: &str) -> Result<Vec<(String, String)>, String> {
    inner
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("{pair:?} is not name=value"))?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}

fn window(text: &str) -> Result<Window, String> {
    let (begin, length) = match text.split_once('+') {
        Some((begin, length)) => (begin, Some(length)),
        None => (text, None),
    };
    let us = |text: &str| {
        settings::duration::parse(text)
            .map(|span| u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
            .map_err(|why| why.to_string())
    };
    let begin_us = us(begin)?;
    let length_us = length.map(us).transpose()?;
    if length_us == Some(0) {
        return Err("a length of 0".to_owned());
    }
    let end_us = length_us.map(|length_us| begin_us.saturating_add(length_us));
    Ok(Window::new(begin_us, end_us))
}

/// A fault from its parts: `place` is `[TARGET/]CHANNEL[.DIRECTION]`.
pub(crate) fn assemble(
    place: &str,
    kind: &str,
    params: Params,
    window: Window,
) -> Result<Fault, String> {
    let place = place.trim();
    let (target, place) = match place.split_once('/') {
        Some((target, place)) => (Some(name(target)?), place),
        None => (None, place),
    };
    let (channel, direction) = match place.split_once('.') {
        Some((channel, direction)) => (channel, Some(direction)),
        None => (place, None),
    };
    let channel = Channel::ALL
        .into_iter()
        .find(|known| known.name() == channel)
        .ok_or_else(|| {
            format!(
                "no channel {channel:?}; there are {}",
                names(Channel::ALL.map(Channel::name))
            )
        })?;
    let direction = direction
        .map(|text| match text {
            "up" => Ok(Direction::Up),
            "down" => Ok(Direction::Down),
            _ => Err(format!("no direction {text:?}; there are up and down")),
        })
        .transpose()?;
    let kind = channel
        .kinds()
        .iter()
        .copied()
        .find(|known| known.name() == kind)
        .ok_or_else(|| {
            let kinds = names(channel.kinds().iter().map(|kind| kind.name()));
            format!("no kind {kind:?} on {}; there are {kinds}", channel.name())
        })?;
    let mut params = params;
    let effect = effect(channel, kind, &mut params)?;
    params.finish()?;
    if direction.is_some() && !matches!(effect, Effect::Bytes(_)) {
        return Err(format!(
            "{}:{} acts on no bytes, so it has no direction",
            channel.name(),
            kind.name()
        ));
    }
    Ok(Fault {
        target,
        channel,
        direction,
        kind,
        effect,
        window,
    })
}

fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// A name that can stand in a fault's text.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !text.is_empty() && text.len() <= MAX_TARGET && text.bytes().all(good) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{:?} is not a name: 1 to {MAX_TARGET} of A-Z a-z 0-9 - _",
            text.chars().take(60).collect::<String>()
        ))
    }
}

fn effect(channel: Channel, kind: Kind, params: &mut Params) -> Result<Effect, String> {
    Ok(match channel {
        Channel::Sensor => match kind {
            Kind::Stuck => Effect::Value(ValueFault::Stuck),
            Kind::Wrong => Effect::Value(wrong_value(params)?),
            _ => Effect::Bytes(plain_bytes(kind, params)?),
        },
        Channel::Link => Effect::Bytes(match kind {
            Kind::Stuck => ByteFault::Stuck,
            Kind::Wrong => wrong_bytes(params)?,
            _ => plain_bytes(kind, params)?,
        }),
        Channel::Broker => Effect::Bytes(match kind {
            Kind::Stuck => ByteFault::Held,
            Kind::Wrong => ByteFault::Flip {
                rate: params.share("rate", 0.01)?,
            },
            _ => plain_bytes(kind, params)?,
        }),
        Channel::Clock => Effect::Clock(clock(kind, params)?),
        Channel::Power => Effect::Power(power(kind, params)?),
        Channel::Edge => Effect::Edge(edge(kind, params)?),
    })
}

fn plain_bytes(kind: Kind, params: &mut Params) -> Result<ByteFault, String> {
    Ok(match kind {
        Kind::Off => ByteFault::Off,
        Kind::Garbage => ByteFault::Garbage {
            rate: params.share("rate", 1.0)?,
        },
        Kind::Slow => ByteFault::Slow {
            bits_per_s: params.number("bps", 1, 10_000_000)?.unwrap_or(300),
        },
        Kind::Delayed => ByteFault::Delayed {
            by_us: params.span_us("by", 2_000_000)?,
        },
        Kind::Intermittent => {
            let (on_us, off_us) = phases(params)?;
            ByteFault::Intermittent { on_us, off_us }
        }
        Kind::Stuck | Kind::Wrong => return Err("the channel gives this kind a meaning".to_owned()),
    })
}

fn phases(params: &mut Params) -> Result<(u64, u64), String> {
    let (on_us, off_us) = (
        params.span_us("on", 1_000_000)?,
        params.span_us("off", 1_000_000)?,
    );
    // Shorter ones would be a slow way to say garbage, and cost time in millions of phases.
    if on_us < 1_000 || off_us < 1_000 {
        return Err("phases are 1ms or longer".to_owned());
    }
    Ok((on_us, off_us))
}

fn wrong_value(params: &mut Params) -> Result<ValueFault, String> {
    const LIMIT: f64 = 1e12;
    let of = params.text("of").map(|of| name(&of)).transpose()?;
    let scale = params.number("scale", -LIMIT, LIMIT)?;
    let offset = params.number("offset", -LIMIT, LIMIT)?;
    let unit = params.text("unit").map(|unit| name(&unit)).transpose()?;
    let nothing_said = scale.is_none() && offset.is_none() && unit.is_none();
    Ok(ValueFault::Wrong {
        of,
        scale: scale.unwrap_or(if nothing_said { 1.1 } else { 1.0 }),
        offset: offset.unwrap_or(0.0),
        unit,
    })
}

fn wrong_bytes(params: &mut Params) -> Result<ByteFault, String> {
    let how = params.text("how");
    if how.as_deref() == Some("flip") {
        let rate = params.share("rate", 0.01)?;
        return Ok(ByteFault::Flip { rate });
    }
    let how = match how {
        None => Tamper::Any,
        Some(text) => Tamper::ALL
            .into_iter()
            .find(|known| known.name() == text)
            .ok_or_else(|| {
                let known = names(Tamper::ALL.map(Tamper::name));
                format!("no how={text:?}; there are flip, {known}")
            })?,
    };
    let rate = params.share("rate", 0.5)?;
    Ok(ByteFault::Tamper { how, rate })
}

fn clock(kind: Kind, params: &mut Params) -> Result<ClockFault, String> {
    /// Crystals are good to 20-100 ppm, an RC oscillator to 1-2 %; more is no clock.
    const MAX_PPM: f64 = 50_000.0;
    Ok(match kind {
        Kind::Off => ClockFault::NoTime,
        Kind::Stuck => ClockFault::Stuck,
        Kind::Garbage => ClockFault::Random {
            up_to_us: params.span_us("up_to", 3_600_000_000)?,
        },
        Kind::Wrong => {
            let ppm = params.number("ppm", -MAX_PPM, MAX_PPM)?;
            let jump = params.offset_us("jump")?;
            let start = params.text("start");
            let before_us = params.span_us("before", WRAP_BEFORE_US)?;
            match (ppm, jump, start) {
                (ppm, None, None) => ClockFault::Drift {
                    ppm: ppm.unwrap_or(100.0),
                },
                (None, Some(by_us), None) => ClockFault::Jump { by_us },
                (None, None, Some(start)) => ClockFault::StartAt {
                    count_us: start_count(&start, before_us)?,
                },
                _ => return Err("take one of ppm, jump and start".to_owned()),
            }
        }
        Kind::Slow => ClockFault::Drift {
            ppm: -params.number("ppm", 0.0, MAX_PPM)?.unwrap_or(100.0),
        },
        Kind::Delayed => ClockFault::Delayed {
            by_us: params.span_us("by", 2_000_000)?,
        },
        Kind::Intermittent => {
            let (on_us, off_us) = phases(params)?;
            ClockFault::Intermittent { on_us, off_us }
        }
    })
}

/// A counter of microseconds that wraps `before_us` after the start: at 32 bits, at 64 bits, or a number.
fn start_count(text: &str, before_us: u64) -> Result<u64, String> {
    match text {
        "wrap32" => Ok((1_u64 << 32).saturating_sub(before_us)),
        "wrap64" => Ok(u64::MAX.saturating_sub(before_us).saturating_add(1)),
        _ => text.parse().map_err(|_| {
            format!("start={text:?} is neither wrap32 nor wrap64 nor a number of microseconds")
        }),
    }
}

fn power(kind: Kind, params: &mut Params) -> Result<PowerFault, String> {
    Ok(match kind {
        Kind::Off => PowerFault::Cut {
            after_bytes: params.number("after", 0, u64::MAX)?,
        },
        Kind::Stuck => PowerFault::HeldInReset,
        Kind::Wrong => PowerFault::BrownOut {
            count: params.number("count", 1, 10_000)?.unwrap_or(1),
            every_us: params.span_us("every", 1_000_000)?,
            after_bytes: params.number("after", 0, u64::MAX)?,
        },
        // A supply that rises slowly passes the brown-out threshold several times.
        Kind::Slow => PowerFault::BrownOut {
            count: params.number("count", 1, 10_000)?.unwrap_or(5),
            every_us: params.span_us("every", 100_000)?,
            after_bytes: None,
        },
        Kind::Delayed => PowerFault::Late {
            by_us: params.span_us("by", 2_000_000)?,
        },
        Kind::Intermittent => {
            let (on_us, off_us) = phases(params)?;
            PowerFault::Intermittent { on_us, off_us }
        }
        Kind::Garbage => return Err("power has no garbage".to_owned()),
    })
}

fn edge(kind: Kind, params: &mut Params) -> Result<EdgeFault, String> {
    Ok(match kind {
        Kind::Off => EdgeFault::Killed,
        Kind::Stuck => EdgeFault::Stopped,
        Kind::Slow => EdgeFault::Slow {
            share: params.number("share", 0.001, 1.0)?.unwrap_or(0.1),
        },
        Kind::Delayed => EdgeFault::Late {
            by_us: params.span_us("by", 2_000_000)?,
        },
        Kind::Intermittent => {
            let (on_us, off_us) = phases(params)?;
            EdgeFault::Intermittent { on_us, off_us }
        }
        Kind::Garbage | Kind::Wrong => return Err("the edge has no such fault".to_owned()),
    })
}

impl fmt::Display for Fault {
    /// All parameters are written, so that the text says what happened even where a default changes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(target) = &self.target {
            write!(f, "{target}/")?;
        }
        f.write_str(self.channel.name())?;
        if let Some(direction) = self.direction {
            write!(f, ".{}", direction.name())?;
        }
        write!(f, ":{}", self.kind.name())?;
        let params = written(&self.effect, self.kind, self.channel);
        if !params.is_empty() {
            let pairs: Vec<_> = params
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            write!(f, "({})", pairs.join(","))?;
        }
        if self.window != Window::ALWAYS {
            write!(f, "@{}", span(self.window.begin_us))?;
        }
        if let Some(end_us) = self.window.end_us {
            write!(f, "+{}", span(end_us.saturating_sub(self.window.begin_us)))?;
        }
        Ok(())
    }
}

fn span(us: u64) -> String {
    settings::duration::format(Duration::from_micros(us))
}

fn written(effect: &Effect, kind: Kind, channel: Channel) -> Vec<(&'static str, String)> {
    let phases = |on_us: u64, off_us: u64| vec![("on", span(on_us)), ("off", span(off_us))];
    let by = |by_us: u64| vec![("by", span(by_us))];
    match effect {
        Effect::Bytes(fault) => match *fault {
            ByteFault::Off | ByteFault::Stuck | ByteFault::Held => Vec::new(),
            ByteFault::Garbage { rate } => vec![("rate", rate.to_string())],
            ByteFault::Flip { rate } if channel == Channel::Broker => {
                vec![("rate", rate.to_string())]
            }
            ByteFault::Flip { rate } => {
                vec![("how", "flip".to_owned()), ("rate", rate.to_string())]
            }
            ByteFault::Tamper { how, rate } => {
                vec![("how", how.name().to_owned()), ("rate", rate.to_string())]
            }
            ByteFault::Slow { bits_per_s } => vec![("bps", bits_per_s.to_string())],
            ByteFault::Delayed { by_us } => by(by_us),
            ByteFault::Intermittent { on_us, off_us } => phases(on_us, off_us),
        },
        Effect::Value(ValueFault::Stuck) => Vec::new(),
        Effect::Value(ValueFault::Wrong {
            of,
            scale,
            offset,
            unit,
        }) => {
            let mut params = vec![("scale", scale.to_string()), ("offset", offset.to_string())];
            params.extend(of.clone().map(|of| ("of", of)));
            params.extend(unit.clone().map(|unit| ("unit", unit)));
            params
        }
        Effect::Clock(fault) => match *fault {
            ClockFault::NoTime | ClockFault::Stuck => Vec::new(),
            ClockFault::Random { up_to_us } => vec![("up_to", span(up_to_us))],
            ClockFault::Drift { ppm } if kind == Kind::Slow => vec![("ppm", (-ppm).to_string())],
            ClockFault::Drift { ppm } => vec![("ppm", ppm.to_string())],
            ClockFault::Jump { by_us } => vec![("jump", settings::offset::format(by_us))],
            ClockFault::StartAt { count_us } => vec![("start", count_us.to_string())],
            ClockFault::Delayed { by_us } => by(by_us),
            ClockFault::Intermittent { on_us, off_us } => phases(on_us, off_us),
        },
        Effect::Power(fault) => match *fault {
            PowerFault::HeldInReset => Vec::new(),
            PowerFault::Cut { after_bytes } => after_bytes
                .map(|after| ("after", after.to_string()))
                .into_iter()
                .collect(),
            PowerFault::BrownOut {
                count,
                every_us,
                after_bytes,
            } => {
                let mut params = vec![("count", count.to_string()), ("every", span(every_us))];
                params.extend(after_bytes.map(|after| ("after", after.to_string())));
                params
            }
            PowerFault::Late { by_us } => by(by_us),
            PowerFault::Intermittent { on_us, off_us } => phases(on_us, off_us),
        },
        Effect::Edge(fault) => match *fault {
            EdgeFault::Killed | EdgeFault::Stopped => Vec::new(),
            EdgeFault::Slow { share } => vec![("share", share.to_string())],
            EdgeFault::Late { by_us } => by(by_us),
            EdgeFault::Intermittent { on_us, off_us } => phases(on_us, off_us),
        },
    }
}
