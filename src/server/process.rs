//! Running as a program: the banner, signals, and what the operating system allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM};

use super::Server;
use super::ephemeral;
use super::inherited::Inherited;
use super::listener::NOWHERE;
use crate::config::{Config, REDIS_VERSION, Supervision, VERSION, system_text};
use crate::persistence::shutdown::Outcome;
use crate::system::descriptors::make_room_for_clients;
use crate::system::supervisor::{self, Manager};
use crate::system::{cores, title};

/// Runs a server until a signal or SHUTDOWN ends it. The exit code is returned.
pub fn run(config: Config) -> i32 {
    serve(config, false)
}

/// Runs a server to throw away: it tells where it is, and ends with whoever started it.
pub fn run_ephemeral(config: Config) -> i32 {
    crate::system::logging::to_standard_error();
    serve(config, true)
}

/// Looks whether a server would start with this configuration, without starting one: users, certificates
/// and directories are looked at, too. `places` says where each user stands. The exit code is returned.
pub fn check(config: &Config, places: &[String]) -> i32 {
    let mut mistakes = Vec::new();
    for (user, place) in config.users.iter().zip(places) {
        let alone = Config {
            users: vec![user.clone()],
            command_names: config.command_names.clone(),
            acl_pubsub_default: config.acl_pubsub_default,
            ..Config::default()
        };
        mistakes.extend(Server::check(&alone).err().map(|reason| format!("{place}: {reason}")));
    }
    if mistakes.is_empty() {
        let whole = std::env::set_current_dir(&config.dir)
            .map_err(|error| format!("dir {}: {}", config.dir.display(), system_text(&error)))
            .and_then(|()| Server::check(config));
        mistakes.extend(whole.err());
    }
    if mistakes.is_empty() {
        println!("The configuration is right");
        return 0;
    }
    eprintln!("{}", mistakes.join("\n"));
    1
}

fn serve(mut config: Config, is_ephemeral: bool) -> i32 {
    let signal = match watch_signals() {
        Ok(signal) => signal,
        Err(error) => {
            eprintln!("Can't watch signals: {error}");
            return 1;
        }
    };
    // Before anything that takes time: who has lost its parent already can't tell.
    if is_ephemeral && let Err(reason) = ephemeral::begin(&config, &signal) {
        eprintln!("{reason}");
        return 1;
    }
    if let Err(error) = prepare(&mut config) {
        eprintln!("{error}");
        return 1;
    }
    supervisor::begin(match config.supervised {
        Supervision::Auto => supervisor::find(),
        Supervision::Systemd => Manager::Systemd,
        Supervision::Upstart => Manager::Upstart,
        Supervision::No => Manager::Nobody,
    });
    let inherited = match Inherited::take() {
        Ok(inherited) => inherited,
        Err(error) => {
            crate::warning!("Can't listen at what was passed: {error}");
            return 1;
        }
    };
    inherited.show_in(&mut config);
    banner(&config);
    supervisor::tell("STATUS=Redis is loading...");
    let builder = Server::builder().config(config).interrupted_by(Arc::clone(&signal));
    let builder = builder.listen_at(inherited);
    let mut server = match builder.start() {
        Ok(server) => server,
        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
            crate::warning!("Received shutdown signal during loading, exiting now.");
            return 0;
        }
        Err(error) => {
            crate::warning!("{error}");
            return 1;
        }
    };
    server.log.adopt(); // this thread works for it, too
    announce(&server);
    if is_ephemeral {
        ephemeral::forget_files(&server);
        if let Err(error) = ephemeral::announce(&server) {
            crate::warning!("Nobody is there to be told where this server is: {error}");
            return 1;
        }
    }
    supervisor::tell(match server.is_replica() {
        true => {
            "STATUS=Ready to accept connections in read-only mode. Waiting for MASTER <-> REPLICA sync"
        }
        false => "STATUS=Ready to accept connections",
    });
    supervisor::tell("READY=1");
    while !shut_down(&mut server, &signal) {}
    crate::warning!("Redis is now ready to exit, bye bye...");
    server.end();
    0
}

/// Waits for a reason to stop, and stops. False: nothing came of it, and the server goes on.
fn shut_down(server: &mut Server, signal: &AtomicUsize) -> bool {
    if server.wait(|| signal.load(Ordering::Relaxed) != 0).is_none() {
        let config = server.config();
        let mode = if signal.swap(0, Ordering::Relaxed) == SIGINT as usize {
            crate::warning!("Received SIGINT scheduling shutdown...");
            config.shutdown_on_sigint
        } else {
            crate::warning!("Received SIGTERM scheduling shutdown...");
            config.shutdown_on_sigterm
        };
        let outcome = server.begin_shutdown(mode.into());
        let insists = || signal.swap(0, Ordering::Relaxed) == SIGINT as usize;
        if outcome != Outcome::Failed
            && server.wait(|| !server.is_leaving() || insists()).is_none()
            && server.is_leaving()
        {
            crate::warning!("You insist... exiting now.");
            std::process::exit(1);
        }
    }
    let decided = server.wait(|| true).is_some();
    if decided {
        server.disconnect();
    }
    decided
}

/// Where clients may come. Harnesses wait for the first words, and take the address from the line.
fn announce(server: &Server) {
    let config = server.config();
    if let Some(address) = server.window() {
        crate::notice!("The window is at http://{address}/");
    }
    if server.address() != NOWHERE {
        crate::notice!("Ready to accept connections on {}", server.address());
    }
    if config.tls_port != 0 {
        crate::notice!("Ready to accept connections by TLS on port {}", config.tls_port);
    }
    if !config.unixsocket.is_empty() {
        crate::notice!("Ready to accept connections at {}", config.unixsocket);
    }
}

/// What has to be right before anything is started.
fn prepare(config: &mut Config) -> std::io::Result<()> {
    crate::system::logging::set_level(config.loglevel);
    crate::system::logging::hide_user_data(config.hide_user_data_from_log);
    if !config.logfile.is_empty() {
        crate::system::logging::set_file(Some(config.logfile.as_ref())).map_err(|error| {
            let reason = system_text(&error);
            std::io::Error::new(error.kind(), format!("Can't open the log file: {reason}"))
        })?;
    }
    std::env::set_current_dir(&config.dir)?;
    if config.set_proc_title {
        title::allow();
    }
    fit_to_descriptor_limit(config);
    crate::system::logging::report_panics();
    cores::choose(&config.server_cpulist);
    Ok(())
}

/// Raises the limit of open files to what `maxclients` needs, or lowers `maxclients` to what the
/// limit allows.
fn fit_to_descriptor_limit(config: &mut Config) {
    if let Err(possible) = make_room_for_clients(config.maxclients) {
        config.maxclients = possible;
        crate::warning!(
            "maxclients has been reduced to {possible} to compensate for low ulimit. If you need \
             higher maxclients increase 'ulimit -n'."
        );
    }
}

/// The number of the signal that asks to stop, 0 until one comes. SIGHUP is ignored, as in Redis: what it
/// asks for, opening the log file anew, happens with each line.
fn watch_signals() -> std::io::Result<Arc<AtomicUsize>> {
    let signal = Arc::new(AtomicUsize::new(0));
    for number in [SIGTERM, SIGINT] {
        signal_hook::flag::register_usize(number, Arc::clone(&signal), number as usize)?;
    }
    let ignored = Arc::new(AtomicUsize::new(0));
    for number in [SIGHUP, SIGPIPE] {
        signal_hook::flag::register_usize(number, Arc::clone(&ignored), 1)?;
    }
    Ok(signal)
}

/// The first lines of the log, as those who wait for a redis-server know them.
fn banner(config: &Config) {
    let pid = std::process::id();
    crate::notice!(
        "cacheflow {VERSION} is starting: Redis version={REDIS_VERSION}, bits={}, pid={pid}, just \
         started",
        usize::BITS
    );
    match &config.config_file {
        Some(file) => crate::notice!("Configuration loaded from {}", file.display()),
        None => crate::notice!("Configuration loaded"),
    }
    crate::notice!("Running mode=standalone, port={}.", config.port);
    crate::notice!("Data directory: {} PID: {pid}", config.dir.display());
    let unused: Vec<&str> =
        config.without_effect().iter().map(|parameter| parameter.name).collect();
    if !unused.is_empty() {
        crate::notice!("Accepted without effect: {}", unused.join(" "));
    }
}
