//! `--check-config`: what is wrong, and where.

use std::fs;
use std::path::Path;

use super::{output, text};

#[test]
fn a_configuration_is_looked_at_without_a_server() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let check = |args: &[&str]| {
        let output = output(&[&["--check-config"], args].concat());
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), text(&said).trim_end().to_owned())
    };
    let good = file("good.conf", "port 0\nunixsocket sock\nuser bob on >pw ~* +@all\nsave 60 1\n");
    assert_eq!(check(&[&good]), (Some(0), "The configuration is right".to_owned()));
    assert_eq!(check(&[&good, "--dir", directory.path().to_str().unwrap()]).0, Some(0));
    let bad = file("bad.conf", "# a comment\nport 7000\nmaxmemry 10mb\n");
    let reason = "Bad directive or wrong number of arguments; did you mean maxmemory?";
    let expected = format!("{bad}:3: {reason} >>> 'maxmemry 10mb'");
    assert_eq!(check(&[&bad]), (Some(1), expected.clone()));
    let including = file("including.conf", &format!("port 1\ninclude {bad}\n"));
    assert_eq!(check(&[&including]), (Some(1), expected));
    let users = file("users.conf", "user al on\n\nuser bob on +@nothing\nuser eve +foo\n");
    let (code, said) = check(&[&users]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(code == Some(1) && lines.len() == 2, "{said}");
    let bob = "'+@nothing' for the user named 'bob'";
    assert!(lines[0].starts_with(&format!("{users}:3: ")) && lines[0].contains(bob), "{said}");
    assert!(lines[1].starts_with(&format!("{users}:4: ")), "{said}");
    // Each wrong line is named, those of an included file and of the options, too.
    let all = file("all.conf", &format!("port x\ninclude {bad}\ninclude /nowhere\nhz 10\nhz x\n"));
    let (code, said) = check(&[&all, "--timeout", "x"]);
    let places: Vec<&str> = said.lines().map(|line| line.split(": ").next().unwrap()).collect();
    let at = |number: u8| format!("{all}:{number}");
    assert_eq!(places, [&at(1), &format!("{bad}:3"), &at(3), &at(5), "options"]);
    assert_eq!(code, Some(1));
    let acl = file("users.acl", "user al on\nuser bob on +@nothing\n");
    let (code, said) = check(&[&file("acls.conf", &format!("aclfile {acl}\n"))]);
    assert!(code == Some(1) && said.contains("users.acl:2: "), "{said}");
    let (code, said) = check(&[&file("acl.conf", "aclfile /nowhere/users.acl\n")]);
    assert!(code == Some(1) && said.contains("users.acl"), "{said}");
    let (code, said) = check(&[&file("dir.conf", "dir /nowhere\n")]);
    assert!(code == Some(1) && said.contains("/nowhere"), "{said}");
    assert_eq!(check(&["/nowhere.conf"]).0, Some(1));
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 9, "nothing was written");
}

/// The file that Debian ships, where it can be read.
#[test]
fn the_configuration_of_debian_s_redis_is_right() {
    let path = "/etc/redis/redis.conf";
    if !fs::exists(path).unwrap_or(false) || !Path::new("/var/lib/redis").exists() {
        eprintln!("not run: Redis isn't installed");
        return;
    }
    let checked = output(&["--check-config", path]);
    assert_eq!(text(&checked.stderr), "");
    assert!(checked.status.success());
}
