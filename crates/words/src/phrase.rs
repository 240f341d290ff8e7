//! What can be said, one variant each, with all that it takes to say it.

use wire::quantity::{Domain, Quantity};

use crate::template::{Id, Template, ids, list};
use crate::{Amount, Language, Limit, Moment, Place};

/// Warning level, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Below the advisory height.
    None,
    /// Strong currents, dangerous for those in or near the water.
    Advisory,
    /// Flooding of the shore.
    Warning,
    /// Widespread flooding.
    Major,
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// A tsunami.
    Tsunami,
    /// A limit at a road's station.
    Traffic,
    /// A limit at a station of the grid.
    Energy,
    /// A limit at any other station.
    Limit,
    /// What an officer writes.
    Officer,
}

impl Event {
    /// What a limit on a quantity is about.
    pub const fn of(quantity: Quantity) -> Self {
        match quantity.domain() {
            Domain::Traffic => Self::Traffic,
            Domain::Energy => Self::Energy,
            Domain::Tsunami | Domain::Health => Self::Limit,
        }
    }

    /// The word that templates choose by.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Tsunami => "tsunami",
            Self::Traffic | Self::Energy | Self::Limit | Self::Officer => "other",
        }
    }
}

/// Why there is another message about a tsunami.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// An earthquake explains what waves alone had shown.
    Explained,
    /// The earthquake was revised.
    Revised,
    /// A sensor has seen the wave.
    Confirmed,
    /// What had confirmed the wave was none.
    Unconfirmed,
    /// Measured heights have renewed the forecast.
    Forecast,
    /// The propagation model has renewed the forecast.
    Modelled,
    /// Nothing is new, and the last message would lapse.
    Renewal,
    /// The sea is quiet again.
    AllClear,
    /// No wave where one must have been.
    NoWave,
    /// The earthquake was taken back, or is too small after all.
    Withdrawn,
}

/// What the public is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// While a tsunami message of this level is in force.
    Tsunami(Level),
    /// Once a tsunami message is cancelled.
    AllClear,
    /// While a limit is passed.
    Limit(Event),
    /// Once it is not any more.
    LimitOver,
    /// What an officer's message says when it says nothing itself.
    Officer,
}

/// One thing said. None has the mode's word: [`Voice`](crate::Voice) puts it in front.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Phrase<'a> {
    /// Name of a level as a kind of message.
    Level(Level),
    /// CAP `event`.
    Event(Event),
    /// Name of a quantity.
    Quantity(Quantity),
    /// What happened: the earthquake.
    Earthquake {
        /// Moment magnitude.
        magnitude: f64,
        /// Epicentre.
        place: Place<'a>,
        /// Below the surface, km.
        depth_km: f64,
        /// Origin time.
        when: Moment,
    },
    /// What happened when nobody knows: waves without an earthquake. Place and time are the fitted source's.
    NoEarthquake {
        /// The source.
        place: Place<'a>,
        /// One standard deviation of its place, km; said to 50 km, as a hyperbola over an ocean is no place.
        region_km: f64,
        /// When the waves began there.
        when: Moment,
    },
    /// What is left of waves without an earthquake once no sensor shows one.
    NoWaveLeft,
    /// No sensor has seen a wave yet.
    NoWaveSeen,
    /// Sensors have seen one.
    WaveMeasured {
        /// Names of the stations.
        stations: &'a [&'a str],
    },
    /// One zone's line.
    Zone {
        /// Name.
        name: &'a str,
        /// Level.
        level: Level,
        /// First wave; `None` when it may be there already.
        arrival: Option<Moment>,
        /// Lower, middle and upper height at the shore, m: the 5th, 50th and 95th percentile.
        heights_m: [f64; 3],
    },
    /// When the first wave comes to the first zone, as a sentence; `None` when it may be there already.
    FirstWave(Option<Moment>),
    /// Where a message is for.
    Areas(&'a [&'a str]),
    /// Zones that were warned before and are not any more.
    Lifted(&'a [&'a str]),
    /// What every tsunami message repeats.
    Nature,
    /// Why there is a new message.
    Why(Why),
    /// What to do now.
    Do(Action),
    /// A limit at a station was passed.
    LimitPassed {
        /// Station.
        station: &'a str,
        /// The deciding value, or rate.
        amount: Amount,
        /// What was configured.
        limit: Limit,
        /// When it was measured.
        when: Moment,
    },
    /// A station is back within its limit.
    LimitOver {
        /// Station.
        station: &'a str,
        /// The deciding value, or rate.
        amount: Amount,
        /// What was configured.
        limit: Limit,
        /// When it was measured.
        when: Moment,
    },
}

impl Phrase<'_> {
    /// The sentence or name in a language.
    pub fn say(&self, language: Language) -> String {
        self.template(language).say(language)
    }

    pub(crate) fn template(&self, language: Language) -> Template<'static> {
        match *self {
            Self::Level(level) => Template::new(level_id(level)),
            Self::Event(event) => Template::new(event_id(event)),
            Self::Quantity(quantity) => Template::new(quantity_id(quantity)),
            Self::Earthquake {
                magnitude,
                place,
                depth_km,
                when,
            } => Template::new(ids::EARTHQUAKE)
                .text("magnitude", language.number(magnitude, 1))
                .text("place", place.say(language))
                .text("depth", language.number(depth_km, 0))
                .text("when", when.say(language)),
            Self::NoEarthquake {
                place,
                region_km,
                when,
            } => {
                let km = (region_km / 50.0).ceil().max(1.0) * 50.0;
                Template::new(ids::NO_EARTHQUAKE)
                    .text("place", place.say(language))
                    .text("km", language.number(km, 0))
                    .text("when", when.say(language))
            }
            Self::NoWaveLeft => Template::new(ids::NO_WAVE_LEFT),
            Self::NoWaveSeen => Template::new(ids::NO_WAVE_SEEN),
            Self::WaveMeasured { stations } => {
                Template::new(ids::WAVE_MEASURED).text("stations", list(language, stations))
            }
            Self::Zone {
                name,
                level,
                arrival,
                heights_m,
            } => {
                let [low, middle, high] = heights_m.map(|m| height(language, m));
                Template::new(ids::ZONE)
                    .text("name", name)
                    .text("level", Self::Level(level).say(language))
                    .text("arrival", arrival_template(language, arrival).say(language))
                    .text("low", low)
                    .text("middle", middle)
                    .text("high", high)
            }
            Self::FirstWave(Some(when)) => {
                Template::new(ids::FIRST_WAVE_DUE).text("when", when.say(language))
            }
            Self::FirstWave(None) => Template::new(ids::FIRST_WAVE_NOW),
            Self::Areas(names) => Template::new(ids::AREAS).text("areas", list(language, names)),
            Self::Lifted(names) => Template::new(ids::LIFTED).text("areas", list(language, names)),
            Self::Nature => Template::new(ids::NATURE),
            Self::Why(why) => Template::new(why_id(why)),
            Self::Do(action) => Template::new(action_id(action)),
            Self::LimitPassed {
                station,
                amount,
                limit,
                when,
            } => limit_template(language, ids::LIMIT_PASSED, station, amount, limit, when),
            Self::LimitOver {
                station,
                amount,
                limit,
                when,
            } => limit_template(language, ids::LIMIT_OVER, station, amount, limit, when),
        }
    }
}

/// When the first wave comes, as part of a zone's line.
pub(crate) fn arrival_template(language: Language, arrival: Option<Moment>) -> Template<'static> {
    match arrival {
        Some(when) => Template::new(ids::ARRIVAL_DUE).text("when", when.say(language)),
        None => Template::new(ids::ARRIVAL_NOW),
    }
}

fn limit_template(
    language: Language,
    id: Id,
    station: &str,
    amount: Amount,
    limit: Limit,
    when: Moment,
) -> Template<'static> {
    let limit = limit.template(language, amount.quantity).say(language);
    Template::new(id)
        .text("station", station)
        .text("value", amount.say(language))
        .text("limit", limit)
        .text("when", when.say(language))
}

/// Two significant digits: the estimate is no better.
fn height(language: Language, m: f64) -> String {
    language.number(m, usize::from(m < 9.95))
}

const fn level_id(level: Level) -> Id {
    match level {
        Level::None => ids::LEVEL_NONE,
        Level::Advisory => ids::LEVEL_ADVISORY,
        Level::Warning => ids::LEVEL_WARNING,
        Level::Major => ids::LEVEL_MAJOR,
    }
}

const fn event_id(event: Event) -> Id {
    match event {
        Event::Tsunami => ids::EVENT_TSUNAMI,
        Event::Traffic => ids::EVENT_TRAFFIC,
        Event::Energy => ids::EVENT_ENERGY,
        Event::Limit => ids::EVENT_LIMIT,
        Event::Officer => ids::EVENT_OFFICER,
    }
}

const fn why_id(why: Why) -> Id {
    match why {
        Why::Explained => ids::REASON_EXPLAINED,
        Why::Revised => ids::REASON_REVISED,
        Why::Confirmed => ids::REASON_CONFIRMED,
        Why::Unconfirmed => ids::REASON_UNCONFIRMED,
        Why::Forecast => ids::REASON_FORECAST,
        Why::Modelled => ids::REASON_MODELLED,
        Why::Renewal => ids::REASON_RENEWAL,
        Why::AllClear => ids::REASON_ALL_CLEAR,
        Why::NoWave => ids::REASON_NO_WAVE,
        Why::Withdrawn => ids::REASON_WITHDRAWN,
    }
}

const fn action_id(action: Action) -> Id {
    match action {
        Action::Tsunami(Level::None) => ids::INSTRUCTION_NONE,
        Action::Tsunami(Level::Advisory) => ids::INSTRUCTION_ADVISORY,
        Action::Tsunami(Level::Warning) => ids::INSTRUCTION_WARNING,
        Action::Tsunami(Level::Major) => ids::INSTRUCTION_MAJOR,
        Action::AllClear => ids::INSTRUCTION_ALL_CLEAR,
        Action::Limit(Event::Traffic) => ids::INSTRUCTION_TRAFFIC,
        Action::Limit(Event::Energy) => ids::INSTRUCTION_ENERGY,
        Action::Limit(_) => ids::INSTRUCTION_LIMIT,
        Action::LimitOver => ids::INSTRUCTION_LIMIT_OVER,
        Action::Officer => ids::INSTRUCTION_OFFICER,
    }
}

const fn quantity_id(quantity: Quantity) -> Id {
    match quantity {
        Quantity::SeaLevel => ids::QUANTITY_SEA_LEVEL,
        Quantity::WaterPressure => ids::QUANTITY_WATER_PRESSURE,
        Quantity::WaterTemperature => ids::QUANTITY_WATER_TEMPERATURE,
        Quantity::Speed => ids::QUANTITY_SPEED,
        Quantity::Occupancy => ids::QUANTITY_OCCUPANCY,
        Quantity::Flow => ids::QUANTITY_FLOW,
        Quantity::TravelTime => ids::QUANTITY_TRAVEL_TIME,
        Quantity::Voltage => ids::QUANTITY_VOLTAGE,
        Quantity::Current => ids::QUANTITY_CURRENT,
        Quantity::ActivePower => ids::QUANTITY_ACTIVE_POWER,
        Quantity::ReactivePower => ids::QUANTITY_REACTIVE_POWER,
        Quantity::ApparentPower => ids::QUANTITY_APPARENT_POWER,
        Quantity::PowerFactor => ids::QUANTITY_POWER_FACTOR,
        Quantity::Frequency => ids::QUANTITY_FREQUENCY,
        Quantity::ActiveEnergy => ids::QUANTITY_ACTIVE_ENERGY,
        Quantity::Acceleration => ids::QUANTITY_ACCELERATION,
        Quantity::BatteryVoltage => ids::QUANTITY_BATTERY_VOLTAGE,
    }
}
