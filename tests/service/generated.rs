//! What is generated of the table of parameters: the manual page and completions.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{output, text};

#[test]
fn the_manual_page_has_every_option() {
    let page = text(&output(&["--man"]).stdout).replace('\\', "");
    for part in [".TH CACHEFLOW 1", ".SH SYNOPSIS", ".SH EXAMPLES", ".SH SIGNALS"] {
        assert!(page.contains(part), "{part}");
    }
    let help = text(&output(&["--help"]).stdout);
    let options = help.lines().filter_map(|line| line.trim_start().strip_prefix("--"));
    let options: Vec<&str> =
        options.filter_map(|line| line.split([' ', '\n']).next()).take(100).collect();
    assert_eq!(options.len(), 100);
    for option in options {
        assert!(page.contains(&format!("--{option}")), "{option}");
    }
}

/// Where there is a mandoc, it has nothing to warn of.
#[test]
fn the_manual_page_is_sound() {
    let page = text(&output(&["--man"]).stdout);
    let title = format!("cacheflow {}", env!("CARGO_PKG_VERSION"));
    assert!(page.contains(&title), "{title}");
    match shell("mandoc", &["-T", "lint", "-W", "warning"], &page) {
        Some(said) => assert_eq!(said, ""),
        None => eprintln!("not run: mandoc is missing"),
    }
}

/// What a shell says to this script.
fn shell(name: &str, args: &[&str], script: &str) -> Option<String> {
    let mut shell = Command::new(name);
    shell.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.spawn().ok()?;
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    Some(text(&output.stdout).trim().to_owned())
}

#[test]
fn bash_completes_options_and_their_values() {
    let script = text(&output(&["--completions", "bash"]).stdout);
    for (words, completed) in [
        ("--appendfs", "--appendfsync"),
        ("--appendfsync a", "always"),
        ("--maxmemory-policy noev", "noeviction"),
        ("--completions f", "fish"),
    ] {
        let (before, last) = words.rsplit_once(' ').unwrap_or(("cacheflow", words));
        let asks = format!(
            "complete -p cacheflow; COMP_WORDS=(cacheflow {words}); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _cacheflow cacheflow {last} {before}; echo \"${{COMPREPLY[@]}}\""
        );
        let said = shell("bash", &["--norc", "-s"], &format!("{script}\n{asks}\n")).unwrap();
        let (registered, reply) = said.split_once('\n').unwrap();
        assert!(registered.ends_with("-F _cacheflow cacheflow"), "{registered}");
        assert_eq!(reply, completed);
    }
    assert_eq!(output(&["--completions", "tcsh"]).status.code(), Some(1));
}

/// Where these shells are, they look whether they could read it.
#[test]
fn zsh_and_fish_take_their_scripts() {
    for (name, args) in [("zsh", &["-n"][..]), ("fish", &["--no-execute"])] {
        let script = text(&output(&["--completions", name]).stdout);
        assert!(script.contains("maxmemory-policy"), "{name}");
        if shell(name, args, &script).is_none() {
            eprintln!("not run: {name} is missing");
        }
    }
}
