export function HistoryRoom() {
  return <section class="card"><h2>History</h2></section>
}
