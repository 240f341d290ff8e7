//! What the timeline and the page say of a meter.

use signal::power::{Fault, Finding, Length, Settings, Span, Stage, Variation, What};

use crate::outage::News;
use crate::situation::Kind;

/// A line for the timeline about the meter `id`, called `whose`. Kinds: `supply` and `supply_over`, `meter_fault` and `meter_fault_over`.
pub fn told(finding: &Finding, id: &str, whose: &str, settings: &Settings) -> News {
    let over = finding.stage == Stage::End;
    let kind = match (finding.what, over) {
        (What::Fault(_), false) => "meter_fault",
        (What::Fault(_), true) => "meter_fault_over",
        (_, false) => "supply",
        (_, true) => "supply_over",
    };
    let text = if over {
        ended(finding, settings)
    } else {
        now(finding, settings)
    };
    News {
        time_us: finding.time_us,
        kind,
        meter: Some((whose.to_owned(), noun(finding))),
        text: format!("{whose}: {text}"),
        about: kind_of(finding.what).map(|kind| {
            format!(
                "{}/{id}.{}/{}",
                kind.name(),
                finding.channel,
                slug(finding.what)
            )
        }),
    }
}

/// What it is among the findings of all domains; a fault of the meter says nothing about the world.
pub fn kind_of(what: What) -> Option<Kind> {
    match what {
        What::Fault(_) => None,
        What::UnderFrequency | What::OverFrequency | What::FrequencyRate => Some(Kind::Frequency),
        _ => Some(Kind::Supply),
    }
}

/// What a finding is known by, from its onset to its end.
fn slug(what: What) -> &'static str {
    match what {
        What::Variation(Variation::Sag) => "sag",
        What::Variation(Variation::Swell) => "swell",
        What::Variation(Variation::Interruption) => "interruption",
        What::UnderFrequency => "low",
        What::OverFrequency => "high",
        What::FrequencyRate => "rate",
        What::Overload => "overload",
        What::VoltageImbalance => "voltage_imbalance",
        What::CurrentImbalance => "current_imbalance",
        What::Fault(_) => "fault",
    }
}

/// Which part of a meter, after its name.
pub fn channel(finding: &Finding) -> String {
    match finding.channel {
        0 => String::new(),
        n if finding.what == What::Fault(Fault::EnergyBackwards) => format!(", register {n}"),
        n => format!(", phase {n}"),
    }
}

/// What holds now.
pub fn now(finding: &Finding, settings: &Settings) -> String {
    let worst = worst(finding, settings);
    let since = match finding.stage {
        Stage::Sustained => " for more than a minute",
        _ => "",
    };
    format!("{}{since}, {worst}", noun(finding))
}

fn ended(finding: &Finding, settings: &Settings) -> String {
    let worst = worst(finding, settings);
    let length = match finding.what {
        What::Variation(variation) => classed(variation, finding.span, settings.nominal_hz),
        _ => format!("{} over after {}", noun(finding), span(finding.span)),
    };
    format!("{length}, {worst}")
}

fn noun(finding: &Finding) -> &'static str {
    let sustained = finding.stage == Stage::Sustained;
    match finding.what {
        What::Variation(Variation::Sag) if sustained => "undervoltage",
        What::Variation(Variation::Sag) => "voltage sag",
        What::Variation(Variation::Swell) if sustained => "overvoltage",
        What::Variation(Variation::Swell) => "voltage swell",
        What::Variation(Variation::Interruption) => "no voltage",
        What::UnderFrequency => "frequency low",
        What::OverFrequency => "frequency high",
        What::FrequencyRate => "frequency changes fast",
        What::Overload => "overload",
        What::VoltageImbalance => "voltages out of balance",
        What::CurrentImbalance => "currents out of balance",
        What::Fault(Fault::Stuck) => "meter stuck: the voltage repeats to the last digit",
        What::Fault(Fault::PowerWithoutCurrent) => {
            "meter fault: more power than voltage times current"
        }
        What::Fault(Fault::CurrentWithoutVoltage) => {
            "meter fault: current flows and no voltage is measured; no outage"
        }
        What::Fault(Fault::FrequencyWithoutVoltage) => "meter fault: a frequency without voltage",
        What::Fault(Fault::EnergyBackwards) => "meter fault: the energy register ran backwards",
    }
}

fn worst(finding: &Finding, settings: &Settings) -> String {
    let v = finding.extreme;
    match finding.what {
        What::Variation(Variation::Swell) => format!("highest {v:.1} V of {}", settings.nominal_v),
        What::Variation(_) => format!("lowest {v:.1} V of {}", settings.nominal_v),
        What::UnderFrequency => format!("lowest {v:.2} Hz"),
        What::OverFrequency => format!("highest {v:.2} Hz"),
        What::FrequencyRate => format!("{v:+.2} Hz/s"),
        What::Overload => format!("highest {:.0} % of the rating", v * 100.0),
        What::VoltageImbalance | What::CurrentImbalance => {
            format!("{:.1} % off the mean", v * 100.0)
        }
        What::Fault(Fault::Stuck) => format!("{v:.1} V"),
        What::Fault(Fault::PowerWithoutCurrent) => format!("{v:.0} W"),
        What::Fault(Fault::CurrentWithoutVoltage) => format!("{v:.2} A"),
        What::Fault(Fault::FrequencyWithoutVoltage) => format!("{v:.2} Hz"),
        What::Fault(Fault::EnergyBackwards) => format!("by {v:.0} Wh"),
    }
}

/// The class by IEEE 1159, or between which two the readings leave it.
fn classed(variation: Variation, span_: Span, nominal_hz: f64) -> String {
    let class = |length: Length| match (variation, length) {
        (Variation::Sag, Length::Sustained) => "undervoltage".to_owned(),
        (Variation::Swell, Length::Sustained) => "overvoltage".to_owned(),
        // An interruption has no instantaneous class.
        (Variation::Interruption, Length::Instantaneous) => "momentary interruption".to_owned(),
        (Variation::Sag, length) => format!("{} sag", length.name()),
        (Variation::Swell, length) => format!("{} swell", length.name()),
        (Variation::Interruption, length) => format!("{} interruption", length.name()),
    };
    let (least, most) = span_.lengths(nominal_hz);
    let (least, most) = (class(least), class(most));
    if least == most {
        format!("{least} over after {}", span(span_))
    } else {
        format!(
            "{least} to {most} over after {}; readings this far apart tell no closer",
            span(span_)
        )
    }
}

fn span(span: Span) -> String {
    let (least, most) = (span.least_us as f64 / 1e6, span.most_us as f64 / 1e6);
    let round = |s: f64| (s * 10.0).round() / 10.0;
    if round(least) == round(most) {
        format!("{} s", round(least))
    } else {
        format!("{} to {} s", round(least), round(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_the_readings_leave_open_is_said_to_be_open() {
        let second = 1_000_000;
        let say =
            |variation, least_us, most_us| classed(variation, Span { least_us, most_us }, 50.0);
        assert_eq!(
            say(Variation::Sag, 0, 2 * second),
            "instantaneous sag to momentary sag over after 0 to 2 s; readings this far apart tell no closer"
        );
        assert_eq!(
            say(Variation::Interruption, 0, 2 * second),
            "momentary interruption over after 0 to 2 s"
        );
        assert_eq!(
            say(Variation::Swell, 61 * second, 63 * second),
            "overvoltage over after 61 to 63 s"
        );
    }
}
