#![no_std]
#![no_main]
use chip::uart::{Input, Output, Port};
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{Read as _, Write as _};
use panic_halt as _;
use stm32f4xx_hal::{
    pac::{self, USART2, USART3, interrupt},
    prelude::*,
    rcc, serial,
};

static SENSOR: Port<USART2> = Port::new();
static LINK: Port<USART3> = Port::new();

#[interrupt]
fn USART2() {
    SENSOR.on_interrupt();
}
#[interrupt]
fn USART3() {
    LINK.on_interrupt();
}

#[embassy_executor::task]
async fn beat(mut si: Input<USART2>, mut so: Output<USART2>, mut lo: Output<USART3>) {
    let mut next = Instant::now();
    loop {
        next += Duration::from_secs(15);
        Timer::at(next).await;
        let _ = so.write_all(b"*0100P3\r\n").await;
        let late = (Instant::now() - next).as_micros();
        let mut b = [0; 64];
        let got = embassy_time::with_timeout(Duration::from_millis(500), async {
            let mut n = 0;
            loop {
                n += si.read(&mut b[n..]).await.unwrap_or(0);
                if b[..n].contains(&b'\n') {
                    break n;
                }
            }
        })
        .await;
        let n = got.unwrap_or(0);
        let mut line = [b'.'; 40];
        let mut v = Instant::now().as_micros();
        for i in (0..12).rev() {
            line[i] = b'0' + (v % 10) as u8;
            v /= 10;
        }
        let mut v = late;
        for i in (14..20).rev() {
            line[i] = b'0' + (v % 10) as u8;
            v /= 10;
        }
        let mut v = n;
        for i in (22..26).rev() {
            line[i] = b'0' + (v % 10) as u8;
            v /= 10;
        }
        line[39] = b'\n';
        let _ = lo.write_all(&line).await;
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    chip::stack::paint();
    let dp = pac::Peripherals::take().unwrap();
    let cp = cortex_m::Peripherals::take().unwrap();
    let mut rcc = dp.RCC.freeze(rcc::Config::hse(8.MHz()).sysclk(168.MHz()));
    chip::time::start(cp.SYST, 168_000_000);
    let a = dp.GPIOA.split(&mut rcc);
    let b = dp.GPIOB.split(&mut rcc);
    let (si, so) = SENSOR
        .start(
            serial::Serial::new(
                dp.USART2,
                (a.pa2, a.pa3),
                serial::Config::default().baudrate(9600.bps()),
                &mut rcc,
            )
            .unwrap(),
        )
        .split();
    let (_, lo) = LINK
        .start(
            serial::Serial::new(
                dp.USART3,
                (b.pb10, b.pb11),
                serial::Config::default().baudrate(115_200.bps()),
                &mut rcc,
            )
            .unwrap(),
        )
        .split();
    unsafe {
        cortex_m::peripheral::NVIC::unmask(pac::Interrupt::USART2);
        cortex_m::peripheral::NVIC::unmask(pac::Interrupt::USART3);
    }
    chip::idle::run(|s| s.spawn(beat(si, so, lo).unwrap()))
}
