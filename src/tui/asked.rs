//! Something that a panel asks the background for: what was asked, whether the answer is
//! still to come, and the last one.

/// A question with key `K`, its last answer `V`, or why there is none.
#[derive(Debug)]
pub struct Asked<K, V, E = String> {
    /// What was asked for last.
    key: Option<K>,
    is_waiting: bool,
    /// The last answer that was one, and what it answers.
    shown: Option<(K, V)>,
    /// Why the last question has no answer.
    error: Option<E>,
}

impl<K, V, E> Default for Asked<K, V, E> {
    fn default() -> Self {
        Self { key: None, is_waiting: false, shown: None, error: None }
    }
}

impl<K: Clone + PartialEq, V, E> Asked<K, V, E> {
    /// What to send, where `wanted` was not asked for already.
    pub fn ask(&mut self, wanted: K) -> Option<K> {
        if self.key.as_ref() == Some(&wanted) {
            return None;
        }
        self.key = Some(wanted.clone());
        (self.is_waiting, self.error) = (true, None);
        Some(wanted)
    }

    /// Forgets that it was asked, so that the next [`ask`](Self::ask) sends it again.
    pub fn ask_again(&mut self) {
        self.key = None;
    }

    /// Takes in the answer to `key`. An older one is shown meanwhile if it `is_related` to what
    /// was asked for last. Whether it was the newest.
    pub fn answer(&mut self, key: &K, answer: Result<V, E>, is_related: impl Fn(&K) -> bool) -> bool {
        let Some(asked) = &self.key else { return false };
        let is_newest = asked == key;
        if !is_newest && !is_related(asked) {
            return false;
        }
        self.is_waiting &= !is_newest;
        match answer {
            Ok(value) => self.shown = Some((key.clone(), value)),
            Err(error) if is_newest => (self.error, self.shown) = (Some(error), None),
            Err(_) => {}
        }
        is_newest
    }

    /// What was asked for turned out to be `key`: asking for that is asking for the same.
    pub fn correct(&mut self, key: K) {
        self.key = Some(key);
    }

    /// What was asked for last.
    pub const fn key(&self) -> Option<&K> {
        self.key.as_ref()
    }

    /// Whether its answer is still to come.
    pub const fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// The last answer, unless the last question has none.
    pub fn shown(&self) -> Option<&(K, V)> {
        self.shown.as_ref().filter(|_| self.error.is_none())
    }

    /// The last answer, whatever was asked since.
    pub const fn last(&self) -> Option<&(K, V)> {
        self.shown.as_ref()
    }

    /// Why the last question has no answer.
    pub const fn error(&self) -> Option<&E> {
        self.error.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Question = Asked<(char, u8), &'static str>;

    /// Of the same letter.
    fn answer(asked: &mut Question, key: (char, u8), answer: Result<&'static str, String>) -> bool {
        asked.answer(&key, answer, |other| other.0 == key.0)
    }

    #[test]
    fn the_same_is_asked_once_until_it_is_to_be_asked_again() {
        let mut asked = Question::default();
        assert_eq!(asked.ask(('a', 1)), Some(('a', 1)));
        assert_eq!(asked.ask(('a', 1)), None);
        assert!(asked.is_waiting());
        assert!(answer(&mut asked, ('a', 1), Ok("one")));
        assert_eq!((asked.is_waiting(), asked.ask(('a', 1))), (false, None));
        asked.correct(('a', 0));
        assert_eq!(asked.ask(('a', 0)), None);
        asked.ask_again();
        assert!(!answer(&mut asked, ('a', 0), Ok("late")), "nobody waits for it");
        assert_eq!(asked.ask(('a', 0)), Some(('a', 0)));
        assert_eq!(asked.shown(), Some(&(('a', 1), "one")), "until the new one comes");
    }

    #[test]
    fn older_answers_are_shown_where_they_belong_and_their_errors_are_not() {
        let mut asked = Question::default();
        asked.ask(('a', 1));
        asked.ask(('a', 2));
        assert!(!answer(&mut asked, ('a', 1), Ok("one")));
        assert!(!answer(&mut asked, ('b', 2), Ok("other")));
        assert_eq!((asked.shown(), asked.is_waiting()), (Some(&(('a', 1), "one")), true));
        answer(&mut asked, ('a', 1), Err("late".into()));
        assert_eq!(asked.error(), None);
        assert!(answer(&mut asked, ('a', 2), Err("no".into())));
        assert_eq!((asked.error().map(String::as_str), asked.shown()), (Some("no"), None));
        assert_eq!(asked.ask(('a', 3)), Some(('a', 3)));
        assert_eq!(asked.error(), None, "a new question");
    }
}
