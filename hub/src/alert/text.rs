//! The words of the alerts: who, where, when (local time and UTC), how high, what to do now. Plain sentences, one function per
//! thing that is said, each in every language: the compiler refuses a missing one.

use jiff::Timestamp;
use jiff::tz::Offset;
use wire::quantity::Quantity;
use wire::topic::Mode;

use super::Level;
use crate::config::Language;
use crate::event::Reason;

/// Longest headline: CAP 1.2 suggests 160 characters.
pub const HEADLINE_MAX: usize = 160;

/// How times are written: local first when the deployment has an offset, UTC always.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Minutes east of UTC.
    pub utc_offset_minutes: i32,
}

impl Times {
    /// `14:05 local time (17:05 UTC)`, with the date when `dated`.
    pub fn write(self, language: Language, us: i64, dated: bool) -> String {
        let Ok(instant) = Timestamp::from_microsecond(us) else {
            return clock::format_utc(us);
        };
        let utc = Offset::UTC.to_datetime(instant);
        let format = if dated { "%Y-%m-%d %H:%M" } else { "%H:%M" };
        let utc_text = utc.strftime(format).to_string();
        if self.utc_offset_minutes == 0 {
            return format!("{utc_text} UTC");
        }
        let Ok(offset) = Offset::from_seconds(self.utc_offset_minutes * 60) else {
            return format!("{utc_text} UTC");
        };
        let local = offset.to_datetime(instant);
        // The day is said when it differs, or a reader at midnight is a day off.
        let local_format = if dated || local.date() != utc.date() {
            "%Y-%m-%d %H:%M"
        } else {
            format
        };
        let local_text = local.strftime(local_format).to_string();
        match language {
            Language::En => format!("{local_text} local time ({utc_text} UTC)"),
            Language::Es => format!("{local_text} hora local ({utc_text} UTC)"),
        }
    }
}

/// `09:41 UTC`, for the timeline.
pub fn utc(us: i64) -> String {
    Times {
        utc_offset_minutes: 0,
    }
    .write(Language::En, us, false)
}

/// `20110311T0546Z`: an instant as part of an id.
pub fn compact_utc(us: i64) -> String {
    let text: String = clock::format_utc(us)
        .chars()
        .filter(|c| c.is_ascii_digit())
        .take(12)
        .collect();
    let (day, time) = text.split_at(text.len().min(8));
    format!("{day}T{time}Z")
}

/// The mode's word before everything, so that no drill reads as a warning.
pub fn prefix(language: Language, mode: Mode) -> &'static str {
    match (mode, language) {
        (Mode::Actual, _) => "",
        (Mode::Exercise, Language::En) => "EXERCISE EXERCISE EXERCISE - ",
        (Mode::Exercise, Language::Es) => "SIMULACRO SIMULACRO SIMULACRO - ",
        (Mode::Test, Language::En) => "TEST TEST TEST - ",
        (Mode::Test, Language::Es) => "PRUEBA PRUEBA PRUEBA - ",
    }
}

/// A sentence about the mode, for the description.
pub fn mode_sentence(language: Language, mode: Mode) -> &'static str {
    match (mode, language) {
        (Mode::Actual, _) => "",
        (Mode::Exercise, Language::En) => {
            "This is an exercise. There is no real danger; do not act on it. "
        }
        (Mode::Exercise, Language::Es) => {
            "Esto es un simulacro. No hay peligro real; no actúe por este mensaje. "
        }
        (Mode::Test, Language::En) => {
            "This is a test of the system. There is no danger; do not act on it. "
        }
        (Mode::Test, Language::Es) => {
            "Esto es una prueba del sistema. No hay peligro; no actúe por este mensaje. "
        }
    }
}

/// Name of a level as a kind of message.
pub fn level(language: Language, level: Level) -> &'static str {
    match (level, language) {
        (Level::None, Language::En) => "Tsunami information",
        (Level::None, Language::Es) => "Información de tsunami",
        (Level::Advisory, Language::En) => "Tsunami advisory",
        (Level::Advisory, Language::Es) => "Aviso de tsunami",
        (Level::Warning, Language::En) => "Tsunami warning",
        (Level::Warning, Language::Es) => "Alerta de tsunami",
        (Level::Major, Language::En) => "Major tsunami warning",
        (Level::Major, Language::Es) => "Alerta de gran tsunami",
    }
}

/// CAP `event`.
pub fn event(language: Language) -> &'static str {
    match language {
        Language::En => "Tsunami",
        Language::Es => "Tsunami",
    }
}

/// CAP `event` of a limit at a station.
pub fn limit_event(language: Language, domain: &str) -> &'static str {
    match (domain, language) {
        ("traffic", Language::En) => "Traffic incident",
        ("traffic", Language::Es) => "Incidente de tránsito",
        ("energy", Language::En) => "Power grid disturbance",
        ("energy", Language::Es) => "Perturbación de la red eléctrica",
        (_, Language::En) => "Sensor limit exceeded",
        (_, Language::Es) => "Límite de sensor superado",
    }
}

/// Name of a quantity.
pub fn quantity(language: Language, quantity: Quantity) -> &'static str {
    match (quantity, language) {
        (Quantity::SeaLevel, Language::En) => "Sea level",
        (Quantity::SeaLevel, Language::Es) => "Nivel del mar",
        (Quantity::WaterPressure, Language::En) => "Water pressure",
        (Quantity::WaterPressure, Language::Es) => "Presión del agua",
        (Quantity::WaterTemperature, Language::En) => "Water temperature",
        (Quantity::WaterTemperature, Language::Es) => "Temperatura del agua",
        (Quantity::Speed, Language::En) => "Traffic speed",
        (Quantity::Speed, Language::Es) => "Velocidad del tránsito",
        (Quantity::Occupancy, Language::En) => "Road occupancy",
        (Quantity::Occupancy, Language::Es) => "Ocupación de la vía",
        (Quantity::Flow, Language::En) => "Traffic flow",
        (Quantity::Flow, Language::Es) => "Flujo de tránsito",
        (Quantity::TravelTime, Language::En) => "Travel time",
        (Quantity::TravelTime, Language::Es) => "Tiempo de viaje",
        (Quantity::Voltage, Language::En) => "Voltage",
        (Quantity::Voltage, Language::Es) => "Tensión eléctrica",
        (Quantity::Current, Language::En) => "Current",
        (Quantity::Current, Language::Es) => "Corriente eléctrica",
        (Quantity::ActivePower, Language::En) => "Active power",
        (Quantity::ActivePower, Language::Es) => "Potencia activa",
        (Quantity::ReactivePower, Language::En) => "Reactive power",
        (Quantity::ReactivePower, Language::Es) => "Potencia reactiva",
        (Quantity::ApparentPower, Language::En) => "Apparent power",
        (Quantity::ApparentPower, Language::Es) => "Potencia aparente",
        (Quantity::PowerFactor, Language::En) => "Power factor",
        (Quantity::PowerFactor, Language::Es) => "Factor de potencia",
        (Quantity::Frequency, Language::En) => "Grid frequency",
        (Quantity::Frequency, Language::Es) => "Frecuencia de la red",
        (Quantity::ActiveEnergy, Language::En) => "Energy",
        (Quantity::ActiveEnergy, Language::Es) => "Energía",
        (Quantity::Acceleration, Language::En) => "Ground acceleration",
        (Quantity::Acceleration, Language::Es) => "Aceleración del suelo",
        (Quantity::BatteryVoltage, Language::En) => "Battery voltage",
        (Quantity::BatteryVoltage, Language::Es) => "Tensión de la batería",
    }
}

/// Headline of a tsunami message that warns.
pub fn headline(language: Language, mode: Mode, highest: Level, areas: &[&str]) -> String {
    if areas.is_empty() {
        let none = match language {
            Language::En => "no zone is expected to reach a warning level",
            Language::Es => "no se espera que ninguna zona alcance un nivel de alerta",
        };
        return format!(
            "{}{}: {none}",
            prefix(language, mode),
            level(language, highest)
        );
    }
    let joined = areas.join(", ");
    let full = format!(
        "{}{}: {joined}",
        prefix(language, mode),
        level(language, highest)
    );
    if full.chars().count() <= HEADLINE_MAX {
        return full;
    }
    let count = areas.len();
    let (first, last) = (
        areas.first().copied().unwrap_or(""),
        areas.last().copied().unwrap_or(""),
    );
    let short = match language {
        Language::En => format!("{count} zones, from {first} to {last}"),
        Language::Es => format!("{count} zonas, de {first} a {last}"),
    };
    format!(
        "{}{}: {short}",
        prefix(language, mode),
        level(language, highest)
    )
    .chars()
    .take(HEADLINE_MAX)
    .collect()
}

/// Headline of a cancellation.
pub fn cancel_headline(language: Language, mode: Mode) -> String {
    let text = match language {
        Language::En => "Tsunami alert cancelled",
        Language::Es => "Alerta de tsunami cancelada",
    };
    format!("{}{text}", prefix(language, mode))
}

/// What happened: the earthquake.
pub fn earthquake(
    language: Language,
    magnitude: f64,
    place: &str,
    depth_km: f64,
    when: &str,
) -> String {
    match language {
        Language::En => format!(
            "An earthquake of magnitude {magnitude:.1} happened at {when}, {place}, {depth_km:.0} km deep."
        ),
        Language::Es => format!(
            "Un sismo de magnitud {magnitude:.1} ocurrió el {when}, {place}, a {depth_km:.0} km de profundidad."
        ),
    }
}

/// What happened when nobody knows: waves without an earthquake. `place` and `when` are the fitted source's.
pub fn no_earthquake(language: Language, place: &str, region_km: f64, when: &str) -> String {
    // Two significant digits at most: a hyperbola over an ocean is no place.
    let km = (region_km / 50.0).ceil().max(1.0) * 50.0;
    match language {
        Language::En => format!(
            "No earthquake is known that explains the waves. They fit one source near {place} (known to about {km:.0} km) at about {when}."
        ),
        Language::Es => format!(
            "No se conoce ningún sismo que explique las olas. Corresponden a un mismo origen cerca de {place} (conocido con unos {km:.0} km de margen), hacia el {when}."
        ),
    }
}

/// What is left of waves without an earthquake, once no sensor shows one any more.
pub fn no_wave_left(language: Language) -> &'static str {
    match language {
        Language::En => "No earthquake is known, and no sensor shows a wave any more.",
        Language::Es => "No se conoce ningún sismo, y ningún sensor muestra ya una ola.",
    }
}

/// How sure it is that there is a wave.
pub fn evidence(language: Language, confirmed_at: &[String]) -> String {
    let stations = confirmed_at.join(", ");
    match (confirmed_at.is_empty(), language) {
        (true, Language::En) => {
            "It can have made a tsunami. No sensor has seen a wave yet.".to_owned()
        }
        (true, Language::Es) => {
            "Puede haber producido un tsunami. Ningún sensor ha visto aún una ola.".to_owned()
        }
        (false, Language::En) => format!("A tsunami has been measured at {stations}."),
        (false, Language::Es) => format!("Se ha medido un tsunami en {stations}."),
    }
}

/// When the first wave comes: it may be there already.
pub fn arrival(language: Language, when: Option<&str>) -> String {
    match (when, language) {
        (Some(when), Language::En) => format!("first wave about {when}"),
        (Some(when), Language::Es) => format!("primera ola prevista: {when}"),
        (None, Language::En) => "the first wave can be there already".to_owned(),
        (None, Language::Es) => "la primera ola puede haber llegado ya".to_owned(),
    }
}

/// One zone's line; `arrival` as [`arrival`] says it.
pub fn zone(
    language: Language,
    name: &str,
    zone_level: Level,
    arrival: &str,
    heights_m: [f64; 3],
) -> String {
    let [low, middle, high] = heights_m.map(height);
    let what = level(language, zone_level);
    match language {
        Language::En => format!(
            "{name} - {what}: {arrival}, height at the shore about {middle} m (likely between {low} and {high} m)."
        ),
        Language::Es => format!(
            "{name} - {what}: {arrival}, altura en la costa de unos {middle} m (probablemente entre {low} y {high} m)."
        ),
    }
}

/// Two significant digits: the estimate is no better.
fn height(m: f64) -> String {
    if m >= 9.95 {
        format!("{m:.0}")
    } else {
        format!("{m:.1}")
    }
}

/// Zones that were warned before and are not any more.
pub fn lifted(language: Language, names: &[&str]) -> String {
    let list = names.join(", ");
    match language {
        Language::En => format!("No longer in force for: {list}."),
        Language::Es => format!("Ya no rige para: {list}."),
    }
}

/// What every tsunami message repeats.
pub fn nature(language: Language) -> &'static str {
    match language {
        Language::En => {
            "The first wave is often not the highest; waves follow each other for hours."
        }
        Language::Es => {
            "La primera ola no suele ser la más alta; las olas se suceden durante horas."
        }
    }
}

/// Why there is a new message; empty for the first.
pub fn reason(language: Language, why: Reason) -> &'static str {
    match (why, language) {
        (Reason::Earthquake | Reason::Waves, _) => "",
        (Reason::Explained, Language::En) => {
            "Update: an earthquake is now known that explains the waves. "
        }
        (Reason::Explained, Language::Es) => {
            "Actualización: ya se conoce un sismo que explica las olas. "
        }
        (Reason::Revised, Language::En) => {
            "Update: the earthquake's magnitude or place has been revised. "
        }
        (Reason::Revised, Language::Es) => {
            "Actualización: se revisó la magnitud o el lugar del sismo. "
        }
        (Reason::Confirmed, Language::En) => "Update: the tsunami is confirmed. ",
        (Reason::Confirmed, Language::Es) => "Actualización: el tsunami está confirmado. ",
        (Reason::Unconfirmed, Language::En) => {
            "Update: the measurements that had confirmed the tsunami turned out to show no wave. "
        }
        (Reason::Unconfirmed, Language::Es) => {
            "Actualización: las mediciones que habían confirmado el tsunami resultaron no mostrar ninguna ola. "
        }
        (Reason::Forecast, Language::En) => {
            "Update: the forecast has been renewed with measured wave heights. "
        }
        (Reason::Forecast, Language::Es) => {
            "Actualización: el pronóstico se renovó con alturas medidas. "
        }
        (Reason::Modelled, Language::En) => {
            "Update: the forecast has been renewed with a full computation of the wave. "
        }
        (Reason::Modelled, Language::Es) => {
            "Actualización: el pronóstico se renovó con el cálculo completo de la ola. "
        }
        (Reason::Renewal | Reason::Lapsed, Language::En) => "Update: the alert remains in force. ",
        (Reason::Renewal | Reason::Lapsed, Language::Es) => {
            "Actualización: la alerta sigue vigente. "
        }
        (Reason::AllClear, Language::En) => {
            "The sea has been quiet at every sensor that measured the tsunami. The alert is cancelled. Currents can stay strong for some time; follow local authorities before you return. "
        }
        (Reason::AllClear, Language::Es) => {
            "El mar está en calma en todos los sensores que midieron el tsunami. La alerta queda cancelada. Las corrientes pueden seguir siendo fuertes; siga a las autoridades locales antes de volver. "
        }
        (Reason::NoWave, Language::En) => {
            "No wave arrived at the sensors where it was due. The alert is cancelled. "
        }
        (Reason::NoWave, Language::Es) => {
            "Ninguna ola llegó a los sensores donde se esperaba. La alerta queda cancelada. "
        }
        (Reason::Withdrawn, Language::En) => {
            "The earthquake has been revised and cannot have made a dangerous tsunami. The alert is cancelled. "
        }
        (Reason::Withdrawn, Language::Es) => {
            "El sismo fue revisado y no puede haber producido un tsunami peligroso. La alerta queda cancelada. "
        }
    }
}

/// What to do now.
pub fn instruction(language: Language, highest: Level) -> &'static str {
    match (highest, language) {
        (Level::None, Language::En) => "No action is needed.",
        (Level::None, Language::Es) => "No es necesaria ninguna acción.",
        (Level::Advisory, Language::En) => {
            "Get out of the water and away from beaches, harbours and river mouths. Stay away until the all clear."
        }
        (Level::Advisory, Language::Es) => {
            "Salga del agua y aléjese de playas, puertos y desembocaduras. No vuelva hasta la cancelación."
        }
        (Level::Warning | Level::Major, Language::En) => {
            "Leave the shore now. Go on foot to high ground or far inland, or to a high floor of a strong building if there is no time. Stay there until the all clear."
        }
        (Level::Warning | Level::Major, Language::Es) => {
            "Aléjese de la costa ahora. Vaya a pie a terreno alto o tierra adentro, o a un piso alto de un edificio firme si no hay tiempo. Quédese allí hasta la cancelación."
        }
    }
}

/// Headline, description and instruction of a limit at a station.
pub struct LimitText<'a> {
    /// Station name.
    pub station: &'a str,
    /// What the configuration says, or the quantity's name.
    pub what: &'a str,
    /// Value with unit.
    pub value: String,
    /// Limit in words, such as `below 207 V`.
    pub limit: String,
    /// Time in words.
    pub when: String,
}

impl LimitText<'_> {
    /// Headline while the limit is passed, and once it is over.
    pub fn headline(&self, language: Language, mode: Mode, over: bool) -> String {
        let end = match (over, language) {
            (false, _) => "",
            (true, Language::En) => " - over",
            (true, Language::Es) => " - terminado",
        };
        format!(
            "{}{}: {}{end}",
            prefix(language, mode),
            self.what,
            self.station
        )
        .chars()
        .take(HEADLINE_MAX)
        .collect()
    }

    /// Description.
    pub fn description(&self, language: Language, mode: Mode, over: bool) -> String {
        let Self {
            station,
            value,
            limit,
            when,
            ..
        } = self;
        let said = match (over, language) {
            (false, Language::En) => {
                format!("{station} measured {value} at {when}; the limit is {limit}.")
            }
            (false, Language::Es) => {
                format!("{station} midió {value} ({when}); el límite es {limit}.")
            }
            (true, Language::En) => {
                format!("{station} is back within its limit ({limit}): {value} at {when}.")
            }
            (true, Language::Es) => {
                format!("{station} volvió a su límite ({limit}): {value} ({when}).")
            }
        };
        format!("{}{said}", mode_sentence(language, mode))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_says_the_day_when_it_is_another() {
        let chile = Times {
            utc_offset_minutes: -180,
        };
        // 2010-02-27T02:00:00Z is 23:00 of the day before in Chile's summer.
        assert_eq!(
            chile.write(Language::En, 1_267_236_000_000_000, false),
            "2010-02-26 23:00 local time (02:00 UTC)"
        );
        assert_eq!(
            chile.write(Language::Es, 1_267_252_454_000_000, false),
            "03:34 hora local (06:34 UTC)"
        );
        assert_eq!(
            Times {
                utc_offset_minutes: 0
            }
            .write(Language::En, 1_267_252_454_000_000, true),
            "2010-02-27 06:34 UTC"
        );
    }

    #[test]
    fn no_drill_reads_as_a_warning_and_no_headline_is_too_long() {
        let areas = vec!["A long name of a zone on the coast"; 12];
        for language in [Language::En, Language::Es] {
            for mode in [Mode::Exercise, Mode::Test] {
                let text = headline(language, mode, Level::Major, &areas);
                assert!(
                    text.starts_with(prefix(language, mode)) && !prefix(language, mode).is_empty()
                );
                assert!(text.chars().count() <= HEADLINE_MAX, "{text}");
            }
            assert!(headline(language, Mode::Actual, Level::Warning, &["X"]).ends_with(": X"));
        }
    }
}
