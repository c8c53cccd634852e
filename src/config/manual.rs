//! What is generated of the command line for other programs: the manual page, and completions for shells.
//!
//! Both come from the table of parameters, by way of the `clap` command that the help is made of, so an option
//! is described once.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use clap::ValueHint;
use clap_complete::Shell;
use clap_mangen::Man;

use super::help::{self, EXAMPLES, Extent};
use super::start_error::StartError;
use super::{VERSION, lookup};

/// When the text below was last looked at. A page has a date, and a build that repeats itself has no other.
const DATE: &str = "2026-11-28";

/// What the program is.
const ABOUT: &str = "A server for data in memory that speaks the protocol of Redis, so that Redis' clients and \
tools work with it. It is configured by a file as redis.conf, by the environment and by options; what comes later in \
this order wins. Amounts of memory take the units k, m, g (powers of 1000) and kb, mb, gb (powers of 1024).";

/// What `man` shows between the name and the options.
const SYNOPSIS: &str = "\
.SH SYNOPSIS
.B cacheflow
[\\fIFILE\\fR | \\fB\\-\\fR] [\\fB\\-\\-NAME\\fR \\fIVALUE\\fR...]...
.br
.B cacheflow healthcheck
[\\fIADDRESS\\fR]
.br
.B cacheflow \\-\\-check\\-config
[\\fIFILE\\fR] [\\fB\\-\\-NAME\\fR \\fIVALUE\\fR...]...
";

/// What it shows behind them.
const REST: &str = "\
.SH ENVIRONMENT
Every parameter can be given as \\fBCACHEFLOW_NAME\\fR,
its name in capitals with underscores.
.TP
.B NOTIFY_SOCKET
Where a service manager is told that the server is ready,
with \\fB\\-\\-supervised systemd\\fR.
.TP
.BR LISTEN_FDS \", \" LISTEN_PID \", \" LISTEN_FDNAMES
Sockets that a service manager has opened; they take the place of
\\fBport\\fR, \\fBtls\\-port\\fR and \\fBbind\\fR, or of \\fBunixsocket\\fR.
At one that is called \\fItls\\fR, TLS is spoken.
.SH SIGNALS
.TP
.BR SIGTERM \", \" SIGINT
Save if there are save points, and end;
\\fBshutdown\\-on\\-sigterm\\fR and \\fBshutdown\\-on\\-sigint\\fR say how.
.TP
.B SIGHUP
The log file is opened anew. So it is for each line:
it may be moved away at any time.
.SH EXIT STATUS
0 after an orderly end, 1 if the configuration is wrong
or the server can't start or go on.
.SH SEE ALSO
.BR redis\\-cli (1)
";

/// The manual page, as roff.
pub(super) fn page() -> String {
    // The help ends with examples and what has no effect; here they are sections.
    let command = help::command(Extent::Full).after_help("").long_about(ABOUT);
    let man = Man::new(command).title("CACHEFLOW").section("1").manual("User Commands");
    let man = man.date(DATE).source(format!("cacheflow {VERSION}"));
    let mut roff = Vec::new();
    let parts = [Man::render_title, Man::render_name_section];
    parts.iter().for_each(|part| part(&man, &mut roff).expect("a vector takes all"));
    roff.extend_from_slice(SYNOPSIS.as_bytes());
    let parts = [Man::render_description_section, Man::render_options_section];
    parts.iter().for_each(|part| part(&man, &mut roff).expect("a vector takes all"));
    let mut roff = String::from_utf8(roff).expect("roff of text is text");
    roff.push_str(&literal("EXAMPLES", EXAMPLES.trim_start_matches("Examples:\n")));
    roff.push_str(REST);
    roff
}

/// A section whose lines stay as they are.
fn literal(title: &str, text: &str) -> String {
    let line = |line: &str| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        let hidden = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        format!("{hidden}{line}\n")
    };
    format!(".SH {title}\n.nf\n{}.fi\n", text.lines().map(line).collect::<String>())
}

/// A script that completes options in this shell, and values where there are but a few.
pub(super) fn completions(shell: &[u8]) -> Result<String, StartError> {
    let shell = match shell {
        b"bash" => Shell::Bash,
        b"zsh" => Shell::Zsh,
        b"fish" => Shell::Fish,
        other => {
            let other = OsStr::from_bytes(other).display();
            let reason = format!("no completions for '{other}': bash, zsh or fish");
            return Err(StartError::Usage(reason));
        }
    };
    let mut script = Vec::new();
    let mut command = help::command(Extent::Full).mut_args(|arg| {
        let row = lookup(arg.get_id().as_str()).map(|(_, row)| (row.syntax)()).unwrap_or_default();
        match row.as_str() {
            "directory" => arg.value_hint(ValueHint::DirPath),
            "path" => arg.value_hint(ValueHint::FilePath),
            "bytes|percent%" => arg,
            choices if choices.contains('|') => {
                let choices: Vec<String> = choices.split('|').map(str::to_owned).collect();
                arg.value_parser(choices)
            }
            _ => arg,
        }
    });
    clap_complete::generate(shell, &mut command, "cacheflow", &mut script);
    Ok(String::from_utf8(script).expect("scripts are text"))
}
