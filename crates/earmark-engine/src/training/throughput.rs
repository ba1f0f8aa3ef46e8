//! How fast training is, and whether it waits for its data.

/// How long steps took, and how much of that time they waited for their batches. Validations and saves do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Throughput {
    /// Steps done by this process.
    pub steps: usize,
    /// Seconds of these steps, waiting included.
    pub seconds: f64,
    /// Seconds until the first batch was there.
    pub first_wait: f64,
    /// Seconds that later steps waited for batches that were not ready.
    pub waited: f64,
}

impl Throughput {
    /// Adds a step of `seconds`, of which it waited `waited`.
    pub(crate) fn add(&mut self, waited: f64, seconds: f64) {
        let wait = if self.steps == 0 {
            &mut self.first_wait
        } else {
            &mut self.waited
        };
        *wait += waited;
        self.steps += 1;
        self.seconds += seconds;
    }

    /// Share of the time after the first batch in which training waited for data; 0 before the first step.
    pub fn waiting_share(&self) -> f64 {
        let seconds = self.seconds - self.first_wait;
        if seconds > 0.0 { self.waited / seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_batch_does_not_count_as_waiting() {
        let mut throughput = Throughput::default();
        assert_eq!(throughput.waiting_share(), 0.0);
        for (waited, seconds) in [(2.0, 3.0), (0.0, 1.0), (0.5, 1.5)] {
            throughput.add(waited, seconds);
        }
        let want = Throughput {
            steps: 3,
            seconds: 5.5,
            first_wait: 2.0,
            waited: 0.5,
        };
        assert_eq!(throughput, want);
        assert_eq!(throughput.waiting_share(), 0.5 / 3.5);
    }
}
