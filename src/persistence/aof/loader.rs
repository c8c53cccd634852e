//! The loader: files of commands, executed again.
//!
//! ```text
//! #TS:1767225600\r\n                                   an annotation: skipped
//! *2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n                         a request, as a client sends it
//! *1\r\n$5\r\nMULTI\r\n ... *1\r\n$4\r\nEXEC\r\n              a unit of several
//!                        '-- cut here: nothing of the unit is executed
//! ```
//!
//! Everything goes through `execute`, as `Origin::Loader`: nothing expires, no gate refuses, nothing
//! is journalled again. Requests are parsed in batches without the lock and executed with it, so that
//! clients get their `-LOADING` meanwhile.
//!
//! A process or a machine that stops may leave the end of the last file cut. Then what is complete
//! is kept and the file is cut back to there, and that means: behind the last complete *unit*. Were
//! a MULTI left at the end, everything appended later would be queued behind it, and be lost at the
//! start after this one. Anything else that is wrong is damage, and nothing is loaded past it:
//! whoever starts the server has to decide.
//!
//! A file that begins with `REDIS` has a snapshot at its beginning, or is one.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use crate::catalogue::spec::Flags;
use crate::engine::client::Client;
use crate::engine::execution::Origin;
use crate::engine::progress::Progress;
use crate::engine::{ClientKey, Engine};
use crate::number::parse_i64;
use crate::persistence::access::Access;
use crate::persistence::disk;
use crate::rdb::Decoder;
use crate::resp::{Args, Reply, Request};

/// The size of the read buffer.
const BUFFER: usize = 256 * 1024;
/// So many requests are executed under one taking of the lock: about a millisecond.
const BATCH: usize = 1000;
/// A batch ends when its requests have so many bytes.
const BATCH_BYTES: u64 = 1 << 20;
/// The memory of a larger request is not kept for the next ones.
const KEEP_REQUEST: usize = 16 * 1024;
/// No length takes a longer line.
const LENGTH_LINE: usize = 24;
/// The longest line that can be one of ours.
const MAX_LINE: u64 = 64 * 1024;

/// What is wrong with a file.
#[derive(Debug)]
enum Flaw {
    /// It ends in the middle of something.
    Truncated,
    /// These bytes are no request.
    Format(&'static str),
    /// A request asks for a command that doesn't exist.
    UnknownCommand(String),
    /// A request has too few or too many arguments for its command.
    Arity(String),
    /// It can't be read.
    Io(io::Error),
}

impl From<io::Error> for Flaw {
    fn from(error: io::Error) -> Self {
        Flaw::Io(error)
    }
}

/// A file being loaded.
struct Loading<'a, 'e> {
    access: &'a mut Access<'e>,
    client: ClientKey,
    reply: Reply,
    /// Up to here, everything has been executed and is complete.
    complete: u64,
    commands: u64,
    failures: u64,
}

/// Loads one file. `may_be_cut`: no other file follows that has anything in it, so that an
/// incomplete end is not damage; it is cut off. Returns how many bytes the file has then.
pub fn load_file(
    access: &mut Access<'_>,
    path: &Path,
    may_be_cut: bool,
    progress: &Progress,
) -> io::Result<u64> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut input = BufReader::with_capacity(BUFFER, progress.watch(file));
    let mut start = 0;
    if input.fill_buf()?.starts_with(b"REDIS") {
        (start, input) = load_snapshot(access, input, path)?;
    }
    let client = access.with(|engine| engine.clients.add(Client::internal));
    let mut loading = Loading {
        access,
        client,
        reply: Reply::default(),
        complete: start,
        commands: 0,
        failures: 0,
    };
    let mut parser = Parser { input, offset: start };
    let result = loading.run(&mut parser);
    let Loading { complete, failures, .. } = loading;
    access.with(|engine| engine.remove_client(client));
    if failures > 0 {
        crate::warning!("{failures} commands of {} replied an error", path.display());
    }
    match result {
        Ok(()) => Ok(len),
        Err(Flaw::Truncated) => cut(access, path, complete, len, may_be_cut),
        Err(flaw) => Err(damage(path, parser.offset, &flaw)),
    }
}

/// Loads the snapshot at the beginning of a file; returns its length, and what follows it.
fn load_snapshot<R: Read>(
    access: &mut Access<'_>,
    input: BufReader<R>,
    path: &Path,
) -> io::Result<(u64, BufReader<R>)> {
    let options = access.with(|engine| disk::Reading::of_base(engine));
    let refused = |error| {
        let text = format!("Bad snapshot in the AOF file {}: {error}", path.display());
        io::Error::new(io::ErrorKind::InvalidData, text)
    };
    let mut decoder = Decoder::new(input, options.limits).map_err(refused)?;
    let data = options.read(&mut decoder).map_err(refused)?;
    access.with(|engine| disk::install(engine, data))?;
    Ok((decoder.offset(), decoder.into_inner()))
}

impl Loading<'_, '_> {
    fn run<R: BufRead>(&mut self, parser: &mut Parser<R>) -> Result<(), Flaw> {
        let mut batch = Requests::default();
        let mut in_transaction = false;
        loop {
            let begun = parser.offset;
            let mut complete = self.complete;
            let flaw = loop {
                let request = batch.next();
                match parser.request(request) {
                    Ok(true) => {}
                    Ok(false) => break None,
                    Err(flaw) => break Some(flaw),
                }
                let name = &request.args()[0];
                in_transaction = match in_transaction {
                    false => name.eq_ignore_ascii_case(b"MULTI"),
                    true => !name.eq_ignore_ascii_case(b"EXEC"),
                };
                if !in_transaction {
                    complete = parser.offset;
                }
                batch.len += 1;
                if batch.len >= BATCH || parser.offset - begun > BATCH_BYTES {
                    break None;
                }
            };
            let at_end = batch.len == 0;
            self.execute(&mut batch)?;
            self.complete = complete;
            match flaw {
                Some(flaw) => return Err(flaw),
                None if at_end && in_transaction => return Err(Flaw::Truncated),
                None if at_end => return Ok(()),
                None => {}
            }
        }
    }

    fn execute(&mut self, batch: &mut Requests) -> Result<(), Flaw> {
        let Loading { access, client, reply, commands, failures, .. } = self;
        let executed = batch.len;
        let delays = access.with(|engine| {
            let requests = &batch.requests[..std::mem::take(&mut batch.len)];
            let keys = requests.iter().filter_map(|request| request.args().get(1));
            engine.databases[engine.clients.get(*client).db].bring_near(keys);
            for request in requests {
                let args = request.args();
                check(engine, args)?;
                engine.execute(*client, args, reply, Origin::Loader);
                *commands += 1;
                *failures += u64::from(reply.as_bytes().starts_with(b"-"));
                reply.clear(0);
            }
            Ok::<_, Flaw>(Arc::clone(&engine.debugging.delays))
        })?;
        delays.loaded(executed);
        Ok(())
    }
}

/// Whether this can be something that a server has written. What can't be is not skipped: nobody
/// knows what else is missing then.
fn check(engine: &Engine, args: Args<'_>) -> Result<(), Flaw> {
    let name = || String::from_utf8_lossy(&args[0]).into_owned();
    let row = engine.config.command_names.lookup_recorded(args);
    match row.filter(|row| !row.is(Flags::CONTAINER)) {
        None => Err(Flaw::UnknownCommand(name())),
        Some(row) if !row.accepts(args.len()) => Err(Flaw::Arity(name())),
        Some(_) => Ok(()),
    }
}

/// Requests of a batch, and the memory of earlier ones.
#[derive(Default)]
struct Requests {
    requests: Vec<Request>,
    /// So many of them are waiting to be executed.
    len: usize,
}

impl Requests {
    /// Where the next request goes; it counts when `len` says so.
    fn next(&mut self) -> &mut Request {
        if self.len == self.requests.len() {
            self.requests.push(Request::default());
        }
        let request = &mut self.requests[self.len];
        if request.memory() > KEEP_REQUEST {
            *request = Request::default();
        }
        request
    }
}

/// Cuts off what is incomplete, if that is allowed.
fn cut(
    access: &mut Access<'_>,
    path: &Path,
    complete: u64,
    len: u64,
    may_be_cut: bool,
) -> io::Result<u64> {
    let name = path.display();
    if !may_be_cut {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "The AOF file {name} ends in the middle of a command (complete up to offset \
                 {complete} of {len}), but files with later changes follow it. Make a backup of \
                 the directory, then use redis-check-aof --fix on the manifest"
            ),
        ));
    }
    if !access.with(|engine| engine.config.aof_load_truncated) {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!(
                "Unexpected end of file reading the append only file {name} (complete up to \
                 offset {complete} of {len}). Set aof-load-truncated to yes to start without the \
                 incomplete end, or use redis-check-aof --fix on the manifest"
            ),
        ));
    }
    crate::warning!("!!! Warning: short read while loading the AOF file {name}!!!");
    crate::warning!("!!! Truncating the AOF {name} at offset {complete} (it had {len} bytes) !!!");
    crate::warning!("AOF {name} loaded anyway because aof-load-truncated is enabled");
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(complete)?;
    file.sync_all()?;
    Ok(complete)
}

fn damage(path: &Path, offset: u64, flaw: &Flaw) -> io::Error {
    let name = path.display();
    let text = match flaw {
        Flaw::Io(error) => return io::Error::new(error.kind(), format!("{name}: {error}")),
        Flaw::UnknownCommand(command) => {
            format!("Unknown command '{command}' reading the append only file {name}")
        }
        Flaw::Arity(command) => format!(
            "Wrong number of arguments for the command '{command}' reading the append only file \
             {name}"
        ),
        Flaw::Format(_) | Flaw::Truncated => {
            let reason = if let Flaw::Format(reason) = flaw { reason } else { "it ends" };
            format!(
                "Bad file format reading the append only file {name} at offset {offset}: {reason}. \
                 Make a backup of the file, then use redis-check-aof --fix on the manifest"
            )
        }
    };
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// Cuts a file into requests.
struct Parser<R> {
    input: R,
    /// Behind the last complete request or annotation; while one is read, behind what was taken.
    offset: u64,
}

impl<R: BufRead> Parser<R> {
    /// Reads the next request. False: there is none, the file ends where it may.
    fn request(&mut self, request: &mut Request) -> Result<bool, Flaw> {
        request.clear();
        let begun = loop {
            match self.input.fill_buf()?.first() {
                None => return Ok(false),
                Some(b'#') => _ = self.line()?,
                Some(_) => break self.offset,
            }
        };
        let result = self.parts(request);
        if result.is_err() {
            self.offset = begun; // where the damage is, for whoever has to repair it
        }
        result.map(|()| true)
    }

    fn parts(&mut self, request: &mut Request) -> Result<(), Flaw> {
        let count = self.length(b'*')?;
        if count < 1 {
            return Err(Flaw::Format("a request without arguments"));
        }
        for _ in 0..count {
            let length = self.length(b'$')?;
            let length = u64::try_from(length).map_err(|_| Flaw::Format("a negative length"))?;
            if !self.take_argument(length, request)? {
                self.read_argument(length, request)?;
            }
        }
        Ok(())
    }

    /// Takes an argument that lies in the buffer as a whole, as nearly all do. False: it doesn't.
    fn take_argument(&mut self, length: u64, request: &mut Request) -> io::Result<bool> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let buffer = self.input.fill_buf()?;
        let Some((argument, rest)) = buffer.split_at_checked(length) else { return Ok(false) };
        if !rest.starts_with(b"\r\n") {
            return Ok(false);
        }
        request.push(argument);
        self.consume(length + 2);
        Ok(true)
    }

    /// Reads an argument, wherever its bytes lie.
    fn read_argument(&mut self, length: u64, request: &mut Request) -> Result<(), Flaw> {
        let mut bytes = Vec::new();
        // Reserves what is really there, not what the file claims.
        let taken = (&mut self.input).take(length).read_to_end(&mut bytes)? as u64;
        self.offset += taken;
        if taken < length {
            return Err(Flaw::Truncated);
        }
        self.line_end()?;
        request.push(&bytes);
        Ok(())
    }

    /// `<marker><number>\r\n`
    fn length(&mut self, marker: u8) -> Result<i64, Flaw> {
        let parse = |line: &[u8]| {
            let digits = line.strip_prefix(&[marker]).and_then(|rest| rest.strip_suffix(b"\r"));
            digits.and_then(parse_i64).ok_or(Flaw::Format("a length was expected"))
        };
        let buffer = self.input.fill_buf()?;
        if let Some(end) = buffer.iter().take(LENGTH_LINE).position(|byte| *byte == b'\n') {
            let number = parse(&buffer[..end]);
            self.consume(end + 1);
            return number;
        }
        parse(&self.line()?)
    }

    fn consume(&mut self, count: usize) {
        self.input.consume(count);
        self.offset += count as u64;
    }

    /// A line without its newline.
    fn line(&mut self) -> Result<Vec<u8>, Flaw> {
        let mut line = Vec::new();
        let taken = (&mut self.input).take(MAX_LINE).read_until(b'\n', &mut line)? as u64;
        self.offset += taken;
        match line.pop() {
            Some(b'\n') => Ok(line),
            _ if taken == MAX_LINE => Err(Flaw::Format("a line without an end")),
            // Zeros or other garbage at the end are damage; the beginning of a length is not.
            Some(last) if !is_cut_line(&line, last) => Err(Flaw::Format("a length was expected")),
            _ => Err(Flaw::Truncated),
        }
    }

    fn line_end(&mut self) -> Result<(), Flaw> {
        let mut end = Vec::new();
        self.offset += (&mut self.input).take(2).read_to_end(&mut end)? as u64;
        match end.as_slice() {
            b"\r\n" => Ok(()),
            b"\r" | b"" => Err(Flaw::Truncated),
            _ => Err(Flaw::Format("an argument is longer than its length says")),
        }
    }
}

/// Whether these bytes at the end of a file can be the beginning of a line that was cut.
fn is_cut_line(line: &[u8], last: u8) -> bool {
    let first = line.first().copied().unwrap_or(last);
    let digits = line.get(1..).unwrap_or_default();
    let last_fits = line.is_empty() || last == b'\r' || last == b'-' || last.is_ascii_digit();
    match first {
        b'#' => true,
        b'*' | b'$' => {
            last_fits && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses with a buffer that holds nothing as a whole, and with one that holds everything.
    fn parse(bytes: &[u8]) -> (Vec<Vec<Vec<u8>>>, Result<(), Flaw>, u64) {
        let (narrow, wide) = (parse_by(3, bytes), parse_by(1000, bytes));
        assert_eq!(format!("{narrow:?}"), format!("{wide:?}"));
        narrow
    }

    fn parse_by(buffer: usize, bytes: &[u8]) -> (Vec<Vec<Vec<u8>>>, Result<(), Flaw>, u64) {
        let mut parser = Parser { input: BufReader::with_capacity(buffer, bytes), offset: 0 };
        let (mut requests, mut request) = (Vec::new(), Request::default());
        loop {
            match parser.request(&mut request) {
                Ok(true) => requests.push(request.args().iter().map(<[u8]>::to_vec).collect()),
                Ok(false) => return (requests, Ok(()), parser.offset),
                Err(flaw) => return (requests, Err(flaw), parser.offset),
            }
        }
    }

    #[test]
    fn requests_and_annotations_are_told_apart() {
        let text = b"#TS:1\r\n*2\r\n$3\r\nGET\r\n$2\r\n\r\n\r\n#end\n*1\r\n$4\r\nPING\r\n";
        let (requests, result, offset) = parse(text);
        assert!(result.is_ok());
        assert_eq!(requests, [vec![b"GET".to_vec(), b"\r\n".to_vec()], vec![b"PING".to_vec()]]);
        assert_eq!(offset, text.len() as u64);
    }

    #[test]
    fn a_cut_at_any_place_is_a_cut_and_not_damage() {
        let text = b"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$10\r\n0123456789\r\n";
        let first = 14;
        for len in 0..text.len() {
            let (requests, result, offset) = parse(&text[..len]);
            match len {
                0 => assert!(result.is_ok()),
                14 => assert!(result.is_ok() && requests.len() == 1),
                _ => {
                    assert!(matches!(result, Err(Flaw::Truncated)), "{len}: {result:?}");
                    assert_eq!(offset, if len < first { 0 } else { first as u64 });
                }
            }
        }
    }

    #[test]
    fn garbage_is_damage() {
        for text in [
            &b"*1\r\n$4\r\nPINGxx*1\r\n"[..],
            b"garbage\r\n",
            b"garbage",
            b"\0\0\0\0",
            b"*1\r\n\0\0\0",
            b"*0\r\n",
            b"*1\r\n$-1\r\n",
            b"*1\r\n:4\r\nPING\r\n",
            b"*1x\r\n$4\r\nPING\r\n",
        ] {
            let (_, result, _) = parse(text);
            assert!(matches!(result, Err(Flaw::Format(_))), "{text:?}: {result:?}");
        }
    }

    #[test]
    fn a_claimed_length_reserves_nothing() {
        let (_, result, _) = parse(b"*1\r\n$9223372036854775807\r\nabc");
        assert!(matches!(result, Err(Flaw::Truncated)));
    }
}
