//! The column beside a map: event, legend, remark. Laid out first, so that the page knows its height; then
//! drawn.

use crate::canvas::{Canvas, Frame, Pen};
use crate::colour::{GREY, INK, RULE};
use crate::event::EventText;
use crate::instant;
use crate::legend::{self, Section};
use crate::text::{self, CAPITALS, Style};
use crate::view;

const HEADING_PX: f32 = 13.0;
const KEY_PX: f32 = 12.0;
const VALUE_PX: f32 = 14.0;
const ROW_PX: f32 = 13.0;

/// Lines of the event block: what, and its value.
pub(crate) fn facts(event: &EventText) -> Vec<(&'static str, String)> {
    let mut out: Vec<(&'static str, String)> = Vec::new();
    if let Some(m) = event.magnitude.filter(|m| m.is_finite()) {
        out.push(("Magnitude", format!("M {m:.1}")));
    }
    if let Some(s) = event.origin_unix_s {
        out.push(("Origin time", instant::full(s)));
    }
    out.push(("Place", text::clean(&event.place)));
    if let Some((lat, lon)) = event
        .epicentre
        .filter(|(lat, lon)| lat.abs() <= 90.0 && lon.abs() <= 3600.0)
    {
        out.push((
            "Epicentre",
            format!("{} {}", view::latitude(lat, 2), view::longitude(lon, 2)),
        ));
    }
    if let Some(km) = event.depth_km.filter(|km| km.is_finite()) {
        out.push(("Depth", format!("{km:.0} km")));
    }
    out.push(("Source model", text::clean(&event.source)));
    out.push(("Bathymetry", text::clean(&event.grid)));
    if let Some(s) = event.issued_unix_s {
        out.push(("Issued", instant::full(s)));
    }
    out.push(("Issued by", text::clean(&event.issuer)));
    out.retain(|(_, value)| !value.is_empty());
    out
}

enum Row {
    Heading(String),
    Key(&'static str),
    Value(String),
    Sign(legend::Sign, String),
    Small(String),
    Gap(f32),
    Rule,
}

pub(crate) struct Panel {
    rows: Vec<Row>,
    width: f32,
    unit: f32,
}

impl Panel {
    pub fn new(
        event: &EventText,
        sections: &[Section],
        remarks: &[String],
        width: f32,
        unit: f32,
    ) -> Self {
        let mut rows = Vec::new();
        for (key, value) in facts(event) {
            rows.push(Row::Key(key));
            for line in text::wrapped(&value, VALUE_PX * unit, false, width, 3) {
                rows.push(Row::Value(line));
            }
            rows.push(Row::Gap(5.0));
        }
        for section in sections {
            if section.rows.is_empty() {
                continue;
            }
            if !rows.is_empty() {
                rows.extend([Row::Gap(3.0), Row::Rule, Row::Gap(7.0)]);
            }
            for line in text::wrapped(&section.title, HEADING_PX * unit, true, width, 2) {
                rows.push(Row::Heading(line));
            }
            rows.push(Row::Gap(2.0));
            rows.extend(
                section
                    .rows
                    .iter()
                    .map(|(sign, label)| Row::Sign(*sign, label.clone())),
            );
        }
        let remarks: Vec<&String> = remarks.iter().filter(|r| !r.is_empty()).collect();
        if !remarks.is_empty() {
            rows.extend([Row::Gap(7.0), Row::Rule, Row::Gap(4.0)]);
        }
        for remark in remarks {
            let lines = text::wrapped(&text::clean(remark), KEY_PX * unit, false, width, 6);
            rows.extend(lines.into_iter().map(Row::Small));
            rows.push(Row::Gap(4.0));
        }
        Panel { rows, width, unit }
    }

    fn height_of(&self, row: &Row) -> f32 {
        self.unit
            * match row {
                Row::Heading(_) => HEADING_PX * 1.3,
                Row::Key(_) => KEY_PX * 1.25,
                Row::Value(_) => VALUE_PX * 1.25,
                Row::Sign(..) => ROW_PX * 1.55,
                Row::Small(_) => KEY_PX * 1.25,
                Row::Gap(px) => *px,
                Row::Rule => 1.0,
            }
    }

    pub fn height(&self) -> f32 {
        self.rows.iter().map(|row| self.height_of(row)).sum()
    }

    /// Draws from the top; rows below `bottom` are left out.
    pub fn draw(&self, canvas: &mut Canvas, x: f32, top: f32, bottom: f32) {
        let u = self.unit;
        let mut y = top;
        for row in &self.rows {
            let height = self.height_of(row);
            if y + height > bottom {
                return;
            }
            let baseline = |size: f32| y + height * 0.5 + size * u * CAPITALS * 0.5;
            match row {
                Row::Heading(text) => canvas.text(
                    x,
                    baseline(HEADING_PX),
                    text,
                    &Style::new(HEADING_PX * u, INK).bold(),
                ),
                Row::Key(text) => {
                    canvas.text(x, baseline(KEY_PX), text, &Style::new(KEY_PX * u, GREY))
                }
                Row::Value(text) => {
                    canvas.text(x, baseline(VALUE_PX), text, &Style::new(VALUE_PX * u, INK))
                }
                Row::Small(text) => {
                    canvas.text(x, baseline(KEY_PX), text, &Style::new(KEY_PX * u, GREY))
                }
                Row::Sign(sign, text) => {
                    let frame = Frame::new(x, y + 1.0 * u, x + 30.0 * u, y + height - 1.0 * u);
                    legend::draw(canvas, *sign, frame, u);
                    let room = self.width - 40.0 * u;
                    let text = text::fitted(&text::clean(text), ROW_PX * u, false, room);
                    canvas.text(
                        x + 40.0 * u,
                        baseline(ROW_PX),
                        &text,
                        &Style::new(ROW_PX * u, INK),
                    );
                }
                Row::Gap(_) => {}
                Row::Rule => canvas.line((x, y), (x + self.width, y), Pen::new(RULE, u)),
            }
            y += height;
        }
    }
}
