//! A minimum heap of cells with decrease-key, for the marching front of [`crate::travel_time`].
//!
//! Four children per node: half as deep as a binary heap, and the children share a cache line. Equal times leave
//! in order of cell index, so that the march never depends on the history of insertions.

/// "Not in the heap".
const ABSENT: u32 = u32::MAX;

/// Cells of the narrow band, earliest first. Cells are `0..n`, times finite.
pub(crate) struct Front {
    heap: Vec<(f64, u32)>,
    place: Vec<u32>,
}

fn before(a: (f64, u32), b: (f64, u32)) -> bool {
    a.0 < b.0 || (a.0 == b.0 && a.1 < b.1)
}

impl Front {
    pub(crate) fn new(cells: usize) -> Self {
        Front {
            heap: Vec::new(),
            place: vec![ABSENT; cells],
        }
    }

    /// Inserts a cell, or moves it forward when `time` is earlier than what it has.
    pub(crate) fn offer(&mut self, cell: u32, time: f64) {
        let place = self.place[cell as usize];
        if place == ABSENT {
            self.heap.push((time, cell));
            self.rise(self.heap.len() - 1, (time, cell));
        } else if time < self.heap[place as usize].0 {
            self.rise(place as usize, (time, cell));
        }
    }

    /// Takes the earliest cell out.
    pub(crate) fn pop(&mut self) -> Option<(f64, u32)> {
        let last = self.heap.pop()?;
        let Some(&first) = self.heap.first() else {
            self.place[last.1 as usize] = ABSENT;
            return Some(last);
        };
        self.place[first.1 as usize] = ABSENT;
        self.sink(last);
        Some(first)
    }

    fn put(&mut self, at: usize, entry: (f64, u32)) {
        self.heap[at] = entry;
        self.place[entry.1 as usize] = at as u32;
    }

    fn rise(&mut self, mut at: usize, entry: (f64, u32)) {
        while at > 0 {
            let parent = (at - 1) / 4;
            if !before(entry, self.heap[parent]) {
                break;
            }
            self.put(at, self.heap[parent]);
            at = parent;
        }
        self.put(at, entry);
    }

    fn sink(&mut self, entry: (f64, u32)) {
        let mut at = 0;
        loop {
            let from = at * 4 + 1;
            let to = (from + 4).min(self.heap.len());
            let Some(child) = (from..to).reduce(|a, b| {
                if before(self.heap[b], self.heap[a]) {
                    b
                } else {
                    a
                }
            }) else {
                break;
            };
            if !before(self.heap[child], entry) {
                break;
            }
            self.put(at, self.heap[child]);
            at = child;
        }
        self.put(at, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_in_order_of_time_then_cell() {
        let mut front = Front::new(300);
        // A fixed scramble of 300 cells with many equal times; each offered late first, then earlier.
        for k in 0..300u32 {
            let cell = (k * 7919) % 300;
            front.offer(cell, f64::from(cell % 17) + 5.0);
        }
        for cell in (0..300u32).rev() {
            front.offer(cell, f64::from(cell % 17));
            front.offer(cell, f64::from(cell % 17) + 1.0);
        }
        let mut out = Vec::new();
        while let Some(entry) = front.pop() {
            out.push(entry);
        }
        assert_eq!(out.len(), 300);
        assert!(out.windows(2).all(|w| before(w[0], w[1])));
        front.offer(3, 1.0);
        assert_eq!(front.pop(), Some((1.0, 3)));
        assert_eq!(front.pop(), None);
    }
}
