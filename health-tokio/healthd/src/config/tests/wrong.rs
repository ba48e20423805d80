//! What cannot be read, and what is said of it.

use super::File;
use super::mistakes::mistakes;
use crate::config::{Flags, Settings};

/// Each line names the file, the key, the value and what is allowed.
#[test]
fn every_kind_of_wrong_configuration() {
    for (index, (text, expected)) in mistakes().iter().enumerate() {
        let file = File::new(&format!("wrong-{index}.toml"), text);
        let error = match file.read() {
            Ok(settings) => panic!("{text}: accepted as {settings:?}"),
            Err(error) => error.to_string(),
        };
        assert!(
            error.contains(expected),
            "{text}\n  said {error}\n  not  {expected}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        let names_its_place = error.contains("wrong-")
            || error.starts_with("settings")
            || error.contains("none.json");
        assert!(names_its_place, "{error}");
    }
    let missing = Settings::read(&Flags {
        config: Some("/no/such/file.toml".into()),
        ..Flags::default()
    });
    let error = missing.expect_err("no file").to_string();
    assert!(
        error.starts_with("/no/such/file.toml: No such file"),
        "{error}"
    );
    for (told, expected) in [
        ("a", "--target = \"a\": allowed is NAME=URL"),
        ("a=b", "--target: url = \"b\": allowed are http://"),
    ] {
        let read = Settings::read(&Flags {
            targets: vec![told.to_owned()],
            ..Flags::default()
        });
        let error = read.expect_err("refused").to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
