//! An Eastron SDM630 on Modbus TCP, as a process of its own. It prints its address, and takes the voltage of phase 1 from lines on
//! standard input (`voltage 190`).
//!
//! Registers hold IEEE 754 singles, high word first (FACTS, "Sensors that speak serial").
#![forbid(unsafe_code)]

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio_modbus::prelude::*;
use tokio_modbus::server::{Service, tcp};

/// Nominal European low voltage (IEC 60038), V.
const NOMINAL_V: f32 = 230.0;

#[derive(Clone)]
struct Meter {
    /// Bits of the voltage of phase 1.
    l1: Arc<AtomicU32>,
}

impl Meter {
    fn value(&self, register: u16) -> f32 {
        match register {
            0x00 => f32::from_bits(self.l1.load(Ordering::Relaxed)),
            0x02 | 0x04 => NOMINAL_V,
            0x06..=0x0A => 5.0,
            0x0C..=0x10 => 1_150.0,
            0x34 => 3_450.0,
            0x46 => 50.02,
            0x48 => 1_234.5,
            _ => 0.0,
        }
    }

    fn word(&self, register: u16) -> u16 {
        let bits = self.value(register & !1).to_bits();
        if register.is_multiple_of(2) {
            (bits >> 16) as u16
        } else {
            bits as u16
        }
    }
}

impl Service for Meter {
    type Request = SlaveRequest<'static>;
    type Response = Option<Response>;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Self::Response, Self::Exception>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        ready(match request.request {
            Request::ReadInputRegisters(start, count) => {
                let words = start..start.saturating_add(count);
                Ok(Some(Response::ReadInputRegisters(
                    words.map(|register| self.word(register)).collect(),
                )))
            }
            _ => Err(ExceptionCode::IllegalFunction),
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let meter = Meter {
        l1: Arc::new(AtomicU32::new(NOMINAL_V.to_bits())),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let l1 = meter.l1.clone();
    tokio::spawn(async move {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let value = line.strip_prefix("voltage ").map(str::parse::<f32>);
            match value {
                Some(Ok(volts)) => l1.store(volts.to_bits(), Ordering::Relaxed),
                _ => eprintln!("meter: {line:?} is not `voltage NUMBER`"),
            }
        }
    });
    let server = tcp::Server::new(listener);
    let connected = |stream, peer| {
        let meter = meter.clone();
        async move { tcp::accept_tcp_connection(stream, peer, move |_| Ok(Some(meter.clone()))) }
    };
    server.serve(&connected, |_| {}).await
}
