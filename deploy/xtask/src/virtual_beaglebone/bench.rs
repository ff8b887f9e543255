//! What a system test works with: a machine that is booted when it is needed, and a record
//! of all that was done to it.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::machine::{Machine, Plan, Said, Workplace};
use crate::tool::Failure;

/// The machine under test.
pub(crate) struct Bench {
    plan: Plan,
    /// The disk a fresh machine begins with.
    base: PathBuf,
    workplace: Workplace,
    machine: Option<Machine>,
    record: String,
    note: String,
}

impl Bench {
    /// Nothing is booted yet.
    ///
    /// # Errors
    /// Where there is no place for a disk.
    pub(crate) fn new(plan: Plan) -> Result<Self, Failure> {
        let base = plan.parts.disk.clone();
        let workplace = Workplace::new(&base)?;
        Ok(Self {
            plan,
            base,
            workplace,
            machine: None,
            record: String::new(),
            note: String::new(),
        })
    }

    /// Runs a script by bash as root in the machine, which is booted first where it is off.
    ///
    /// # Errors
    /// Where the machine does not come up or does not answer.
    pub(crate) fn run(&mut self, script: &str) -> Result<Said, Failure> {
        let said = self.machine()?.run(script);
        let _ = writeln!(self.record, "$ {}", script.trim());
        match &said {
            Ok(said) => {
                let _ = writeln!(self.record, "{}[{}]\n", said.text, said.code);
            }
            Err(failure) => {
                let _ = writeln!(self.record, "{}\n", failure.what);
            }
        }
        said
    }

    /// Runs a script that must end well, and gives what it printed, trimmed.
    ///
    /// # Errors
    /// Where it did not, with what it printed.
    pub(crate) fn must(&mut self, script: &str) -> Result<String, Failure> {
        let said = self.run(script)?;
        if said.code == 0 {
            return Ok(said.text.trim().to_owned());
        }
        Err(Failure::new(format!(
            "this ended with code {}:\n{}\nand printed:\n{}",
            said.code,
            script.trim(),
            said.text
        )))
    }

    /// Runs a script that must print one whole number.
    ///
    /// # Errors
    /// Where it did not.
    pub(crate) fn number(&mut self, script: &str) -> Result<u64, Failure> {
        let text = self.must(script)?;
        text.parse()
            .map_err(|_| Failure::new(format!("`{text}` is no number; it came of:\n{script}")))
    }

    /// Cuts the power while the kernel's witness counts steps, and gives its count.
    ///
    /// # Errors
    /// Where the machine is off, or the witness fails.
    pub(crate) fn cut_power(&mut self) -> Result<u64, Failure> {
        let _ = writeln!(self.record, "[the power is cut]\n");
        let machine = self
            .machine
            .take()
            .ok_or_else(|| Failure::new("the machine is off"))?;
        let count = machine.cut_power(&self.workplace, "witness count")?;
        let _ = writeln!(self.record, "the witness had counted {count}");
        count
            .trim()
            .parse()
            .map_err(|_| Failure::new(format!("`{count}` is no number")))
    }

    /// Waits for the machine to end by itself, and gives its console.
    ///
    /// # Errors
    /// Where it goes on.
    pub(crate) fn wait_for_reset(&mut self) -> Result<String, Failure> {
        let mut machine = self
            .machine
            .take()
            .ok_or_else(|| Failure::new("the machine is off"))?;
        machine.wait_for_the_end()?;
        let console = machine.console();
        let _ = writeln!(self.record, "[it ended]\n{console}");
        Ok(console)
    }

    /// Shuts down in good order.
    ///
    /// # Errors
    /// Where it does not.
    pub(crate) fn power_off(&mut self) -> Result<(), Failure> {
        let _ = writeln!(self.record, "[shut down]\n");
        self.machine.take().map_or(Ok(()), Machine::power_off)
    }

    /// Goes back to a machine that nothing was done to.
    ///
    /// # Errors
    /// Where there is no place for a disk.
    pub(crate) fn fresh(&mut self) -> Result<(), Failure> {
        self.machine = None;
        let _ = writeln!(self.record, "[a fresh machine]\n");
        self.workplace.fresh_disk(&self.base)
    }

    /// Says something that belongs beside the verdict.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.note = note.into();
    }

    /// What was done since the last call, and the note.
    pub(crate) fn take_record(&mut self) -> (String, String) {
        (
            std::mem::take(&mut self.record),
            std::mem::take(&mut self.note),
        )
    }

    fn machine(&mut self) -> Result<&mut Machine, Failure> {
        let machine = match self.machine.take() {
            Some(machine) => machine,
            None => {
                let machine = Machine::boot(&self.plan, &self.workplace)?;
                self.record.push_str("[booted]\n\n");
                machine
            }
        };
        Ok(self.machine.insert(machine))
    }
}
