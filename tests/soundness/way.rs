//! The way from several modes to one, and home at the end.

use crate::draft::{Draft, Model, Part, Step, modes, quoted};
use crate::steps::Does;
use unbrick::plan::Mode;

impl Draft {
    /// Where a plan may begin in several modes, it often brings them together first.
    pub(crate) fn meet(&mut self, steps: &mut Vec<Step>) {
        if self.modes.len() < 2 || self.random.percent(20) {
            return;
        }
        let starts = self.modes.clone();
        for mode in &starts {
            if !self.random.percent(70) {
                continue;
            }
            let mut step = match mode {
                Mode::Normal => self.by_diag().0,
                Mode::Ramdump if self.model == Model::Rm502q => self.by_diag().0,
                _ => {
                    let mut step = Step::new(self.fresh("hands"));
                    let hands = vec!["unplug", "boot-pin-on", "plug"];
                    self.hands.push((step.id.clone(), hands));
                    step.put("operator.do: { say: Tie the pin. }");
                    step.put("timeout: 5m");
                    step
                }
            };
            step.put(format!("only_in: {}", modes(&[*mode])));
            steps.push(step);
        }
        let (step, _) = self.wait(Some(Mode::Edl));
        self.modes = vec![Mode::Edl];
        steps.push(step);
    }

    /// Steps in an order that leads to something that destroys: by chance alone few plans would come that far.
    pub(crate) fn recipe(&mut self, steps: &mut Vec<Step>) {
        self.part = Part::Main;
        match (self.random.below(100), self.mode()) {
            (0..=6, Some(Mode::Normal)) => {
                self.plain(steps, Self::backup);
                self.plain(steps, Self::restore);
            }
            (7..=11, Some(Mode::Normal)) => {
                self.plain(steps, Self::backup);
                self.plain(steps, Self::write_nv);
            }
            (12..=22, Some(mode @ (Mode::Normal | Mode::Edl))) => {
                if mode == Mode::Normal {
                    self.plain(steps, Self::by_diag);
                }
                self.plain(steps, Self::load);
                self.plain(steps, Self::read_back);
                self.plain(steps, Self::flash);
                self.plain(steps, Self::leave_programmer);
            }
            _ => {}
        }
    }

    /// A step with nothing around its action.
    fn plain(&mut self, steps: &mut Vec<Step>, action: fn(&mut Self) -> (Step, Does)) {
        let (step, does) = action(self);
        self.modes = does.leaves.unwrap_or_else(|| self.modes.clone());
        self.names.extend(does.saves);
        steps.push(step);
    }

    /// A plan that ends somewhere.
    pub(crate) fn go_home(&mut self, steps: &mut Vec<Step>) {
        self.part = Part::Main;
        if self.mode().is_none() {
            let home = match self.bound.take() {
                None | Some(Mode::Off) => Mode::Normal,
                Some(mode) => mode,
            };
            let (step, does) = self.wait(Some(home));
            steps.push(step);
            self.modes = does.leaves.unwrap_or_default();
        }
        if self.destroys || self.random.percent(30) {
            self.prove(steps);
        } else if self.random.percent(50) {
            let (step, _) = self.check();
            steps.push(step);
        }
    }

    /// A claim over something that is read at the end, without which a plan that destroys is not taken.
    fn prove(&mut self, steps: &mut Vec<Step>) {
        let fact = self.fresh("f");
        let mut step = Step::new(self.fresh("last"));
        if self.mode() == Some(Mode::Normal) {
            let reply = quoted(&format!(r"\+CFUN: (?<{fact}>\d+)"));
            step.put(format!("at.ask: {{ send: \"AT+CFUN?\", reply: {reply} }}"));
            step.put("retry: { attempts: 9, delay: 5s }");
        } else {
            step.put("operator.ask: { say: How many? }");
        }
        step.put(format!("save: {{ {fact}: int }}"));
        step.put("timeout: 5s");
        steps.push(step);
        let mut step = Step::new(self.fresh("proof"));
        let condition = self.condition();
        let that = quoted(&format!("{fact} >= 0 || ({condition})"));
        step.put(format!("check: [{{ that: {that}, else: No. }}]"));
        steps.push(step);
    }
}
