//! What sensors of a script measure: sources and traffic, with the records that they are read from.

use super::build::{BuildError, Making};
use super::file::{BetweenFile, CsvFile, HeadingFile, RecordFile, SourceFile, TrafficFile, us};
use crate::sensor::Source;
use crate::sensor::source::{Between, Points, Shape, Water};
use crate::sensor::traffic::{Heading, Phase, Traffic, Vehicle};
use record::{Columns, Directory, Event, Files as _, Series};

impl Making<'_> {
    fn no_source(&self, why: impl ToString) -> BuildError {
        BuildError::Source {
            sensor: self.name.to_owned(),
            why: why.to_string(),
        }
    }

    pub(super) fn source_or(
        &mut self,
        written: Option<&SourceFile>,
        otherwise: f64,
    ) -> Result<Source, BuildError> {
        written.map_or(Ok(Source::constant(otherwise)), |written| {
            self.source(written)
        })
    }

    pub(super) fn source(&mut self, written: &SourceFile) -> Result<Source, BuildError> {
        self.sources += 1;
        let mut source = Source::new(self.shape(written)?)
            .converted(written.scale.unwrap_or(1.0), written.offset.unwrap_or(0.0));
        if let Some(deviation) = written.noise {
            source = source.with_noise(deviation, self.seed.wrapping_add(self.sources));
        }
        if let Some(water) = &written.water {
            source = source.under_water(match water.density_kg_m3 {
                Some(density) => Water::hydrostatic(water.depth_m, density),
                None => Water::dart(water.depth_m),
            });
        }
        Ok(source)
    }

    fn shape(&self, written: &SourceFile) -> Result<Shape, BuildError> {
        if let Some(value) = written.constant {
            return Ok(Shape::Constant(value));
        }
        if let Some(sine) = &written.sine {
            return Ok(Shape::Sine {
                mean: sine.mean,
                amplitude: sine.amplitude,
                period_us: us(sine.period),
                phase: sine.phase,
            });
        }
        for (points, between) in [
            (&written.steps, Between::Hold),
            (&written.ramp, Between::Linear),
        ] {
            if let Some(points) = points {
                let points = points
                    .iter()
                    .map(|point| {
                        let at_us = i64::try_from(us(point.at)).unwrap_or(i64::MAX);
                        (at_us, Some(point.value))
                    })
                    .collect();
                let points = Points::new(points, between).map_err(|why| self.no_source(why))?;
                return Ok(Shape::Points(points));
            }
        }
        let (series, zero_us) = if let Some(record) = &written.record {
            self.event(record, written.start)?
        } else if let Some(csv) = &written.csv {
            self.csv(csv, written.start)?
        } else {
            return Err(self.no_source("no values"));
        };
        let between = match written.between {
            BetweenFile::Linear => Between::Linear,
            BetweenFile::Hold => Between::Hold,
        };
        let mut points =
            Points::recorded(&series, zero_us, between).map_err(|why| self.no_source(why))?;
        if let Some(gap) = written.max_gap {
            points = points.with_max_gap(us(gap));
        }
        Ok(Shape::Points(points))
    }

    /// A station's record, and the instant of it that is played at the start: `start` from the origin, or the event's own.
    fn event(&self, record: &RecordFile, start: Option<i64>) -> Result<(Series, i64), BuildError> {
        let directory = self.directory.join(&record.event);
        let event =
            Event::load(&Directory::new(&directory)).map_err(|source| BuildError::Event {
                sensor: self.name.to_owned(),
                directory: directory.clone(),
                source,
            })?;
        let zero_us = start.map_or(event.start_us, |start| {
            event.origin_us.saturating_add(start)
        });
        let known: Vec<String> = event.stations.iter().map(|s| s.id.clone()).collect();
        let station = event
            .stations
            .into_iter()
            .find(|station| station.id == record.station)
            .ok_or_else(|| {
                self.no_source(format!(
                    "the event in {} has no station {:?}; it has {}",
                    directory.display(),
                    record.station,
                    known.join(", ")
                ))
            })?;
        Ok((station.series, zero_us))
    }

    /// A CSV file's column, and the instant of it that is played at the start: `start` from its first row.
    fn csv(&self, csv: &CsvFile, start: Option<i64>) -> Result<(Series, i64), BuildError> {
        let file = self.directory.join(&csv.file);
        let failed = |source| BuildError::File {
            sensor: self.name.to_owned(),
            file: file.clone(),
            source,
        };
        // Through the same bounded reader as an event's files.
        let folder = file.parent().unwrap_or(self.directory);
        let name = file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let bytes = Directory::new(folder).read(&name).map_err(failed)?;
        let columns = Columns {
            time: csv.time.clone(),
            value: csv.value.clone(),
            missing: csv.missing,
        };
        let series = record::read_csv(&bytes, &columns).map_err(|source| BuildError::Csv {
            sensor: self.name.to_owned(),
            file: file.clone(),
            source,
        })?;
        let first_us = series.extent_us().map_or(0, |(first_us, _)| first_us);
        Ok((series, first_us.saturating_add(start.unwrap_or(0))))
    }

    pub(super) fn traffic(&self, written: &TrafficFile) -> Result<Traffic, BuildError> {
        let made = if let Some(phases) = &written.phases {
            let phases: Vec<Phase> = phases
                .iter()
                .map(|phase| Phase {
                    at_us: us(phase.at),
                    flow_per_h: phase.flow_per_h,
                    speed_kmh: phase.speed_kmh,
                    spread_kmh: phase.spread_kmh,
                })
                .collect();
            Traffic::random(self.seed, &phases, self.script.length_us)
        } else {
            let vehicles = written.vehicles.iter().flatten().map(|vehicle| Vehicle {
                at_us: us(vehicle.at),
                speed_mps: vehicle.speed_kmh / 3.6,
                length_m: vehicle.length_m,
                heading: match vehicle.heading {
                    HeadingFile::Inbound => Heading::Inbound,
                    HeadingFile::Outbound => Heading::Outbound,
                },
            });
            Traffic::new(vehicles.collect())
        };
        made.map_err(|source| BuildError::Traffic {
            sensor: self.name.to_owned(),
            source,
        })
    }
}
