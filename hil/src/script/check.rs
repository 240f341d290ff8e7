//! From what is written to a script that makes sense; every complaint has its line.

use super::file::{
    BetweenFile, FaultFile, MeterFile, Scalar, ScriptFile, SensorFile, SourceFile, TrafficFile, us,
};
use super::{
    Expectation, MAX_EXPECTATIONS, MAX_FAULTS, MAX_LENGTH_US, MAX_SENSORS, MAX_VALUES, Script,
};
use crate::fault::text::{assemble, name};
use crate::fault::{Channel, Effect, Fault, Params, Window};
use crate::sensor::digiquartz;
use settings::{Document, Environment, Error};

pub(super) fn parse(document: &Document) -> Result<Script, Error> {
    let written: ScriptFile = document.read(&Environment::none())?;
    let refuse = |key: &str, why: &str| document.refuse(key, why);

    let length_us = us(written.length);
    if length_us == 0 || length_us > MAX_LENGTH_US {
        return Err(refuse("length", "above 0 and at most 400 days"));
    }
    within(document, "sensor", written.sensor.len(), MAX_SENSORS)?;
    within(document, "expect", written.expect.len(), MAX_EXPECTATIONS)?;
    if written.faults.len() + written.fault.len() > MAX_FAULTS {
        let key = if written.faults.is_empty() {
            "fault"
        } else {
            "faults"
        };
        return Err(refuse(key, &format!("at most {MAX_FAULTS} faults")));
    }
    for (index, sensor) in written.sensor.iter().enumerate() {
        check_sensor(&At::new(document, format!("sensor[{index}]")), sensor)?;
        let earlier = written.sensor.iter().take(index);
        if earlier.clone().any(|other| other.name == sensor.name) {
            let why = format!(
                "there are two sensors {:?}; names are used once",
                sensor.name
            );
            return Err(refuse(&format!("sensor[{index}].name"), &why));
        }
    }
    let mut faults = Vec::new();
    for (index, text) in written.faults.iter().enumerate() {
        let key = format!("faults[{index}]");
        let fault: Fault = text
            .parse()
            .map_err(|why: crate::fault::FaultError| refuse(&key, &why.to_string()))?;
        fits(&written.sensor, &fault).map_err(|why| refuse(&key, &why))?;
        faults.push(fault);
    }
    for (index, long) in written.fault.iter().enumerate() {
        let key = format!("fault[{index}]");
        let fault = long_form(long).map_err(|why| refuse(&key, &why))?;
        fits(&written.sensor, &fault).map_err(|why| refuse(&key, &why))?;
        faults.push(fault);
    }
    let mut expectations = Vec::new();
    for (index, expect) in written.expect.iter().enumerate() {
        let within_us = expect.within.map_or(length_us, us);
        if within_us > length_us {
            let why = "later than the script's length";
            return Err(refuse(&format!("expect[{index}].within"), why));
        }
        expectations.push(Expectation {
            outcome: expect.outcome,
            within_us,
            of: expect.of.clone(),
        });
    }
    Ok(Script {
        name: written.name,
        seed: written.seed,
        length_us,
        faults,
        expectations,
        sensors: written.sensor,
    })
}

fn within(document: &Document, key: &str, count: usize, limit: usize) -> Result<(), Error> {
    match count {
        0 => Err(document.refuse(key, "at least one")),
        _ if count > limit => Err(document.refuse(key, &format!("at most {limit}, not {count}"))),
        _ => Ok(()),
    }
}

fn long_form(written: &FaultFile) -> Result<Fault, String> {
    let pairs = written.with.iter().map(|(name, value)| {
        let value = match value {
            Scalar::Whole(number) => number.to_string(),
            Scalar::Number(number) => number.to_string(),
            Scalar::Text(text) => text.clone(),
        };
        (name.clone(), value)
    });
    let begin_us = written.at.map_or(0, us);
    let end_us = written
        .lasts
        .map(|lasts| begin_us.saturating_add(us(lasts)));
    if end_us == Some(begin_us) {
        return Err("lasts: a length of 0".to_owned());
    }
    let window = Window::new(begin_us, end_us);
    assemble(&written.on, &written.kind, Params::new(pairs)?, window)
}

/// Whether there is something that can have the fault.
fn fits(sensors: &[SensorFile], fault: &Fault) -> Result<(), String> {
    if let Some(target) = &fault.target {
        let by_sensor = fault.channel == Channel::Sensor;
        let names: Vec<&str> = sensors
            .iter()
            .map(|sensor| {
                if by_sensor {
                    &sensor.name
                } else {
                    &sensor.node
                }
            })
            .map(String::as_str)
            .collect();
        if !names.contains(&target.as_str()) {
            let what = if by_sensor { "sensor" } else { "node" };
            return Err(format!(
                "no {what} {target:?}; there are {}",
                names.join(", ")
            ));
        }
    }
    if let Effect::Value(value) = &fault.effect {
        for sensor in sensors.iter().filter(|sensor| fault.is_on(&sensor.name)) {
            if let Some(model) = sensor.model() {
                model.can_have(value)?;
            }
        }
    }
    Ok(())
}

/// A place in the document.
struct At<'d> {
    document: &'d Document,
    key: String,
}

impl<'d> At<'d> {
    const fn new(document: &'d Document, key: String) -> Self {
        Self { document, key }
    }

    fn at(&self, name: &str) -> Self {
        Self::new(self.document, format!("{}.{name}", self.key))
    }

    fn refuse<T>(&self, why: &str) -> Result<T, Error> {
        Err(self.document.refuse(&self.key, why))
    }

    /// Refuses a number that is given and not within the bounds.
    fn bounded(&self, name: &str, value: Option<f64>, low: f64, high: f64) -> Result<(), Error> {
        match value {
            Some(value) if !(low..=high).contains(&value) => self
                .at(name)
                .refuse(&format!("a number from {low} to {high}")),
            _ => Ok(()),
        }
    }
}

fn check_sensor(at: &At<'_>, sensor: &SensorFile) -> Result<(), Error> {
    for (key, text) in [("name", &sensor.name), ("node", &sensor.node)] {
        if let Err(why) = name(text) {
            return at.at(key).refuse(&why);
        }
    }
    let Some(model) = sensor.model() else {
        let known = super::Model::ALL.map(super::Model::name).join(", ");
        return at.refuse(&format!(
            "just one of these tables says what it is: {known}"
        ));
    };
    let at = at.at(model.name());
    if let Some(own) = &sensor.digiquartz {
        at.bounded("address", own.address.map(f64::from), 1.0, 98.0)?;
        at.bounded("baud", own.baud.map(f64::from), 300.0, 115_200.0)?;
        at.bounded("pr", own.pr.map(f64::from), 1.0, 65_535.0)?;
        at.bounded("digits", own.digits.map(f64::from), 4.0, 12.0)?;
        at.bounded("full_scale_pa", own.full_scale_pa, 1e3, 1e9)?;
        if let Some(unit) = &own.unit
            && digiquartz::Unit::named(unit).is_none()
        {
            let known = digiquartz::Unit::ALL.map(digiquartz::Unit::name).join(", ");
            return at
                .at("unit")
                .refuse(&format!("no unit {unit:?}; there are {known}"));
        }
        check_source(&at.at("pressure"), &own.pressure)?;
        check_optional(&at, "temperature", own.temperature.as_ref())?;
    }
    if let Some(own) = &sensor.ms5837 {
        check_source(&at.at("pressure"), &own.pressure)?;
        check_optional(&at, "temperature", own.temperature.as_ref())?;
    }
    if let Some(own) = &sensor.ops243 {
        at.bounded("baud", own.baud.map(f64::from), 9_600.0, 230_400.0)?;
        at.bounded("beam_m", own.beam_m, 1.0, 200.0)?;
        check_traffic(&at.at("traffic"), &own.traffic)?;
    }
    if let Some(own) = &sensor.inductive_loop {
        at.bounded("length_m", own.length_m, 0.1, 20.0)?;
        at.bounded("bounce_pairs", own.bounce_pairs.map(f64::from), 0.0, 20.0)?;
        let bounce_us = own.bounce_within.map(|span| us(span) as f64);
        at.bounded("bounce_within", bounce_us, 0.0, 100_000.0)?;
        check_traffic(&at.at("traffic"), &own.traffic)?;
    }
    if let Some(own) = &sensor.adxl355 {
        for (key, source) in [
            ("x", &own.x),
            ("y", &own.y),
            ("z", &own.z),
            ("temperature", &own.temperature),
        ] {
            check_optional(&at, key, source.as_ref())?;
        }
    }
    let meters = [&sensor.sdm230, &sensor.sdm630, &sensor.pzem004t];
    for (own, most) in meters.into_iter().zip([1, 3, 1]) {
        if let Some(own) = own {
            check_meter(&at, own, most)?;
        }
    }
    Ok(())
}

fn check_meter(at: &At<'_>, own: &MeterFile, most: usize) -> Result<(), Error> {
    at.bounded("address", own.address.map(f64::from), 1.0, 247.0)?;
    at.bounded("baud", own.baud.map(f64::from), 1_200.0, 115_200.0)?;
    at.bounded("stop_bits", own.stop_bits.map(f64::from), 1.0, 2.0)?;
    at.bounded("import_wh", own.import_wh, 0.0, 4e9)?;
    let turnaround_us = own.turnaround.map(|span| us(span) as f64);
    at.bounded("turnaround", turnaround_us, 0.0, 10e6)?;
    if own.phase.is_empty() || own.phase.len() > most {
        return at.at("phase").refuse(&format!("1 to {most} phases"));
    }
    for (index, phase) in own.phase.iter().enumerate() {
        let at = at.at(&format!("phase[{index}]"));
        check_source(&at.at("voltage"), &phase.voltage)?;
        check_source(&at.at("current"), &phase.current)?;
        check_optional(&at, "power_factor", phase.power_factor.as_ref())?;
    }
    check_source(&at.at("frequency"), &own.frequency)
}

fn check_optional(at: &At<'_>, key: &str, source: Option<&SourceFile>) -> Result<(), Error> {
    source.map_or(Ok(()), |source| check_source(&at.at(key), source))
}

fn check_source(at: &At<'_>, source: &SourceFile) -> Result<(), Error> {
    const LIMIT: f64 = 1e12;
    let given = [
        source.constant.is_some(),
        source.sine.is_some(),
        source.steps.is_some(),
        source.ramp.is_some(),
        source.record.is_some(),
        source.csv.is_some(),
    ];
    if given.iter().filter(|given| **given).count() != 1 {
        return at.refuse("just one of constant, sine, steps, ramp, record, csv");
    }
    at.bounded("constant", source.constant, -LIMIT, LIMIT)?;
    at.bounded("scale", source.scale, -LIMIT, LIMIT)?;
    at.bounded("offset", source.offset, -LIMIT, LIMIT)?;
    at.bounded("noise", source.noise, 0.0, LIMIT)?;
    if let Some(sine) = &source.sine {
        let at = at.at("sine");
        at.bounded("mean", Some(sine.mean), -LIMIT, LIMIT)?;
        at.bounded("amplitude", Some(sine.amplitude), -LIMIT, LIMIT)?;
        at.bounded("phase", Some(sine.phase), -1.0, 1.0)?;
        if sine.period.is_zero() {
            return at.at("period").refuse("above 0");
        }
    }
    for (key, points) in [("steps", &source.steps), ("ramp", &source.ramp)] {
        let Some(points) = points else { continue };
        let at = at.at(key);
        if points.is_empty() || points.len() > MAX_VALUES {
            return at.refuse(&format!("1 to {MAX_VALUES} values; longer ones as csv"));
        }
        let times = points.iter().zip(points.iter().skip(1));
        if let Some(index) = times.clone().position(|(a, b)| a.at >= b.at) {
            let at = At::new(at.document, format!("{}[{}].at", at.key, index + 1));
            return at.refuse("not after the one before it");
        }
        for (index, point) in points.iter().enumerate() {
            let at = At::new(at.document, format!("{}[{index}]", at.key));
            at.bounded("value", Some(point.value), -LIMIT, LIMIT)?;
        }
    }
    let from_file = source.record.is_some() || source.csv.is_some();
    for (key, given) in [
        ("between", source.between != BetweenFile::Linear),
        ("max_gap", source.max_gap.is_some()),
        ("start", source.start.is_some()),
    ] {
        if given && !from_file {
            return at.at(key).refuse("only with record or csv");
        }
    }
    if let Some(water) = &source.water {
        let at = at.at("water");
        at.bounded("depth_m", Some(water.depth_m), 0.0, 11_100.0)?;
        at.bounded("density_kg_m3", water.density_kg_m3, 900.0, 1_100.0)?;
    }
    Ok(())
}

fn check_traffic(at: &At<'_>, traffic: &TrafficFile) -> Result<(), Error> {
    if traffic.phases.is_some() == traffic.vehicles.is_some() {
        return at.refuse("just one of phases and vehicles");
    }
    for (index, phase) in traffic.phases.iter().flatten().enumerate() {
        let at = at.at(&format!("phases[{index}]"));
        at.bounded("flow_per_h", Some(phase.flow_per_h), 0.0, 3_000.0)?;
        at.bounded("speed_kmh", Some(phase.speed_kmh), 2.0, 300.0)?;
        at.bounded("spread_kmh", Some(phase.spread_kmh), 0.0, 100.0)?;
    }
    let phases = traffic.phases.as_deref().unwrap_or_default();
    let pairs = phases.iter().zip(phases.iter().skip(1));
    if let Some(index) = pairs.clone().position(|(a, b)| a.at >= b.at) {
        return at
            .at(&format!("phases[{}].at", index + 1))
            .refuse("not after the one before it");
    }
    let vehicles = traffic.vehicles.as_deref().unwrap_or_default();
    if phases.len() > MAX_VALUES || vehicles.len() > MAX_VALUES {
        return at.refuse(&format!("at most {MAX_VALUES}"));
    }
    for (index, vehicle) in vehicles.iter().enumerate() {
        let at = at.at(&format!("vehicles[{index}]"));
        at.bounded("speed_kmh", Some(vehicle.speed_kmh), 0.1, 360.0)?;
        at.bounded("length_m", Some(vehicle.length_m), 0.1, 60.0)?;
    }
    Ok(())
}
