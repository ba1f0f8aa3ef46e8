//! The pickle machine: stack, marks and memo (Python's `pickletools` describes each instruction).

use super::allowed_names::Global;
use super::value::{PickleObjects, PickleValue, Storage, TensorView, Tuple};
use crate::error::CheckpointFault;
use crate::little_endian;
use std::collections::HashMap;
use std::rc::Rc;

/// Runs the pickle that begins at `at`, and moves `at` to its end.
pub(crate) fn run(bytes: &[u8], at: &mut usize) -> Result<PickleObjects, CheckpointFault> {
    let mut machine = Machine {
        bytes,
        at: *at,
        ..Machine::default()
    };
    machine.objects.result = machine.run()?;
    *at = machine.at;
    Ok(machine.objects)
}

#[derive(Default)]
struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the current instruction began.
    begun: usize,
    stack: Vec<PickleValue>,
    marks: Vec<usize>,
    memo: HashMap<usize, PickleValue>,
    objects: PickleObjects,
}

type Done = Result<(), CheckpointFault>;

impl<'a> Machine<'a> {
    fn run(&mut self) -> Result<PickleValue, CheckpointFault> {
        loop {
            self.begun = self.at;
            let code = self.byte()?;
            match code {
                b'.' => return self.pop(),
                0x80 => {
                    let version = self.byte()?;
                    if !(2..=5).contains(&version) {
                        return Err(self.damaged("its protocol is not 2 to 5"));
                    }
                }
                0x95 => drop(self.take(8)?), // frame
                b'N' => self.stack.push(PickleValue::None),
                0x88 => self.stack.push(PickleValue::Bool(true)),
                0x89 => self.stack.push(PickleValue::Bool(false)),
                b'K' | b'M' | b'J' | 0x8A => self.integer(code)?,
                b'G' => {
                    self.take(8)?;
                    self.stack.push(PickleValue::Float);
                }
                b'X' | 0x8C | 0x8D => self.text(code)?,
                b'(' => self.marks.push(self.stack.len()),
                b')' | b't' | 0x85..=0x87 => self.tuple(code)?,
                b'}' => self.new_dict(Vec::new()),
                b']' => {
                    self.stack.push(PickleValue::List(self.objects.lists.len()));
                    self.objects.lists.push(Vec::new());
                }
                b's' | b'u' => self.set_items(code)?,
                b'a' | b'e' => self.append(code)?,
                b'q' | b'r' | b'h' | b'j' | 0x94 => self.remember(code)?,
                b'c' => {
                    let (module, name) = (self.line()?, self.line()?);
                    self.global(module, name)?;
                }
                0x93 => {
                    let names = self.pop_many(2)?;
                    let (Some(module), Some(name)) = (names[0].text(), names[1].text()) else {
                        return Err(self.damaged("a name is not UTF-8"));
                    };
                    self.global(module, name)?;
                }
                b'Q' => self.storage()?,
                b'R' => self.call()?,
                b'b' => self.build()?,
                _ => return Err(CheckpointFault::Opcode { code, at: self.begun }),
            }
        }
    }

    fn damaged(&self, problem: &'static str) -> CheckpointFault {
        CheckpointFault::Pickle {
            at: self.begun,
            problem,
        }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], CheckpointFault> {
        let end = self.at.checked_add(n);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| CheckpointFault::truncated("the pickle's end"))?;
        self.at += n;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, CheckpointFault> {
        Ok(self.take(1)?[0])
    }

    /// An unsigned number of `n` bytes, little-endian.
    fn number(&mut self, n: usize) -> Result<usize, CheckpointFault> {
        let number = little_endian(self.take(n)?);
        usize::try_from(number).map_err(|_| self.damaged("a length is too large for this machine"))
    }

    fn line(&mut self) -> Result<&'a str, CheckpointFault> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|b| *b == b'\n');
        let end = end.ok_or_else(|| CheckpointFault::truncated("the pickle's end"))?;
        self.at += end + 1;
        std::str::from_utf8(&rest[..end]).map_err(|_| self.damaged("a name is not UTF-8"))
    }

    fn pop(&mut self) -> Result<PickleValue, CheckpointFault> {
        let value = self.pop_many(1)?.pop();
        value.ok_or_else(|| self.damaged("the stack is empty"))
    }

    /// The topmost values; those below a mark belong to whoever set the mark.
    fn pop_many(&mut self, n: usize) -> Result<Vec<PickleValue>, CheckpointFault> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len().checked_sub(n) {
            Some(from) if from >= floor => Ok(self.stack.split_off(from)),
            _ => Err(self.damaged("the stack is empty")),
        }
    }

    fn pop_mark(&mut self) -> Result<Vec<PickleValue>, CheckpointFault> {
        let from = self.marks.pop().ok_or_else(|| self.damaged("there is no mark"))?;
        Ok(self.stack.split_off(from))
    }

    /// The values that an instruction takes from the stack: a fixed number, or all above the last mark.
    fn items(&mut self, code: u8) -> Result<Vec<PickleValue>, CheckpointFault> {
        match code {
            b')' => Ok(Vec::new()),
            b'a' | 0x85 => self.pop_many(1),
            b's' | 0x86 => self.pop_many(2),
            0x87 => self.pop_many(3),
            _ => self.pop_mark(),
        }
    }

    fn integer(&mut self, code: u8) -> Done {
        let (length, signed) = match code {
            b'K' => (1, false),
            b'M' => (2, false),
            b'J' => (4, true),
            _ => (usize::from(self.byte()?), true),
        };
        let bytes = self.take(length)?;
        let negative = signed && bytes.last().is_some_and(|b| b >> 7 == 1);
        // Only PyTorch's magic number of ten bytes is longer, and it is compared as bytes.
        let kept = &bytes[..length.min(8)];
        let mut all = [if negative { 0xFF } else { 0 }; 8];
        all[..kept.len()].copy_from_slice(kept);
        self.stack.push(PickleValue::Int(i64::from_le_bytes(all)));
        Ok(())
    }

    fn text(&mut self, code: u8) -> Done {
        let n = self.number(match code {
            0x8C => 1,
            b'X' => 4,
            _ => 8,
        })?;
        let text = std::str::from_utf8(self.take(n)?);
        let text = text.map_err(|_| self.damaged("a text is not UTF-8"))?;
        self.stack.push(PickleValue::Text(text.into()));
        Ok(())
    }

    fn tuple(&mut self, code: u8) -> Done {
        let items = self.items(code)?;
        let tuple = Tuple::value(items).ok_or_else(|| self.damaged("tuples are nested too deeply"))?;
        self.stack.push(tuple);
        Ok(())
    }

    fn new_dict(&mut self, items: Vec<(PickleValue, PickleValue)>) {
        self.stack.push(PickleValue::Dict(self.objects.dicts.len()));
        self.objects.dicts.push(items);
    }

    fn set_items(&mut self, code: u8) -> Done {
        let items = self.items(code)?;
        let Some(PickleValue::Dict(dict)) = self.stack.last() else {
            return Err(self.damaged("the object to fill is not a dictionary"));
        };
        if !items.len().is_multiple_of(2) {
            return Err(self.damaged("a key has no value"));
        }
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            self.objects.dicts[*dict].push((key, value));
        }
        Ok(())
    }

    fn append(&mut self, code: u8) -> Done {
        let items = self.items(code)?;
        let Some(PickleValue::List(list)) = self.stack.last() else {
            return Err(self.damaged("the object to fill is not a list"));
        };
        self.objects.lists[*list].extend(items);
        Ok(())
    }

    fn remember(&mut self, code: u8) -> Done {
        let index = match code {
            b'q' | b'h' => self.number(1)?,
            b'r' | b'j' => self.number(4)?,
            _ => self.memo.len(),
        };
        if matches!(code, b'h' | b'j') {
            let found = self.memo.get(&index).cloned();
            let found = found.ok_or_else(|| self.damaged("nothing is stored under this memo number"))?;
            self.stack.push(found);
        } else {
            let value = self.stack.last().cloned();
            let value = value.ok_or_else(|| self.damaged("the stack is empty"))?;
            self.memo.insert(index, value);
        }
        Ok(())
    }

    fn global(&mut self, module: &str, name: &str) -> Done {
        let found = Global::find(module, name).ok_or_else(|| CheckpointFault::Global {
            name: format!("{module}.{name}").chars().take(100).collect(),
        })?;
        self.stack.push(PickleValue::Global(found));
        Ok(())
    }

    fn storage(&mut self) -> Done {
        let storage = storage(&self.pop()?);
        let storage =
            storage.ok_or_else(|| self.damaged("a tensor's storage is described in an unknown way"))?;
        self.stack.push(PickleValue::Storage(Rc::new(storage)));
        Ok(())
    }

    fn call(&mut self) -> Done {
        let called = self.pop_many(2)?;
        let (PickleValue::Global(function), Some(arguments)) = (&called[0], called[1].tuple()) else {
            return Err(self.damaged("the object to call is not a function"));
        };
        match function {
            Global::OrderedDict => {
                let pairs = match arguments {
                    [] => Some(Vec::new()),
                    [PickleValue::List(list)] => self.pairs(*list),
                    _ => None,
                };
                let pairs = pairs.ok_or_else(|| self.damaged("a dictionary is made in an unknown way"))?;
                self.new_dict(pairs);
            }
            Global::RebuildTensor => {
                let view =
                    view(arguments).ok_or_else(|| self.damaged("a tensor is made in an unknown way"))?;
                self.stack.push(PickleValue::Tensor(Rc::new(view)));
            }
            Global::RebuildParameter => match arguments {
                [tensor @ PickleValue::Tensor(_), ..] => self.stack.push(tensor.clone()),
                _ => return Err(self.damaged("a parameter is made in an unknown way")),
            },
            Global::Storage(_) => return Err(self.damaged("a storage is called")),
        }
        Ok(())
    }

    /// A list of pairs, each a tuple or a list.
    fn pairs(&self, list: usize) -> Option<Vec<(PickleValue, PickleValue)>> {
        let lists = &self.objects.lists;
        let pair = |pair: &PickleValue| {
            let pair = match pair {
                PickleValue::List(pair) => &lists[*pair][..],
                pair => pair.tuple()?,
            };
            let [key, value] = pair else { return None };
            Some((key.clone(), value.clone()))
        };
        lists[list].iter().map(pair).collect()
    }

    /// Attributes of an object: a state dict carries its modules' versions there, which are not needed.
    fn build(&mut self) -> Done {
        self.pop()?;
        match self.stack.last() {
            Some(PickleValue::Dict(_)) => Ok(()),
            _ => Err(self.damaged("the object that gets attributes is not a dictionary")),
        }
    }
}

/// A persistent id: `("storage", class, key, device, numbers)`, followed by a view in the older format.
fn storage(id: &PickleValue) -> Option<Storage> {
    let [kind, PickleValue::Global(class), key, _, len, view @ ..] = id.tuple()? else {
        return None;
    };
    let Global::Storage(dtype) = *class else {
        return None;
    };
    let known = kind.text()? == "storage" && matches!(view, [] | [PickleValue::None]);
    let (key, len) = (key.text()?.into(), len.size()?);
    known.then_some(Storage { key, dtype, len })
}

/// `_rebuild_tensor_v2(storage, offset, size, stride, ...)`.
fn view(arguments: &[PickleValue]) -> Option<TensorView> {
    let [PickleValue::Storage(storage), offset, size, stride, ..] = arguments else {
        return None;
    };
    Some(TensorView {
        storage: Rc::clone(storage),
        offset: offset.size()?,
        shape: size.sizes()?,
        stride: stride.sizes()?,
    })
}
