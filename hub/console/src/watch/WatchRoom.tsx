export function WatchRoom() {
  return <section class="card"><h2>Watch</h2></section>
}
