//! Any bytes as a file of users: everything that is wrong with it, or users who are the same again after
//! they were written down.

#![no_main]

use cacheflow::acl::{Acl, file};
use cacheflow::config::CompatVersion;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, &[u8])| {
    let (all_channels, text) = input;
    let users = match file::parse("users.acl", text, all_channels) {
        Ok(users) => users,
        Err(reasons) => return assert!(reasons.contains("no change to the previously active")),
    };
    let mut acl = Acl::default();
    acl.replace_users(users, b"");
    // Who reads it next may have the other default for channels.
    let written = written(&acl);
    let users = file::parse("users.acl", &written, !all_channels);
    let mut again = Acl::default();
    again.replace_users(users.unwrap_or_else(|reasons| panic!("{reasons}")), b"");
    assert!(acl.users().eq(again.users()), "{}", written.escape_ascii());
    assert_eq!(self::written(&again), written);
});

fn written(acl: &Acl) -> Vec<u8> {
    acl.lines(CompatVersion::default()).flat_map(|line| [line, b"\n".to_vec()]).flatten().collect()
}
