//! Instants, spans, places and heights in words and columns.

use jiff::Timestamp;
use jiff::tz::Offset;

/// `2010-02-27T09:41:12Z`, or nothing for an instant that no calendar has.
pub fn utc(us: i64) -> String {
    format(us, "%Y-%m-%dT%H:%M:%SZ")
}

/// `2010-02-27 06:34:11 UTC`.
pub fn utc_long(us: i64) -> String {
    format(us, "%Y-%m-%d %H:%M:%S UTC")
}

/// `09:41`, or `28 Feb 09:41` where it is not the day of `origin_us`: a list that passes midnight must not be read as of one day.
pub fn utc_short(us: i64, origin_us: i64) -> String {
    let day = |us| format(us, "%F");
    let pattern = if day(us) == day(origin_us) {
        "%H:%M"
    } else {
        "%d %b %H:%M"
    };
    format(us, pattern)
}

fn format(us: i64, pattern: &str) -> String {
    Timestamp::from_microsecond(us)
        .map(|t| Offset::UTC.to_datetime(t).strftime(pattern).to_string())
        .unwrap_or_default()
}

/// An instant so many seconds after another one.
pub fn after(us: i64, seconds: f64) -> i64 {
    us.saturating_add((seconds * 1e6).round() as i64)
}

/// `+3:07`: hours and minutes after the origin.
pub fn since(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round().max(0.0) as u64;
    format!("+{}:{:02}", minutes / 60, minutes % 60)
}

/// `14 h 20 min`.
pub fn span(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round().max(0.0) as u64;
    match (minutes / 60, minutes % 60) {
        (0, m) => format!("{m} min"),
        (h, 0) => format!("{h} h"),
        (h, m) => format!("{h} h {m} min"),
    }
}

/// `36.122 S 72.898 W`.
pub fn place(lat: f64, lon: f64) -> String {
    let lon = (lon + 180.0).rem_euclid(360.0) - 180.0;
    format!(
        "{:.3} {} {:.3} {}",
        lat.abs(),
        if lat < 0.0 { 'S' } else { 'N' },
        lon.abs(),
        if lon < 0.0 { 'W' } else { 'E' }
    )
}

/// A height with as many digits as it deserves: `0.02`, `0.24`, `3.1`, `12`.
pub fn height(metres: f64) -> String {
    if metres.abs() < 1.0 {
        format!("{metres:.2}")
    } else if metres.abs() < 9.95 {
        format!("{metres:.1}")
    } else {
        format!("{metres:.0}")
    }
}

/// The first `width` characters of a text, with an ellipsis when it is longer, padded.
pub fn fit(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return format!("{text}{}", " ".repeat(width - count));
    }
    let cut: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(utc(1_267_252_451_530_000), "2010-02-27T06:34:11Z");
        assert_eq!(utc(i64::MAX), "");
        let origin = 1_267_252_451_530_000;
        let clock = |hours: f64| utc_short(after(origin, hours * 3600.0), origin);
        assert_eq!(
            (clock(3.0), clock(17.5)),
            ("09:34".into(), "28 Feb 00:04".into())
        );
        assert_eq!(
            (since(11_220.0), since(-5.0)),
            ("+3:07".into(), "+0:00".into())
        );
        assert_eq!(span(51_600.0), "14 h 20 min");
        assert_eq!(place(-36.122, 287.102), "36.122 S 72.898 W");
        assert_eq!(
            (height(0.024), height(3.46), height(12.4)),
            ("0.02".into(), "3.5".into(), "12".into())
        );
        assert_eq!(fit("Constitución", 8), "Constit…");
        assert_eq!(fit("Ilo", 5), "Ilo  ");
    }
}
