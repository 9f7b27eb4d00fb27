//! The person beside the modem, as the engine sees them.

/// Answers the engine's questions. The command line asks a person; a simulated run answers by its scenario.
pub trait Operator {
    /// Shows a text; returns at once.
    fn tell(&mut self, step: &str, text: &str);

    /// Whether there is a person who can act with their hands.
    fn can_act(&self) -> bool;

    /// Whether somebody can answer the question of this step with a value.
    fn can_answer(&self, step: &str) -> bool;

    /// Asks before a step that destroys. `typed` is what a person must type: digits of the unit, or the plan's id.
    fn confirm(&mut self, step: &str, question: &str, typed: &str) -> Answer;

    /// Asks a harmless question: yes or no.
    fn agree(&mut self, step: &str, question: &str) -> Answer;

    /// Asks for one value.
    fn ask(&mut self, step: &str, question: &str) -> Option<String>;

    /// Asks for a secret, without showing what is typed; `None` where that cannot be done.
    fn ask_secret(&mut self, name: &str, question: &str) -> Option<String> {
        let _ = (name, question);
        None
    }

    /// How an answer can be given where nobody is there to ask.
    fn how_to_answer(&self, step: &str) -> String {
        let _ = step;
        "run it in a terminal".to_owned()
    }
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Yes {
        how: &'static str,
    },
    No,
    /// Nobody is there to answer.
    Nobody,
}
