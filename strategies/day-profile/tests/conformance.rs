//! What the contract asks of every strategy, a test for each rule.

strategy_sdk::conform!(day_profile::DayProfile);
