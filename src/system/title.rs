//! The title of the process: what `ps` shows in place of its arguments.
//!
//! The kernel reads a process' arguments from the process' own memory, where it put them at the start,
//! and the environment behind them. A title is whatever is written there; if it is longer than the
//! arguments were, the kernel reads on into the environment's place:
//!
//! ```text
//! redis-server\0--port\06379\0HOME=/root\0PATH=...      before
//! redis-server 127.0.0.1:6379\0=/root\0PATH=...         after
//! ```
//!
//! Nothing in Rust points to that memory, and `/proc/self/mem` is the way to it that needs no pointer. So a
//! title is set only by a program that has read its arguments and environment already and won't again
//! ([`allow`]); a server inside another program has no title of its own. Where /proc is missing or out of
//! reach, the title stays what it was.

use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::FileExt;
use std::sync::Mutex;

use crate::system::mutex::locked;

/// Where the title goes, and how the process was called, if it may have a title.
static TITLE: Mutex<Option<(Area, String)>> = Mutex::new(None);

/// The memory of arguments and environment.
struct Area {
    start: u64,
    /// Where the arguments ended.
    end_of_arguments: u64,
    end: u64,
    /// Bytes that an earlier title has taken.
    used: usize,
}

/// The longest title that the kernel shows.
const LONGEST: usize = 4095;

/// Allows titles from now on: arguments and environment aren't needed any more.
pub fn allow() {
    let program = std::env::args_os().next().unwrap_or_default().to_string_lossy().into_owned();
    if let Ok(area) = Area::find() {
        *locked(&TITLE) = Some((area, program));
    }
}

/// Shows a title, made from the name that the program was called by, if titles are allowed. It is cut
/// where there is no room for more.
pub fn set(make: impl FnOnce(&str) -> String) {
    let mut title = locked(&TITLE);
    if let Some((area, program)) = &mut *title {
        let _ = area.write(make(program).as_bytes()); // as good as it gets
    }
}

impl Area {
    /// Fields 48 to 51 of `/proc/self/stat` tell; those from the third on stand behind the name, which
    /// may have anything in it.
    fn find() -> Result<Self> {
        let text = std::fs::read_to_string("/proc/self/stat")?;
        let fields = text.rsplit(')').next().unwrap_or_default();
        let fields: Vec<u64> =
            fields.split_ascii_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
        let &[start, end_of_arguments, environment, end] = fields.get(45..49).unwrap_or_default()
        else {
            return Err(Error::from(ErrorKind::Unsupported));
        };
        let end = if environment == end_of_arguments { end } else { end_of_arguments };
        if start == 0 || end <= start {
            return Err(Error::from(ErrorKind::Unsupported));
        }
        Ok(Area { start, end_of_arguments, end, used: 0 })
    }

    fn write(&mut self, title: &[u8]) -> Result<()> {
        let room = (self.end - self.start) as usize - 1;
        let title = &title[..title.len().min(room).min(LONGEST)];
        // What was there before is wiped out, be it the arguments or a longer title.
        let arguments = (self.end_of_arguments - self.start) as usize;
        let mut bytes = title.to_vec();
        bytes.resize(arguments.max(self.used).max(title.len() + 1), 0);
        self.used = title.len() + 1;
        OpenOptions::new().write(true).open("/proc/self/mem")?.write_all_at(&bytes, self.start)
    }
}
