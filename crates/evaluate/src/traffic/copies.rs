//! Changed copies of records: what was chosen on the originals should still hold on them.

use super::corpus::Recorded;

/// How a record is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    /// Two days, three hours and 24 minutes later: other hours, other days of the week.
    Shifted,
    /// In another unit: a hundredth, and 7 more.
    Scaled,
    /// Upside down.
    Mirrored,
    /// The first eighth is missing.
    Late,
    /// Every second row.
    Thinned,
    /// Second half first.
    Spliced,
    /// The labelled windows cut out, and incidents put elsewhere.
    MadeUp,
}

impl Copy {
    /// In the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Shifted,
        Self::Scaled,
        Self::Mirrored,
        Self::Late,
        Self::Thinned,
        Self::Spliced,
        Self::MadeUp,
    ];

    /// For the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shifted => "shifted",
            Self::Scaled => "scaled",
            Self::Mirrored => "mirrored",
            Self::Late => "late",
            Self::Thinned => "thinned",
            Self::Spliced => "spliced",
            Self::MadeUp => "made up",
        }
    }

    /// The changed copies of a record: one, and eight where chance has a part.
    #[must_use]
    pub fn of(self, record: &Recorded) -> Vec<Recorded> {
        let rows = record.value.len();
        vec![match self {
            Self::Shifted => Recorded {
                time_us: record
                    .time_us
                    .iter()
                    .map(|t| t + (2 * 1440 + 204) * 60_000_000)
                    .collect(),
                ..record.clone()
            },
            Self::Scaled => Recorded {
                value: record.value.iter().map(|v| v * 0.01 + 7.0).collect(),
                ..record.clone()
            },
            Self::Mirrored => {
                let top = record.value.iter().copied().fold(f64::MIN, f64::max);
                Recorded {
                    value: record.value.iter().map(|v| top - v).collect(),
                    ..record.clone()
                }
            }
            Self::Late => pick(record, &(rows / 8..rows).collect::<Vec<_>>()),
            Self::Thinned => pick(record, &(0..rows).step_by(2).collect::<Vec<_>>()),
            Self::Spliced => {
                let order: Vec<usize> = (rows / 2..rows).chain(0..rows / 2).collect();
                let mut copy = pick(record, &order);
                // Whole weeks between the halves, so that hours stay what they were.
                let (Some(first), Some(last)) = (record.time_us.first(), record.time_us.last())
                else {
                    return vec![copy];
                };
                let week_us = 7 * 86_400_000_000;
                let weeks_us = ((last - first) / week_us + 1) * week_us;
                for time_us in &mut copy.time_us[rows - rows / 2..] {
                    *time_us += weeks_us;
                }
                copy
            }
            Self::MadeUp => return (1..=8).map(|seed| made_up(record, seed)).collect(),
        }]
    }
}

/// The record with these rows in this order; a window keeps its rows as long as they stay together.
fn pick(record: &Recorded, order: &[usize]) -> Recorded {
    let mut windows: Vec<(usize, usize)> = record
        .windows
        .iter()
        .filter_map(|&(a, b)| {
            let places: Vec<usize> = (0..order.len())
                .filter(|&i| (a..=b).contains(&order[i]))
                .collect();
            let (first, last) = (*places.first()?, *places.last()?);
            (last - first + 1 == places.len()).then_some((first, last))
        })
        .collect();
    windows.sort_unstable();
    Recorded {
        name: record.name.clone(),
        time_us: order.iter().map(|&i| record.time_us[i]).collect(),
        value: order.iter().map(|&i| record.value[i]).collect(),
        windows,
    }
}

/// Cuts the labelled windows out and puts five incidents of 8 to 24 rows in, to the side on which the record's tail is longer, by 0.8 to
/// 2.5 times the distance of that tail (98 %) from the median; labelled from ten rows before to ten after.
fn made_up(record: &Recorded, seed: u64) -> Recorded {
    const INCIDENTS: usize = 5;
    const MARGIN: usize = 10;
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ record.value.len() as u64);
    let quiet: Vec<usize> = (0..record.value.len())
        .filter(|i| !record.windows.iter().any(|w| (w.0..=w.1).contains(i)))
        .collect();
    let mut copy = pick(record, &quiet);
    copy.windows.clear();
    let mut sorted: Vec<f64> = copy
        .value
        .iter()
        .copied()
        .filter(|v| v.is_finite())
        .collect();
    sorted.sort_by(f64::total_cmp);
    let rows = copy.value.len();
    let first = super::nab::probation(rows) + 2 * MARGIN;
    let room = rows.saturating_sub(first) / INCIDENTS;
    if sorted.is_empty() || room < 60 {
        return copy;
    }
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    let (up, down) = (at(0.98) - at(0.5), at(0.02) - at(0.5));
    let tail = if up > -down { up } else { down };
    for k in 0..INCIDENTS {
        let length = 8 + (dice.uniform() * 17.0) as usize;
        let size = tail * (0.8 + 1.7 * dice.uniform());
        let rise = 1.0 + (dice.uniform() * 4.0).floor();
        let slack = room - length - 2 * MARGIN;
        let start = first + k * room + MARGIN + (dice.uniform() * slack as f64) as usize;
        for i in 0..length {
            let shape = (0.3 + i as f64 / rise).min(1.0) * ((length - i) as f64 / 5.0).min(1.0);
            copy.value[start + i] += size * shape;
        }
        copy.windows
            .push((start - MARGIN, (start + length + MARGIN).min(rows - 1)));
    }
    copy
}

/// Xorshift (Marsaglia 2003): the same copies every time.
struct Dice(u64);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0 |= 1;
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
