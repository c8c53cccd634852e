//! The feeder: a thread that writes the stream to one replica.
//!
//! It reads from the backlog without the engine's lock and blocks in `write` as long as the replica
//! likes; how far it may fall behind is the backlog's business. It ends when it is no reader of the
//! backlog any more: because it was too slow, or because its connection is gone.

use std::fs::File;
use std::io::{self, Read};
use std::net::Shutdown;
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use crate::engine::outbox::Pen;
use crate::engine::role::Phase;
use crate::engine::{ClientKey, Engine, SharedEngine};
use crate::journal::backlog::{Backlog, Next};
use crate::system::clock::machine_now;
use crate::system::cores;
use crate::system::stream::Stream;

/// Next to nothing is kept on the stack.
const STACK_SIZE: usize = 256 * 1024;
/// How often it looks whether it is still wanted, when nothing happens.
const LOOK: Duration = Duration::from_secs(1);

/// What one replica's feeder has.
pub struct Feeder {
    /// The engine, for the replica's state.
    pub engine: Arc<SharedEngine>,
    /// The connection's number: its name in the backlog.
    pub client: u64,
    /// The connection.
    pub stream: Arc<Stream>,
    /// Held by whoever writes to it.
    pub pen: Arc<Pen>,
    /// The stream.
    pub backlog: Arc<Backlog>,
}

/// What has to be done before the stream.
pub enum Prelude {
    /// Nothing.
    None,
    /// Send a snapshot from this file, with its length.
    File(File),
    /// Wait until the replica has found the end of the snapshot, and says so.
    Acknowledgement,
}

/// Shuts the socket when it is dropped.
struct ShutAtEnd(Arc<Stream>);

impl Drop for ShutAtEnd {
    fn drop(&mut self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Feeder {
    /// The thread that feeds the stream to a replica, ready to be started.
    pub(super) fn of(
        shared: &Arc<SharedEngine>,
        engine: &Engine,
        client: ClientKey,
    ) -> Option<Self> {
        let client = engine.clients.get(client);
        let timeout = Duration::from_secs(u64::from(engine.config.repl_timeout));
        let stream = Arc::clone(client.stream.as_ref()?);
        let _ = stream.set_write_timeout(Some(timeout)); // a socket that is gone fails later
        let _ = stream.set_nodelay(!engine.config.repl_disable_tcp_nodelay);
        Some(Feeder {
            engine: Arc::clone(shared),
            client: client.id,
            stream,
            pen: Arc::clone(&client.pen),
            backlog: Arc::clone(&engine.replication.backlog),
        })
    }

    /// Starts the thread.
    pub fn start(self, prelude: Prelude) -> io::Result<()> {
        let thread = Builder::new().name("feeder".into()).stack_size(STACK_SIZE);
        cores::spawn(thread, move || {
            // A replica that breaks off comes back; its session notices that the socket is shut. So it
            // does if this thread panics.
            let _shut = ShutAtEnd(Arc::clone(&self.stream));
            if let Err(error) = self.run(prelude) {
                crate::verbose!("Replica client id #{}: {error}", self.client);
            }
        })
    }

    fn run(&self, prelude: Prelude) -> io::Result<()> {
        match prelude {
            Prelude::None => {}
            Prelude::File(file) => {
                self.enter(Phase::Receiving);
                self.send_file(file)?;
            }
            Prelude::Acknowledgement => self.wait_for_acknowledgement()?,
        }
        if self.enter(Phase::Online) == Some(Phase::Served) {
            return self.wait_for_end();
        }
        let mut buffer = Vec::new();
        loop {
            match self.backlog.read(self.client, &mut buffer, LOOK) {
                Next::Bytes => self.write(&buffer)?,
                Next::Nothing => {}
                Next::Dropped => return Err(io::Error::other("it fell behind, or is gone")),
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.pen.write(&self.stream, bytes)
    }

    /// `$<length>\r\n`, then the file, without an end of line.
    fn send_file(&self, mut file: File) -> io::Result<()> {
        self.write(format!("${}\r\n", file.metadata()?.len()).as_bytes())?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(()),
                count => self.write(&buffer[..count])?,
            }
        }
    }

    /// A snapshot of unknown length ends with a mark. Redis looks for it at the end of what it has
    /// read, so nothing may follow until it has found it.
    fn wait_for_acknowledgement(&self) -> io::Result<()> {
        let begun = machine_now();
        let mut engine = self.engine.lock();
        let acknowledged = Arc::clone(&engine.replication.acknowledged);
        loop {
            let client = engine.clients.by_id(self.client).map(|key| engine.clients.get(key));
            let Some(replica) = client.and_then(|client| client.replica.as_ref()) else {
                return Err(io::Error::other("it is gone"));
            };
            if replica.acknowledged_at.is_some() || replica.rdb_only {
                return Ok(());
            }
            if begun.elapsed().as_secs() > u64::from(engine.config.repl_timeout) {
                return Err(io::Error::other("it doesn't say that it has the snapshot"));
            }
            engine = self.engine.wait(&acknowledged, engine, LOOK);
        }
    }

    /// Notes that the replica has got to the next phase; one that wanted only the snapshot is served
    /// then. The phase it is in now is returned.
    fn enter(&self, phase: Phase) -> Option<Phase> {
        let mut engine = self.engine.lock();
        let now = engine.clock.tick();
        let key = engine.clients.by_id(self.client)?;
        let replica = engine.clients.get_mut(key).replica.as_mut()?;
        let is_served = phase == Phase::Online && replica.rdb_only;
        replica.phase = if is_served { Phase::Served } else { phase };
        replica.seen = now;
        let phase = replica.phase;
        if phase == Phase::Online {
            let name = engine.clients.get(key).replica_name();
            crate::notice!("Synchronization with replica {name} succeeded");
        }
        if is_served {
            engine.replication.backlog.detach(self.client);
        }
        Some(phase)
    }

    /// The other side hangs up when it has what it wanted.
    fn wait_for_end(&self) -> io::Result<()> {
        while self.engine.lock().clients.by_id(self.client).is_some() {
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}
