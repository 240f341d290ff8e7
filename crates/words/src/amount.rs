//! Measured values and limits for people.

use wire::quantity::Quantity;

use crate::Language;
use crate::template::{Template, ids, say};

/// A measured value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount {
    /// In the quantity's unit, or in that a second.
    pub value: f64,
    /// What is measured.
    pub quantity: Quantity,
    /// A rate of change.
    pub per_second: bool,
}

impl Amount {
    /// Value and unit: two decimals, three for a rate.
    pub fn say(self, language: Language) -> String {
        let decimals = if self.per_second { 3 } else { 2 };
        self.write(language, language.number(self.value, decimals))
    }

    /// As it was configured: no digit more.
    fn exact(self, language: Language) -> String {
        self.write(language, language.plain_number(self.value))
    }

    fn write(self, language: Language, number: String) -> String {
        let unit = match self.quantity.unit() {
            "1" => String::new(),
            "1/h" => say(language, ids::UNIT_VEHICLES_PER_HOUR),
            "Cel" => "°C".to_owned(),
            "m/s2" => "m/s²".to_owned(),
            symbol => symbol.to_owned(),
        };
        let value = if unit.is_empty() {
            number
        } else {
            format!("{number} {unit}")
        };
        if self.per_second {
            Template::new(ids::RATE).text("value", value).say(language)
        } else {
            value
        }
    }
}

/// A limit as the deployment configured it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Reported above it.
    Above(f64),
    /// Reported below it.
    Below(f64),
    /// Reported when it changes by more than this a second.
    Rate(f64),
}

impl Limit {
    pub(crate) fn template(self, language: Language, quantity: Quantity) -> Template<'static> {
        let (id, value, per_second) = match self {
            Self::Above(value) => (ids::LIMIT_ABOVE, value, false),
            Self::Below(value) => (ids::LIMIT_BELOW, value, false),
            Self::Rate(value) => (ids::LIMIT_RATE, value, true),
        };
        let amount = Amount {
            value,
            quantity,
            per_second,
        };
        Template::new(id).text("value", amount.exact(language))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_units_and_the_decimal_sign_of_the_language() {
        let flow = |value, quantity, per_second| Amount {
            value,
            quantity,
            per_second,
        };
        let volts = flow(206.5, Quantity::Voltage, false);
        assert_eq!(volts.say(Language::En), "206.50 V");
        assert_eq!(volts.say(Language::Fr), "206,50 V");
        let factor = flow(0.5, Quantity::PowerFactor, false);
        assert_eq!(factor.say(Language::Ja), "0.50");
        let vehicles = flow(1_200.0, Quantity::Flow, false);
        assert_eq!(vehicles.say(Language::Es), "1200,00 vehículos por hora");
        let rate = flow(-0.1234, Quantity::Frequency, true);
        assert_eq!(rate.say(Language::Pt), "-0,123 Hz por segundo");
        let limit = Limit::Below(0.1).template(Language::Id, Quantity::Voltage);
        assert_eq!(limit.say(Language::Id), "kurang dari 0,1 V");
    }
}
