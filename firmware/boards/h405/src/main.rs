//! The node on an Olimex STM32-H405, or any other board with an STM32F405 and an 8 MHz crystal.
//!
//! | Pin | |
//! |---|---|
//! | PA2, PA3, PC0 | USART2 to and from a serial sensor; high while it sends (RS-485) |
//! | PB10, PB11, PB1 | USART3 to and from the edge, 115,200 baud; high while it sends (RS-485) |
//! | PB6, PB7 | I2C clock and data |
//! | PA5, PA6, PA7, PA4 | SPI1 clock, in, out, select |
//! | PA1, PA8 | loop detector's contact, wired to both: closes, opens |
//! | PB0 | siren relay, high sounds |
//! | PC12 | lamp, lit by a low level |
#![no_std]
#![no_main]

use chip::hardware::{Hardware, Model};
use chip::pulses::Pulses;
use chip::uart::Port;
use chip::{idle, stack, system, time};
use stm32f4xx_hal::pac::{self, NVIC, USART2, USART3, interrupt};
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::Config;
use stm32f4xx_hal::serial;
use wire::frame::Board as Code;

static SENSOR: Port<USART2> = Port::new();
static LINK: Port<USART3> = Port::new();
static PULSES: Pulses = Pulses::new();

#[interrupt]
fn USART2() {
    SENSOR.on_interrupt();
}

#[interrupt]
fn USART3() {
    LINK.on_interrupt();
}

#[interrupt]
fn EXTI1() {
    PULSES.on_interrupt(1, true);
}

#[interrupt]
fn EXTI9_5() {
    PULSES.on_interrupt(8, false);
}

struct H405;

impl Model for H405 {
    type Sensor = USART2;
    type Link = USART3;
    const CODE: Code = Code::Stm32f405;
    const FLASH_BYTES: usize = 1_024 * 1_024;

    fn sensor() -> &'static Port<USART2> {
        &SENSOR
    }

    fn pulses() -> &'static Pulses {
        &PULSES
    }

    fn contact_is_closed() -> bool {
        // SAFETY: reads one register, which reading does not change.
        let port = unsafe { pac::GPIOA::steal() };
        port.idr().read().bits() >> 1 & 1 == 1
    }

    fn unmask() {
        use pac::Interrupt::{EXTI1, EXTI9_5, USART2, USART3};
        for interrupt in [USART2, USART3, EXTI1, EXTI9_5] {
            // SAFETY: no critical section of ours relies on an interrupt being masked; all mask every one of them.
            unsafe { NVIC::unmask(interrupt) };
        }
    }
}

#[embassy_executor::task]
async fn node(board: Hardware<H405>) {
    app::run(board).await
}

#[cortex_m_rt::entry]
fn main() -> ! {
    stack::paint();
    let (Some(chip), Some(core)) = (pac::Peripherals::take(), cortex_m::Peripherals::take()) else {
        system::restart()
    };
    let mut registers = chip.RCC;
    let cause = system::reset_cause(&mut registers);
    let mut rcc = registers.freeze(Config::hse(8.MHz()).sysclk(168.MHz()));
    time::start(core.SYST, core.DCB, core.DWT, rcc.clocks.hclk().raw());
    let a = chip.GPIOA.split(&mut rcc);
    let b = chip.GPIOB.split(&mut rcc);
    let c = chip.GPIOC.split(&mut rcc);

    let link = serial::Config::default().baudrate(115_200.bps());
    let link = serial::Serial::new(chip.USART3, (b.pb10, b.pb11), link, &mut rcc).ok();
    chip::pulses::wire(
        (a.pa1.into_pull_down_input(), a.pa8.into_pull_down_input()),
        chip.SYSCFG,
        chip.EXTI,
        &mut rcc,
    );
    let link_driver = b.pb1.into_push_pull_output().erase();
    let board = Hardware::<H405> {
        sensor: Some((chip.USART2, a.pa2.into(), a.pa3.into())),
        sensor_driver: Some(c.pc0.into_push_pull_output().erase()),
        link: link.map(|serial| LINK.start(serial, Some(link_driver)).split()),
        i2c: Some(chip::hardware::bus(
            b.pb6.into_open_drain_output().erase(),
            b.pb7.into_open_drain_output().erase(),
            rcc.clocks.hclk().raw(),
        )),
        spi: Some((
            chip.SPI1,
            (a.pa5.into(), a.pa6.into(), a.pa7.into()),
            a.pa4.into_push_pull_output().erase(),
        )),
        flash: Some(chip.FLASH),
        siren: b.pb0.into_push_pull_output().erase(),
        lamp: c.pc12.into_push_pull_output().erase(),
        lamp_active_low: true,
        cause,
        watchdog: system::Watchdog::start(chip.IWDG),
        rcc,
    };
    idle::run(|spawner| {
        if let Ok(token) = node(board) {
            spawner.spawn(token);
        }
    })
}
