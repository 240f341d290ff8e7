export function EventRoom() {
  return <section class="card"><h2>Event</h2></section>
}
