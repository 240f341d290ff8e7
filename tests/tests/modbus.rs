//! An energy meter on Modbus TCP, from its registers to an alert: meter, edge and hub are processes of their own.

use std::io::Write as _;
use std::process::Command;

use cap::MsgType;
use scenarios::chain;
use scenarios::program::Program;
use scenarios::site::{At, Site, program, small};
use scenarios::wait::until_true;

const STATIONS: &str = r#"
[[station]]
id = "substation.l1"
name = "Substation, phase 1"
lat = -33.11
lon = -71.57
quantity = "voltage"
# A sag (EN 50160): below 90 % of the nominal voltage.
[[station.threshold]]
quantity = "voltage"
below = 207
hysteresis = 4
min_duration = "300ms"
text = "Low voltage at the substation"
"#;

#[test]
fn a_voltage_sag_at_a_meter_becomes_an_alert() {
    let site = Site::new(small(STATIONS), At::Embedded);
    let mut command = Command::new(program("scenario-meter"));
    let mut meter = Program::start("meter", &mut command, &site.path("meter.log"));
    let address = meter.until_said("its address", |said| {
        said.split_once('\n').map(|(line, _)| line.to_owned())
    });
    let hub = site.hub();
    let table = format!(
        "[[meter]]\nnode = 9001\nstation = \"substation\"\ntransport = \"tcp\"\naddress = \"{address}\"\nunit = 1\n\
         interval = \"100ms\"\ntimeout = \"2s\"\nmap = \"sdm630\"\n"
    );
    site.write_edge(hub.mqtt_port, &table);
    let mut edge = site.edge();

    // Every quantity of the map, phases as stations of their own.
    let expected = [
        ("substation.l1", "voltage", 230.0),
        ("substation.l2", "voltage", 230.0),
        ("substation.l3", "current", 5.0),
        ("substation.l1", "active_power", 1_150.0),
        ("substation", "active_power", 3_450.0),
        ("substation", "active_energy", 1_234_500.0),
    ];
    for (station, quantity, value) in expected {
        until_true(&format!("{quantity} of {station}"), || {
            hub.latest(station, quantity) == Some(value)
        });
    }
    // A single has seven digits.
    let frequency = hub.latest("substation", "frequency").expect("a frequency");
    assert!((frequency - 50.02).abs() < 1e-4, "{frequency}");

    let feed = || chain::atom_ids(&hub.get("/exercise/feed.atom").body);
    assert!(feed().is_empty());
    writeln!(meter.input(), "voltage 195.5").expect("the meter listens");
    until_true("an alert about the sag", || feed().len() == 1);
    assert_eq!(hub.latest("substation.l1", "voltage"), Some(195.5));
    writeln!(meter.input(), "voltage 229").expect("the meter listens");
    until_true("its end", || feed().len() == 2);

    let alerts: Vec<cap::Alert> = site
        .alert_log()
        .iter()
        .map(|m| chain::read(&m.xml))
        .collect();
    chain::check(&alerts);
    let headline = alerts[0].infos[0].headline.as_deref().unwrap_or_default();
    assert!(
        headline.contains("Low voltage at the substation"),
        "{headline}"
    );
    assert_eq!(alerts[1].msg_type, MsgType::Cancel);

    // The meter dies. The edge says so, the hub tells its officers, and nothing else ends.
    drop(meter);
    let state = || hub.state()["conditions"].to_string();
    until_true("the condition of the edge", || {
        state().contains("meter_silent")
    });
    assert!(edge.ended().is_none());
    assert_eq!(edge.terminate().code(), Some(0));
}
