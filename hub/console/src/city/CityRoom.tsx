export function CityRoom() {
  return <section class="card"><h2>City</h2></section>
}
