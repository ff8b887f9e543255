//! A strategy as the simulator knows it: something that answers snapshots.

use std::error::Error;
use std::fmt;

use strategy_abi as abi;

/// Decides for one regimen. The same state and the same snapshot give the same order.
///
/// The messages are the plugin contract's own, so a plugin sees in the simulator exactly
/// what it sees in the daemon. `pumpctl` implements this for a loaded plugin; tests
/// implement it for anything.
pub trait Strategy {
    /// Answers a snapshot.
    ///
    /// # Errors
    ///
    /// Where the strategy is broken: its state is lost, as if its process had died. It is
    /// not asked again until the prescription is armed anew.
    fn step(&mut self, snapshot: &abi::Snapshot) -> Result<abi::Order, StrategyFault>;

    /// The state that another one of it would go on with after its process has died; empty
    /// where there is none.
    ///
    /// # Errors
    ///
    /// Where the strategy is broken.
    fn save(&mut self) -> Result<Vec<u8>, StrategyFault> {
        Ok(Vec::new())
    }

    /// Goes on with such a state.
    ///
    /// # Errors
    ///
    /// Where the strategy refuses it, or is broken.
    fn load(&mut self, state: &[u8]) -> Result<(), StrategyFault> {
        let _ = state;
        Ok(())
    }
}

/// Makes the strategy of one regimen, afresh for each arming.
///
/// Any function that returns a strategy is one of these.
pub trait StrategySource {
    /// A strategy that has seen nothing yet.
    ///
    /// # Errors
    ///
    /// Where the strategy refuses its parameters, or breaks.
    fn create(&mut self) -> Result<Box<dyn Strategy>, StrategyFault>;
}

impl<F, S> StrategySource for F
where
    F: FnMut() -> Result<S, StrategyFault>,
    S: Strategy + 'static,
{
    fn create(&mut self) -> Result<Box<dyn Strategy>, StrategyFault> {
        self().map(|strategy| Box::new(strategy) as Box<dyn Strategy>)
    }
}

/// What went wrong inside a strategy, in words for its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyFault(pub String);

impl fmt::Display for StrategyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for StrategyFault {}
