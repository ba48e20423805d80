//! Drivers share files that the core may not hold. Each says so of itself, and is held to it here.
// A test has std, and may look at files.
#![allow(
    clippy::disallowed_methods,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What a file says, and whom it binds.
const CLAIMS: [(&str, &[&str]); 2] = [
    (
        "This file is the same in all drivers",
        &["blocking", "smol", "tokio"],
    ),
    (
        "This file is the same for tokio and smol",
        &["smol", "tokio"],
    ),
];

#[test]
fn the_copies_of_a_shared_file_are_the_same() {
    let mut found = 0;
    for (claim, drivers) in CLAIMS {
        let copies = drivers.iter().map(|driver| sources(driver, claim));
        let copies: Vec<BTreeMap<PathBuf, String>> = copies.collect();
        for (driver, others) in drivers.iter().zip(&copies) {
            for (path, text) in others {
                for (other, files) in drivers.iter().zip(&copies) {
                    assert!(
                        files.get(path) == Some(text),
                        "{} differs between health-{driver} and health-{other}",
                        path.display()
                    );
                }
            }
        }
        found += copies[0].len();
    }
    assert!(found > 10, "{found} shared files: has the claim changed?");
}

/// The files of a driver that make this claim, by their paths in it.
fn sources(driver: &str, claim: &str) -> BTreeMap<PathBuf, String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = workspace.join(format!("health-{driver}/src"));
    let mut folders = vec![root.clone()];
    let mut files = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("text");
            if text.contains(claim) {
                let path = path.strip_prefix(&root).expect("within").to_owned();
                files.insert(path, text);
            }
        }
    }
    files
}
