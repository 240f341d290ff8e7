### English. Every other language has the same messages, attributes and variables: the build refuses one that does not.
### Plain words, imperative, short sentences. Times, heights and names come in as finished text.

## Mode. The word stands three times before every headline, description and instruction.
## No other text may contain it: people and filters know a drill by it.

mode-exercise =
    .word = EXERCISE
    .sentence = This is only an exercise. There is no real danger. Do not act on this message.
    .ended-headline = The exercise is over
    .ended-description = The exercise is over. There was no real danger. From now on, take every message without this word as real.
    .ended-instruction = You need not do anything.
mode-test =
    .word = TEST
    .sentence = This is only a test of the system. There is no danger. Do not act on this message.
    .ended-headline = The test is over
    .ended-description = The test of the system is over. There was no danger. From now on, take every message without this word as real.
    .ended-instruction = You need not do anything.

## Joining

list-separator = { ", " }
full-stop = .
sentence-separator = { " " }

## Time and place

clock = { $hour }:{ $minute }
# $number is the month, 1 to 12.
date =
    { $day } { $number ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }
date-clock = { $date }, { $clock }
time-utc = { $time } UTC
time-local = { $local } local time ({ $utc } UTC)
coordinates =
    { $lat }° { $north ->
        [north] N
       *[south] S
    }, { $lon }° { $east ->
        [east] E
       *[west] W
    }
place-named = { $name } ({ $coordinates })

## Kinds of message

level-none = Tsunami information
level-advisory = Tsunami advisory
level-warning = Tsunami warning
level-major = Major tsunami warning
event-tsunami = Tsunami
event-traffic = Traffic incident
event-energy = Power grid disturbance
event-limit = Sensor limit passed
event-officer = Public safety message

## Quantities

quantity-sea-level = Sea level
quantity-water-pressure = Water pressure
quantity-water-temperature = Water temperature
quantity-speed = Traffic speed
quantity-occupancy = Road occupancy
quantity-flow = Traffic flow
quantity-travel-time = Travel time
quantity-voltage = Voltage
quantity-current = Electric current
quantity-active-power = Active power
quantity-reactive-power = Reactive power
quantity-apparent-power = Apparent power
quantity-power-factor = Power factor
quantity-frequency = Grid frequency
quantity-active-energy = Energy
quantity-acceleration = Ground acceleration
quantity-battery-voltage = Battery voltage
unit-vehicles-per-hour = vehicles per hour

## Headlines

headline-areas = { $level }: { $areas }
headline-many =
    { $level }: { $count ->
        [one] { $count } zone, { $first }
       *[other] { $count } zones, from { $first } to { $last }
    }
headline-nowhere = { $level }: no zone is expected to reach a warning level
headline-cancelled = Tsunami alert cancelled
headline-limit = { $what }: { $station }
headline-limit-over = { $what }: { $station } - over

## What happened

earthquake = An earthquake of magnitude { $magnitude } happened on { $when }. Place: { $place }, { $depth } km deep.
no-earthquake = No earthquake is known that explains the waves. They fit one source near { $place } (known to about { $km } km), at about { $when }.
no-wave-left = No earthquake is known, and no sensor shows a wave any more.
no-wave-seen = A tsunami is possible. No sensor has seen a wave yet.
wave-measured = A tsunami has been measured at { $stations }.

## What comes

arrival-due = first wave about { $when }
arrival-now = the first wave may be there already
zone = { $name } - { $level }: { $arrival }, height at the shore about { $middle } m (likely between { $low } and { $high } m).
first-wave-due = First wave about { $when }.
first-wave-now = The first wave may be there already.
areas = Areas: { $areas }.
lifted = No longer in force for: { $areas }.
nature = The first wave is often not the highest. Dangerous waves and currents can go on for many hours.

## Why there is a new message

reason-explained = Update: an earthquake is now known that explains the waves.
reason-revised = Update: the earthquake's magnitude or place has been revised.
reason-confirmed = Update: the tsunami is confirmed.
reason-unconfirmed = Update: the measurements that had confirmed the tsunami turned out to show no wave.
reason-forecast = Update: the forecast has been renewed with measured wave heights.
reason-modelled = Update: the forecast has been renewed with a full computation of the wave.
reason-renewal = Update: the alert remains in force.
reason-all-clear = The sea has been quiet at every sensor that measured the tsunami. The alert is cancelled. Currents can stay strong for some time.
reason-no-wave = No wave arrived at the sensors where it was due. The alert is cancelled.
reason-withdrawn = The earthquake has been revised and cannot have made a dangerous tsunami. The alert is cancelled.

## What to do now

instruction-none = You need not do anything. Follow the news of the local authorities.
instruction-advisory = Get out of the water now. Keep away from beaches, harbours and river mouths. Stay away until the all clear.
instruction-warning = Leave the shore now. Move inland or to high ground now, on foot if you can. If there is no time, go to a high floor of a strong building. Stay there until the all clear.
instruction-major = Leave the shore now. Move as far inland or as high as you can, on foot if you can. If there is no time, go to a high floor of a strong building. Stay there until the all clear.
instruction-all-clear = Go back only when the local authorities say that it is safe. Keep out of the water while currents are strong.
instruction-traffic = Slow down and keep your distance. Avoid the place if you can. Follow the signs and the police.
instruction-energy = Your power may fail. Keep away from fallen power lines. Switch off devices that you do not need.
instruction-limit = Follow the instructions of the local authorities.
instruction-limit-over = You need not do anything.
instruction-officer = Follow the instructions of the local authorities.

## A limit at a station

limit-above = above { $value }
limit-below = below { $value }
limit-rate = a change of more than { $value }
rate = { $value } per second
limit-passed = { $station } measured { $value } on { $when }. Limit for an alert: { $limit }.
limit-over = { $station } is back within its limit: { $value } on { $when }. Limit for an alert: { $limit }.

## A message that was sent in error

# $event is tsunami, traffic, energy or other.
retraction =
    .headline =
        { $event ->
            [tsunami] Sent in error: there is no tsunami danger from our message
           *[other] Sent in error: please disregard our message
        }
    .description =
        { $event ->
            [tsunami] The message of { $when } was sent in error. There is no tsunami danger from it.
           *[other] The message of { $when } was sent in error. There is no danger from it.
        }
    .instruction =
        { $event ->
            [tsunami] Disregard that message. If you left the shore because of it, you can go back. If you feel a strong earthquake or see the sea draw back, leave the shore at once.
           *[other] Disregard that message. You need not do anything.
        }

## A message that an officer wrote: only the frame is ours

officer =
    .description = { $sender } says on { $when }: { $text }
