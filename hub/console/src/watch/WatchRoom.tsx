import { EventBrief } from '../event/EventBrief'
import { Legend } from '../map/Legend'
import { MapPanel } from '../map/MapPanel'
import { StationTable } from '../map/StationTable'
import { AlertsInForce } from './AlertsInForce'
import { Conditions } from './Conditions'
import { Findings } from './Findings'
import { OtherSenders } from './OtherSenders'
import './watch.css'

/** What an officer looks at through a shift: what is in force and what comes, and where. */
export function WatchRoom() {
  return (
    <div class="watch-room">
      <div class="watch-map"><MapPanel /><Legend /><StationTable /></div>
      <div class="watch-side">
        <AlertsInForce />
        <EventBrief />
        <Conditions />
        <Findings />
        <OtherSenders />
      </div>
    </div>
  )
}
