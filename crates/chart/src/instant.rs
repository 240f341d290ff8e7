//! Instants as text: UTC only, from seconds since 1970.

/// Year, month, day of a day counted from 1970-01-01 (H. Hinnant's civil_from_days, public domain).
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Instants beyond the year 9999 are held at it.
fn bounded(unix_s: i64) -> i64 {
    unix_s.clamp(-62_135_596_800, 253_402_300_799)
}

/// `2010-02-27 06:34:14 UTC`.
pub(crate) fn full(unix_s: i64) -> String {
    let s = bounded(unix_s);
    let (year, month, day) = civil(s.div_euclid(86_400));
    let s = s.rem_euclid(86_400);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        s / 3600,
        s / 60 % 60,
        s % 60
    )
}

/// `06:34`.
pub(crate) fn clock(unix_s: i64) -> String {
    let s = bounded(unix_s).rem_euclid(86_400);
    format!("{:02}:{:02}", s / 3600, s / 60 % 60)
}

/// `27 Feb`.
pub(crate) fn day(unix_s: i64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, month, day) = civil(bounded(unix_s).div_euclid(86_400));
    format!("{day} {}", MONTHS[(month - 1).clamp(0, 11) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants() {
        assert_eq!(full(1_267_252_454), "2010-02-27 06:34:14 UTC");
        assert_eq!(full(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(full(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(full(i64::MIN), "0001-01-01 00:00:00 UTC");
        assert_eq!(full(i64::MAX), "9999-12-31 23:59:59 UTC");
        assert_eq!(
            (clock(1_267_252_454).as_str(), day(1_267_252_454).as_str()),
            ("06:34", "27 Feb")
        );
    }
}
