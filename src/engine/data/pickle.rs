//! Python pickles as data: a reader that knows lists, dictionaries, numbers, text and
//! bytes, and calls nothing.
//!
//! What a pickle asks to be called is kept as what it is, a name and its arguments. Values
//! live in one list and refer to each other by place, so that no input can make one large
//! by nesting it or copying it: a pickle takes at most a fixed multiple of its length.

use std::borrow::Cow;
use std::collections::HashMap;

use super::pickle_text::{unescaped, unquoted};

/// Most opcodes of one pickle: a label takes two or three.
const MAX_OPCODES: usize = 4_000_000;

/// A value's place in its [`Pickle`].
pub type Id = usize;

/// A value; `'a` is the pickle's bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum PickleValue<'a> {
    /// None, or a value of no use here.
    Nothing,
    /// True or false, or a whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// Bytes, or a string of Python 2, which are the same.
    Bytes(Cow<'a, [u8]>),
    /// Text.
    Text(Cow<'a, str>),
    /// A list or a tuple.
    List(Vec<Id>),
    /// A dictionary, in order.
    Dict(Vec<(Id, Id)>),
    /// Something by name, `module.name`, that Python would import.
    Global(String),
    /// What Python would make by a call.
    Call {
        /// Of what.
        callable: Id,
        /// With what.
        arguments: Id,
        /// What it would be told afterwards.
        state: Option<Id>,
    },
}

/// A pickle that was read.
#[derive(Debug)]
pub struct Pickle<'a> {
    values: Vec<PickleValue<'a>>,
    root: Id,
}

impl<'a> Pickle<'a> {
    /// Reads protocols 0 to 5.
    ///
    /// # Errors
    /// When it is cut off, broken, too long, or has something that no data needs.
    pub fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut machine = Machine {
            rest: bytes,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        };
        for _ in 0..MAX_OPCODES {
            let opcode = machine.byte()?;
            if opcode == b'.' {
                let root = machine.pop()?;
                return Ok(Self { values: machine.values, root });
            }
            machine.step(opcode)?;
        }
        Err(format!("a pickle of more than {MAX_OPCODES} steps"))
    }

    /// The value that was pickled.
    pub fn root(&self) -> &PickleValue<'a> {
        &self.values[self.root]
    }

    /// The value at a place.
    pub fn get(&self, id: Id) -> &PickleValue<'a> {
        &self.values[id]
    }

    /// The text that bytes were written as, each byte a character: what Python 3 does in
    /// protocols 0 to 2.
    pub fn encoded(&self, id: Id) -> Option<&str> {
        let PickleValue::Call { callable, arguments, .. } = self.get(id) else { return None };
        let is_encode = *self.get(*callable) == PickleValue::Global("_codecs.encode".into());
        let PickleValue::List(arguments) = self.get(*arguments) else { return None };
        let [text, encoding] = arguments[..] else { return None };
        match (self.get(text), self.get(encoding)) {
            (PickleValue::Text(text), PickleValue::Text(encoding)) if is_encode && encoding == "latin1" => {
                Some(text)
            }
            _ => None,
        }
    }

    /// What the dictionary at the root has under `key`, which Python 2 had as bytes.
    pub fn item(&self, key: &str) -> Option<&PickleValue<'a>> {
        let PickleValue::Dict(items) = self.root() else { return None };
        let is_key = |id: Id| match &self.values[id] {
            PickleValue::Bytes(bytes) => **bytes == *key.as_bytes(),
            PickleValue::Text(text) => *text == key,
            _ => self.encoded(id) == Some(key),
        };
        items.iter().rev().find(|(k, _)| is_key(*k)).map(|(_, v)| &self.values[*v])
    }
}

struct Machine<'a> {
    rest: &'a [u8],
    values: Vec<PickleValue<'a>>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

type Done<T = ()> = Result<T, String>;

impl<'a> Machine<'a> {
    fn step(&mut self, opcode: u8) -> Done {
        match opcode {
            b'\x80' => self.take(1).map(drop),
            b'\x95' => self.take(8).map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(drop),
            b'1' => self.pop_to_mark().map(drop),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            b'N' => self.push(PickleValue::Nothing),
            b'\x88' => self.push(PickleValue::Int(1)),
            b'\x89' => self.push(PickleValue::Int(0)),
            b'I' | b'L' => {
                let line = self.line()?;
                let digits = line.trim_end_matches('L');
                self.push(PickleValue::Int(digits.parse().map_err(|_| "a broken number")?))
            }
            b'F' => {
                let line = self.line()?;
                self.push(PickleValue::Float(line.parse().map_err(|_| "a broken number")?))
            }
            b'J' | b'K' | b'M' | b'\x8a' => {
                let len = match opcode {
                    b'J' => 4,
                    b'K' => 1,
                    b'M' => 2,
                    _ => usize::from(self.byte()?),
                };
                let bytes = self.take(len)?;
                self.push(PickleValue::Int(little(bytes, matches!(opcode, b'J' | b'\x8a'))?))
            }
            b'G' => {
                let bytes: [u8; 8] = self.take(8)?.try_into().map_err(|_| "cut off")?;
                self.push(PickleValue::Float(f64::from_be_bytes(bytes)))
            }
            b'U' | b'C' => self.sized(1).and_then(|bytes| self.push(PickleValue::Bytes(bytes.into()))),
            b'T' | b'B' => self.sized(4).and_then(|bytes| self.push(PickleValue::Bytes(bytes.into()))),
            b'\x8e' | b'\x96' => self.sized(8).and_then(|bytes| self.push(PickleValue::Bytes(bytes.into()))),
            b'S' => {
                let bytes = unquoted(self.raw_line()?).ok_or("a broken string")?;
                self.push(PickleValue::Bytes(bytes.into()))
            }
            b'V' => {
                let text = unescaped(self.raw_line()?).ok_or("a broken string")?;
                self.push(PickleValue::Text(text.into()))
            }
            b'\x8c' => self.sized(1).and_then(|bytes| self.text(bytes)),
            b'X' => self.sized(4).and_then(|bytes| self.text(bytes)),
            b'\x8d' => self.sized(8).and_then(|bytes| self.text(bytes)),
            b'c' | b'\x93' => self.global(opcode == b'c'),
            b'R' | b'\x81' => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                self.push(PickleValue::Call { callable, arguments, state: None })
            }
            b'b' => {
                let state = self.pop()?;
                let top = self.top()?;
                match &mut self.values[top] {
                    PickleValue::Call { state: slot, .. } => {
                        *slot = Some(state);
                        Ok(())
                    }
                    _ => Err("a state for what has none".into()),
                }
            }
            b'p' | b'g' => {
                let place = self.line()?.parse().map_err(|_| "a broken place")?;
                self.memo(opcode == b'p', place)
            }
            b'q' | b'h' => self.take(1).and_then(|b| self.memo(opcode == b'q', little(b, false)? as u64)),
            b'r' | b'j' => self.take(4).and_then(|b| self.memo(opcode == b'r', little(b, false)? as u64)),
            b'\x94' => self.memo(true, self.memo.len() as u64),
            _ => self.collect(opcode),
        }
    }

    /// Opcodes of lists, tuples and dictionaries.
    fn collect(&mut self, opcode: u8) -> Done {
        match opcode {
            b']' | b')' => self.push(PickleValue::List(Vec::new())),
            b'}' => self.push(PickleValue::Dict(Vec::new())),
            b'l' | b't' => {
                let items = self.pop_to_mark()?;
                self.push(PickleValue::List(items))
            }
            b'd' => {
                let items = pairs(&self.pop_to_mark()?)?;
                self.push(PickleValue::Dict(items))
            }
            b'\x85'..=b'\x87' => {
                let at =
                    self.stack.len().checked_sub(usize::from(opcode - b'\x84')).ok_or("an empty stack")?;
                let items = self.stack.split_off(at);
                self.push(PickleValue::List(items))
            }
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.append(&items)
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[key, value])
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.insert(&items)
            }
            other => Err(format!("opcode {other:#04x}, which no data needs")),
        }
    }

    fn append(&mut self, items: &[Id]) -> Done {
        let top = self.top()?;
        match &mut self.values[top] {
            PickleValue::List(list) => {
                list.extend_from_slice(items);
                Ok(())
            }
            _ => Err("an item for something that is not a list".into()),
        }
    }

    fn insert(&mut self, items: &[Id]) -> Done {
        let (items, top) = (pairs(items)?, self.top()?);
        match &mut self.values[top] {
            PickleValue::Dict(dict) => {
                dict.extend(items);
                Ok(())
            }
            _ => Err("an item for something that is not a dictionary".into()),
        }
    }

    fn global(&mut self, in_lines: bool) -> Done {
        let (module, name) = if in_lines {
            (self.line()?, self.line()?)
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            match (&self.values[module], &self.values[name]) {
                (PickleValue::Text(module), PickleValue::Text(name)) => {
                    let name = format!("{module}.{name}");
                    return self.push(PickleValue::Global(name));
                }
                _ => return Err("a name that is not a string".into()),
            }
        };
        self.push(PickleValue::Global(format!("{module}.{name}")))
    }

    fn memo(&mut self, put: bool, place: u64) -> Done {
        if put {
            let top = self.top()?;
            self.memo.insert(place, top);
        } else {
            let id = *self.memo.get(&place).ok_or("a place that holds nothing")?;
            self.stack.push(id);
        }
        Ok(())
    }

    fn push(&mut self, value: PickleValue<'a>) -> Done {
        self.stack.push(self.values.len());
        self.values.push(value);
        Ok(())
    }

    fn text(&mut self, bytes: &'a [u8]) -> Done {
        let text = std::str::from_utf8(bytes).map_err(|_| "text that is not UTF-8")?;
        self.push(PickleValue::Text(text.into()))
    }

    fn top(&self) -> Done<Id> {
        self.stack.last().copied().ok_or_else(|| "an empty stack".into())
    }

    fn pop(&mut self) -> Done<Id> {
        self.stack.pop().ok_or_else(|| "an empty stack".into())
    }

    fn pop_to_mark(&mut self) -> Done<Vec<Id>> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len()).ok_or("no mark")?;
        Ok(self.stack.split_off(mark))
    }

    fn byte(&mut self) -> Done<u8> {
        Ok(self.take(1)?[0])
    }

    fn take(&mut self, len: usize) -> Done<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or("cut off")?;
        self.rest = rest;
        Ok(taken)
    }

    /// Bytes after their length in `len` bytes.
    fn sized(&mut self, len: usize) -> Done<&'a [u8]> {
        let len = little(self.take(len)?, false)?;
        self.take(usize::try_from(len).map_err(|_| "cut off")?)
    }

    fn raw_line(&mut self) -> Done<&'a [u8]> {
        let end = self.rest.iter().position(|byte| *byte == b'\n').ok_or("cut off")?;
        let line = self.take(end + 1)?;
        Ok(&line[..end])
    }

    fn line(&mut self) -> Done<&'a str> {
        std::str::from_utf8(self.raw_line()?).map_err(|_| "text that is not UTF-8".into())
    }
}

/// A little-endian number of up to eight bytes.
fn little(bytes: &[u8], signed: bool) -> Done<i64> {
    let negative = signed && bytes.last().is_some_and(|byte| *byte > 127);
    let mut whole = [if negative { 0xff } else { 0 }; 8];
    whole.get_mut(..bytes.len()).ok_or("a number beyond 64 bits")?.copy_from_slice(bytes);
    Ok(i64::from_le_bytes(whole))
}

fn pairs(items: &[Id]) -> Done<Vec<(Id, Id)>> {
    match items.as_chunks() {
        (pairs, []) => Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect()),
        _ => Err("a key without a value".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pickle.dumps({"a": [1, -2, 300, 70000], "b": (1.5, None, True), "c": b"xy"}, protocol)`.
    const OF_PYTHON: [&[u8]; 3] = [
        b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(K\x01J\xfe\xff\xff\xffM,\x01Jp\x11\x01\x00eX\x01\x00\x00\x00bq\x03G?\xf8\x00\x00\x00\x00\x00\x00N\x88\x87q\x04X\x01\x00\x00\x00cq\x05c_codecs\nencode\nq\x06X\x02\x00\x00\x00xyq\x07X\x06\x00\x00\x00latin1q\x08\x86q\x09Rq\x0au.",
        b"\x80\x03}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(K\x01J\xfe\xff\xff\xffM,\x01Jp\x11\x01\x00eX\x01\x00\x00\x00bq\x03G?\xf8\x00\x00\x00\x00\x00\x00N\x88\x87q\x04X\x01\x00\x00\x00cq\x05C\x02xyq\x06u.",
        b"\x80\x04\x95<\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94]\x94(K\x01J\xfe\xff\xff\xffM,\x01Jp\x11\x01\x00e\x8c\x01b\x94G?\xf8\x00\x00\x00\x00\x00\x00N\x88\x87\x94\x8c\x01c\x94C\x02xy\x94u.",
    ];

    #[test]
    fn pythons_own_pickles_are_read() {
        for (i, bytes) in OF_PYTHON.iter().enumerate() {
            let pickle = Pickle::read(bytes).unwrap();
            let Some(PickleValue::List(list)) = pickle.item("a") else { panic!() };
            let numbers: Vec<_> = list.iter().map(|id| pickle.get(*id).clone()).collect();
            assert_eq!(numbers, [1, -2, 300, 70_000].map(PickleValue::Int));
            let Some(PickleValue::List(tuple)) = pickle.item("b") else { panic!() };
            let values: Vec<_> = tuple.iter().map(|id| pickle.get(*id).clone()).collect();
            assert_eq!(values, [PickleValue::Float(1.5), PickleValue::Nothing, PickleValue::Int(1)]);
            match pickle.item("c") {
                Some(PickleValue::Bytes(bytes)) => assert_eq!(**bytes, *b"xy"),
                Some(PickleValue::Call { callable, .. }) if i == 0 => {
                    assert_eq!(*pickle.get(*callable), PickleValue::Global("_codecs.encode".into()));
                }
                other => panic!("{other:?}"),
            }
            for cut in 0..bytes.len() {
                assert!(Pickle::read(&bytes[..cut]).is_err());
            }
        }
    }

    #[test]
    fn a_call_is_only_a_name() {
        // What runs `rm` where Python reads it.
        let pickle = Pickle::read(b"(S'rm -rf ~'\nios\nsystem\n.").unwrap_err();
        assert!(pickle.contains("0x69"), "{pickle}");
        for bytes in [&b"cos\nsystem\n(U\x08rm -rf ~tR."[..], b"cos\nsystem\n(S'rm -rf ~'\ntR."] {
            let pickle = Pickle::read(bytes).unwrap();
            let PickleValue::Call { callable, .. } = pickle.root() else { panic!() };
            assert_eq!(*pickle.get(*callable), PickleValue::Global("os.system".into()));
        }
    }

    #[test]
    fn copies_within_copies_take_no_memory() {
        // Each step makes a pair of what the last one made: 2^n values if they were copied.
        let mut bytes = b"\x80\x02]".to_vec();
        for _ in 0..100_000 {
            bytes.extend_from_slice(b"2\x86");
        }
        bytes.push(b'.');
        assert_eq!(Pickle::read(&bytes).unwrap().values.len(), 100_001);
    }
}
