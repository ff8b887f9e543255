//! The routes a prescription may name.

use crate::report::Report;
use crate::tree::Entry;
use crate::value::choice;

/// Where the fluid goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// Into the fluid around the spinal cord.
    Intrathecal,
    /// Into a ventricle of the brain.
    Intracerebroventricular,
    /// Around the dura.
    Epidural,
    /// Around a nerve.
    Perineural,
    /// Into a vein.
    Intravenous,
    /// Under the skin.
    Subcutaneous,
    /// Into the abdominal cavity.
    Intraperitoneal,
}

impl Route {
    /// Every route.
    pub const ALL: [Self; 7] = [
        Self::Intrathecal,
        Self::Intracerebroventricular,
        Self::Epidural,
        Self::Perineural,
        Self::Intravenous,
        Self::Subcutaneous,
        Self::Intraperitoneal,
    ];

    /// Their words in TOML.
    pub const NAMES: [&'static str; 7] = {
        let mut names = [""; 7];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ALL[at].name();
            at += 1;
        }
        names
    };

    /// The word in TOML.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intrathecal => "intrathecal",
            Self::Intracerebroventricular => "intracerebroventricular",
            Self::Epidural => "epidural",
            Self::Perineural => "perineural",
            Self::Intravenous => "intravenous",
            Self::Subcutaneous => "subcutaneous",
            Self::Intraperitoneal => "intraperitoneal",
        }
    }

    /// Whether a keep-vein-open rate is a policy for this route (requirement D09): not into
    /// the cerebrospinal fluid, where there is no vein and every flow is a dose.
    pub const fn allows_kvo(self) -> bool {
        !matches!(self, Self::Intrathecal | Self::Intracerebroventricular)
    }

    pub(crate) fn read(entry: &Entry, report: &mut Report) -> Option<Self> {
        let found = choice(entry, &Self::NAMES, report)?;
        Self::ALL.get(found.value).copied()
    }
}
