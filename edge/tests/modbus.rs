//! Meters: a real Modbus TCP server in a process of its own, and RTU over a pseudo-terminal.

mod rig;

use std::future::{Ready, ready};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clock::Clock;
use edge::config::{Meter, Parity, Transport};
use edge::{Agent, Handle};
use rig::{Broker, Hub, config, data_directory, wait_until};
use tokio_modbus::prelude::*;
use tokio_modbus::server::Service;
use wire::quality::Quality;

const NOW_US: i64 = 1_767_225_600_000_000;

/// A meter for each unit id: 1 an SDM630, 2 refuses the frequency, 3 answers NaN, 4 is silent, 5 answers too short,
/// 6 reports an impossible voltage, 7 an SDM630 that answers holding registers only.
struct Meters;

fn sdm630(register: u16, unit: u8) -> f32 {
    match register {
        0x00 if unit == 3 => f32::NAN,
        0x00 if unit == 6 => 9e9,
        0x00..=0x04 => 230.0 + f32::from(register) / 2.0,
        0x06..=0x0A => 5.0,
        0x0C..=0x10 => 1_150.0,
        0x34 => 3_450.0,
        0x46 => 49.98,
        0x48 => 1_234.5,
        _ => 0.0,
    }
}

fn words(start: u16, count: u16, unit: u8) -> Vec<u16> {
    (start..start.saturating_add(count))
        .map(|register| {
            let bits = sdm630(register & !1, unit).to_bits();
            if register % 2 == 0 {
                (bits >> 16) as u16
            } else {
                bits as u16
            }
        })
        .collect()
}

impl Service for Meters {
    type Request = SlaveRequest<'static>;
    type Response = Option<Response>;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Self::Response, Self::Exception>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        let unit = request.slave;
        ready(match request.request {
            Request::ReadInputRegisters(..) if unit == 7 => Err(ExceptionCode::IllegalFunction),
            Request::ReadHoldingRegisters(start, count) if unit == 7 => Ok(Some(
                Response::ReadHoldingRegisters(words(start, count, unit)),
            )),
            Request::ReadInputRegisters(0x46, _) if unit == 2 => {
                Err(ExceptionCode::IllegalDataAddress)
            }
            Request::ReadInputRegisters(..) if unit == 4 => Ok(None),
            Request::ReadInputRegisters(start, count) if unit == 5 => Ok(Some(
                Response::ReadInputRegisters(words(start, count - 1, unit)),
            )),
            Request::ReadInputRegisters(start, count) => Ok(Some(Response::ReadInputRegisters(
                words(start, count, unit),
            ))),
            _ => Err(ExceptionCode::IllegalFunction),
        })
    }
}

/// The server process: this test binary, started again by [`Server::start`]. Does nothing in an ordinary run.
#[tokio::test]
async fn server_process() {
    let Ok(file) = std::env::var("MODBUS_SERVER_PORT_FILE") else {
        return;
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    std::fs::write(format!("{file}.new"), port.to_string()).unwrap();
    std::fs::rename(format!("{file}.new"), &file).unwrap();
    let server = tokio_modbus::server::tcp::Server::new(listener);
    let connected = |stream, peer| async move {
        tokio_modbus::server::tcp::accept_tcp_connection(stream, peer, |_| Ok(Some(Meters)))
    };
    server.serve(&connected, |_| {}).await.unwrap();
}

struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(directory: &Path) -> Self {
        let file = directory.join("port");
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "server_process"])
            .env("MODBUS_SERVER_PORT_FILE", &file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        let port = loop {
            if let Ok(text) = std::fs::read_to_string(&file) {
                break text.parse().unwrap();
            }
            assert!(started.elapsed() < rig::PATIENCE);
            std::thread::sleep(Duration::from_millis(10));
        };
        Self { child, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn meter(unit: u8, transport: Transport) -> Meter {
    Meter {
        node: 9000 + u32::from(unit),
        station: format!("meter-{unit}"),
        transport,
        address: None,
        device: None,
        baud: 9600,
        parity: Parity::None,
        stop_bits: 1,
        unit,
        interval: Duration::from_millis(30),
        timeout: Duration::from_millis(300),
        map: Some("sdm630".to_owned()),
        register: Vec::new(),
    }
}

fn errors(handle: &Handle, station: &str) -> std::collections::BTreeMap<&'static str, u64> {
    let status = handle.stats();
    status
        .meters
        .iter()
        .find(|meter| &*meter.station == station)
        .unwrap()
        .errors
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn meters_are_read_over_tcp_and_their_faults_counted_by_reason() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    let (keep, data) = data_directory();
    let server = Server::start(keep.path());
    let mut config = config(&data, broker.port);
    for unit in [1, 2, 3, 4, 5, 6, 7] {
        let mut meter = meter(unit, Transport::Tcp);
        meter.address = Some(format!("127.0.0.1:{}", server.port));
        if unit == 7 {
            let registers = edge::meter::map::Map::named("sdm630").unwrap().register;
            meter.register = registers
                .into_iter()
                .map(|register| edge::meter::map::Register {
                    function: 3,
                    ..register
                })
                .collect();
            meter.map = None;
        }
        config.meter.push(meter);
    }
    let handle = Agent::start(config, Clock::manual(NOW_US), Vec::new())
        .await
        .unwrap();
    let boot = handle.stats().boot;
    let is_complete = |intake: &rig::Intake| {
        [1u32, 2, 3, 6, 7]
            .iter()
            .all(|unit| intake.readings.contains_key(&(9000 + unit, boot, 15)))
    };
    hub.until("two polls of the meters that answer", is_complete)
        .await;
    wait_until("the silent one is counted", || {
        errors(&handle, "meter-4").contains_key("timeout")
    })
    .await;
    wait_until("the short one is counted", || {
        errors(&handle, "meter-5").contains_key("length")
    })
    .await;
    assert!(errors(&handle, "meter-1").is_empty() && errors(&handle, "meter-7").is_empty());
    assert!(errors(&handle, "meter-2").contains_key("exception_illegal_data_address"));
    assert!(errors(&handle, "meter-3").contains_key("nan"));
    assert!(errors(&handle, "meter-6").contains_key("out_of_range"));
    // After three polls in a row without a value.
    wait_until("the silent one is told", || {
        handle.stats().conditions.contains(&"meter_silent")
    })
    .await;
    hub.with(|intake| {
        let of = |unit: u32| -> Vec<&rig::Got> {
            (0..12).filter_map(|seq| intake.readings.get(&(9000 + unit, boot, seq))).collect()
        };
        let found = |unit: u32, station: &str, quantity: &str| -> rig::Got {
            let is = |got: &&&rig::Got| got.station == station && got.quantity.name() == quantity;
            (*of(unit).iter().find(is).unwrap()).clone()
        };
        let l2 = found(1, "meter-1.l2", "voltage");
        assert_eq!((l2.value, l2.quality, l2.time_us), (231.0, 0, NOW_US));
        assert_eq!(found(1, "meter-1", "active_power").value, 3_450.0);
        assert_eq!(found(1, "meter-1", "active_energy").value, 1_234_500.0, "kWh to Wh");
        assert!((found(1, "meter-1", "frequency").value - 49.98).abs() < 1e-4);
        let energy = intake.readings.iter().any(|(&(node, ..), got)| node == 9002 && got.quantity.name() == "active_energy");
        assert!(energy, "the refused register shares a read with this one: it is read alone from the second poll on");
        let frequency = intake.readings.iter().any(|(&(node, ..), got)| node == 9002 && got.quantity.name() == "frequency");
        assert!(!frequency, "nothing is invented");
        let missing = found(3, "meter-3.l1", "voltage");
        assert!(missing.value.is_nan());
        assert_eq!(missing.quality, (Quality::MISSING | Quality::SENSOR_FAULT).bits());
        let impossible = found(6, "meter-6.l1", "voltage");
        assert_eq!((impossible.value, impossible.quality), (f64::from(9e9f32), Quality::OUT_OF_RANGE.bits()));
        assert_eq!(found(7, "meter-7.l1", "voltage").value, 230.0);
    });
    // The server dies: counted, and the agent goes on. Meter 1's polls fail from now on.
    drop(server);
    wait_until("the dead server is counted", || {
        errors(&handle, "meter-1").contains_key("connect")
    })
    .await;
    handle.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn meters_are_read_over_a_serial_line_that_they_share() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    let (_keep, data) = data_directory();
    let (wire, device) = match tokio_serial::SerialStream::pair() {
        Ok(pair) => pair,
        Err(error) => {
            println!("skipped: no pseudo-terminal: {error}");
            return;
        }
    };
    let path = tokio_serial::SerialPort::name(&device).unwrap();
    let server = tokio::spawn(tokio_modbus::server::rtu::Server::new(wire).serve_forever(Meters));
    let mut config = config(&data, broker.port);
    for unit in [1, 4, 6] {
        let mut meter = meter(unit, Transport::Rtu);
        meter.device = Some(path.clone().into());
        config.meter.push(meter);
    }
    let handle = Agent::start(config, Clock::manual(NOW_US), Vec::new())
        .await
        .unwrap();
    let boot = handle.stats().boot;
    hub.until("two polls of the meters that answer", |intake| {
        [9001, 9006]
            .iter()
            .all(|&node| intake.readings.contains_key(&(node, boot, 15)))
    })
    .await;
    wait_until("the silent one is counted", || {
        errors(&handle, "meter-4").contains_key("timeout")
    })
    .await;
    hub.with(|intake| assert_eq!(intake.readings[&(9001, boot, 0)].value, 230.0));
    let status = handle.shutdown().await;
    let good = status
        .meters
        .iter()
        .find(|meter| &*meter.station == "meter-1")
        .unwrap();
    assert!(good.answered >= 2, "{good:?}");
    server.abort();
    drop(device);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serial_device_server_is_read_with_rtu_frames_over_tcp() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    let (_keep, data) = data_directory();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio_modbus::server::rtu_over_tcp::Server::new(listener);
    let connected = |stream, peer| async move {
        tokio_modbus::server::rtu_over_tcp::accept_tcp_connection(stream, peer, |_| {
            Ok(Some(Meters))
        })
    };
    let server = tokio::spawn(async move { server.serve(&connected, |_| {}).await });
    let mut config = config(&data, broker.port);
    let mut meter = meter(1, Transport::RtuOverTcp);
    meter.address = Some(format!("127.0.0.1:{port}"));
    config.meter.push(meter);
    let handle = Agent::start(config, Clock::manual(NOW_US), Vec::new())
        .await
        .unwrap();
    let boot = handle.stats().boot;
    hub.until("a poll", |intake| {
        intake.readings.contains_key(&(9001, boot, 11))
    })
    .await;
    handle.shutdown().await;
    server.abort();
}
