//! The step from one phase to the next: the weights that it begins with (`begin`), its rates and frozen variables.

use super::state::Session;
use crate::checkpoint::{self, ModelFile};
use crate::optim::{Optimizer, PlateauState};
use crate::training::job::FitError;
use crate::training::phase::Begin;

impl Session<'_, '_> {
    /// Ends the phase here and begins the next one: its rates, its frozen variables, fresh moments.
    pub(super) fn next_phase(&mut self) -> Result<(), FitError> {
        let step = self.progress.step;
        self.progress.ends.push(step);
        self.progress.plateau = PlateauState::default();
        self.progress.since_best = 0;
        let phase = self.phase().clone();
        let path = checkpoint::best_path(self.job.run);
        let best = (phase.begin == Begin::Best).then(|| ModelFile::read(&path));
        let best = best.transpose()?;
        for vars in std::iter::once(&mut self.vars).chain(&mut self.average) {
            if let Some(best) = &best {
                best.load_into(&path, vars)?;
            }
            vars.freeze(|name| phase.freezes(name));
        }
        self.optimizer =
            Optimizer::new(phase.optimizer, &self.vars).with_rates(&self.vars, &phase.layer_rates);
        let (number, of) = (self.progress.ends.len() + 1, self.plan.len());
        self.note(format!(
            "step {step}: phase {number} of {of} begins: {}",
            phase.describe()
        ));
        Ok(())
    }
}
