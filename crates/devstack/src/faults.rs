//! The faults in force on a server, with what is left of each. What they meet and what goes wrong is
//! the server's own.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that goes wrong for some requests.
pub(crate) trait Strikes {
    /// What goes wrong.
    type Effect: Clone;

    /// See above.
    fn effect(&self) -> &Self::Effect;

    /// How many matching requests are still let through first, and how often it strikes then;
    /// `None` is always.
    fn counts(&mut self) -> (&mut u64, &mut Option<u64>);
}

/// In the order in which they were set.
#[derive(Debug)]
pub(crate) struct Faults<F>(Mutex<Vec<F>>);

impl<F> Default for Faults<F> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<F: Strikes + Clone> Faults<F> {
    pub(crate) fn set(&self, faults: Vec<F>) {
        *self.in_force() = faults;
    }

    /// What is left: the counts run down.
    pub(crate) fn left(&self) -> Vec<F> {
        self.in_force().clone()
    }

    /// The effects that a request meets, in the order in which the faults were set.
    pub(crate) fn strike(&self, meets: impl Fn(&F) -> bool) -> Vec<F::Effect> {
        let mut in_force = self.in_force();
        let mut effects = Vec::new();
        for fault in in_force.iter_mut().filter(|fault| meets(fault)) {
            let (after, times) = fault.counts();
            if *after > 0 {
                *after -= 1;
                continue;
            }
            if let Some(times) = times {
                let Some(left) = times.checked_sub(1) else { continue };
                *times = left;
            }
            effects.push(fault.effect().clone());
        }
        in_force.retain_mut(|fault| *fault.counts().1 != Some(0));
        effects
    }

    fn in_force(&self) -> MutexGuard<'_, Vec<F>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its counts and its effect.
    #[derive(Clone, Debug, PartialEq)]
    struct Fault(u64, Option<u64>, &'static str);

    impl Strikes for Fault {
        type Effect = &'static str;

        fn effect(&self) -> &&'static str {
            &self.2
        }

        fn counts(&mut self) -> (&mut u64, &mut Option<u64>) {
            (&mut self.0, &mut self.1)
        }
    }

    #[test]
    fn counts_run_down_by_what_is_met_alone() {
        let faults = Faults::default();
        faults.set(vec![Fault(1, Some(2), "twice"), Fault(3, None, "always")]);
        let met: Vec<Vec<&str>> = (0..10)
            .map(|number| faults.strike(|_| number % 2 == 0))
            .filter(|met| !met.is_empty())
            .collect();
        assert_eq!(met, [vec!["twice"], vec!["twice"], vec!["always"], vec!["always"]]);
        assert_eq!(faults.left(), [Fault(0, None, "always")]);
        faults.set(vec![Fault(0, Some(0), "never")]);
        assert!(faults.strike(|_| true).is_empty());
    }
}
