export function HealthRoom() {
  return <section class="card"><h2>Health</h2></section>
}
