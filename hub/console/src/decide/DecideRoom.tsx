export function DecideRoom() {
  return <section class="card"><h2>Decide</h2></section>
}
