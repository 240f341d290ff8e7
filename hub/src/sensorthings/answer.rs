//! From a question to its JSON.

use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::catalog::{Catalog, Entities, Entity, Readings};
use super::filter::Subject;
use super::model::{Link, Set};
use super::query::{Order, Query, Refused, Segment};
use crate::series::{Point, Wanted};

/// Most entities in one answer, expanded ones included: some 10 MB of JSON.
const MOST_ENTITIES: usize = 20_000;
/// Most readings that are looked at for one collection.
const MOST_READINGS: usize = 1_000_000;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// JSON.
    Json(Value),
    /// Plain text, of `$value`.
    Text(String),
    /// A property without a value.
    Nothing,
}

/// Answers questions about one catalog.
pub struct Answerer<'a> {
    catalog: &'a Catalog,
    readings: &'a dyn Readings,
    /// URL of the service, without a slash at the end.
    root: &'a str,
    left: Cell<usize>,
}

/// Where a path leads.
enum Target {
    Collection(Entities),
    One(Entity),
    Property(String, Value),
}

impl<'a> Answerer<'a> {
    /// For one question.
    pub fn new(catalog: &'a Catalog, readings: &'a dyn Readings, root: &'a str) -> Self {
        Self {
            catalog,
            readings,
            root,
            left: Cell::new(MOST_ENTITIES),
        }
    }

    /// The service's root: where the sets are.
    pub fn index(&self) -> Value {
        let sets = Set::ALL
            .iter()
            .map(|set| json!({"name": set.name(), "url": format!("{}/{}", self.root, set.name())}));
        json!({
            "value": sets.collect::<Vec<_>>(),
            "serverSettings": {
                "conformance": [
                    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel",
                    "http://www.opengis.net/spec/iot_sensing/1.1/req/resource-path/resource-path-to-entities",
                    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data",
                ],
            },
        })
    }

    /// Which set a path leads to: its options are read for that one.
    ///
    /// # Errors
    /// [`Refused`] for names that are none.
    pub fn set_of(path: &[Segment]) -> Result<Set, Refused> {
        let mut set: Option<Set> = None;
        for segment in path {
            let Segment::Name(name, _) = segment else {
                break;
            };
            match set {
                None => set = Some(Set::from_name(name).ok_or_else(|| no_set(name))?),
                Some(from) => match from.link(name) {
                    Some(link) => set = Some(link.to),
                    None => break,
                },
            }
        }
        set.ok_or_else(|| Refused::bad("a path begins with a set, such as Things"))
    }

    /// Answers a path with options.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn answer(&self, path: &[Segment], query: &Query) -> Result<Answer, Refused> {
        let (last, names) = match path.split_last() {
            Some((last @ (Segment::Value | Segment::Ref), names)) => (Some(last), names),
            _ => (None, path),
        };
        let target = self.target(names)?;
        let url = self.url(names);
        match (target, last) {
            (Target::Collection(entities), None) => {
                let (page, after) = self.page(&entities, query)?;
                let value = page
                    .iter()
                    .map(|e| self.json(*e, query))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(Answer::Json(collection(value, &after, query, &url)))
            }
            (Target::Collection(entities), Some(Segment::Ref)) => {
                let (page, after) = self.page(&entities, query)?;
                let link = |e: &Entity| json!({"@iot.selfLink": self.self_link(*e)});
                let value = page.iter().map(link).collect();
                Ok(Answer::Json(collection(
                    value,
                    &after,
                    query,
                    &format!("{url}/$ref"),
                )))
            }
            (Target::One(entity), None) => Ok(Answer::Json(self.json(entity, query)?)),
            (Target::One(entity), Some(Segment::Ref)) => Ok(Answer::Json(
                json!({"@iot.selfLink": self.self_link(entity)}),
            )),
            (Target::Property(_, Value::Null), _) => Ok(Answer::Nothing),
            (Target::Property(_, value), Some(Segment::Value)) => Ok(Answer::Text(match value {
                Value::String(text) => text,
                other => other.to_string(),
            })),
            (Target::Property(name, value), None) => Ok(Answer::Json(json!({name: value}))),
            (_, Some(_)) => Err(Refused::bad("$value is for a property, $ref for entities")),
        }
    }

    fn target(&self, path: &[Segment]) -> Result<Target, Refused> {
        let mut target: Option<Target> = None;
        for segment in path {
            let Segment::Name(name, id) = segment else {
                return Err(Refused::bad("$value and $ref stand at the end"));
            };
            target = Some(match target {
                None => {
                    let set = Set::from_name(name).ok_or_else(|| no_set(name))?;
                    match id {
                        None => Target::Collection(self.catalog.all(set)),
                        Some(id) => Target::One(self.find(set, id)?),
                    }
                }
                Some(Target::One(entity)) => self.step(entity, name, id.as_deref())?,
                Some(Target::Property(_, value)) => {
                    Target::Property(name.clone(), value[name.as_str()].clone())
                }
                Some(Target::Collection(_)) => {
                    return Err(Refused::bad(format!(
                        "`{name}` stands behind a collection: choose one of it by its id first"
                    )));
                }
            });
        }
        target.ok_or_else(|| Refused::bad("a path begins with a set, such as Things"))
    }

    fn find(&self, set: Set, id: &str) -> Result<Entity, Refused> {
        let found = self.catalog.find(set, id, self.readings);
        found.ok_or_else(|| {
            let short: String = id.chars().take(100).collect();
            Refused::none(format!("there is no '{short}' among {}", set.name()))
        })
    }

    fn step(&self, entity: Entity, name: &str, id: Option<&str>) -> Result<Target, Refused> {
        let Some(link) = set_of(entity).link(name) else {
            if let (Some(value), None) = (self.property(entity, name), id) {
                return Ok(Target::Property(name.to_owned(), value));
            }
            let short: String = name.chars().take(40).collect();
            return Err(Refused::none(format!(
                "{} have neither a link nor a property `{short}`",
                set_of(entity).name()
            )));
        };
        let entities = self.catalog.follow(entity, link);
        match (link.many, id, &entities) {
            (true, None, _) => Ok(Target::Collection(entities)),
            (true, Some(id), _) => {
                let found = self.find(link.to, id)?;
                let is_linked = match (&entities, found) {
                    (Entities::These(_, all), _) => all.contains(&found),
                    (Entities::Readings(streams), Entity::Observation(s, w, _)) => {
                        streams.contains(&(s, w))
                    }
                    _ => false,
                };
                is_linked.then_some(Target::One(found)).ok_or_else(|| {
                    Refused::none(format!("'{id}' is none of the {name} of this entity"))
                })
            }
            (false, None, Entities::These(_, all)) => all
                .first()
                .map(|e| Target::One(*e))
                .ok_or_else(|| Refused::none(format!("this entity has no {name}"))),
            _ => Err(Refused::bad(format!(
                "{name} is one: no id belongs behind it"
            ))),
        }
    }

    fn property(&self, entity: Entity, name: &str) -> Option<Value> {
        match name {
            "id" | "@iot.id" => Some(self.catalog.id(entity).into()),
            "selfLink" | "@iot.selfLink" => Some(self.self_link(entity).into()),
            _ => self.catalog.properties(entity).remove(name),
        }
    }

    /// The page of a collection that is asked for, with how many there are in all and whether there are more.
    fn page(&self, entities: &Entities, query: &Query) -> Result<(Vec<Entity>, After), Refused> {
        let mut all = match entities {
            Entities::These(_, entities) => entities.clone(),
            Entities::Readings(streams) => self.observations(streams, query)?,
        };
        if let Some(filter) = &query.filter {
            all.retain(|e| {
                filter.holds(&Asked {
                    of: self,
                    entity: *e,
                })
            });
        }
        self.sort(&mut all, &query.order);
        let count = all.len();
        let page: Vec<Entity> = all
            .into_iter()
            .skip(query.skip)
            .take(query.page())
            .collect();
        let next = query.skip.saturating_add(page.len());
        let after = After {
            count,
            next: (next < count && !page.is_empty()).then_some(next),
        };
        Ok((page, after))
    }

    fn observations(
        &self,
        streams: &[(usize, Wanted)],
        query: &Query,
    ) -> Result<Vec<Entity>, Refused> {
        let (from_us, to_us) = query.filter.as_ref().map_or((i64::MIN, i64::MAX), |f| {
            let (a, b) = (f.times("phenomenonTime"), f.times("resultTime"));
            (a.0.max(b.0), a.1.min(b.1))
        });
        let mut all = Vec::new();
        for &(s, w) in streams {
            let points = self
                .readings
                .between(self.catalog.station_id(s), w, from_us, to_us);
            if all.len() + points.len() > MOST_READINGS {
                return Err(Refused::bad(format!(
                    "more than {MOST_READINGS} observations would have to be looked at: ask by Datastream, or for less time with $filter=phenomenonTime ge .. and phenomenonTime le .."
                )));
            }
            all.extend(points.into_iter().map(|p| Entity::Observation(s, w, p)));
        }
        Ok(all)
    }

    fn sort(&self, all: &mut [Entity], order: &[Order]) {
        if order.is_empty() {
            return;
        }
        // Most ask for readings by time, and there are many.
        let by_time = |o: &Order| matches!(o.path.as_slice(), [p] if p == "phenomenonTime" || p == "resultTime");
        if let ([only], Some(Entity::Observation(..))) = (order, all.first())
            && by_time(only)
        {
            let time = |e: &Entity| match e {
                Entity::Observation(_, _, Point { time_us, .. }) => *time_us,
                _ => i64::MIN,
            };
            match only.descending {
                true => all.sort_by_key(|e| std::cmp::Reverse(time(e))),
                false => all.sort_by_key(time),
            }
            return;
        }
        let key = |e: &Entity| -> Vec<Value> {
            let asked = Asked {
                of: self,
                entity: *e,
            };
            let first = |o: &Order| {
                asked
                    .values(&o.path)
                    .into_iter()
                    .next()
                    .unwrap_or(Value::Null)
            };
            order.iter().map(first).collect()
        };
        all.sort_by_cached_key(|e| Key(key(e), order.iter().map(|o| o.descending).collect()));
    }

    /// An entity with its links, what is selected of it, and what is expanded.
    fn json(&self, entity: Entity, query: &Query) -> Result<Value, Refused> {
        let left = self.left.get();
        if left == 0 {
            return Err(Refused::bad(format!(
                "an answer of more than {MOST_ENTITIES} entities: ask for less with $top, also within $expand"
            )));
        }
        self.left.set(left - 1);
        let mut out = self.catalog.properties(entity);
        let own = self.self_link(entity);
        let mut expanded = Map::new();
        for (link, inner) in &query.expand {
            let entities = self.catalog.follow(entity, *link);
            let (page, after) = self.page(&entities, inner)?;
            let values = page
                .iter()
                .map(|e| self.json(*e, inner))
                .collect::<Result<Vec<_>, _>>()?;
            if link.many {
                if inner.count {
                    expanded.insert(format!("{}@iot.count", link.name), after.count.into());
                }
                if let Some(next) = after.next {
                    let url = format!("{own}/{}", link.name);
                    expanded.insert(
                        format!("{}@iot.nextLink", link.name),
                        next_link(&url, inner, next).into(),
                    );
                }
                expanded.insert(link.name.to_owned(), Value::Array(values));
            } else if let Some(value) = values.into_iter().next() {
                expanded.insert(link.name.to_owned(), value);
            }
        }
        out.insert("@iot.id".to_owned(), self.catalog.id(entity).into());
        out.insert("@iot.selfLink".to_owned(), own.clone().into());
        for link in set_of(entity).links() {
            out.insert(
                format!("{}@iot.navigationLink", link.name),
                format!("{own}/{}", link.name).into(),
            );
        }
        if let Some(select) = &query.select {
            out = selected(out, select, set_of(entity))?;
        }
        out.append(&mut expanded);
        Ok(Value::Object(out))
    }

    fn self_link(&self, entity: Entity) -> String {
        // Ids need no escaping; see `wire::topic::is_id`.
        format!(
            "{}/{}('{}')",
            self.root,
            set_of(entity).name(),
            self.catalog.id(entity)
        )
    }

    fn url(&self, path: &[Segment]) -> String {
        let mut url = self.root.to_owned();
        for segment in path {
            if let Segment::Name(name, id) = segment {
                let _ = write!(url, "/{name}");
                if let Some(id) = id {
                    let _ = write!(url, "('{}')", id.replace('\'', "''"));
                }
            }
        }
        url
    }
}

/// An entity that a filter or an order asks about: properties, and what links lead to.
struct Asked<'a, 'b> {
    of: &'b Answerer<'a>,
    entity: Entity,
}

impl Subject for Asked<'_, '_> {
    fn values(&self, path: &[String]) -> Vec<Value> {
        let Some((name, rest)) = path.split_first() else {
            return Vec::new();
        };
        // Readings are many, and asked for these mostly.
        if let (Entity::Observation(_, _, point), []) = (self.entity, rest) {
            match name.as_str() {
                "result" => return vec![point.value.into()],
                "phenomenonTime" | "resultTime" => {
                    return vec![clock::format_utc(point.time_us).into()];
                }
                _ => {}
            }
        }
        if let Some(link) = set_of(self.entity).link(name) {
            // Readings are not looked through for each station: a filter on them belongs to the readings.
            return match self.of.catalog.follow(self.entity, link) {
                Entities::These(_, all) => all
                    .iter()
                    .flat_map(|e| {
                        Asked {
                            of: self.of,
                            entity: *e,
                        }
                        .values(rest)
                    })
                    .collect(),
                Entities::Readings(_) => Vec::new(),
            };
        }
        let mut value = self.of.property(self.entity, name);
        for name in rest {
            value = value.and_then(|mut v| v.get_mut(name).map(Value::take));
        }
        value.into_iter().collect()
    }
}

/// How many there are, and where the next page begins.
struct After {
    count: usize,
    next: Option<usize>,
}

/// Values in an order, each the greatest first where that is asked for.
#[derive(PartialEq)]
struct Key(Vec<Value>, Vec<bool>);

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        for ((a, b), descending) in self.0.iter().zip(&other.0).zip(&self.1) {
            let order = match (a, b) {
                (Value::Number(a), Value::Number(b)) => a
                    .as_f64()
                    .unwrap_or(0.0)
                    .total_cmp(&b.as_f64().unwrap_or(0.0)),
                (Value::String(a), Value::String(b)) => a.cmp(b),
                (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
                // What has no value comes first.
                (a, b) => (!a.is_null()).cmp(&!b.is_null()),
            };
            let order = if *descending { order.reverse() } else { order };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }
}

fn set_of(entity: Entity) -> Set {
    match entity {
        Entity::Thing(_) => Set::Things,
        Entity::Location(_) => Set::Locations,
        Entity::Datastream(..) => Set::Datastreams,
        Entity::Sensor(..) => Set::Sensors,
        Entity::Property(_) => Set::ObservedProperties,
        Entity::Observation(..) => Set::Observations,
        Entity::Feature(_) => Set::FeaturesOfInterest,
    }
}

fn no_set(name: &str) -> Refused {
    let short: String = name.chars().take(40).collect();
    let known: Vec<&str> = Set::ALL.iter().map(|s| s.name()).collect();
    Refused::none(format!(
        "there is no set `{short}`; there are {}",
        known.join(", ")
    ))
}

fn selected(
    mut all: Map<String, Value>,
    select: &[String],
    set: Set,
) -> Result<Map<String, Value>, Refused> {
    let mut out = Map::new();
    for name in select {
        let name = match name.as_str() {
            "id" => "@iot.id".to_owned(),
            "selfLink" => "@iot.selfLink".to_owned(),
            name => set.link(name).map_or_else(
                || name.to_owned(),
                |l: Link| format!("{}@iot.navigationLink", l.name),
            ),
        };
        // A property may be absent on one entity and there on another: that is no mistake of whoever asks.
        if let Some((name, value)) = all.remove_entry(&name) {
            out.insert(name, value);
        }
    }
    Ok(out)
}

fn collection(value: Vec<Value>, after: &After, query: &Query, url: &str) -> Value {
    let mut out = Map::new();
    if query.count {
        out.insert("@iot.count".to_owned(), after.count.into());
    }
    if let Some(next) = after.next {
        out.insert(
            "@iot.nextLink".to_owned(),
            next_link(url, query, next).into(),
        );
    }
    out.insert("value".to_owned(), Value::Array(value));
    Value::Object(out)
}

/// The same question from another entity on.
fn next_link(url: &str, query: &Query, skip: usize) -> String {
    let others = query.written.iter().filter(|(name, _)| name != "$skip");
    let mut out = format!("{url}?$skip={skip}");
    for (name, value) in others {
        let _ = write!(out, "&{name}={}", escape(value));
    }
    out
}

/// Percent-encoding of all that has a meaning in a URL's query, or none there (RFC 3986).
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~$'(),:;/@=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
