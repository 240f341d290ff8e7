//! What the timeline and the page say of situations.

use std::collections::BTreeMap;

use super::{Finding, Kind, Link, Rule};

/// Why an effect belongs to a cause, after the effect's name.
pub fn of_effect(cause: &Finding, link: &Link, rule: &Rule) -> String {
    let when = length(link.lag_us);
    let text = if link.lag_us >= 0 {
        format!("began {when} after {}", cause.name)
    } else {
        format!("began {when} before {}", cause.name)
    };
    close(text, link, rule)
}

/// Why a cause belongs to an effect, after the cause's name.
pub fn of_cause(effect: &Finding, link: &Link, rule: &Rule) -> String {
    let when = length(link.lag_us);
    let text = if link.lag_us >= 0 {
        format!("began {when} before {}", effect.name)
    } else {
        format!("began {when} after {}", effect.name)
    };
    close(text, link, rule)
}

fn close(mut text: String, link: &Link, rule: &Rule) -> String {
    if let Some(km) = link.km {
        text.push_str(&match km {
            km if km < 0.05 => ", at the same place".to_owned(),
            km if km < 10.0 => format!(", {km:.1} km from it"),
            km => format!(", {km:.0} km from it"),
        });
    }
    if !rule.says.is_empty() {
        text.push_str(": ");
        text.push_str(&rule.says);
    }
    format!("{text} (rule {})", rule.id)
}

fn length(us: i64) -> String {
    let s = us.unsigned_abs() / 1_000_000;
    match s {
        0..120 => format!("{s} s"),
        120..7_200 => format!("{} min", s / 60),
        _ => format!("{} h {} min", s / 3_600, s / 60 % 60),
    }
}

/// The head of a situation and what came with it: `M6.0 earthquake (10 km N of X): 2 power outages, 1 traffic incident`.
pub fn title<'a>(findings: impl Iterator<Item = &'a Finding> + Clone) -> String {
    let head = findings.clone().min_by(|a, b| {
        a.kind
            .cmp(&b.kind)
            .then(b.size.total_cmp(&a.size))
            .then(a.since_us.cmp(&b.since_us))
            .then(a.key.cmp(&b.key))
    });
    let Some(head) = head else {
        return String::new();
    };
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for finding in findings.filter(|f| f.key != head.key) {
        *counts.entry(finding.kind).or_default() += 1;
    }
    let rest: Vec<String> = counts.iter().map(|(kind, n)| kind.count(*n)).collect();
    let name = head.name.strip_prefix("the ").unwrap_or(&head.name);
    let mut letters = name.chars();
    let name: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    if rest.is_empty() {
        name
    } else {
        format!("{name}: {}", rest.join(", "))
    }
}

/// That a situation is over, and what it was.
pub fn over<'a>(id: &str, findings: impl Iterator<Item = &'a Finding> + Clone) -> String {
    format!("{id} is over: {}", title(findings))
}
