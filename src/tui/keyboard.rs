//! Keys, the mouse and pastes, from the bytes that a terminal sends.
//!
//! crossterm's own reader waits for a paste's end however long that takes, and every key
//! pressed meanwhile is a part of the paste, Ctrl-C too. This one gives up.

use std::io;
#[cfg(unix)]
use std::io::ErrorKind;
use std::time::Duration;

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
#[cfg(unix)]
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use terminput_crossterm::to_crossterm;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const ESCAPE: u8 = 0x1b;
const CTRL_C: u8 = 0x03;
const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";
/// Longest paste that is kept, bytes; what is beyond is lost.
const MAX_PASTE: usize = 1 << 20;
/// Longest sequence of a key or of the mouse, bytes.
const MAX_SEQUENCE: usize = 64;
/// After this long a lone ESC is the key, and a Ctrl-C at the end of what was pasted is a
/// person's. Over a slow line the rest of a sequence comes later than its first byte.
const KEY: Duration = Duration::from_millis(30);
/// After this long a sequence that broke off is over.
const SEQUENCE: Duration = Duration::from_millis(500);
/// After this long without a byte a paste is over. A line may stall for a moment, and what
/// comes after the end is taken for keys.
const PASTE: Duration = Duration::from_secs(2);

/// Turns bytes into keys, mouse and pastes.
#[derive(Debug, Default)]
pub struct Decoder {
    /// A sequence whose end has not come.
    sequence: Vec<u8>,
    /// A paste whose end has not come.
    paste: Option<Vec<u8>>,
}

impl Decoder {
    /// What `bytes` end.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<Input> {
        let mut found = Vec::new();
        bytes.iter().for_each(|byte| self.push(*byte, &mut found));
        found
    }

    /// How long to wait for more bytes before [`Self::give_up`]; `None` where nothing is
    /// open.
    pub fn patience(&self) -> Option<Duration> {
        match &self.paste {
            Some(paste) if paste.last() == Some(&CTRL_C) => Some(KEY),
            Some(_) => Some(PASTE),
            None if self.sequence.is_empty() => None,
            None if self.sequence == [ESCAPE] => Some(KEY),
            None => Some(SEQUENCE),
        }
    }

    /// What is open is over: nothing more came.
    pub fn give_up(&mut self) -> Option<Input> {
        let sequence = std::mem::take(&mut self.sequence);
        match self.paste.take() {
            Some(paste) if paste.last() == Some(&CTRL_C) => {
                Some(key(KeyCode::Char('c'), KeyModifiers::CONTROL))
            }
            Some(paste) => Some(pasted(&paste)),
            None => (sequence == [ESCAPE]).then(|| key(KeyCode::Esc, KeyModifiers::NONE)),
        }
    }

    fn push(&mut self, byte: u8, found: &mut Vec<Input>) {
        if let Some(paste) = &mut self.paste {
            paste.push(byte);
            if paste.ends_with(PASTE_END) {
                paste.truncate(paste.len() - PASTE_END.len());
                found.push(pasted(paste));
                self.paste = None;
            } else if paste.len() > MAX_PASTE + PASTE_END.len() {
                // The last bytes may be the end's first.
                paste.remove(MAX_PASTE);
            }
            return;
        }
        let is_alone = self.sequence == [ESCAPE];
        if byte == ESCAPE && is_alone {
            found.push(key(KeyCode::Esc, KeyModifiers::NONE));
            return;
        }
        // Two keys, pressed at once.
        if byte == CTRL_C && is_alone {
            found.push(key(KeyCode::Esc, KeyModifiers::NONE));
            self.sequence.clear();
        }
        // No sequence holds a control character: the one that is open broke off.
        if byte < b' ' && !is_alone {
            self.sequence.clear();
        }
        self.sequence.push(byte);
        if byte == ESCAPE {
            return;
        }
        if self.sequence == PASTE_BEGIN {
            self.sequence.clear();
            self.paste = Some(Vec::new());
            return;
        }
        if is_nowhere(&self.sequence) {
            return self.sequence.clear();
        }
        match terminput::Event::parse_from(&self.sequence) {
            Ok(None) if self.sequence.len() < MAX_SEQUENCE => {}
            Ok(event) => {
                self.sequence.clear();
                found.extend(event.and_then(|event| to_crossterm(event).ok()));
            }
            // Half a character, and then a whole one.
            Err(_) if self.sequence.len() > 1 && self.sequence[0] != ESCAPE && byte.is_ascii() => {
                self.sequence.clear();
                self.push(byte, found);
            }
            Err(_) => self.sequence.clear(),
        }
    }
}

/// Whether it is the mouse, in column or row 0, where no cell is: they count from 1.
fn is_nowhere(sequence: &[u8]) -> bool {
    let Some((b'M' | b'm', place)) = sequence.split_last() else { return false };
    place.split(|byte| *byte == b';').skip(1).any(|n| !n.is_empty() && n.iter().all(|byte| *byte == b'0'))
}

const fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, modifiers))
}

fn pasted(bytes: &[u8]) -> Input {
    let kept = &bytes[..bytes.len().min(MAX_PASTE)];
    Input::Paste(String::from_utf8_lossy(kept).into_owned())
}

/// Keys, mouse, pastes and new sizes, read on a thread of its own. Ends with an error when
/// the terminal is gone.
pub fn listen() -> UnboundedReceiver<io::Result<Input>> {
    let (sender, receiver) = unbounded_channel();
    #[cfg(unix)]
    report_sizes(sender.clone());
    // A thread that cannot be had means that there are no keys: the channel closes.
    let _ = std::thread::Builder::new().name("keys".into()).spawn(move || {
        if let Err(error) = read_all(&sender) {
            let _ = sender.send(Err(error));
        }
    });
    receiver
}

/// Until the terminal, or whoever listens, is gone.
#[cfg(unix)]
fn read_all(sender: &UnboundedSender<io::Result<Input>>) -> io::Result<()> {
    let stdin = io::stdin();
    let mut decoder = Decoder::default();
    let mut bytes = [0; 4096];
    loop {
        let limit = decoder.patience().and_then(|limit| Timespec::try_from(limit).ok());
        let found = match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], limit.as_ref()) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(0) => decoder.give_up().into_iter().collect(),
            Ok(_) => match rustix::io::read(&stdin, &mut bytes).map_err(io::Error::from) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => decoder.read(&bytes[..length]),
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {
                    continue;
                }
                Err(error) => return Err(error),
            },
        };
        for input in found {
            if sender.send(Ok(input)).is_err() {
                return Ok(());
            }
        }
    }
}

/// The terminal's size, whenever it changes.
#[cfg(unix)]
fn report_sizes(sender: UnboundedSender<io::Result<Input>>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut changes) = signal(SignalKind::window_change()) else { return };
    tokio::spawn(async move {
        while changes.recv().await.is_some() {
            let (columns, rows) = crossterm::terminal::size().unwrap_or_default();
            if sender.send(Ok(Input::Resize(columns, rows))).is_err() {
                break;
            }
        }
    });
}

#[cfg(not(unix))]
fn read_all(sender: &UnboundedSender<io::Result<Input>>) -> io::Result<()> {
    while sender.send(Ok(crossterm::event::read()?)).is_ok() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    use proptest::prelude::*;

    const NONE: KeyModifiers = KeyModifiers::NONE;

    fn ctrl_c() -> Input {
        key(KeyCode::Char('c'), KeyModifiers::CONTROL)
    }

    fn typed(text: &str) -> Vec<Input> {
        text.chars().map(|c| key(KeyCode::Char(c), NONE)).collect()
    }

    #[test]
    fn keys_are_those_of_the_terminal() {
        let cases: [(&[u8], Input); 12] = [
            (b"q", key(KeyCode::Char('q'), NONE)),
            (b"Q", key(KeyCode::Char('Q'), KeyModifiers::SHIFT)),
            ("é".as_bytes(), key(KeyCode::Char('é'), NONE)),
            (b"\r", key(KeyCode::Enter, NONE)),
            (b"\x03", ctrl_c()),
            (b"\x1b[A", key(KeyCode::Up, NONE)),
            (b"\x1bOA", key(KeyCode::Up, NONE)),
            (b"\x1b[1;5C", key(KeyCode::Right, KeyModifiers::CONTROL)),
            (b"\x1b[Z", key(KeyCode::BackTab, KeyModifiers::SHIFT)),
            (b"\x1bf", key(KeyCode::Char('f'), KeyModifiers::ALT)),
            (b"\x1b[5~", key(KeyCode::PageUp, NONE)),
            (b"\x1b[200~a\nb\x1b[201~", Input::Paste("a\nb".into())),
        ];
        for (bytes, input) in cases {
            let mut decoder = Decoder::default();
            let mut each = Vec::new();
            bytes.chunks(1).for_each(|byte| each.extend(decoder.read(byte)));
            assert_eq!(each, std::slice::from_ref(&input), "{bytes:?}, a byte at a time");
            assert_eq!((decoder.read(bytes), decoder.patience()), (vec![input], None), "{bytes:?}, at once");
        }
        let clicked = Decoder::default().read(b"\x1b[<0;12;3M");
        let kind = MouseEventKind::Down(MouseButton::Left);
        assert_eq!(clicked, [Input::Mouse(MouseEvent { kind, column: 11, row: 2, modifiers: NONE })]);
        assert_eq!(Decoder::default().read(b"\x1b[<0;0;3Mq"), typed("q"), "there is no column 0");
    }

    #[test]
    fn a_lone_escape_is_a_key_once_nothing_follows() {
        let mut decoder = Decoder::default();
        assert_eq!((decoder.read(b"\x1b"), decoder.patience()), (vec![], Some(KEY)));
        assert_eq!(decoder.give_up(), Some(key(KeyCode::Esc, NONE)));
        assert_eq!(decoder.read(b"\x1b\x03"), [key(KeyCode::Esc, NONE), ctrl_c()]);
        assert_eq!(
            (decoder.read(b"\x1b\x1b[A"), decoder.patience()),
            (vec![key(KeyCode::Esc, NONE), key(KeyCode::Up, NONE)], None)
        );
    }

    #[test]
    fn what_breaks_off_takes_no_key_with_it() {
        for broken in [&b"\x1b["[..], b"\x1b[1;", b"\x1b[<0;1", b"\x1bO", b"\xe2\x82", b"\x1b[M "] {
            let mut decoder = Decoder::default();
            assert_eq!(decoder.read(broken), []);
            assert_eq!(decoder.read(b"\x03"), [ctrl_c()], "{broken:?}, then Ctrl-C");
            decoder.read(broken);
            assert_eq!((decoder.patience(), decoder.give_up()), (Some(SEQUENCE), None));
            assert_eq!(decoder.read(b"q"), typed("q"), "{broken:?}, then q");
        }
        assert_eq!(Decoder::default().read(b"\xc3q"), typed("q"));
        let mut endless = Decoder::default();
        assert_eq!(endless.read(&[b"\x1b[".as_slice(), &[b'1'; MAX_SEQUENCE]].concat()), typed("11"));
    }

    #[test]
    fn a_paste_without_an_end_is_over_after_a_while_and_at_once_for_ctrl_c() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.read(b"\x1b[200~resnet@fashion\rq"), []);
        assert_eq!(decoder.patience(), Some(PASTE));
        assert_eq!(decoder.give_up(), Some(Input::Paste("resnet@fashion\rq".into())));
        assert_eq!(decoder.read(b"\x1b[201~q"), typed("q"), "an end that comes too late is no key");

        decoder.read(b"\x1b[200~resnet");
        assert_eq!((decoder.read(b"\x03"), decoder.patience()), (vec![], Some(KEY)));
        assert_eq!((decoder.give_up(), decoder.patience()), (Some(ctrl_c()), None));
        // Within a paste it is a part of it: whoever wrote the text must not press keys.
        decoder.read(b"\x1b[200~a\x03");
        assert_eq!(decoder.read(b"q\x1b[201~"), [Input::Paste("a\x03q".into())]);
    }

    #[test]
    fn a_paste_is_kept_up_to_its_limit() {
        let mut decoder = Decoder::default();
        decoder.read(PASTE_BEGIN);
        decoder.read(&vec![b'a'; MAX_PASTE + 100]);
        assert!(decoder.paste.as_ref().is_some_and(|paste| paste.len() <= MAX_PASTE + PASTE_END.len()));
        assert_eq!(decoder.read(PASTE_END), [Input::Paste("a".repeat(MAX_PASTE))]);
    }

    proptest! {
        #[test]
        fn no_bytes_keep_a_key_from_being_pressed(
            chunks in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..40),
                    "\u{1b}[\\[<O?]?[0-9;:]{0,12}[a-zA-Z~]?".prop_map(String::into_bytes),
                    Just(PASTE_BEGIN.to_vec()),
                    Just(PASTE_END.to_vec()),
                ],
                0..12,
            ),
        ) {
            let mut decoder = Decoder::default();
            for chunk in chunks {
                decoder.read(&chunk);
            }
            // Ctrl-C alone, with a moment before and after it.
            let mut found = decoder.read(&[CTRL_C]);
            while decoder.patience().is_some() {
                found.extend(decoder.give_up());
            }
            prop_assert_eq!(found.last(), Some(&ctrl_c()));
        }
    }
}
