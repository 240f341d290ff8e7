//! What a threat means for people and places: a plain function of zones, places, roads, speeds, figures and the time.

mod beds;
mod count;
mod ground;
mod ways;

use crate::figure::{Figure, People};
use crate::places::{Kind, Place, Status};
use crate::planning::Planning;
use crate::roads::{Network, Speeds};
use crate::zone::Zone;

/// All that an assessment is made of.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The time, microseconds since the Unix epoch.
    pub now_us: i64,
    /// The threatened zones.
    pub zones: &'a [Zone],
    /// All places, of all sources; of two with the same kind and id the one of the source that comes first by name counts.
    pub places: &'a [Place],
    /// The road network, where there is one.
    pub roads: Option<&'a Network>,
    /// Speeds that traffic has now.
    pub speeds: &'a Speeds,
    /// Figures to plan with.
    pub planning: &'a Planning,
}

/// What a threat means.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// For which time, microseconds since the Unix epoch.
    pub now_us: i64,
    /// Each zone: the gravest first, then the one that the wave reaches first, then by id.
    pub zones: Vec<ZoneNeeds>,
    /// All zones together.
    pub total: Needs,
    /// Places inside the zones other than population cells: by zone, kind and id.
    pub inside: Vec<Inside>,
    /// Shelters outside that people are sent to or that are near: by id.
    pub shelters: Vec<Refuge>,
    /// Shelters that are in reach, and not listed since they are closed.
    pub shelters_closed: usize,
    /// Bridges that lie on ways to shelters, those with the most people first.
    pub bridges: Vec<BridgeUse>,
    /// There was a road network.
    pub by_road: bool,
    /// Segments whose speed is what traffic has now.
    pub speeds_used: usize,
    /// What a reader must know to understand the numbers: what is missing, what was left out.
    pub notes: Vec<String>,
}

/// One zone.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoneNeeds {
    /// The zone.
    pub zone: Zone,
    /// People are to leave it.
    pub evacuate: bool,
    /// Seconds until the earliest plausible arrival, negative when it is past; `None` when no arrival is known.
    pub wave_in_s: Option<i64>,
    /// What is in it and what it needs.
    pub needs: Needs,
}

/// What is in an area and what it needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// People who live in it.
    pub people: Figure,
    /// Population cells in it, and how many of them have no number.
    pub cells: usize,
    /// See `cells`.
    pub cells_without_number: usize,
    /// Those who are to leave.
    pub to_evacuate: Figure,
    /// Those of them to whom a bed is promised.
    pub with_bed: People,
    /// Those of them to whom none is: capacity that is lacking within reach.
    pub lacking: Figure,
    /// How they can leave; only where there is a road network and a number of people.
    pub ways: Option<Ways>,
    /// Hospitals, schools, shelters and bridges inside.
    pub hospitals: usize,
    /// See `hospitals`.
    pub schools: usize,
    /// See `hospitals`: none of them is safe.
    pub shelters: usize,
    /// See `hospitals`.
    pub bridges: usize,
    /// People in hospitals, schools and shelters inside, as far as these say; they may be residents too.
    pub occupants: Figure,
    /// Bridges that its people cross on their ways to shelters.
    pub bridges_on_ways: usize,
    /// Water for those who are to leave, litres a day.
    pub water_l_day: Option<f64>,
    /// Covered floor for them, m2.
    pub floor_m2: Option<f64>,
    /// Toilets for them.
    pub toilets: Option<u64>,
}

/// How people who are to leave can do so, by the roads that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// No way out of the zones is known: no road near, or none that leads out.
    pub no_way_out: People,
    /// Their way out takes longer than the time that is left. Those without a known arrival are not counted.
    pub too_late_out: People,
    /// No way to any shelter is known.
    pub no_way_to_shelter: People,
    /// Their way to the nearest shelter takes longer than the time that is left.
    pub too_late_to_shelter: People,
}

impl Ways {
    fn and(self, o: Self) -> Self {
        Self {
            no_way_out: self.no_way_out.plus(o.no_way_out),
            too_late_out: self.too_late_out.plus(o.too_late_out),
            no_way_to_shelter: self.no_way_to_shelter.plus(o.no_way_to_shelter),
            too_late_to_shelter: self.too_late_to_shelter.plus(o.too_late_to_shelter),
        }
    }
}

/// The way to the nearest shelter outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// The shelter's id.
    pub shelter: String,
    /// Its name.
    pub name: String,
    /// Seconds by road, as the planning figures have people travel; `None` without a road network, when the shelter is the nearest as the crow
    /// flies.
    pub travel_s: Option<f64>,
    /// Seconds on foot all the way, to the shelter that is nearest on foot.
    pub on_foot_s: Option<f64>,
    /// Metres as the crow flies.
    pub straight_m: f64,
}

/// A place inside a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Inside {
    /// The place.
    pub place: Place,
    /// Which of [`Assessment::zones`].
    pub zone: usize,
    /// The nearest safe shelter: by time where there are roads, as the crow flies otherwise.
    pub nearest: Option<Nearest>,
    /// Seconds to leave all zones by road.
    pub out_s: Option<f64>,
    /// Seconds that are left before the earliest plausible arrival when one goes to the nearest shelter at once; negative: too late.
    pub left_s: Option<i64>,
    /// The same for the way out of the zones.
    pub left_out_s: Option<i64>,
}

/// A shelter outside all zones.
#[derive(Clone, Debug, PartialEq)]
pub struct Refuge {
    /// The shelter.
    pub place: Place,
    /// Beds that were free before; `None` when its capacity is not known.
    pub free: Option<u32>,
    /// People to whom a bed in it is promised.
    pub promised: People,
}

impl Refuge {
    /// Beds that are still free.
    pub fn left(&self) -> Option<u64> {
        Some(
            People::whole(self.free?)
                .less(self.promised)
                .as_f64()
                .floor() as u64,
        )
    }
}

/// A bridge on ways to shelters.
#[derive(Clone, Debug, PartialEq)]
pub struct BridgeUse {
    /// Segment id, or the place's.
    pub id: String,
    /// Name; may be empty.
    pub name: String,
    /// Latitude, degrees north.
    pub lat: f64,
    /// Longitude, degrees east.
    pub lon: f64,
    /// People whose way leads over it.
    pub people: People,
    /// The zone in which it lies itself, of [`Assessment::zones`].
    pub zone: Option<usize>,
    /// What a list of places says of it.
    pub status: Status,
}

/// Assesses a threat. The order of zones and places changes nothing; sums over the zones are the totals.
pub fn assess(input: Input<'_>) -> Assessment {
    let ground = ground::Ground::lay(input.zones, input.places, input.planning);
    let routes = ways::Routes::find(&input, &ground);
    let beds = beds::promise(&input, &ground, &routes);
    count::assessment(&input, ground, &routes, beds)
}

/// Seconds from `now_us` until the earliest plausible arrival.
fn wave_in_s(zone: &Zone, now_us: i64) -> Option<i64> {
    Some(
        zone.earliest_us()?
            .saturating_sub(now_us)
            .div_euclid(1_000_000),
    )
}

/// Seconds left after a way of `travel_s`.
fn left_s(wave_in_s: Option<i64>, travel_s: Option<f64>) -> Option<i64> {
    Some(wave_in_s?.saturating_sub(travel_s?.ceil() as i64))
}

/// Whether a shelter may be gone to: it is not said to be closed.
fn usable(place: &Place) -> bool {
    place.kind == Kind::Shelter && place.status != Status::Closed
}
