//! Instants for people: local time first, UTC always, the day and the month's name where there could be doubt.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::Language;
use crate::template::{Template, ids};

/// An instant as a text tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since the Unix epoch.
    pub us: i64,
    /// Local time, minutes east of UTC; 0 says UTC alone.
    pub utc_offset_minutes: i32,
    /// Whether the day is said even when it is the same locally and in UTC.
    pub dated: bool,
}

impl Moment {
    /// An instant told at another one: with its day when that is another day where the reader is.
    pub fn seen_from(us: i64, told_us: i64, utc_offset_minutes: i32) -> Self {
        const DAY_US: i64 = 86_400_000_000;
        let offset_us = i64::from(utc_offset_minutes).saturating_mul(60_000_000);
        let day = |us: i64| us.saturating_add(offset_us).div_euclid(DAY_US);
        Self {
            us,
            utc_offset_minutes,
            dated: day(us) != day(told_us),
        }
    }

    /// In words, such as `27 February 2010, 03:34 local time (06:34 UTC)`.
    pub fn say(self, language: Language) -> String {
        // Beyond the years -9999 to 9999 the first or last instant stands for it.
        let instant = Timestamp::from_microsecond(self.us).unwrap_or(if self.us < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        });
        let utc = Offset::UTC.to_datetime(instant);
        let offset = Offset::from_seconds(self.utc_offset_minutes.saturating_mul(60));
        let local = match offset {
            Ok(offset) if self.utc_offset_minutes != 0 => offset.to_datetime(instant),
            _ => {
                let time = write(language, utc, self.dated);
                return Template::new(ids::TIME_UTC)
                    .text("time", time)
                    .say(language);
            }
        };
        // Both days are said when they differ, or a reader at midnight is a day off.
        let apart = local.date() != utc.date();
        Template::new(ids::TIME_LOCAL)
            .text("local", write(language, local, self.dated || apart))
            .text("utc", write(language, utc, apart))
            .say(language)
    }
}

fn write(language: Language, time: DateTime, dated: bool) -> String {
    let clock = Template::new(ids::CLOCK)
        .text("hour", format!("{:02}", time.hour()))
        .text("minute", format!("{:02}", time.minute()))
        .say(language);
    if !dated {
        return clock;
    }
    let date = date(time).say(language);
    Template::new(ids::DATE_CLOCK)
        .text("date", date)
        .text("clock", clock)
        .say(language)
}

pub(crate) fn date(time: DateTime) -> Template<'static> {
    Template::new(ids::DATE)
        .text("day", time.day().to_string())
        .count("number", usize::from(time.month().unsigned_abs()))
        .text("year", time.year().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chile(us: i64, dated: bool) -> Moment {
        Moment {
            us,
            utc_offset_minutes: -180,
            dated,
        }
    }

    #[test]
    fn both_days_are_said_when_they_differ() {
        // 2010-02-27T02:00:00Z is 23:00 of the day before in Chile's summer.
        assert_eq!(
            chile(1_267_236_000_000_000, false).say(Language::En),
            "26 February 2010, 23:00 local time (27 February 2010, 02:00 UTC)"
        );
        assert_eq!(
            chile(1_267_236_000_000_000, true).say(Language::Ja),
            "現地時間2010年2月26日23時00分（協定世界時2010年2月27日02時00分）"
        );
    }

    #[test]
    fn every_language_says_the_instant_in_its_own_form() {
        let expected = [
            (
                Language::En,
                "27 February 2010, 03:34 local time (06:34 UTC)",
            ),
            (
                Language::Es,
                "27 de febrero de 2010, 03:34 hora local (06:34 UTC)",
            ),
            (
                Language::Fr,
                "27 février 2010, 03 h 34 heure locale (06 h 34 UTC)",
            ),
            (
                Language::Pt,
                "27 de fevereiro de 2010, 03:34 hora local (06:34 UTC)",
            ),
            (
                Language::Id,
                "27 Februari 2010, pukul 03.34 waktu setempat (06.34 UTC)",
            ),
            (Language::Si, "දේශීය වේලාව 2010 පෙබරවාරි 27, 03:34 (06:34 UTC)"),
            (
                Language::Ta,
                "27 பிப்ரவரி 2010, 03:34 உள்ளூர் நேரம் (06:34 UTC)",
            ),
            (Language::Hi, "27 फ़रवरी 2010, 03:34 स्थानीय समय (06:34 UTC)"),
            (Language::Zh, "当地时间2010年2月27日03:34（世界时06:34）"),
            (
                Language::Ja,
                "現地時間2010年2月27日03時34分（協定世界時06時34分）",
            ),
        ];
        assert_eq!(expected.len(), Language::ALL.len());
        for (language, text) in expected {
            assert_eq!(chile(1_267_252_454_000_000, true).say(language), text);
        }
    }

    #[test]
    fn without_an_offset_there_is_utc_alone() {
        let moment = |us| Moment {
            us,
            utc_offset_minutes: 0,
            dated: true,
        };
        assert_eq!(
            moment(1_267_252_454_000_000).say(Language::En),
            "27 February 2010, 06:34 UTC"
        );
        for us in [i64::MIN, i64::MAX] {
            assert!(moment(us).say(Language::En).ends_with("UTC"));
        }
    }

    #[test]
    fn a_wave_of_tomorrow_is_told_with_its_day() {
        const HOUR: i64 = 3_600_000_000;
        // 23:00 local time in Chile, 02:00 UTC.
        let told = 1_267_236_000_000_000;
        assert!(!Moment::seen_from(told + HOUR / 2, told, -180).dated);
        assert!(Moment::seen_from(told + HOUR, told, -180).dated);
        assert!(!Moment::seen_from(told + HOUR, told, 0).dated);
    }

    #[test]
    fn no_two_months_have_the_same_name() {
        for &language in Language::ALL {
            let names: std::collections::BTreeSet<String> = (1..=12)
                .map(|month| date(jiff::civil::date(2010, month, 27).at(0, 0, 0, 0)).say(language))
                .collect();
            assert_eq!(names.len(), 12, "{names:?}");
        }
    }
}
