#[derive(Clone, Copy)]
pub enum Instruction {
    Push(i64),
    Add,
    Copy,
    JumpIfPositive(usize),
    Return,
}

#[derive(Debug, PartialEq)]
pub enum End {
    Failed,
    OutOfMemory,
    Killed,
}

pub struct Limits<F: FnMut() -> bool> {
    pub stack: usize,
    pub every: usize,
    pub tick: F,
}

pub fn run<F: FnMut() -> bool>(program: &[Instruction], mut limits: Limits<F>) -> Result<i64, End> {
    let (mut stack, mut place, mut executed) = (Vec::<i64>::new(), 0, 0usize);
    loop {
        executed += 1;
        if executed % limits.every == 0 && !(limits.tick)() {
            return Err(End::Killed);
        }
        let instruction = *program.get(place).ok_or(End::Failed)?;
        place += 1;
        let mut pop = || stack.pop().ok_or(End::Failed);
        let pushed: Vec<i64> = match instruction {
            Instruction::Push(number) => vec![number],
            Instruction::Add => vec![pop()?.wrapping_add(pop()?)],
            Instruction::Copy => {
                let top = pop()?;
                vec![top, top]
            }
            Instruction::JumpIfPositive(to) => {
                if pop()? > 0 {
                    place = to;
                }
                vec![]
            }
            Instruction::Return => return pop(),
        };
        stack.extend(pushed);
        if stack.len() > limits.stack {
            return Err(End::OutOfMemory);
        }
    }
}
