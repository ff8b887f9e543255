//! Broken twins: ways to break the control law on purpose, so that a test can show that it
//! would notice. They exist in test builds only.

/// One way to be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code))]
pub(crate) enum Twin {
    /// The windows' promise leaves the basal out: the defect of a published specification.
    BasalForgotten,
    /// What was given leaves no window while nothing flows.
    WindowsStandStill,
    /// Lockout and counts are left to the strategy.
    LockoutIgnored,
    /// A loading bolus is no bolus to a lockout.
    LoadingForgotten,
    /// A strategy gets what it asks for.
    EnvelopeIgnored,
    /// A lapsed lease changes nothing.
    LeaseForgotten,
    /// A late loop catches up as fast as it can.
    Burst,
    /// The remainder is dropped at every edge.
    RemainderDropped,
    /// Nobody counts how often the same alarm has stopped the pump.
    StopsForgotten,
    /// Nobody counts what fell due and was not given.
    MissesForgotten,
    /// What a window held before a restart is not read back.
    WindowsUnread,
    /// A lockout is forgotten over a restart.
    BolusesUnread,
    /// What was given is forgotten when the prescription is.
    DisarmingForgets,
    /// Nobody counts the air that is given.
    AirForgotten,
    /// What a disabled motor may have moved is told and counts nowhere.
    DisplacedForgotten,
    /// What may have been given before a restart is dated at the checkpoint before it.
    RestartUndated,
    /// The windows are forgotten by a refill.
    RefillForgets,
    /// Steps are issued without waiting for durable credit.
    CreditForgotten,
}

#[cfg(not(test))]
pub(crate) const fn broken(_: Twin) -> bool {
    false
}

#[cfg(test)]
extern crate std;

#[cfg(test)]
std::thread_local! {
    static BROKEN: core::cell::Cell<Option<Twin>> = const { core::cell::Cell::new(None) };
}

#[cfg(test)]
pub(crate) fn broken(twin: Twin) -> bool {
    BROKEN.with(|broken| broken.get() == Some(twin))
}

/// Runs `test` with the control law of this thread broken.
#[cfg(test)]
pub(crate) fn with<T>(twin: Twin, test: impl FnOnce() -> T) -> T {
    struct Mend;
    impl Drop for Mend {
        fn drop(&mut self) {
            BROKEN.with(|broken| broken.set(None));
        }
    }
    let _mend = Mend;
    BROKEN.with(|broken| broken.set(Some(twin)));
    test()
}
