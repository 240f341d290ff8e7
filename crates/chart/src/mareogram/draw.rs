//! One panel: band, median, record, and the lines that mark moments.

use super::axis::{Heights, Times, elapsed};
use super::{Band, Mareogram};
use crate::canvas::{Canvas, Frame, Pen};
use crate::colour::{GREY, INK, Rgba, WHITE};
use crate::event::EventText;
use crate::instant;
use crate::place::Room;
use crate::text::{self, Anchor, CAPITALS, Style};

/// Blue and black: told apart by lightness alone.
const FORECAST: Rgba = Rgba::hex(0x0a6fc2);
const BAND: Rgba = Rgba::hex(0xbcd9f0);
const RECORD: Rgba = INK;
const ARRIVAL: Rgba = Rgba::hex(0xb3400a);
const USED: Rgba = Rgba::hex(0x5a2a82);

/// Heights beyond it are faults of a sensor, metres.
const MAX_HEIGHT_M: f64 = 1_000.0;

fn real(v: f64) -> bool {
    v.abs() <= MAX_HEIGHT_M
}

/// Pairs of time and value that can be drawn, from two series of whatever length.
fn series<'a>(times: &'a [f64], values: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    times.iter().copied().zip(values.iter().copied())
}

/// The record within the axis, cut into pieces where something is missing.
fn pieces(observed: &[(f64, f64)], times: &Times) -> Vec<Vec<(f64, f64)>> {
    let mut steps: Vec<f64> = observed
        .windows(2)
        .map(|w| w[1].0 - w[0].0)
        .filter(|s| *s > 0.0)
        .collect();
    steps.sort_by(f64::total_cmp);
    // Sensors change their rate by up to 60 (15 s to 15 min): a gap is longer than both its neighbours tell.
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(f64::INFINITY);
    let slow = steps
        .get(steps.len() * 9 / 10)
        .copied()
        .unwrap_or(f64::INFINITY);
    let gap = (4.0 * usual).max(1.5 * slow);
    let mut out: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for &(t, v) in observed {
        if !t.is_finite() || !times.shows(t) {
            continue;
        }
        let last = out.len() - 1;
        let broken = out[last]
            .last()
            .is_some_and(|&(before, _)| t - before > gap || t < before);
        if !real(v) || broken {
            if !out[last].is_empty() {
                out.push(Vec::new());
            }
            if !real(v) {
                continue;
            }
        }
        if let Some(piece) = out.last_mut() {
            piece.push((t, v));
        }
    }
    out.retain(|piece| !piece.is_empty());
    out
}

/// Lowest and highest value that is shown.
fn range(panel: &Mareogram<'_>, record: &[Vec<(f64, f64)>], times: &Times) -> (f64, f64) {
    let mut low = f64::INFINITY;
    let mut high = f64::NEG_INFINITY;
    let mut see = |v: f64| {
        low = low.min(v);
        high = high.max(v);
    };
    record.iter().flatten().for_each(|s| see(s.1));
    if let Some(b) = panel.forecast {
        for values in [&b.median_m, &b.low_m, &b.high_m] {
            series(&b.seconds, values)
                .filter(|(t, v)| times.shows(*t) && real(*v))
                .for_each(|s| see(s.1));
        }
    }
    if low > high { (0.0, 0.0) } else { (low, high) }
}

/// Pixels of a series, what cannot be told apart left out.
fn trail(
    points: impl Iterator<Item = (f64, f64)>,
    times: &Times,
    heights: &Heights,
) -> Vec<(f32, f32)> {
    let mut out: Vec<(f32, f32)> = Vec::new();
    for (t, v) in points {
        let (x, y) = (times.x(t), heights.y(v));
        if out
            .last()
            .is_none_or(|&(a, b)| (a - x).abs() + (b - y).abs() > 0.35)
        {
            out.push((x, y));
        }
    }
    out
}

fn band(canvas: &mut Canvas, b: &Band, times: &Times, heights: &Heights) {
    let both = b.low_m.iter().zip(&b.high_m);
    let mut run: Vec<(f64, f64, f64)> = Vec::new();
    let mut fill = |run: &mut Vec<(f64, f64, f64)>| {
        let mut outline = trail(run.iter().map(|&(t, low, _)| (t, low)), times, heights);
        outline.extend(trail(
            run.iter().rev().map(|&(t, _, high)| (t, high)),
            times,
            heights,
        ));
        canvas.polygon(&outline, BAND.with_alpha(190), Pen::new(BAND, 0.0));
        run.clear();
    };
    for (&t, (&low, &high)) in b.seconds.iter().zip(both) {
        if times.shows(t) && real(low) && real(high) {
            run.push((t, low, high));
        } else {
            fill(&mut run);
        }
    }
    fill(&mut run);
}

fn median(canvas: &mut Canvas, b: &Band, times: &Times, heights: &Heights, u: f32) {
    let mut run: Vec<(f64, f64)> = Vec::new();
    let mut draw = |run: &mut Vec<(f64, f64)>| {
        canvas.polyline(
            &trail(run.drain(..), times, heights),
            Pen::new(FORECAST, 2.0 * u),
        );
    };
    for (t, v) in series(&b.seconds, &b.median_m) {
        if times.shows(t) && real(v) {
            run.push((t, v));
        } else {
            draw(&mut run);
        }
    }
    draw(&mut run);
}

/// The largest value of a series and when.
fn peak(points: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    points
        .filter(|p| real(p.1))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

fn height_word(metres: f64) -> String {
    if metres.abs() < 0.01 {
        format!("{:.1} mm", metres * 1e3)
    } else {
        format!("{metres:.2} m")
    }
}

pub(crate) fn panel(
    canvas: &mut Canvas,
    panel: &Mareogram<'_>,
    times: &Times,
    frame: Frame,
    u: f32,
) {
    let record = pieces(panel.observed.unwrap_or_default(), times);
    let (low, high) = range(panel, &record, times);
    let heights = Heights::new(low, high, frame, u);
    times.grid(canvas, frame);
    heights.draw(canvas, u);
    canvas.clip(frame);
    if let Some(b) = panel.forecast {
        band(canvas, b, times, &heights);
        median(canvas, b, times, &heights, u);
    }
    for piece in &record {
        let points = trail(piece.iter().copied(), times, &heights);
        canvas.polyline(&points, Pen::new(RECORD, 1.1 * u));
        // Dots while they can be told apart.
        let apart = points
            .last()
            .zip(points.first())
            .map_or(0.0, |(b, a)| (b.0 - a.0) / points.len() as f32);
        if apart > 5.0 * u || points.len() < 3 {
            for (x, y) in points {
                canvas.circle(x, y, 2.2 * u, RECORD, Pen::new(RECORD, 0.0));
            }
        }
    }
    canvas.unclip();
    moments(canvas, panel, times, frame, u);
    canvas.stroke_frame(frame, Pen::new(INK, 1.2 * u));
    title(canvas, panel, &record, frame, u, times);
    if record.is_empty() && panel.forecast.is_none() {
        let style = Style::new(15.0 * u, GREY).anchored(Anchor::Middle);
        canvas.text(
            (frame.x0 + frame.x1) * 0.5,
            (frame.y0 + frame.y1) * 0.5 - 6.0 * u,
            "no data",
            &style,
        );
    }
}

fn title(
    canvas: &mut Canvas,
    panel: &Mareogram<'_>,
    record: &[Vec<(f64, f64)>],
    frame: Frame,
    u: f32,
    times: &Times,
) {
    let mut words = Vec::new();
    if let Some((t, v)) = peak(record.iter().flatten().copied()) {
        words.push(format!(
            "highest measured {} at {}",
            height_word(v),
            elapsed((t / 60.0).round() * 60.0)
        ));
    }
    let forecast = panel.forecast.map(|b| series(&b.seconds, &b.median_m));
    if let Some((t, v)) = peak(forecast.into_iter().flatten().filter(|p| times.shows(p.0))) {
        words.push(format!(
            "forecast {} at {}",
            height_word(v),
            elapsed((t / 60.0).round() * 60.0)
        ));
    }
    let y = frame.y0 - 9.0 * u;
    let peaks = text::fitted(&words.join("  ·  "), 12.5 * u, false, frame.width() * 0.6);
    let taken = text::width(&peaks, 12.5 * u, false) + 20.0 * u;
    canvas.text(
        frame.x1,
        y,
        &peaks,
        &Style::new(12.5 * u, GREY).anchored(Anchor::End),
    );
    let room = frame.width() - taken;
    let name = text::fitted(&text::clean(&panel.station), 16.0 * u, true, room);
    canvas.text(frame.x0, y, &name, &Style::new(16.0 * u, INK).bold());
    let from = text::width(&name, 16.0 * u, true) + 12.0 * u;
    let detail = text::fitted(&text::clean(&panel.detail), 12.5 * u, false, room - from);
    canvas.text(frame.x0 + from, y, &detail, &Style::new(12.5 * u, GREY));
}

/// Vertical lines with their words at the top, each word in a row of its own where two would touch.
fn moments(canvas: &mut Canvas, panel: &Mareogram<'_>, times: &Times, frame: Frame, u: f32) {
    let mut room = Room::new(frame.grown(1.0));
    let moments = [
        (Some(0.0), "origin", GREY, Pen::new(GREY, 1.4 * u)),
        (
            panel.used_until_s,
            "records used until",
            USED,
            Pen::dashed(USED, 1.6 * u, 7.0 * u, 4.0 * u),
        ),
        (
            panel.arrival_s,
            "forecast arrival",
            ARRIVAL,
            Pen::dashed(ARRIVAL, 1.6 * u, 2.5 * u, 3.0 * u),
        ),
    ];
    let size = 12.0 * u;
    for (at, words, colour, pen) in moments {
        let Some(t) = at.filter(|t| times.shows(*t)) else {
            continue;
        };
        let x = times.x(t);
        canvas.line((x, frame.y0), (x, frame.y1), pen);
        let label = if t == 0.0 {
            words.to_owned()
        } else {
            format!("{words} {}", elapsed((t / 60.0).round() * 60.0))
        };
        let width = text::width(&label, size, false);
        let spots = (0..4).flat_map(|row| [(row, 5.0 * u), (row, -width - 5.0 * u)]);
        let spot = spots
            .map(|(row, dx)| {
                let y = frame.y0 + (4.0 + row as f32 * 17.0) * u;
                Frame::new(x + dx, y, x + dx + width, y + 15.0 * u)
            })
            .find(|f| room.claim(*f));
        if let Some(f) = spot {
            let style = Style::new(size, colour).halo(WHITE.with_alpha(220), 2.4 * u);
            canvas.text(f.x0, f.y0 + 7.5 * u + size * CAPITALS * 0.5, &label, &style);
        }
    }
}

/// What lines and colours mean, in one row; only what occurs.
pub(crate) fn key(
    canvas: &mut Canvas,
    panels: &[Mareogram<'_>],
    left: f32,
    y: f32,
    right: f32,
    u: f32,
) {
    let any = |has: fn(&Mareogram<'_>) -> bool| panels.iter().any(has);
    let size = 13.0 * u;
    let mut x = left;
    let mid = y - size * CAPITALS * 0.5;
    let entries: [(bool, &str, u8); 5] = [
        (
            any(|p| p.observed.is_some_and(|o| !o.is_empty())),
            "measured, tide removed",
            0,
        ),
        (
            any(|p| p.forecast.is_some_and(|b| !b.median_m.is_empty())),
            "forecast (median)",
            1,
        ),
        (
            any(|p| p.forecast.is_some_and(|b| !b.low_m.is_empty())),
            "forecast, 5 – 95 %",
            2,
        ),
        (any(|p| p.arrival_s.is_some()), "forecast arrival", 3),
        (
            any(|p| p.used_until_s.is_some()),
            "end of the records used",
            4,
        ),
    ];
    for (_, words, kind) in entries.into_iter().filter(|e| e.0) {
        let end = x + 28.0 * u;
        if end + 8.0 * u + text::width(words, size, false) > right {
            return;
        }
        match kind {
            0 => {
                canvas.line((x, mid), (end, mid), Pen::new(RECORD, 1.1 * u));
                canvas.circle((x + end) * 0.5, mid, 2.2 * u, RECORD, Pen::new(RECORD, 0.0));
            }
            1 => canvas.line((x, mid), (end, mid), Pen::new(FORECAST, 2.0 * u)),
            2 => canvas.fill_frame(
                Frame::new(x, mid - 6.0 * u, end, mid + 6.0 * u),
                BAND.with_alpha(190),
            ),
            3 => canvas.line(
                (x, mid),
                (end, mid),
                Pen::dashed(ARRIVAL, 1.6 * u, 2.5 * u, 3.0 * u),
            ),
            _ => canvas.line(
                (x, mid),
                (end, mid),
                Pen::dashed(USED, 1.6 * u, 7.0 * u, 4.0 * u),
            ),
        }
        canvas.text(end + 8.0 * u, y, words, &Style::new(size, INK));
        x = end + 30.0 * u + text::width(words, size, false);
    }
}

/// Source, grid and issue in one line.
pub(crate) fn foot(canvas: &mut Canvas, event: &EventText, left: f32, y: f32, right: f32, u: f32) {
    let mut parts: Vec<String> = Vec::new();
    for (name, value) in [
        ("Source: ", &event.source),
        ("Bathymetry: ", &event.grid),
        ("", &event.note),
    ] {
        let value = text::clean(value);
        if !value.is_empty() {
            parts.push(format!("{name}{value}"));
        }
    }
    parts.extend(
        event
            .issued_unix_s
            .map(|s| format!("Issued {}", instant::full(s))),
    );
    let issuer = text::clean(&event.issuer);
    if !issuer.is_empty() {
        parts.push(issuer);
    }
    // Two lines, the last one at the foot: what a record's part was takes more than one.
    let lines = text::wrapped(&parts.join(" · "), 12.0 * u, false, right - left, 2);
    for (above, line) in lines.iter().rev().enumerate() {
        let y = y - above as f32 * 16.0 * u;
        canvas.text(left, y, line, &Style::new(12.0 * u, GREY));
    }
}
